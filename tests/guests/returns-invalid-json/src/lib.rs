//! Answers with a text that is no JSON.

use support::action::TemplateCall;
use support::connections::Connection;
use support::types::Failure;

struct ReturnsInvalidJson;

impl support::Behaviour for ReturnsInvalidJson {
    const ID: &str = "returns-invalid-json";

    fn run(_: TemplateCall, _: &Connection) -> Result<String, Failure> {
        Ok(r#"{"answer": "#.into())
    }
}

support::export!(ReturnsInvalidJson);
