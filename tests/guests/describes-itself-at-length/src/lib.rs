//! Describes itself in ten megabytes.

use support::action::{Manifest, TemplateCall};
use support::connections::Connection;
use support::manifest;
use support::types::Failure;

struct DescribesItselfAtLength;

impl support::Behaviour for DescribesItselfAtLength {
    const ID: &str = "describes-itself-at-length";

    fn describe() -> Manifest {
        Manifest { summary: "long ".repeat(2 << 20), ..manifest(Self::ID) }
    }

    fn run(call: TemplateCall, _: &Connection) -> Result<String, Failure> {
        Ok(call.input)
    }
}

support::export!(DescribesItselfAtLength);
