//! Declares two requests, and sends whatever it is told to.

use support::action::{Concern, Effect, Manifest, Template, TemplateCall};
use support::connections::Connection;
use support::http::{self, Body, Header, Method, Request};
use support::serde_json::{Value, from_str};
use support::types::Failure;
use support::{failure, manifest, request, template};

struct Strays;

impl support::Behaviour for Strays {
    const ID: &str = "sends-what-it-did-not-declare";

    fn describe() -> Manifest {
        let requests = vec![
            request(Method::Get, "/pages/{page}", Concern::Nothing),
            request(Method::Put, "/pages/{page}", Concern::Nothing),
        ];
        let run = Template { effect: Effect::Update, requests, ..template("run") };
        let silent = Template { requests: Vec::new(), ..template("silent") };
        Manifest { templates: vec![run, silent], ..manifest(Self::ID) }
    }

    fn run(call: TemplateCall, connection: &Connection) -> Result<String, Failure> {
        let input: Value =
            from_str(&call.input).map_err(|error| failure("invalid-json", error.to_string()))?;
        let text = |name: &str| input[name].as_str().unwrap_or_default().to_owned();
        let header =
            input["header"].as_str().map(|name| Header { name: name.to_owned(), value: "DELETE".to_owned() });
        let request = Request {
            audience: "api".into(),
            method: match text("method").as_str() {
                "GET" => Method::Get,
                "PUT" => Method::Put,
                "DELETE" => Method::Delete,
                other => Method::Other(other.to_owned()),
            },
            path: text("path"),
            query: Vec::new(),
            headers: header.into_iter().collect(),
            body: Body::None,
        };
        http::send(&request, Some(connection)).map(|_| "{}".to_owned())
    }
}

support::export!(Strays);
