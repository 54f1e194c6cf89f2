//! Calls itself without end.

use support::action::TemplateCall;
use support::connections::Connection;
use support::types::Failure;

struct Recurses;

impl support::Behaviour for Recurses {
    const ID: &str = "recurses";

    fn run(_: TemplateCall, _: &Connection) -> Result<String, Failure> {
        Ok(deeper(0).to_string())
    }
}

/// Does something after the inner call, so that no compiler makes a loop of it, and keeps next to nothing in memory, so
/// that it is the stack of calls that ends.
#[expect(unconditional_recursion, reason = "it is what this guest is for")]
fn deeper(depth: u64) -> u64 {
    std::hint::black_box(deeper(depth + 1)) + depth
}

support::export!(Recurses);
