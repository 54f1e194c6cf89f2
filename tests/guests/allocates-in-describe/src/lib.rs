//! Allocates without end when it is asked what it is.

use support::action::{Manifest, TemplateCall};
use support::connections::Connection;
use support::types::Failure;

struct AllocatesInDescribe;

impl support::Behaviour for AllocatesInDescribe {
    const ID: &str = "allocates-in-describe";

    fn describe() -> Manifest {
        let mut kept = Vec::new();
        loop {
            kept.push(std::hint::black_box(vec![1u8; 1 << 20]));
        }
    }

    fn run(call: TemplateCall, _: &Connection) -> Result<String, Failure> {
        Ok(call.input)
    }
}

support::export!(AllocatesInDescribe);
