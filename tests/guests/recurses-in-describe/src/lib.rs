//! Calls itself without end when it is asked what it is.

use support::action::{Manifest, TemplateCall};
use support::connections::Connection;
use support::types::Failure;

struct RecursesInDescribe;

impl support::Behaviour for RecursesInDescribe {
    const ID: &str = "recurses-in-describe";

    fn describe() -> Manifest {
        let mut manifest = support::manifest(Self::ID);
        manifest.summary = deeper(0).to_string();
        manifest
    }

    fn run(call: TemplateCall, _: &Connection) -> Result<String, Failure> {
        Ok(call.input)
    }
}

/// As the guest `recurses` does.
#[expect(unconditional_recursion, reason = "it is what this guest is for")]
fn deeper(depth: u64) -> u64 {
    std::hint::black_box(deeper(depth + 1)) + depth
}

support::export!(RecursesInDescribe);
