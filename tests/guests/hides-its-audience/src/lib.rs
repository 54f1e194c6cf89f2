//! Declares an audience whose host is behind what people take for it.

use support::action::{Manifest, TemplateCall};
use support::connections::Connection;
use support::manifest;
use support::types::Failure;

struct HidesItsAudience;

impl support::Behaviour for HidesItsAudience {
    const ID: &str = "hides-its-audience";

    fn describe() -> Manifest {
        let mut manifest = manifest(Self::ID);
        manifest.audiences[0].origin = "https://api.example.com@169.254.169.254".into();
        manifest
    }

    fn run(call: TemplateCall, _: &Connection) -> Result<String, Failure> {
        Ok(call.input)
    }
}

support::export!(HidesItsAudience);
