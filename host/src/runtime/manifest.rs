//! What a plugin says of itself, checked.
//!
//! A manifest is the word of whoever wrote the component. Nothing in it is taken for granted: ids are unique
//! and well formed, audiences are origins, URLs are URLs, schemas are schemas, texts are plain.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize, Serializer};
use url::Url;

use super::guard::{Containers, RequestRule};
use super::methods::{Basic, Edition, Probe};
use super::schema::Schema;
use crate::egress::{Audience, Response};
use crate::failure::{Failure, FailureKind, Result};
use crate::ids::{IntegrationId, TemplateId};

/// The most templates of an integration: beyond what a person can choose among.
const MOST_TEMPLATES: usize = 200;

/// The most audiences: an API, its accounts, its files, and some more.
const MOST_AUDIENCES: usize = 20;

/// What an integration is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Manifest {
    /// Its id.
    pub id: IntegrationId,
    /// What people call it.
    pub title: String,
    /// The plugin's version.
    pub version: String,
    /// What it is for.
    pub summary: String,
    /// The ways to get a connection; the first is the usual one.
    pub authorization: Vec<AuthorizationMethod>,
    /// Requests that tell how a connection stands, the best first.
    pub probes: Vec<Probe>,
    /// The editions of workspaces that may not connect it.
    pub excluded_editions: Vec<Edition>,
    /// The places it sends requests to.
    pub audiences: Vec<AudienceFacts>,
    /// What the vendor groups content by.
    pub container: Option<Containers>,
    /// What it can do.
    pub templates: Vec<Template>,
}

impl Manifest {
    /// The template of this id.
    pub fn template(&self, id: &str) -> Option<&Template> {
        self.templates.iter().find(|template| template.id.as_str() == id)
    }

    /// The audience of this name.
    pub fn audience(&self, name: &str) -> Option<&Audience> {
        self.audiences.iter().map(|facts| &facts.audience).find(|audience| audience.name == name)
    }

    /// How it is authorized by OAuth 2.0, if it is.
    pub fn oauth2(&self) -> Option<&OAuth2> {
        self.authorization.iter().find_map(|method| match method {
            AuthorizationMethod::OAuth2(oauth2) => Some(oauth2.as_ref()),
            AuthorizationMethod::Basic(_) => None,
        })
    }

    /// The methods of a name and a secret.
    pub fn basic_methods(&self) -> impl Iterator<Item = &Basic> {
        self.authorization.iter().filter_map(|method| match method {
            AuthorizationMethod::Basic(basic) => Some(basic),
            AuthorizationMethod::OAuth2(_) => None,
        })
    }

    /// The method of a name and a secret of this id.
    pub fn basic(&self, id: &str) -> Option<&Basic> {
        self.basic_methods().find(|method| method.id == id)
    }

    /// The probe for a connection of these scopes; `None`: of a method that has no scopes.
    pub(crate) fn probe(&self, granted: Option<&[String]>) -> Option<&Probe> {
        let is_open = |probe: &Probe| {
            self.audience(&probe.audience).is_some_and(|audience| !audience.authorization_only)
        };
        let fits = |probe: &&Probe| match granted {
            Some(granted) => probe.scopes.iter().all(|scope| granted.contains(scope)),
            None => is_open(probe),
        };
        self.probes.iter().find(fits)
    }

    /// Checks how many templates there are, before their schemas are read.
    pub(super) fn check_number(templates: usize) -> Result<()> {
        match templates {
            1..=MOST_TEMPLATES => Ok(()),
            _ => Err(bad(&format!("has no template, or more than {MOST_TEMPLATES}"))),
        }
    }

    /// Checks what the parts on their own cannot show.
    pub(super) fn checked(self) -> Result<Self> {
        unique("template", self.templates.iter().map(|template| template.id.as_str()))?;
        unique("audience", self.audiences.iter().map(|facts| facts.audience.name.as_str()))?;
        unique("method", self.basic_methods().map(|method| method.id.as_str()))?;
        if self.authorization.len() - self.basic_methods().count() > 1 {
            return Err(bad("is authorized by OAuth 2.0 in two ways"));
        }
        if self.audiences.len() > MOST_AUDIENCES {
            return Err(bad(&format!("has more than {MOST_AUDIENCES} audiences")));
        }
        if let Some(containers) = &self.container {
            containers.check(&self.audiences)?;
        }
        for template in &self.templates {
            template.check_requests(&self.audiences, self.container.as_ref())?;
            let known: BTreeSet<&str> = template.input.properties().into_iter().collect();
            if let Some(prompt) =
                template.prompts.iter().find(|prompt| !known.contains(prompt.field.as_str()))
            {
                return Err(bad(&format!(
                    "asks for \"{}\", which template {} does not take",
                    prompt.field, template.id
                )));
            }
        }
        Ok(self)
    }
}

/// The manifest cannot be used.
pub(super) fn bad(why: &str) -> Failure {
    let why = why.trim_end_matches('.');
    Failure::new(FailureKind::BadPlugin, "bad-manifest", format!("The component's manifest {why}."))
        .hint("Tell the author of the component.")
}

fn unique<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(bad(&format!("has two {what}s called \"{name}\"")));
        }
    }
    Ok(())
}

/// A way to get a connection.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
#[non_exhaustive]
pub enum AuthorizationMethod {
    /// OAuth 2.0 with an authorization code.
    #[serde(rename = "oauth2")]
    OAuth2(Box<OAuth2>),
    /// A name and a secret.
    Basic(Basic),
}

/// How the body of a token request is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenRequestEncoding {
    /// `application/json`.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
}

/// How the client is proved to the token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientAuthentication {
    /// In the body.
    RequestBody,
    /// HTTP Basic.
    Basic,
}

/// Proof Key for Code Exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pkce {
    /// Not sent.
    Unsupported,
    /// Sent with S256.
    S256,
}

/// What an error of the token endpoint means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenErrorMeaning {
    /// A person has to authorize again.
    AuthorizationRequired,
    /// Client id or secret are wrong.
    BadClientCredentials,
    /// The same request may work later.
    Temporary,
    /// A meaning that this version does not know.
    Other(String),
}

/// Reads one answer of the token endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenErrorRule {
    /// The HTTP status it applies to; any where absent.
    pub status: Option<u16>,
    /// The `error` it applies to.
    pub error: String,
    /// What it means.
    pub meaning: TokenErrorMeaning,
}

/// How an answer tells that the token lacks a scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ScopeMismatchRule {
    /// The HTTP status.
    pub status: u16,
    /// A header and its value.
    pub header: Option<(String, String)>,
    /// A text in the body.
    pub body_contains: Option<String>,
}

/// OAuth 2.0 as the vendor does it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct OAuth2 {
    /// The issuer identifier that every callback must carry (RFC 9207), where the vendor sends one.
    pub issuer: Option<String>,
    /// The authorization endpoint.
    pub authorization_url: Url,
    /// What every authorization request carries beside the standard's parameters.
    pub authorization_parameters: Vec<(String, String)>,
    /// The token endpoint.
    pub token_url: Url,
    /// The endpoint for refreshing.
    pub refresh_url: Url,
    /// The body of token requests.
    pub token_request_encoding: TokenRequestEncoding,
    /// How the client is proved.
    pub client_authentication: ClientAuthentication,
    /// Proof Key for Code Exchange.
    pub pkce: Pkce,
    /// Scopes to ask for where no template is installed.
    pub default_scopes: Vec<String>,
    /// The scope without which there is no refresh token.
    pub offline_scope: Option<String>,
    /// The scopes without which the vendor does not tell whose account it is.
    pub account_scopes: Vec<String>,
    /// What errors of the token endpoint mean.
    pub token_errors: Vec<TokenErrorRule>,
    /// How a scope mismatch looks.
    pub scope_mismatches: Vec<ScopeMismatchRule>,
    /// For how many seconds a refresh token may be used again.
    pub refresh_token_leeway: u32,
    /// After how many seconds without use a refresh token expires.
    pub refresh_token_idle_lifetime: Option<u32>,
}

impl OAuth2 {
    /// Whether an answer says, by one of the rules, that the token lacks a scope.
    pub(crate) fn says_scope_is_missing(&self, response: &Response) -> bool {
        let body = String::from_utf8_lossy(&response.body).to_lowercase();
        let has = |(name, value): &(String, String)| {
            response
                .headers
                .iter()
                .any(|(n, v)| n.eq_ignore_ascii_case(name) && v.eq_ignore_ascii_case(value))
        };
        self.scope_mismatches.iter().any(|rule| {
            rule.status == response.status
                && rule.header.as_ref().is_none_or(has)
                && rule.body_contains.as_ref().is_none_or(|text| body.contains(&text.to_lowercase()))
        })
    }
}

/// What calls cost, in the vendor's points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallCost {
    /// For each request.
    pub request: u32,
    /// For each object that is read.
    pub object: u32,
    /// What may be spent in one window.
    pub budget: u32,
    /// The window, in seconds.
    pub window: u32,
}

/// An audience, and what a call to it costs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AudienceFacts {
    /// Where it is.
    #[serde(flatten)]
    pub audience: Audience,
    /// What a call costs, where the vendor keeps a budget.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<CallCost>,
}

/// What a template does to the vendor's data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Nothing changes.
    Read,
    /// Something is added.
    Create,
    /// Something is changed.
    Update,
    /// Something is removed.
    Delete,
    /// An effect that this version does not know, to be treated as the gravest.
    Other(String),
}

impl Effect {
    /// The effect as one word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Read => "read",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Other(word) => word,
        }
    }
}

/// As a word where people read it, whatever it is.
fn in_a_word<S: Serializer>(effect: &Effect, serializer: S) -> Result<S::Ok, S::Error> {
    match serializer.is_human_readable() {
        true => serializer.serialize_str(effect.as_str()),
        false => effect.serialize(serializer),
    }
}

/// What to ask a person for one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// The field.
    pub field: String,
    /// The question.
    pub text: String,
}

/// One action of the integration.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Template {
    /// Its id.
    pub id: TemplateId,
    /// What people call it.
    pub title: String,
    /// What it does.
    pub summary: String,
    /// What it does to the vendor's data.
    #[serde(serialize_with = "in_a_word")]
    pub effect: Effect,
    /// Whether a repeat leaves things as one call does.
    pub repeatable: bool,
    /// The scopes it cannot do without.
    pub scopes: Vec<String>,
    /// The schema of its input.
    #[serde(rename = "input-schema")]
    pub input: Schema,
    /// The schema of its output.
    #[serde(rename = "output-schema")]
    pub output: Schema,
    /// What to ask for, in order.
    pub prompts: Vec<Prompt>,
    /// What people say when they want it.
    pub utterances: Vec<String>,
    /// What it may send.
    pub requests: Vec<RequestRule>,
}
