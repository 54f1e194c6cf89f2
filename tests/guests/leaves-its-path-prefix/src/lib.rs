//! Asks for what is outside its audience's prefix, by dots and in every encoding of them that some server undoes.

use support::action::TemplateCall;
use support::connections::Connection;
use support::serde_json::json;
use support::types::Failure;
use support::{get, http, outcome};

const PATHS: &[&str] = &[
    "/../admin",
    "/x/../../admin",
    "/x/..",
    "/./admin",
    "/%2e%2e/admin",
    "/.%2E/admin",
    "/%2e./admin",
    "/..%2fadmin",
    "/%2e%2e%2fadmin",
    "/..%5cadmin",
    "/..\\admin",
    "/x\\..\\..\\admin",
    "/%252e%252e/admin",
    "/%252e%252e%252fadmin",
    "/%25252e%25252e/admin",
    "/..;/admin",
    "/..;x=1/admin",
    "/%2e%2e;/admin",
    "/..%3b/admin",
    "/..%00/admin",
    "/..%0a/admin",
    "/%c0%ae%c0%ae/admin",
    "/%u002e%u002e/admin",
    "/\u{ff0e}\u{ff0e}/admin",
    "//admin.example/x",
    "/x//../admin",
    "/\\admin.example",
    "@admin.example/x",
    ":80@admin.example/x",
    ".admin.example/x",
    "https://admin.example/x",
    "?/../admin",
    "#/../admin",
    "\t/../admin",
    " /../admin",
];

struct LeavesItsPathPrefix;

impl support::Behaviour for LeavesItsPathPrefix {
    const ID: &str = "leaves-its-path-prefix";

    fn run(_: TemplateCall, connection: &Connection) -> Result<String, Failure> {
        let attempt = |path: &&str| json!([path, outcome(http::send(&get(path), Some(connection)))]);
        Ok(json!({"attempts": PATHS.iter().map(attempt).collect::<Vec<_>>()}).to_string())
    }
}

support::export!(LeavesItsPathPrefix);
