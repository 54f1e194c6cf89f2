//! Asks for more memory than a call may have, is refused, goes on without, and ends as its input says.

use core::arch::wasm32::{memory_grow, unreachable};

use support::action::TemplateCall;
use support::connections::Connection;
use support::log::{self, Level};
use support::types::Failure;

struct DoesWithLess;

impl support::Behaviour for DoesWithLess {
    const ID: &str = "does-with-less";

    fn run(call: TemplateCall, _: &Connection) -> Result<String, Failure> {
        assert_eq!(memory_grow::<0>(30_000), usize::MAX, "it was refused");
        match support::field(&call, "then").as_str() {
            Some("loops") => loop {
                std::hint::spin_loop();
            },
            Some("recurses") => Ok(deeper(0).to_string()),
            Some("traps") => {
                log::write(&Level::Info, "it goes on");
                unreachable()
            }
            _ => Ok("{}".to_owned()),
        }
    }
}

/// As the guest `recurses` does.
#[expect(unconditional_recursion, reason = "it is one of the ways to end")]
fn deeper(depth: u64) -> u64 {
    std::hint::black_box(deeper(depth + 1)) + depth
}

support::export!(DoesWithLess);
