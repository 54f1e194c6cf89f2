//! Puts the texts of its input wherever one of its own can go: into the log, into progress, into a request, and into its
//! failure or, where its input says so, its output.

use support::action::TemplateCall;
use support::connections::Connection;
use support::log::{self, Level};
use support::serde_json::json;
use support::types::{Failure, FailureKind};
use support::{failure, field, get, http, progress};

struct RepeatsWhatItIsGiven;

impl support::Behaviour for RepeatsWhatItIsGiven {
    const ID: &str = "repeats-what-it-is-given";

    fn run(call: TemplateCall, connection: &Connection) -> Result<String, Failure> {
        // From here on the host knows the credential.
        http::send(&get("/first"), Some(connection))?;
        let texts = field(&call, "texts");
        let each = texts.as_array().into_iter().flatten().filter_map(|text| text.as_str());
        let mut last = "";
        for text in each {
            log::write(&Level::Warn, text);
            progress::report(1, Some(2), text);
            let _ = http::send(&get(&format!("/{text}")), Some(connection));
            let _ = http::send(&http::Request { audience: text.into(), ..get("/x") }, Some(connection));
            let method = http::Method::Other(text.to_owned());
            let _ = http::send(&http::Request { method, ..get("/x") }, Some(connection));
            last = text;
        }
        let kind = match field(&call, "as").as_str() {
            Some("output") => return Ok(json!({(last): last}).to_string()),
            Some("kind") => FailureKind::Other(last.to_owned()),
            Some("scopes") => FailureKind::InsufficientScope(vec![last.to_owned(); 500]),
            _ => FailureKind::InvalidInput,
        };
        let last = last.to_owned();
        let upstream_request_id = Some(last.clone());
        Err(Failure { kind, upstream_request_id, hint: Some(last.clone()), ..failure(&last, &*last) })
    }
}

support::export!(RepeatsWhatItIsGiven);
