//! Sets a credential of its own, and whatever else is the host's alone, in cases and spellings that are not the usual.

use support::action::TemplateCall;
use support::connections::Connection;
use support::http::Request;
use support::serde_json::json;
use support::types::Failure;
use support::{get, header, http, outcome};

const NAMES: &[&str] = &[
    "authorization",
    "Authorization",
    "AUTHORIZATION",
    "aUtHoRiZaTiOn",
    "authorization ",
    " authorization",
    "authorization:",
    "authorization\t",
    "authorization\0",
    "author\u{131}zation",
    "Proxy-Authorization",
    "proxy_authorization",
    "PROXY-CONNECTION",
    "cOOkie",
    "hOST",
    "User-Agent",
    "content-LENGTH",
    "Content_Length",
    "Content-Type",
    "content-encoding",
    "Accept-Encoding",
    "Transfer-Encoding",
    "transfer_encoding",
    "Connection",
    "Keep-Alive",
    "TE",
    "Trailer",
    "Upgrade",
    "Expect",
    "Via",
    "Forwarded",
    "X-Forwarded-Host",
    "x_forwarded_for",
    "X-Real-IP",
    "X-Original-URL",
    "X-Rewrite-Url",
    "X-HTTP-Method-Override",
    "x_http_method_override",
    "Sec-Fetch-Site",
];

struct SetsAuthorization;

impl support::Behaviour for SetsAuthorization {
    const ID: &str = "sets-authorization";

    fn run(_: TemplateCall, connection: &Connection) -> Result<String, Failure> {
        let attempt = |name: &&str| {
            let request = Request { headers: vec![header(name, "Bearer of-the-guest")], ..get("/x") };
            json!([name, outcome(http::send(&request, Some(connection)))])
        };
        let attempts: Vec<_> = NAMES.iter().map(attempt).collect();
        let without_connection =
            Request { headers: vec![header("X-Api-Key", "of-the-guest")], ..get("/last") };
        http::send(&without_connection, None)?;
        Ok(json!({"attempts": attempts}).to_string())
    }
}

support::export!(SetsAuthorization);
