//! Opens and makes whatever files its input tells it to, allowed or not.

use support::action::{Concern, Effect, Manifest, Template, TemplateCall};
use support::connections::Connection;
use support::files::{self, FileFacts};
use support::http::{self, Body, Header, Method, Part, PartContent, Request};
use support::serde_json::json;
use support::types::Failure;
use support::{failure, field, manifest, template};

/// The input of `open`: only `file` names a file.
const NAMES: &str = r##"{
    "type": "object",
    "properties": {
        "file": {"type": "string", "format": "file"},
        "more": {"type": "array", "items": {"$ref": "#/$defs/one"}},
        "ask": {"type": "string"}
    },
    "$defs": {"one": {"type": "object", "properties": {"file": {"type": "string", "format": "file"}}}}
}"##;

/// An output that has a file.
const SAVED: &str = r#"{"type": "object", "properties": {"file": {"type": "string", "format": "file"}}}"#;

struct ReachesForFiles;

impl support::Behaviour for ReachesForFiles {
    const ID: &str = "reaches-for-files";

    fn describe() -> Manifest {
        Manifest {
            templates: vec![
                Template { input_schema: NAMES.into(), ..template("open") },
                Template {
                    input_schema: NAMES.into(),
                    effect: Effect::Create,
                    requests: vec![support::request(Method::Post, "/upload", Concern::Nothing)],
                    ..template("send")
                },
                Template { output_schema: SAVED.into(), ..template("save") },
                template("save-unasked"),
                Template {
                    output_schema: SAVED.into(),
                    requests: vec![
                        support::request(Method::Get, "/start", Concern::Nothing),
                        support::request(Method::Get, "/file/{any}", Concern::Nothing),
                    ],
                    ..template("save-narrowly")
                },
            ],
            ..manifest(Self::ID)
        }
    }

    fn run(call: TemplateCall, connection: &Connection) -> Result<String, Failure> {
        let text = |name: &str| field(&call, name).as_str().unwrap_or_default().to_owned();
        match call.template.as_str() {
            "open" => files::open(&text("ask")).map(|file| told(file.facts())),
            "send" => {
                let file = files::open(&text("ask"))?;
                let part = |name: &str| Part {
                    name: name.into(),
                    file_name: Some("a".into()),
                    media_type: None,
                    content: PartContent::File(&file),
                };
                let body = Body::Multipart(vec![part("one"), part("two")]);
                let response = http::send(&request(Method::Post, "/upload".into(), body), Some(connection))?;
                Ok(json!({"status": response.status}).to_string())
            }
            _ => {
                let file = files::create(&text("name"), "text/plain")?;
                let request = request(Method::Get, text("path"), Body::None);
                let response = http::download(&request, Some(connection), &file)?;
                let body = String::from_utf8_lossy(&response.body).into_owned();
                let headers: Vec<String> = response.headers.into_iter().map(|header| header.name).collect();
                match file.facts().size {
                    Some(_) => Ok(told(file.facts())),
                    None => Err(failure("not-saved", format!("{} {body} {headers:?}", response.status))),
                }
            }
        }
    }
}

fn told(facts: FileFacts) -> String {
    json!({"file": facts.name, "type": facts.media_type, "size": facts.size}).to_string()
}

fn request(method: Method, path: String, body: Body<'_>) -> Request<'_> {
    let header = |name: &str, value: &str| Header { name: name.into(), value: value.into() };
    Request {
        audience: "api".into(),
        method,
        path,
        query: Vec::new(),
        headers: vec![header("x-api-key", "key-of-the-guest"), header("accept", "text/plain")],
        body,
    }
}

support::export!(ReachesForFiles);
