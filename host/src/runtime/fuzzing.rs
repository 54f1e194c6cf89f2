//! A way in for `crate::fuzzing`: manifests of any texts.

use super::Manifest;
use super::bindings::exports::integration::action::action as wit;
use super::bindings::integration::action::http::Method;
use super::bindings::integration::action::types::Parameter;
use super::convert;
use crate::failure::Result;

/// The manifest of a plugin that behaves well, in which each text that is not empty takes the place of its own.
pub(crate) fn manifest_of<'t>(texts: impl Iterator<Item = &'t str>) -> Result<Manifest> {
    let mut texts = Texts(texts);
    convert::manifest_from_wit(texts.manifest())
}

struct Texts<I>(I);

impl<'t, I: Iterator<Item = &'t str>> Texts<I> {
    fn or(&mut self, usual: &str) -> String {
        self.0.next().filter(|text| !text.is_empty()).unwrap_or(usual).to_owned()
    }

    fn manifest(&mut self) -> wit::Manifest {
        wit::Manifest {
            id: self.or("example"),
            title: self.or("Example"),
            version: self.or("0.1.0"),
            summary: self.or("Serves tests."),
            audiences: vec![self.audience("api"), self.audience("files")],
            templates: vec![self.template("run"), self.template("other")],
            authorization: vec![
                wit::AuthorizationMethod::Oauth2(self.oauth2()),
                wit::AuthorizationMethod::Basic(self.basic()),
            ],
            container: Some(self.container()),
            probes: vec![wit::Probe {
                audience: self.or("api"),
                path: self.or("/me"),
                query: vec![self.parameter()],
                scopes: vec![self.or("use")],
                account_id: Some(self.or("/id")),
                account_name: Some(self.or("/name")),
            }],
            excluded_editions: vec![wit::Edition::Trial, wit::Edition::Other(self.or("other"))],
        }
    }

    fn parameter(&mut self) -> Parameter {
        Parameter { name: self.or("name"), value: self.or("value") }
    }

    fn audience(&mut self, name: &str) -> wit::Audience {
        wit::Audience {
            name: self.or(name),
            origin: self.or("https://api.example.com"),
            path_prefix: self.or("/v1/{site}"),
            authorization_only: false,
            cost: None,
        }
    }

    fn template(&mut self, id: &str) -> wit::Template {
        wit::Template {
            id: self.or(id),
            title: self.or("Run"),
            summary: self.or("Runs."),
            input_schema: self
                .or(r#"{"type":"object","properties":{"space":{"type":"string","x-container":true}}}"#),
            output_schema: self.or(r#"{"type":"object"}"#),
            scopes: vec![self.or("use")],
            effect: match self.or("create").as_str() {
                "read" => wit::Effect::Read,
                "create" => wit::Effect::Create,
                "update" => wit::Effect::Update,
                "delete" => wit::Effect::Delete,
                other => wit::Effect::Other(other.to_owned()),
            },
            repeatable: false,
            prompts: vec![wit::Prompt { field: self.or("space"), text: self.or("Where?") }],
            utterances: vec![self.or("run it")],
            requests: vec![self.rule()],
        }
    }

    fn rule(&mut self) -> wit::RequestRule {
        let path = wit::Place::Path(self.or("id"));
        let body = wit::Place::Body(self.or("/spaces/*/id"));
        let (item, pointer) = (self.or("page"), self.or("/kind"));
        let subject = |place, what, when| wit::Subject { place, what, when };
        let when = wit::Condition { pointer, equals: self.or("space") };
        wit::RequestRule {
            audience: self.or("api"),
            method: Method::Post,
            path: self.or("/pages/{id}"),
            concerns: wit::Concern::Subjects(vec![
                subject(path, wit::Reference::Item(item), None),
                subject(body, wit::Reference::ContainerId, Some(when)),
            ]),
            keeps: Vec::new(),
        }
    }

    fn container(&mut self) -> wit::Container {
        let names = [("/id", wit::Reference::ContainerId), ("/key", wit::Reference::ContainerKey)];
        wit::Container {
            name: self.or("space"),
            by_id: self.lookup("/spaces/{id}", names.clone()),
            by_key: self.lookup("/spaces/{id}", names),
            items: vec![wit::ItemKind {
                name: self.or("page"),
                lookups: vec![self.lookup("/pages/{id}", [("/spaceId", wit::Reference::ContainerId)])],
            }],
        }
    }

    fn lookup<const N: usize>(&mut self, path: &str, names: [(&str, wit::Reference); N]) -> wit::Lookup {
        wit::Lookup {
            audience: self.or("api"),
            path: self.or(path),
            query: vec![self.parameter()],
            names: names
                .map(|(pointer, what)| wit::Naming { pointer: self.or(pointer), what })
                .into_iter()
                .collect(),
        }
    }

    fn oauth2(&mut self) -> wit::Oauth2 {
        wit::Oauth2 {
            issuer: Some(self.or("https://auth.example.com")),
            authorization_url: self.or("https://auth.example.com/authorize"),
            authorization_parameters: vec![self.parameter()],
            token_url: self.or("https://auth.example.com/token"),
            refresh_url: Some(self.or("https://auth.example.com/refresh")),
            token_request_encoding: wit::TokenRequestEncoding::Form,
            client_authentication: wit::ClientAuthentication::Basic,
            pkce: wit::Pkce::S256,
            default_scopes: vec![self.or("use")],
            offline_scope: Some(self.or("offline_access")),
            account_scopes: vec![self.or("read:me")],
            token_errors: Vec::new(),
            scope_mismatches: Vec::new(),
            refresh_token_leeway: 0,
            refresh_token_idle_lifetime: None,
        }
    }

    fn basic(&mut self) -> wit::Basic {
        wit::Basic {
            id: self.or("api-token"),
            title: self.or("API token"),
            username_label: self.or("Address"),
            secret_label: self.or("Token"),
            site_url: self.or("https://{tenant}.example.com"),
            audiences: vec![wit::MethodAudience {
                name: self.or("api"),
                origin: self.or("https://{tenant}.example.com"),
                path_prefix: self.or("/v1"),
            }],
        }
    }
}
