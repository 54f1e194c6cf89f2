//! Answers with more than anybody wants: an object whose only text has as many letters as the input's
//! `letters` says, or 200 million.

use support::action::TemplateCall;
use support::connections::Connection;
use support::types::Failure;

struct ReturnsTooMuch;

impl support::Behaviour for ReturnsTooMuch {
    const ID: &str = "returns-too-much";

    fn run(call: TemplateCall, _: &Connection) -> Result<String, Failure> {
        let letters = support::field(&call, "letters").as_u64().unwrap_or(200_000_000);
        let (before, after) = (r#"{"text":""#, r#""}"#);
        // One allocation of just that size: the answer, not the memory, is what is too large.
        let mut answer = String::with_capacity(before.len() + letters as usize + after.len());
        answer.push_str(before);
        answer.extend((0..letters).map(|_| 'a'));
        answer.push_str(after);
        Ok(answer)
    }
}

support::export!(ReturnsTooMuch);
