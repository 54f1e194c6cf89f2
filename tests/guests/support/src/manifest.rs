//! The manifest of a plugin that behaves well.

use crate::action::{
    Audience, AuthorizationMethod, ClientAuthentication, Concern, Effect, Manifest, Oauth2, Pkce,
    RequestRule, Template, TokenRequestEncoding,
};
use crate::http::Method;

/// Of an integration with this id. `api` begins with `/v1`; `accounts` is for authorizing only; the
/// template `run` takes and gives any object.
pub fn manifest(id: &str) -> Manifest {
    Manifest {
        id: id.into(),
        title: format!("Guest {id}"),
        version: "0.1.0".into(),
        summary: "Serves the end-to-end tests.".into(),
        authorization: vec![AuthorizationMethod::Oauth2(oauth2())],
        probes: Vec::new(),
        excluded_editions: Vec::new(),
        audiences: vec![
            audience("api", "https://api.example.com", "/v1", false),
            audience("accounts", "https://accounts.example.com", "", true),
        ],
        container: None,
        templates: vec![template("run")],
    }
}

/// A template that needs the scope `use`, takes and gives any object, and reads what is directly below `api`.
pub fn template(id: &str) -> Template {
    Template {
        id: id.into(),
        title: id.into(),
        summary: "Does what the guest is for.".into(),
        input_schema: r#"{"type":"object"}"#.into(),
        output_schema: r#"{"type":"object"}"#.into(),
        scopes: vec!["use".into()],
        effect: Effect::Read,
        repeatable: true,
        prompts: Vec::new(),
        utterances: Vec::new(),
        requests: vec![request(Method::Get, "/{any}", Concern::Nothing)],
    }
}

/// A request to the audience `api`.
pub fn request(method: Method, path: &str, concerns: Concern) -> RequestRule {
    RequestRule { audience: "api".into(), method, path: path.into(), concerns, keeps: Vec::new() }
}

/// The method of [`manifest`]: the standard with PKCE, form-encoded, nothing beside it.
pub fn oauth2() -> Oauth2 {
    Oauth2 {
        issuer: None,
        authorization_url: "https://auth.example.com/authorize".into(),
        authorization_parameters: Vec::new(),
        token_url: "https://auth.example.com/token".into(),
        refresh_url: None,
        token_request_encoding: TokenRequestEncoding::Form,
        client_authentication: ClientAuthentication::RequestBody,
        pkce: Pkce::S256,
        default_scopes: vec!["use".into()],
        offline_scope: Some("offline_access".into()),
        account_scopes: Vec::new(),
        token_errors: Vec::new(),
        scope_mismatches: Vec::new(),
        refresh_token_leeway: 0,
        refresh_token_idle_lifetime: None,
    }
}

fn audience(name: &str, origin: &str, path_prefix: &str, authorization_only: bool) -> Audience {
    Audience {
        name: name.into(),
        origin: origin.into(),
        path_prefix: path_prefix.into(),
        authorization_only,
        cost: None,
    }
}
