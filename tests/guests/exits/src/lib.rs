//! Ends itself, as a program would.

use support::action::TemplateCall;
use support::connections::Connection;
use support::types::Failure;

wit_bindgen::generate!({ path: "wit", world: "exits", generate_all });

struct Exits;

impl support::Behaviour for Exits {
    const ID: &str = "exits";

    fn run(call: TemplateCall, _: &Connection) -> Result<String, Failure> {
        wasi::cli::exit::exit(Err(()));
        Ok(call.input)
    }
}

support::export!(Exits);
