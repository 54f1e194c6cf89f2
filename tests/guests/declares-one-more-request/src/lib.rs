//! A later component of the integration `traps`, which wants to send one more request than that.

use support::action::{Concern, Manifest, Template, TemplateCall};
use support::connections::Connection;
use support::http::Method;
use support::types::Failure;
use support::{manifest, request, template};

struct WantsMore;

impl support::Behaviour for WantsMore {
    const ID: &str = "traps";

    fn describe() -> Manifest {
        let known = template("run");
        let more = request(Method::Get, "/people/{any}", Concern::Nothing);
        let requests = known.requests.iter().cloned().chain([more]).collect();
        Manifest { templates: vec![Template { requests, ..known }], ..manifest(Self::ID) }
    }

    fn run(_: TemplateCall, _: &Connection) -> Result<String, Failure> {
        Ok("{}".to_owned())
    }
}

support::export!(WantsMore);
