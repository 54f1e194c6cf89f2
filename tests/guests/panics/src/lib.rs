//! Panics in a call, in the midst of a request's life: with a connection's handle, and an answer, in its hands.

use support::action::TemplateCall;
use support::connections::Connection;
use support::types::Failure;
use support::{get, http};

struct Panics;

impl support::Behaviour for Panics {
    const ID: &str = "panics";

    fn run(_: TemplateCall, connection: &Connection) -> Result<String, Failure> {
        let answer = http::send(&get("/x"), Some(connection))?;
        panic!("after an answer with the status {}", answer.status)
    }
}

support::export!(Panics);
