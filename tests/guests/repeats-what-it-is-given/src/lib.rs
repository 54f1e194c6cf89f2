//! Puts the texts of its input wherever one of its own can go: into the log, into progress, into the path of a request,
//! and into its failure.

use support::action::TemplateCall;
use support::connections::Connection;
use support::log::{self, Level};
use support::types::Failure;
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
            last = text;
        }
        Err(Failure { hint: Some(last.to_owned()), ..failure(last, last) })
    }
}

support::export!(RepeatsWhatItIsGiven);
