//! Calls itself without end, and sends a request each time.

use support::action::TemplateCall;
use support::connections::Connection;
use support::types::Failure;
use support::{get, http};

struct CallsOutAtEveryDepth;

impl support::Behaviour for CallsOutAtEveryDepth {
    const ID: &str = "calls-out-at-every-depth";

    fn run(_: TemplateCall, connection: &Connection) -> Result<String, Failure> {
        Ok(deeper(connection, 0).to_string())
    }
}

/// Does something after the inner call, so that no compiler makes a loop of it.
#[expect(unconditional_recursion, reason = "it is what this guest is for")]
fn deeper(connection: &Connection, depth: u64) -> u64 {
    let answered = call_out(connection);
    std::hint::black_box(deeper(connection, depth + 1)) + depth + answered
}

/// What a request takes of the memory is given back before the next call, so that it is the stack of calls that ends.
#[inline(never)]
fn call_out(connection: &Connection) -> u64 {
    u64::from(http::send(&get("/x"), Some(connection)).is_ok())
}

support::export!(CallsOutAtEveryDepth);
