//! Counts its calls, in memory that the next call would have to share.

use std::sync::atomic::{AtomicU64, Ordering};

use support::action::TemplateCall;
use support::connections::Connection;
use support::serde_json::json;
use support::types::Failure;

static CALLS: AtomicU64 = AtomicU64::new(0);

struct KeepsState;

impl support::Behaviour for KeepsState {
    const ID: &str = "keeps-state";

    fn run(_: TemplateCall, _: &Connection) -> Result<String, Failure> {
        Ok(json!({"calls": CALLS.fetch_add(1, Ordering::Relaxed) + 1}).to_string())
    }
}

support::export!(KeepsState);
