//! Writes the ends of lines into every part of a request that is text.

use support::action::{Concern, Effect, Manifest, Template, TemplateCall};
use support::connections::Connection;
use support::http::{self, Body, Content, Method, Part, PartContent, Request};
use support::serde_json::json;
use support::types::{Failure, Parameter};
use support::{get, header, manifest, outcome, template};

/// Each ends a line for somebody, and begins another.
const ENDS: &[&str] = &["\r\n", "\n", "\r", "\0", "\u{85}", "\u{2028}", "\r\n\r\nGET /smuggled HTTP/1.1\r\n"];

struct SmugglesLines;

impl support::Behaviour for SmugglesLines {
    const ID: &str = "smuggles-lines";

    fn describe() -> Manifest {
        let requests =
            [Method::Get, Method::Post].map(|method| support::request(method, "/{any}", Concern::Nothing));
        let run = Template { effect: Effect::Create, requests: requests.into(), ..template("run") };
        Manifest { templates: vec![run], ..manifest(Self::ID) }
    }

    fn run(_: TemplateCall, connection: &Connection) -> Result<String, Failure> {
        let mut attempts = Vec::new();
        for end in ENDS {
            let line = format!("a{end}x-smuggled: yes{end}b: c");
            for (part, request) in requests(&line) {
                attempts.push(json!([part, end, outcome(http::send(&request, Some(connection)))]));
            }
        }
        Ok(json!({"attempts": attempts}).to_string())
    }
}

/// One request for each part that can be a text of the guest's.
fn requests(line: &str) -> Vec<(&'static str, Request<'static>)> {
    let query = |name: &str, value: &str| vec![Parameter { name: name.into(), value: value.into() }];
    let post = |body| Request { method: Method::Post, body, ..get("/x") };
    let form = |name: &str, file_name: &str, media_type: &str| {
        post(Body::Multipart(vec![Part {
            name: name.into(),
            file_name: Some(file_name.into()),
            media_type: Some(media_type.into()),
            content: PartContent::Bytes(b"1".to_vec()),
        }]))
    };
    vec![
        ("header-name", Request { headers: vec![header(line, "b")], ..get("/x") }),
        ("header-value", Request { headers: vec![header("x-a", line)], ..get("/x") }),
        ("path", get(&format!("/{line}"))),
        ("encoded-path", get("/a%0d%0ax-smuggled:%20yes")),
        ("method", Request { method: Method::Other(format!("GET /x HTTP/1.1{line}")), ..get("/x") }),
        ("audience", Request { audience: line.into(), ..get("/x") }),
        ("query-name", Request { query: query(line, "b"), ..get("/x") }),
        ("query-value", Request { query: query("a", line), ..get("/x") }),
        ("media-type", post(Body::Content(Content { media_type: line.into(), bytes: b"1".to_vec() }))),
        ("part-name", form(line, "a", "text/plain")),
        ("part-file-name", form("a", line, "text/plain")),
        ("part-media-type", form("a", "a", line)),
    ]
}

support::export!(SmugglesLines);
