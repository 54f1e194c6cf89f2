//! Behaves well: gives its input back, or what a request answered.

use support::action::{Manifest, TemplateCall};
use support::connections::Connection;
use support::http::{self, Body, Header, Method, Request};
use support::serde_json::{Value, from_str, json};
use support::types::{Failure, Parameter};
use support::{failure, manifest, template};

/// What `fetch` takes; every key below `query`, `headers` and in `body` is free.
const REQUEST: &str = r#"{
    "type": "object",
    "properties": {
        "audience": {"type": "string"},
        "path": {"type": "string"},
        "method": {"type": "string"},
        "query": {"type": "object", "additionalProperties": {"type": "string"}},
        "headers": {"type": "object", "additionalProperties": {"type": "string"}},
        "body": {}
    },
    "required": ["audience", "path"],
    "additionalProperties": false
}"#;

const RESPONSE: &str = r#"{
    "type": "object",
    "properties": {
        "status": {"type": "integer"},
        "headers": {"type": "object", "additionalProperties": {"type": "string"}},
        "body": {"type": "string"}
    },
    "required": ["status", "headers", "body"],
    "additionalProperties": false
}"#;

struct Echo;

impl support::Behaviour for Echo {
    const ID: &str = "echo";

    fn describe() -> Manifest {
        let fetch = |id| support::action::Template {
            input_schema: REQUEST.into(),
            output_schema: RESPONSE.into(),
            ..template(id)
        };
        let templates = vec![template("echo"), fetch("fetch"), fetch("fetch-without-connection")];
        Manifest { templates, ..manifest(Self::ID) }
    }

    fn run(call: TemplateCall, connection: &Connection) -> Result<String, Failure> {
        match &*call.template {
            "echo" => Ok(call.input),
            "fetch" => fetch(&call.input, Some(connection)),
            "fetch-without-connection" => fetch(&call.input, None),
            other => Err(failure("unknown-template", other)),
        }
    }
}

fn fetch(input: &str, on_behalf_of: Option<&Connection>) -> Result<String, Failure> {
    let input: Value = from_str(input).map_err(|error| failure("invalid-json", error.to_string()))?;
    let text = |name: &str| input[name].as_str().unwrap_or_default().to_owned();
    let request = Request {
        audience: text("audience"),
        method: method(&text("method")),
        path: text("path"),
        query: pairs(&input["query"]).map(|(name, value)| Parameter { name, value }).collect(),
        headers: pairs(&input["headers"]).map(|(name, value)| Header { name, value }).collect(),
        body: input.get("body").map_or(Body::None, |body| Body::Json(body.to_string())),
    };
    let response = http::send(&request, on_behalf_of)?;
    let headers: Value =
        response.headers.into_iter().map(|header| (header.name, Value::from(header.value))).collect();
    let body = String::from_utf8_lossy(&response.body);
    Ok(json!({"status": response.status, "headers": headers, "body": body}).to_string())
}

fn method(name: &str) -> Method {
    match name {
        "" | "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "PATCH" => Method::Patch,
        "DELETE" => Method::Delete,
        other => Method::Other(other.into()),
    }
}

fn pairs(object: &Value) -> impl Iterator<Item = (String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    object.as_object().into_iter().flatten().map(move |(name, value)| (name.clone(), text(value)))
}

support::export!(Echo);
