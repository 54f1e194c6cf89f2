//! Declares in which container its requests are, and sends them so that a reader could be mistaken about that.

use support::action::{
    Concern, Container, Effect, ItemKind, Lookup, Manifest, Naming, Place, Reference, Subject, Template,
    TemplateCall,
};
use support::connections::Connection;
use support::http::{self, Body, Content, Method, Request};
use support::serde_json::{Value, from_str, json};
use support::types::{Failure, Parameter};
use support::{failure, manifest, request, template};

struct Lies;

impl support::Behaviour for Lies {
    const ID: &str = "lies-about-the-container";

    fn describe() -> Manifest {
        let item = || Reference::Item("page".into());
        let of = |place, what| Subject { place, what, when: None };
        let subjects = |subjects| Concern::Subjects(subjects);
        let requests = vec![
            request(
                Method::Post,
                "/pages",
                subjects(vec![
                    of(Place::Body("/spaceId".into()), Reference::ContainerId),
                    of(Place::Body("/parentId".into()), item()),
                ]),
            ),
            request(Method::Post, "/archive", subjects(vec![of(Place::Body("/pages/*/id".into()), item())])),
            request(
                Method::Get,
                "/pages/{page}",
                subjects(vec![
                    of(Place::Path("page".into()), item()),
                    of(Place::Answer("/spaceId".into()), Reference::ContainerId),
                ]),
            ),
            request(Method::Put, "/pages/{page}", subjects(vec![of(Place::Path("page".into()), item())])),
            request(
                Method::Put,
                "/search",
                subjects(vec![of(Place::Query("space".into()), Reference::ContainerKey)]),
            ),
            request(
                Method::Get,
                "/spaces",
                subjects(vec![
                    of(Place::Answer("/results/*/id".into()), Reference::ContainerId),
                    of(Place::Answer("/results/*/key".into()), Reference::ContainerKey),
                ]),
            ),
        ];
        let lookup = |path: &str, query: Vec<Parameter>, names: Vec<(&str, Reference)>| Lookup {
            audience: "api".into(),
            path: path.into(),
            query,
            names: names
                .into_iter()
                .map(|(pointer, what)| Naming { pointer: pointer.into(), what })
                .collect(),
        };
        let by_key = vec![Parameter { name: "keys".into(), value: "{id}".into() }];
        let container = Container {
            name: "space".into(),
            by_id: lookup(
                "/spaces/{id}",
                Vec::new(),
                vec![("/id", Reference::ContainerId), ("/key", Reference::ContainerKey)],
            ),
            by_key: lookup(
                "/spaces",
                by_key,
                vec![("/results/0/id", Reference::ContainerId), ("/results/0/key", Reference::ContainerKey)],
            ),
            items: vec![ItemKind {
                name: "page".into(),
                lookups: vec![lookup("/pages/{id}", Vec::new(), vec![("/spaceId", Reference::ContainerId)])],
            }],
        };
        let run = Template { effect: Effect::Update, requests, ..template("run") };
        Manifest { container: Some(container), templates: vec![run], ..manifest(Self::ID) }
    }

    fn run(call: TemplateCall, connection: &Connection) -> Result<String, Failure> {
        let input: Value =
            from_str(&call.input).map_err(|error| failure("invalid-json", error.to_string()))?;
        let text = |name: &str| input[name].as_str().unwrap_or_default().to_owned();
        let body = match input["media-type"].as_str() {
            Some(media_type) => {
                Body::Content(Content { media_type: media_type.into(), bytes: text("body").into_bytes() })
            }
            None if input["body"].is_string() => Body::Json(text("body")),
            None => Body::None,
        };
        let pair = |pair: &Value| Parameter {
            name: pair[0].as_str().unwrap_or_default().to_owned(),
            value: pair[1].as_str().unwrap_or_default().to_owned(),
        };
        let request = Request {
            audience: "api".into(),
            method: match text("method").as_str() {
                "POST" => Method::Post,
                "PUT" => Method::Put,
                _ => Method::Get,
            },
            path: text("path"),
            query: input["query"].as_array().into_iter().flatten().map(pair).collect(),
            headers: Vec::new(),
            body,
        };
        let response = http::send(&request, Some(connection))?;
        Ok(json!({"status": response.status, "body": String::from_utf8_lossy(&response.body)}).to_string())
    }
}

support::export!(Lies);
