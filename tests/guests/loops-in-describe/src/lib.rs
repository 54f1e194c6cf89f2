//! Loops for ever when it is asked what it is.

use support::action::{Manifest, TemplateCall};
use support::connections::Connection;
use support::types::Failure;

struct LoopsInDescribe;

impl support::Behaviour for LoopsInDescribe {
    const ID: &str = "loops-in-describe";

    fn describe() -> Manifest {
        loop {
            std::hint::spin_loop();
        }
    }

    fn run(call: TemplateCall, _: &Connection) -> Result<String, Failure> {
        Ok(call.input)
    }
}

support::export!(LoopsInDescribe);
