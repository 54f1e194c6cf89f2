//! What `describe` says: everything the host must know of Atlassian and of this plugin.
//!
//! It is one static value. `describe` runs with every import denied and must say the same at every call, so
//! there is nothing here to compute or to ask for. The host enforces what stands here: it sends requests
//! only to these audiences and asks only for these scopes.

use crate::authorize::SITES;
use crate::confluence::CONFLUENCE;
use crate::confluence::paths::CURRENT_USER;
use crate::confluence::requests::SPACES;
use crate::confluence::scopes::{
    MISMATCH_HEADER, MISMATCH_TEXT, READ_DETAILS, READ_PAGE, READ_SPACE, READ_USER, WRITE_PAGE,
};
use crate::templates::{self, Template};

pub use crate::confluence::requests::{Container, ItemKind, Lookup, Named, Place, Rule, Subject};

/// An integration, as the contract's `manifest` has it.
#[derive(Debug)]
pub struct Manifest {
    /// The integration's id.
    pub id: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// The plugin's own version.
    pub version: &'static str,
    /// What it is for.
    pub summary: &'static str,
    /// How a connection is made, usually.
    pub oauth2: OAuth2,
    /// The other way, for organisations that allow no OAuth apps.
    pub api_token: ApiToken,
    /// Requests that tell how a connection stands.
    pub probes: &'static [Probe],
    /// The places it sends requests to.
    pub audiences: &'static [Audience],
    /// What content is grouped by.
    pub container: &'static Container,
    /// What it can do.
    pub templates: &'static [Template],
}

/// The defaults of a profile, and what the host must know to be Atlassian's client.
#[derive(Debug)]
pub struct OAuth2 {
    /// The authorization endpoint.
    pub authorization_url: &'static str,
    /// What every authorization request carries beside the parameters of RFC 6749.
    pub authorization_parameters: &'static [(&'static str, &'static str)],
    /// The token endpoint.
    pub token_url: &'static str,
    /// The endpoint for refreshing.
    pub refresh_url: &'static str,
    /// Scopes to ask for where no template is installed yet.
    pub default_scopes: &'static [&'static str],
    /// The scope without which no refresh token is given.
    pub offline_scope: &'static str,
    /// The scopes without which Atlassian does not tell whose account it is.
    pub account_scopes: &'static [&'static str],
    /// What errors of the token endpoint mean.
    pub token_errors: &'static [TokenErrorRule],
    /// How a scope mismatch looks in answers of the API.
    pub scope_mismatches: &'static [ScopeMismatchRule],
    /// For how many seconds a refresh token may be used again after it was exchanged.
    pub refresh_token_leeway: u32,
    /// After how many seconds without use a refresh token expires.
    pub refresh_token_idle_lifetime: u32,
}

/// An e-mail address and an API token in HTTP Basic: taken at a site's own address, and not at the gateway.
#[derive(Debug)]
pub struct ApiToken {
    /// The method's id.
    pub id: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// What the user name is.
    pub username_label: &'static str,
    /// What the secret is.
    pub secret_label: &'static str,
    /// The site's own address, of the tenant that the person names.
    pub site: &'static str,
    /// The path prefix of Confluence there.
    pub path_prefix: &'static str,
}

/// A cheap reading request of Confluence.
#[derive(Debug)]
pub struct Probe {
    /// The path.
    pub path: &'static str,
    /// The query.
    pub query: &'static [(&'static str, &'static str)],
    /// The scopes it takes.
    pub scopes: &'static [&'static str],
    /// Where the account's id and name stand in the answer, if there.
    pub account: Option<(&'static str, &'static str)>,
}

/// What an error of the token endpoint means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenErrorMeaning {
    /// A person has to authorize again.
    AuthorizationRequired,
    /// Client id or secret are wrong.
    BadClientCredentials,
}

/// Reads one answer of the token endpoint.
#[derive(Debug)]
pub struct TokenErrorRule {
    /// The HTTP status it applies to; absent: any.
    pub status: Option<u16>,
    /// The `error` it applies to.
    pub error: &'static str,
    /// What it means.
    pub meaning: TokenErrorMeaning,
}

/// How an answer tells that the token lacks a scope. All parts that are present must fit.
#[derive(Debug)]
pub struct ScopeMismatchRule {
    /// The HTTP status.
    pub status: u16,
    /// A header that must be there, with this value.
    pub header: Option<(&'static str, &'static str)>,
    /// A text that the body must contain.
    pub body_contains: Option<&'static str>,
}

/// A place that requests go to.
#[derive(Debug)]
pub struct Audience {
    /// Its name.
    pub name: &'static str,
    /// Scheme and host.
    pub origin: &'static str,
    /// What every path begins with.
    pub path_prefix: &'static str,
    /// Whether templates may not use it.
    pub authorization_only: bool,
    /// What a call costs.
    pub cost: Option<CallCost>,
}

/// What calls cost, in Atlassian's points.
#[derive(Debug)]
pub struct CallCost {
    /// Points for each request.
    pub request: u32,
    /// Points for each object in the answer to a reading request.
    pub object: u32,
    /// Points that may be spent in one window.
    pub budget: u32,
    /// The length of the window in seconds.
    pub window: u32,
}

const API_ORIGIN: &str = "https://api.atlassian.com";
const ACCOUNT: Option<(&str, &str)> = Some(("/accountId", "/displayName"));

/// The manifest of this plugin.
pub static MANIFEST: Manifest = Manifest {
    id: "confluence",
    title: "Confluence",
    version: env!("CARGO_PKG_VERSION"),
    summary: "Reads, writes, finds and arranges pages and blog posts of Confluence Cloud, with their comments, labels, \
              attachments and versions.",
    oauth2: OAuth2 {
        authorization_url: "https://auth.atlassian.com/authorize",
        authorization_parameters: &[("audience", "api.atlassian.com"), ("prompt", "consent")],
        token_url: "https://auth.atlassian.com/oauth/token",
        refresh_url: "https://auth.atlassian.com/oauth/token",
        // Granular scopes only: no operation of REST v2 takes a classic one.
        default_scopes: &[READ_PAGE, WRITE_PAGE, READ_SPACE],
        offline_scope: "offline_access",
        account_scopes: &[READ_DETAILS],
        token_errors: &[
            TokenErrorRule {
                status: Some(403),
                error: "invalid_grant",
                meaning: TokenErrorMeaning::AuthorizationRequired,
            },
            TokenErrorRule {
                status: Some(403),
                error: "unauthorized_client",
                meaning: TokenErrorMeaning::AuthorizationRequired,
            },
            // On the callback the same word means that a person said no; here it is the client's secret.
            TokenErrorRule {
                status: Some(401),
                error: "access_denied",
                meaning: TokenErrorMeaning::BadClientCredentials,
            },
            TokenErrorRule {
                status: None,
                error: "invalid_client",
                meaning: TokenErrorMeaning::BadClientCredentials,
            },
        ],
        scope_mismatches: &[
            ScopeMismatchRule { status: 401, header: None, body_contains: Some(MISMATCH_TEXT) },
            ScopeMismatchRule { status: 401, header: Some(MISMATCH_HEADER), body_contains: None },
        ],
        // Atlassian's documented reuse interval: ten minutes.
        refresh_token_leeway: 600,
        // Atlassian's documented inactivity expiry: 90 days, counted anew at each refresh.
        refresh_token_idle_lifetime: 90 * 24 * 60 * 60,
    },
    api_token: ApiToken {
        id: "api-token",
        title: "API token",
        username_label: "E-mail address of the Atlassian account",
        secret_label: "An API token of this account, made under Security in its Atlassian settings",
        site: "https://{tenant}.atlassian.net",
        path_prefix: "/wiki",
    },
    probes: &[
        // The one operation of v1 that tells whose token it is; it takes either of two scopes.
        Probe { path: CURRENT_USER, query: &[], scopes: &[READ_DETAILS], account: ACCOUNT },
        Probe { path: CURRENT_USER, query: &[], scopes: &[READ_USER], account: ACCOUNT },
        Probe { path: "/api/v2/spaces", query: &[("limit", "1")], scopes: &[READ_SPACE], account: None },
        Probe { path: "/api/v2/pages", query: &[("limit", "1")], scopes: &[READ_PAGE], account: None },
    ],
    audiences: &[
        Audience {
            name: SITES,
            origin: API_ORIGIN,
            path_prefix: "/oauth/token/accessible-resources",
            authorization_only: true,
            cost: None,
        },
        Audience {
            name: CONFLUENCE,
            origin: API_ORIGIN,
            path_prefix: "/ex/confluence/{site}/wiki",
            authorization_only: false,
            // The smallest budget Atlassian documents: 65,000 points an hour for an app in all sites.
            cost: Some(CallCost { request: 1, object: 1, budget: 65_000, window: 3_600 }),
        },
    ],
    container: &SPACES,
    templates: templates::ALL,
};
