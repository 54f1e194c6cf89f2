//! The OpenAPI document, and the same for people: one plain page, without script and with nothing from elsewhere.

use axum::extract::State;
use axum::http::header;
use axum::response::{Html, IntoResponse};
use maud::{DOCTYPE, Markup, html};
use serde_json::{Map, Value};

use super::Api;
use super::problem::KINDS;

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;\
    color-scheme:light dark}code{font-size:.95em}section{border-top:1px solid #8886;margin-top:1.5rem}\
    table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.15rem .8rem .15rem 0}\
    td:first-child{white-space:nowrap}.method{text-transform:uppercase;font-weight:600}";

const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// The OpenAPI document
#[utoipa::path(get, path = "/openapi.json", operation_id = "openapi", tag = "about",
    responses((status = 200, body = Object, content_type = "application/json")), security(()))]
pub(super) async fn openapi(State(api): State<Api>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], api.document.to_string())
}

/// The same for people
#[utoipa::path(get, path = "/docs", operation_id = "docs", tag = "about",
    responses((status = 200, body = String, content_type = "text/html")), security(()))]
pub(super) async fn page(State(api): State<Api>) -> impl IntoResponse {
    ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(api.docs.to_string()))
}

/// The page of a document.
pub(super) fn rendered(document: &Value) -> String {
    let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let tags = document.pointer("/tags").and_then(Value::as_array).into_iter().flatten();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (text("/info/title")) " API" }
                style { (STYLE) }
            }
            body {
                main {
                    h1 { (text("/info/title")) " API" }
                    (paragraphs(text("/info/description")))
                    p { "All paths are below " code { (text("/servers/0/url")) } ". For programs: " a href="openapi.json" { "openapi.json" } "." }
                    @for tag in tags { (group(document, tag)) }
                    section {
                        h2 { "Problems" }
                        table {
                            @for (kind, meaning) in KINDS {
                                tr id=(kind.as_str()) { td { code { (kind.as_str()) } } td { (meaning) } }
                            }
                        }
                    }
                    section {
                        h2 { "What requests and answers are made of" }
                        @for (name, schema) in document.pointer("/components/schemas").and_then(Value::as_object).into_iter().flatten() {
                            (described(name, schema))
                        }
                    }
                }
            }
        }
    }
    .into_string()
}

/// The routes of a tag.
fn group(document: &Value, tag: &Value) -> Markup {
    let of = |name: &str| tag.get(name).and_then(Value::as_str).unwrap_or_default();
    let paths = document.pointer("/paths").and_then(Value::as_object).into_iter().flatten();
    let routes = paths.flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| (path, method, operation))
    });
    let is_of_tag =
        |operation: &Value| operation.pointer("/tags/0").and_then(Value::as_str) == Some(of("name"));
    html! {
        section {
            h2 { (of("name")) }
            p { (of("description")) }
            @for (path, method, operation) in routes.filter(|(_, _, operation)| is_of_tag(operation)) {
                (route(path, method, operation))
            }
        }
    }
}

fn route(path: &str, method: &str, operation: &Value) -> Markup {
    let text = |name: &str| operation.get(name).and_then(Value::as_str).unwrap_or_default();
    let scope = operation.pointer("/security/0/key/0").and_then(Value::as_str);
    let body = operation.pointer("/requestBody/content/application~1json/schema");
    let responses = operation.get("responses").and_then(Value::as_object).into_iter().flatten();
    let answers = responses.filter(|(status, _)| status.starts_with('2'));
    let parameters = operation.get("parameters").and_then(Value::as_array);
    html! {
        h3 id=(text("operationId")) { span .method { (method) } " " code { (path) } }
        p { (text("summary")) "." }
        (paragraphs(text("description")))
        p { @match scope { Some(scope) => { "Scope: " code { (scope) } }, None => { "No key is needed." } } }
        @if let Some(parameters) = parameters {
            table { @for parameter in parameters { (row_of(parameter)) } }
        }
        @if let Some(schema) = body { p { "Takes: " (named(schema)) } }
        @for (status, answer) in answers {
            p {
                "Answers " (status) ": "
                @match answer.pointer("/content/application~1json/schema") {
                    Some(schema) => { (named(schema)) },
                    None => { (answer.get("description").and_then(Value::as_str).unwrap_or_default()) },
                }
            }
        }
    }
}

fn row_of(parameter: &Value) -> Markup {
    let text = |name: &str| parameter.get(name).and_then(Value::as_str).unwrap_or_default();
    html! { tr { td { code { (text("name")) } " (" (text("in")) ")" } td { (inline(text("description"))) } } }
}

/// An object, field by field; a word of several, word by word.
fn described(name: &str, schema: &Value) -> Markup {
    let text = |of: &Value| of.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
    let parts = schema.get("allOf").and_then(Value::as_array);
    let all: Vec<&Value> = parts.map_or_else(|| vec![schema], |parts| parts.iter().collect());
    let words = schema.get("enum").and_then(Value::as_array);
    html! {
        h3 id=(format!("schema-{name}")) { code { (name) } }
        p { (text(schema)) }
        @if let Some(words) = words {
            p { @for word in words { code { (word.as_str().unwrap_or_default()) } " " } }
        }
        @for part in &all {
            @if part.get("$ref").is_some() { p { "All of " (named(part)) ", and:" } }
        }
        table {
            @for fields in all.iter().filter_map(|part| part.get("properties")?.as_object()) {
                @for (field, of) in fields { tr { td { code { (field) } } td { (inline(&text(of))) } td { (named(of)) } } }
            }
        }
    }
}

/// What a value is, in a word or a link.
fn named(schema: &Value) -> Markup {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|to| to.rsplit('/').next()) {
        return html! { a href=(format!("#schema-{name}")) { (name) } };
    }
    if let Some(items) = schema.get("items") {
        return html! { "list of " (named(items)) };
    }
    let several = ["oneOf", "anyOf"].iter().find_map(|name| schema.get(*name)?.as_array());
    if let Some(first) = several.and_then(|several| several.iter().find(|one| !is_null(one))) {
        return html! { (named(first)) };
    }
    let word = match schema.get("type") {
        Some(Value::String(word)) => word.as_str(),
        Some(Value::Array(words)) => {
            words.iter().filter_map(Value::as_str).find(|word| *word != "null").unwrap_or_default()
        }
        _ => "",
    };
    html! { (word) }
}

fn is_null(schema: &Value) -> bool {
    schema.as_object().and_then(|schema: &Map<String, Value>| schema.get("type")?.as_str()) == Some("null")
}

/// The paragraphs of a text.
fn paragraphs(text: &str) -> Markup {
    html! {
        @for paragraph in text.split("\n\n").filter(|paragraph| !paragraph.is_empty()) {
            p { (inline(paragraph)) }
        }
    }
}

/// A text in which some words are marked as code.
fn inline(text: &str) -> Markup {
    html! {
        @for (n, part) in text.split('`').enumerate() {
            @if n % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}
