//! Says who it acts for, by an API whose authorization server was not written here.

use support::action::{Audience, AuthorizationMethod, Manifest, Oauth2, Template, TemplateCall};
use support::connections::Connection;
use support::http::{self, Body, Method, Request};
use support::types::{Failure, FailureKind, Parameter};
use support::{failure, manifest, oauth2, template};

/// What the API answers, and so what the template puts out.
const ACCOUNT: &str = r#"{
    "type": "object",
    "properties": {
        "subject": {"type": "string"},
        "scopes": {"type": "array", "items": {"type": "string"}}
    },
    "required": ["subject", "scopes"],
    "additionalProperties": false
}"#;

struct ForeignApi;

impl support::Behaviour for ForeignApi {
    const ID: &str = "foreign-api";

    fn describe() -> Manifest {
        let api = Audience {
            name: "api".into(),
            origin: "https://api.example.com".into(),
            path_prefix: "/api".into(),
            authorization_only: false,
            cost: None,
        };
        // OpenID Connect Core section 11: offline access is given only where consent is asked for.
        let consent = Parameter { name: "prompt".into(), value: "consent".into() };
        let oauth2 = Oauth2 { authorization_parameters: vec![consent], ..oauth2() };
        Manifest {
            authorization: vec![AuthorizationMethod::Oauth2(oauth2)],
            audiences: vec![api],
            templates: vec![Template { output_schema: ACCOUNT.into(), ..template("who-am-i") }],
            ..manifest(Self::ID)
        }
    }

    fn run(_: TemplateCall, connection: &Connection) -> Result<String, Failure> {
        let request = Request {
            audience: "api".into(),
            method: Method::Get,
            path: "/me".into(),
            query: Vec::new(),
            headers: Vec::new(),
            body: Body::None,
        };
        let response = http::send(&request, Some(connection))?;
        let body = String::from_utf8_lossy(&response.body).into_owned();
        if response.status == 200 {
            return Ok(body);
        }
        Err(Failure { kind: FailureKind::Upstream, ..failure("api-refused", body) })
    }
}

support::export!(ForeignApi);
