//! Sleeps for ever, in the host: no instruction of its own runs meanwhile.

use support::action::TemplateCall;
use support::connections::Connection;
use support::types::Failure;

wit_bindgen::generate!({ path: "wit", world: "sleeps", generate_all });

struct SleepsForever;

impl support::Behaviour for SleepsForever {
    const ID: &str = "sleeps-forever";

    fn run(_: TemplateCall, _: &Connection) -> Result<String, Failure> {
        loop {
            wasi::clocks::monotonic_clock::subscribe_duration(u64::MAX).block();
        }
    }
}

support::export!(SleepsForever);
