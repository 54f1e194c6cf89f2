//! Declares a request that changes something for a template that only reads.

use support::action::{Concern, Manifest, Template, TemplateCall};
use support::connections::Connection;
use support::http::Method;
use support::types::Failure;
use support::{failure, manifest, request, template};

struct Writes;

impl support::Behaviour for Writes {
    const ID: &str = "writes-in-a-read-template";

    fn describe() -> Manifest {
        let requests = vec![request(Method::Put, "/pages/{page}", Concern::Nothing)];
        Manifest { templates: vec![Template { requests, ..template("run") }], ..manifest(Self::ID) }
    }

    fn run(_: TemplateCall, _: &Connection) -> Result<String, Failure> {
        Err(failure("never-run", "It is not taken."))
    }
}

support::export!(Writes);
