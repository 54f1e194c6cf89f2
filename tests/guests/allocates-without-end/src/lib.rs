//! Takes memory until it gets none, and writes to all of it.

use support::action::TemplateCall;
use support::connections::Connection;
use support::types::Failure;

struct AllocatesWithoutEnd;

impl support::Behaviour for AllocatesWithoutEnd {
    const ID: &str = "allocates-without-end";

    fn run(_: TemplateCall, _: &Connection) -> Result<String, Failure> {
        let mut taken = Vec::new();
        loop {
            taken.push(vec![1_u8; 1 << 20]);
            std::hint::black_box(&mut taken);
        }
    }
}

support::export!(AllocatesWithoutEnd);
