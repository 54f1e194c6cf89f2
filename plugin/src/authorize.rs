//! Atlassian's side of OAuth 2.0: what comes back from consent, and which site is meant.
//!
//! The host does all that needs a secret. What is left, and is Atlassian's own, is finding the site: one
//! grant may reach several, the list names a site once per product, and its order means nothing. So:
//!
//! - entries without a Confluence scope do not count, and a site counts once (its id is not unique);
//! - none is an error, one is taken, and of several a person chooses: never the first;
//! - a chosen site is looked up again, so that a connection never gets a site its grant does not reach.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::confluence::call;
use crate::confluence::errors::{self, Attempt};
use crate::confluence::model::text;
use crate::confluence::scopes;
use crate::platform::{
    Authority, Body, Facts, Failure, FailureKind, Level, Method, Parameter, Request, Site,
};

/// The audience that lists the sites a grant reaches.
pub const SITES: &str = "sites";

/// Where an authorization stands.
#[derive(Debug)]
pub enum Step<C> {
    /// A person is about to be sent to the consent page for these scopes.
    Begin(Vec<String>),
    /// The person came back, with these parameters beside code and state.
    Callback(Vec<Parameter>),
    /// The person chose this site.
    ChooseSite(C, Site),
}

/// How a step ended.
#[derive(Debug)]
pub enum Outcome<C> {
    /// Send the person to the consent page, with these parameters beside those of the profile.
    Redirect(Vec<Parameter>),
    /// Ask the person for one of these sites.
    Choose(C, Vec<Site>),
    /// The connection is ready.
    Granted(C, Site, Vec<Parameter>),
}

/// Carries an authorization one step further.
///
/// # Errors
/// `not-found` where no site with Confluence is reached, and what the exchange or the list of sites gives.
pub fn authorize<A: Authority>(
    authority: &A,
    step: Step<A::Connection>,
) -> Result<Outcome<A::Connection>, Failure> {
    match step {
        Step::Begin(scopes) => {
            if let Some(scope) = scopes.iter().find(|scope| scopes::is_classic(scope)) {
                let line =
                    format!("{scope} is a classic scope, which no operation of Confluence's REST v2 takes");
                authority.log(Level::Warn, &line);
            }
            // `audience` and `prompt` are in the profile's parameters, where an admin sees them.
            Ok(Outcome::Redirect(Vec::new()))
        }
        Step::Callback(_) => {
            let connection = authority.exchange_code()?;
            if !authority.facts(&connection).refreshable {
                authority.log(
                    Level::Warn,
                    "Atlassian gave no refresh token: offline_access was not granted, and the connection ends \
                     with its access token",
                );
            }
            settle(authority, connection)
        }
        Step::ChooseSite(connection, chosen) => choose(authority, connection, &chosen),
    }
}

/// Renews a connection. Atlassian's errors are read by the manifest's rules, so there is nothing to add.
///
/// # Errors
/// What the exchange of the refresh token gives.
pub fn refresh<A: Authority>(authority: &A, connection: &A::Connection) -> Result<Facts, Failure> {
    authority.refresh_token(connection)
}

fn settle<A: Authority>(authority: &A, connection: A::Connection) -> Result<Outcome<A::Connection>, Failure> {
    let mut found = reachable(authority, &connection)?;
    if found.len() > 1 {
        return Ok(Outcome::Choose(connection, found.into_iter().map(|found| found.site).collect()));
    }
    found.pop().map(|only| granted(connection, only)).ok_or_else(|| {
        Failure::new(
            FailureKind::NotFound,
            "no-confluence-site",
            "This Atlassian account reaches no site with Confluence through this app.",
        )
        .hint("Choose a site with Confluence on the consent page, and check that the app has Confluence scopes.")
    })
}

fn choose<A: Authority>(
    authority: &A,
    connection: A::Connection,
    chosen: &Site,
) -> Result<Outcome<A::Connection>, Failure> {
    let found = reachable(authority, &connection)?;
    let names: Vec<String> =
        found.iter().map(|found| format!("{} ({})", found.site.name, found.site.url)).collect();
    found
        .into_iter()
        .find(|found| found.site.id == chosen.id)
        .map(|found| granted(connection, found))
        .ok_or_else(|| {
            Failure::new(
                FailureKind::NotFound,
                "site-not-reachable",
                format!(
                    "The grant does not reach the site {}. It reaches: {}.",
                    chosen.name,
                    names.join(", ")
                ),
            )
            .hint("Choose one of these, or authorize again and tick the site on the consent page.")
        })
}

fn granted<C>(connection: C, found: Found) -> Outcome<C> {
    Outcome::Granted(connection, found.site, found.attributes)
}

struct Found {
    site: Site,
    attributes: Vec<Parameter>,
}

/// The sites with Confluence, each once.
fn reachable<A: Authority>(authority: &A, connection: &A::Connection) -> Result<Vec<Found>, Failure> {
    let attempt = Attempt {
        subject: "list of sites",
        not_found: "sites-not-found",
        writes: false,
        at_cursor: false,
        need: None,
        granted: &[],
    };
    let request = Request {
        audience: SITES,
        method: Method::Get,
        path: String::new(),
        query: Vec::new(),
        headers: Vec::new(),
        body: Body::None,
    };
    let response = authority.send(request, connection)?;
    let answer = call::success(&response, &attempt)?;
    let Some(resources) = answer.as_array() else {
        return Err(errors::unreadable(&response, attempt.subject, false, "it is not a list"));
    };
    let mut seen = BTreeSet::new();
    Ok(resources
        .iter()
        .filter(|resource| has_confluence(resource))
        .filter_map(found)
        .filter(|found| seen.insert(found.site.id.clone()))
        .collect())
}

/// A site's entry for Jira has the same id as the one for Confluence; only the scopes tell them apart.
fn has_confluence(resource: &Value) -> bool {
    resource.get("scopes").and_then(Value::as_array).is_some_and(|scopes| {
        scopes.iter().filter_map(Value::as_str).any(|scope| scope.contains("confluence"))
    })
}

fn found(resource: &Value) -> Option<Found> {
    let id = text(resource, "id").filter(|id| is_site_id(id))?;
    let url =
        text(resource, "url").filter(|url| url.starts_with("https://") || url.starts_with("http://"))?;
    let name = text(resource, "name").filter(|name| !name.trim().is_empty()).unwrap_or_else(|| url.clone());
    let attributes = text(resource, "avatarUrl")
        .filter(|avatar| avatar.starts_with("https://"))
        .map(|avatar| Parameter::new("avatar-url", avatar))
        .into_iter()
        .collect();
    Some(Found { site: Site { id, name, url }, attributes })
}

/// The contract's shape of a site id: it becomes a segment of every path.
fn is_site_id(id: &str) -> bool {
    (1..=128).contains(&id.len())
        && !id.bytes().all(|byte| byte == b'.')
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}
