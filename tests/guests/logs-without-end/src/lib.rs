//! Writes long lines to the log, as many as its input says, each with what must not reach a terminal.

use support::action::TemplateCall;
use support::connections::Connection;
use support::log::{self, Level};
use support::types::Failure;

struct LogsWithoutEnd;

impl support::Behaviour for LogsWithoutEnd {
    const ID: &str = "logs-without-end";

    fn run(call: TemplateCall, _: &Connection) -> Result<String, Failure> {
        let lines = support::field(&call, "lines").as_u64().unwrap_or(u64::MAX);
        let line = format!("\u{1b}]0;title\u{7}\u{202e}first\r\nsecond {}", "x".repeat(100_000));
        for _ in 0..lines {
            log::write(&Level::Warn, &line);
        }
        Ok("{}".to_owned())
    }
}

support::export!(LogsWithoutEnd);
