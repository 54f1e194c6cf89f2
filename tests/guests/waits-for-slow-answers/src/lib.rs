//! Asks again and again for answers that come a byte at a time, and takes no failure for an end.

use support::action::TemplateCall;
use support::connections::Connection;
use support::types::Failure;
use support::{field, get, http};

struct WaitsForSlowAnswers;

impl support::Behaviour for WaitsForSlowAnswers {
    const ID: &str = "waits-for-slow-answers";

    fn run(call: TemplateCall, connection: &Connection) -> Result<String, Failure> {
        let path = field(&call, "path").as_str().unwrap_or_default().to_owned();
        loop {
            let _ = http::send(&get(&path), Some(connection));
        }
    }
}

support::export!(WaitsForSlowAnswers);
