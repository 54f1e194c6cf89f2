//! Between the contract's types and ours: the one place that knows both.

use url::Url;
use wasmtime::component::ResourceTable;

use super::bindings::exports::integration::action::action as wit;
use super::bindings::integration::action::{connections, http, log, types};
use super::files::FileHandle;
use super::manifest::{
    AudienceFacts, AuthorizationMethod, CallCost, ClientAuthentication, Effect, Manifest, OAuth2, Pkce,
    Prompt, ScopeMismatchRule, Template, TokenErrorMeaning, TokenErrorRule, TokenRequestEncoding, bad,
};
use super::methods::{Basic, Edition, MethodAudience, Probe};
use super::{ConnectionFacts, LogLevel, Schema, Site, convert_rules};
use crate::egress::{Audience, Body, Method, Part, PartContent, Request, Response};
use crate::failure::{Failure, FailureKind, MAX_TEXT, Result, plain_text};
use crate::ids::{IntegrationId, TemplateId, is_site_id};
use crate::secret::Secrets;

/// The longest single text of a manifest that is shown to people, in characters.
const MAX_LINE: usize = 500;

/// The most scopes that a failure names: those of a whole profile.
const MOST_SCOPES: usize = 100;

/// A text of a guest, at most so long. Secrets are removed before it is cut: a part of one would not be found any more.
fn told(text: &str, most: usize, secrets: &Secrets) -> String {
    plain_text(&secrets.remove_from_beginning(text, most.saturating_mul(4)), most)
}

pub(super) fn failure_from_wit(failure: types::Failure, secrets: &Secrets) -> Failure {
    let told = |text: &str, most: usize| told(text, most, secrets);
    let (kind, code) = (kind_from_wit(failure.kind, &told), told(&failure.code, 64));
    let mut ours = Failure::new(kind, code, told(&failure.message, MAX_TEXT)).sent(failure.request_sent);
    ours.hint = failure.hint.map(|hint| told(&hint, MAX_TEXT));
    ours.retry_after = failure.retry_after;
    ours.upstream_status = failure.upstream_status;
    ours.upstream_request_id = failure.upstream_request_id.map(|id| told(&id, 200));
    ours
}

fn kind_from_wit(kind: types::FailureKind, told: &impl Fn(&str, usize) -> String) -> FailureKind {
    use types::FailureKind as Wit;
    match kind {
        Wit::InvalidInput => FailureKind::InvalidInput,
        Wit::NotFound => FailureKind::NotFound,
        Wit::Conflict => FailureKind::Conflict,
        Wit::AuthorizationRequired => FailureKind::AuthorizationRequired,
        Wit::BadClientCredentials => FailureKind::BadClientCredentials,
        Wit::InsufficientScope(scopes) => {
            let scopes = scopes.iter().take(MOST_SCOPES).map(|scope| told(scope, MAX_LINE));
            FailureKind::InsufficientScope(scopes.collect())
        }
        Wit::AccessDenied => FailureKind::AccessDenied,
        Wit::RateLimited => FailureKind::RateLimited,
        Wit::Denied => FailureKind::Denied,
        Wit::Unreachable => FailureKind::Unreachable,
        Wit::TimedOut => FailureKind::TimedOut,
        Wit::LimitExceeded => FailureKind::LimitExceeded,
        Wit::Gone => FailureKind::Gone,
        Wit::TooLarge => FailureKind::TooLarge,
        Wit::Upstream => FailureKind::Upstream,
        Wit::Internal => FailureKind::Internal,
        Wit::Other(word) => FailureKind::Other(told(&word, 64)),
    }
}

pub(super) fn failure_to_wit(failure: Failure) -> types::Failure {
    use types::FailureKind as Wit;
    let kind = match failure.kind {
        FailureKind::InvalidInput => Wit::InvalidInput,
        FailureKind::NotFound => Wit::NotFound,
        FailureKind::Conflict => Wit::Conflict,
        FailureKind::AuthorizationRequired => Wit::AuthorizationRequired,
        FailureKind::BadClientCredentials => Wit::BadClientCredentials,
        FailureKind::InsufficientScope(scopes) => Wit::InsufficientScope(scopes),
        FailureKind::AccessDenied => Wit::AccessDenied,
        FailureKind::RateLimited => Wit::RateLimited,
        FailureKind::Denied => Wit::Denied,
        FailureKind::Unreachable => Wit::Unreachable,
        FailureKind::TimedOut => Wit::TimedOut,
        FailureKind::LimitExceeded => Wit::LimitExceeded,
        FailureKind::Gone => Wit::Gone,
        FailureKind::TooLarge => Wit::TooLarge,
        FailureKind::Upstream => Wit::Upstream,
        FailureKind::BadPlugin | FailureKind::Storage | FailureKind::Internal => Wit::Internal,
        FailureKind::Other(word) => Wit::Other(word),
    };
    types::Failure {
        kind,
        code: failure.code.into_owned(),
        message: failure.message,
        hint: failure.hint,
        request_sent: failure.request_sent,
        retry_after: failure.retry_after,
        upstream_status: failure.upstream_status,
        upstream_request_id: failure.upstream_request_id,
    }
}

pub(super) fn facts_to_wit(facts: ConnectionFacts) -> connections::Facts {
    connections::Facts {
        id: facts.id,
        scopes: facts.scopes,
        expires_at: facts.expires_at,
        refreshable: facts.refreshable,
        site: facts.site.map(site_to_wit),
        attributes: parameters_to_wit(facts.attributes),
    }
}

pub(super) fn site_to_wit(site: Site) -> types::Site {
    types::Site { id: site.id, name: site.name, url: site.url }
}

/// A site as a plugin names it: an id that can stand in a path, a name that can be shown, a URL that can be
/// opened.
pub(super) fn site_from_wit(site: types::Site, secrets: &Secrets) -> Result<Site> {
    let bad = |why: &str| {
        Failure::new(FailureKind::Internal, "bad-site", format!("The plugin named a site {why}."))
    };
    if !is_site_id(&site.id) || secrets.found_in(site.id.as_bytes()) {
        return Err(bad("whose id is none"));
    }
    let url = Url::parse(&site.url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let url = url.filter(|_| !secrets.found_in(site.url.as_bytes()));
    let url = url.ok_or_else(|| bad("whose URL is none"))?;
    Ok(Site {
        id: site.id,
        name: told(&site.name, 200, secrets),
        url: url.as_str().trim_end_matches('/').to_owned(),
    })
}

pub(super) fn parameters_to_wit(parameters: Vec<(String, String)>) -> Vec<types::Parameter> {
    parameters.into_iter().map(|(name, value)| types::Parameter { name, value }).collect()
}

pub(super) fn parameters_from_wit(parameters: Vec<types::Parameter>) -> Vec<(String, String)> {
    parameters.into_iter().map(|parameter| (parameter.name, parameter.value)).collect()
}

pub(super) fn attributes_from_wit(
    parameters: Vec<types::Parameter>,
    secrets: &Secrets,
) -> Vec<(String, String)> {
    let told = |text: &str, most: usize| told(text, most, secrets);
    parameters
        .into_iter()
        .take(50)
        .map(|parameter| (told(&parameter.name, 64), told(&parameter.value, MAX_LINE)))
        .collect()
}

/// A method by its name.
pub(super) fn method_name(method: http::Method) -> String {
    match method {
        http::Method::Get => "GET".to_owned(),
        http::Method::Head => "HEAD".to_owned(),
        http::Method::Post => "POST".to_owned(),
        http::Method::Put => "PUT".to_owned(),
        http::Method::Patch => "PATCH".to_owned(),
        http::Method::Delete => "DELETE".to_owned(),
        http::Method::Other(name) => name,
    }
}

/// The audience, and the request to it, with the files that it names by their handles.
pub(super) fn request_from_wit(
    request: http::Request,
    table: &ResourceTable,
) -> wasmtime::Result<(String, Request)> {
    let method = method_name(request.method);
    let body = match request.body {
        http::Body::None => Body::None,
        http::Body::Json(text) => Body::Json(text),
        http::Body::Form(fields) => Body::Form(parameters_from_wit(fields)),
        http::Body::Content(content) => {
            Body::Content { media_type: content.media_type, bytes: content.bytes }
        }
        http::Body::File(handle) => {
            let FileHandle(file) = table.get(&handle)?;
            Body::File { media_type: file.media_type.clone(), file: file.bytes.clone() }
        }
        http::Body::Multipart(parts) => {
            let part = |part| part_from_wit(part, table);
            Body::Multipart(parts.into_iter().map(part).collect::<wasmtime::Result<_>>()?)
        }
    };
    let ours = Request {
        method: Method::new(method),
        path: request.path,
        query: parameters_from_wit(request.query),
        headers: request.headers.into_iter().map(|header| (header.name, header.value)).collect(),
        body,
    };
    Ok((request.audience, ours))
}

fn part_from_wit(part: http::Part, table: &ResourceTable) -> wasmtime::Result<Part> {
    let content = match part.content {
        http::PartContent::Bytes(bytes) => PartContent::Bytes(bytes),
        http::PartContent::File(handle) => PartContent::File(table.get(&handle)?.0.bytes.clone()),
    };
    Ok(Part { name: part.name, file_name: part.file_name, media_type: part.media_type, content })
}

pub(super) fn response_to_wit(response: Response) -> http::Response {
    let headers = response.headers.into_iter().map(|(name, value)| http::Header { name, value }).collect();
    http::Response { status: response.status, headers, body: response.body }
}

pub(super) fn level_from_wit(level: &log::Level) -> LogLevel {
    match level {
        log::Level::Trace => LogLevel::Trace,
        log::Level::Debug => LogLevel::Debug,
        log::Level::Info | log::Level::Other(_) => LogLevel::Info,
        log::Level::Warn => LogLevel::Warn,
        log::Level::Error => LogLevel::Error,
    }
}

pub(super) fn manifest_from_wit(manifest: wit::Manifest) -> Result<Manifest> {
    let names: Vec<String> = manifest.audiences.iter().map(|audience| audience.name.clone()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let method = |method| method_from_wit(method, &names);
    Manifest::check_number(manifest.templates.len())?;
    let probes = manifest.probes.into_iter().map(probe_from_wit).collect::<Result<_>>()?;
    Manifest {
        id: IntegrationId::new(manifest.id).map_err(|failure| bad(&format!("has a bad id: {failure}")))?,
        title: plain_text(&manifest.title, MAX_LINE),
        version: plain_text(&manifest.version, 64),
        summary: plain_text(&manifest.summary, MAX_LINE),
        authorization: manifest.authorization.into_iter().map(method).collect::<Result<_>>()?,
        probes: Probe::all_checked(probes, &names)?,
        excluded_editions: manifest.excluded_editions.iter().filter_map(edition_from_wit).collect(),
        audiences: manifest.audiences.into_iter().map(audience_from_wit).collect::<Result<_>>()?,
        container: manifest.container.map(convert_rules::containers_from_wit).transpose()?,
        templates: manifest.templates.into_iter().map(template_from_wit).collect::<Result<_>>()?,
    }
    .checked()
}

fn method_from_wit(method: wit::AuthorizationMethod, audiences: &[&str]) -> Result<AuthorizationMethod> {
    match method {
        wit::AuthorizationMethod::Oauth2(oauth2) => oauth2_from_wit(oauth2),
        wit::AuthorizationMethod::Basic(basic) => {
            basic_from_wit(basic).checked(audiences).map(AuthorizationMethod::Basic)
        }
    }
}

fn basic_from_wit(basic: wit::Basic) -> Basic {
    Basic {
        id: basic.id,
        title: plain_text(&basic.title, MAX_LINE),
        username_label: plain_text(&basic.username_label, MAX_LINE),
        secret_label: plain_text(&basic.secret_label, MAX_LINE),
        site_url: basic.site_url,
        audiences: basic
            .audiences
            .into_iter()
            .map(|audience| MethodAudience {
                name: audience.name,
                origin: audience.origin,
                path_prefix: audience.path_prefix,
            })
            .collect(),
    }
}

fn probe_from_wit(probe: wit::Probe) -> Result<Probe> {
    Ok(Probe {
        audience: probe.audience,
        path: probe.path,
        query: parameters_from_wit(probe.query),
        scopes: scopes(probe.scopes)?,
        account_id: probe.account_id,
        account_name: probe.account_name,
    })
}

/// An edition that this version does not know is none that a workspace can have.
fn edition_from_wit(edition: &wit::Edition) -> Option<Edition> {
    match edition {
        wit::Edition::Trial => Some(Edition::Trial),
        wit::Edition::Developer => Some(Edition::Developer),
        wit::Edition::Enterprise => Some(Edition::Enterprise),
        wit::Edition::Other(_) => None,
    }
}

fn oauth2_from_wit(oauth2: wit::Oauth2) -> Result<AuthorizationMethod> {
    let token_url = endpoint(&oauth2.token_url)?;
    Ok(AuthorizationMethod::OAuth2(Box::new(OAuth2 {
        issuer: oauth2.issuer.map(|issuer| plain_text(&issuer, MAX_LINE)),
        authorization_url: endpoint(&oauth2.authorization_url)?,
        authorization_parameters: parameters_from_wit(oauth2.authorization_parameters),
        refresh_url: oauth2.refresh_url.map_or_else(|| Ok(token_url.clone()), |url| endpoint(&url))?,
        token_url,
        token_request_encoding: match oauth2.token_request_encoding {
            wit::TokenRequestEncoding::Json => TokenRequestEncoding::Json,
            wit::TokenRequestEncoding::Form => TokenRequestEncoding::Form,
            wit::TokenRequestEncoding::Other(word) => return Err(unknown("token request encoding", &word)),
        },
        client_authentication: match oauth2.client_authentication {
            wit::ClientAuthentication::RequestBody => ClientAuthentication::RequestBody,
            wit::ClientAuthentication::Basic => ClientAuthentication::Basic,
            wit::ClientAuthentication::Other(word) => return Err(unknown("client authentication", &word)),
        },
        pkce: match oauth2.pkce {
            wit::Pkce::Unsupported => Pkce::Unsupported,
            wit::Pkce::S256 => Pkce::S256,
            wit::Pkce::Other(word) => return Err(unknown("code challenge method", &word)),
        },
        default_scopes: scopes(oauth2.default_scopes)?,
        offline_scope: scopes(oauth2.offline_scope.into_iter().collect())?.pop(),
        account_scopes: scopes(oauth2.account_scopes)?,
        token_errors: oauth2.token_errors.into_iter().map(token_error_from_wit).collect(),
        scope_mismatches: oauth2.scope_mismatches.into_iter().map(scope_mismatch_from_wit).collect(),
        refresh_token_leeway: oauth2.refresh_token_leeway,
        refresh_token_idle_lifetime: oauth2.refresh_token_idle_lifetime,
    })))
}

fn token_error_from_wit(rule: wit::TokenErrorRule) -> TokenErrorRule {
    TokenErrorRule {
        status: rule.status,
        error: rule.error,
        meaning: match rule.meaning {
            wit::TokenErrorMeaning::AuthorizationRequired => TokenErrorMeaning::AuthorizationRequired,
            wit::TokenErrorMeaning::BadClientCredentials => TokenErrorMeaning::BadClientCredentials,
            wit::TokenErrorMeaning::Temporary => TokenErrorMeaning::Temporary,
            wit::TokenErrorMeaning::Other(word) => TokenErrorMeaning::Other(plain_text(&word, 64)),
        },
    }
}

fn scope_mismatch_from_wit(rule: wit::ScopeMismatchRule) -> ScopeMismatchRule {
    ScopeMismatchRule {
        status: rule.status,
        header: rule.header.map(|header| (header.name, header.value)),
        body_contains: rule.body_contains,
    }
}

fn audience_from_wit(audience: wit::Audience) -> Result<AudienceFacts> {
    let cost = audience.cost.map(|cost| CallCost {
        request: cost.request,
        object: cost.object,
        budget: cost.budget,
        window: cost.window,
    });
    let audience =
        Audience::new(audience.name, &audience.origin, audience.path_prefix, audience.authorization_only)?;
    Ok(AudienceFacts { audience, cost })
}

fn template_from_wit(template: wit::Template) -> Result<Template> {
    let id =
        TemplateId::new(template.id).map_err(|failure| bad(&format!("has a bad template id: {failure}")))?;
    let schema = |text: &str| {
        Schema::parse(text).map_err(|failure| bad(&format!("has a bad schema in template {id}: {failure}")))
    };
    Ok(Template {
        title: plain_text(&template.title, MAX_LINE),
        summary: plain_text(&template.summary, MAX_LINE),
        input: schema(&template.input_schema)?,
        output: schema(&template.output_schema)?,
        scopes: scopes(template.scopes)?,
        effect: match template.effect {
            wit::Effect::Read => Effect::Read,
            wit::Effect::Create => Effect::Create,
            wit::Effect::Update => Effect::Update,
            wit::Effect::Delete => Effect::Delete,
            wit::Effect::Other(word) => Effect::Other(plain_text(&word, 64)),
        },
        repeatable: template.repeatable,
        prompts: template
            .prompts
            .into_iter()
            .map(|prompt| Prompt { field: prompt.field, text: plain_text(&prompt.text, MAX_LINE) })
            .collect(),
        utterances: lines(template.utterances),
        requests: template.requests.into_iter().map(convert_rules::rule_from_wit).collect::<Result<_>>()?,
        id,
    })
}

/// Scopes as OAuth writes them (RFC 6749 section 3.3): none empty, no spaces in them.
fn scopes(scopes: Vec<String>) -> Result<Vec<String>> {
    let is_scope = |scope: &String| {
        !scope.is_empty() && scope.bytes().all(|b| (0x21..=0x7e).contains(&b) && b != b'"' && b != b'\\')
    };
    match scopes.iter().find(|scope| !is_scope(scope)) {
        Some(scope) => Err(bad(&format!("has a scope that is none: \"{scope}\""))),
        None => Ok(scopes),
    }
}

fn endpoint(text: &str) -> Result<Url> {
    Url::parse(text)
        .ok()
        .filter(|url| url.scheme() == "https" && url.has_host())
        .ok_or_else(|| bad(&format!("has an endpoint that is no https URL: \"{text}\"")))
}

fn unknown(what: &str, word: &str) -> Failure {
    bad(&format!("asks for a {what} that this host does not know: \"{word}\""))
}

fn lines(texts: Vec<String>) -> Vec<String> {
    texts.iter().map(|text| plain_text(text, MAX_LINE)).collect()
}
