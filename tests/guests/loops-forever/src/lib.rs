//! Never returns from a call.

use support::action::TemplateCall;
use support::connections::Connection;
use support::types::Failure;

struct LoopsForever;

impl support::Behaviour for LoopsForever {
    const ID: &str = "loops-forever";

    fn run(_: TemplateCall, _: &Connection) -> Result<String, Failure> {
        loop {
            std::hint::spin_loop();
        }
    }
}

support::export!(LoopsForever);
