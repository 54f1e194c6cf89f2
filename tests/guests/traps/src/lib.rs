//! Traps in a call.

use support::action::TemplateCall;
use support::connections::Connection;
use support::types::Failure;

struct Traps;

impl support::Behaviour for Traps {
    const ID: &str = "traps";

    fn run(_: TemplateCall, _: &Connection) -> Result<String, Failure> {
        core::arch::wasm32::unreachable()
    }
}

support::export!(Traps);
