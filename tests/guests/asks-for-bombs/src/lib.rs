//! Asks for answers that are small on the wire and grow when they are unpacked, one after the other, whatever comes.

use support::action::TemplateCall;
use support::connections::Connection;
use support::serde_json::json;
use support::types::Failure;
use support::{get, http, outcome};

struct AsksForBombs;

impl support::Behaviour for AsksForBombs {
    const ID: &str = "asks-for-bombs";

    fn run(_: TemplateCall, connection: &Connection) -> Result<String, Failure> {
        let attempts: Vec<_> = (0..3)
            .map(|bomb| outcome(http::send(&get(&format!("/bomb-{bomb}")), Some(connection))))
            .collect();
        Ok(json!({"attempts": attempts}).to_string())
    }
}

support::export!(AsksForBombs);
