//! `/connections`: the accounts that are connected.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::extract::{Caller, Path, Query};
use super::paging::{Page, Paging};
use super::problem::Refused;
use super::time::Moment;
use crate::authorization::{self, ConnectionReport, ConnectionStatus, Proof, RefreshTokenState};
use crate::failure::{Failure, FailureKind, Result};
use crate::ids::ConnectionId;
use crate::runtime;

/// An account that is connected. Its tokens never leave the service.
#[derive(Serialize, ToSchema)]
pub(super) struct Connection {
    /// Its id.
    id: String,
    /// The integration it is for.
    integration: String,
    /// The profile it was made with, or the method of names and secrets.
    profile: String,
    /// The end user it belongs to; absent: it serves everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    /// Whose account it is, where the vendor tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<Account>,
    /// The site it works in.
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<Site>,
    /// How it stands.
    status: Status,
    /// Whether requests can be made.
    works: bool,
    /// Why it stands so, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Since when.
    since: Moment,
    /// The scopes that were granted.
    scopes: Vec<String>,
    /// The templates that it lacks scopes for, of those that it should serve.
    missing: Vec<MissingScopes>,
    /// When its access token expires; it is renewed before, where it can be.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Moment>,
    /// Whether it can be renewed without a person.
    refreshable: bool,
}

/// How a connection stands.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = ConnectionStatus)]
enum Status {
    /// It works.
    Active,
    /// The tokens are there, and a site must be chosen.
    AwaitingSite,
    /// A person has to authorize again.
    NeedsReauthorization,
    /// The profile's client id or secret is wrong.
    BadClientCredentials,
    /// It works, and ends with its token.
    NotRefreshable,
    /// It works, but not for every template that it should serve.
    InsufficientScope,
}

impl From<ConnectionStatus> for Status {
    fn from(status: ConnectionStatus) -> Self {
        match status {
            ConnectionStatus::Active => Self::Active,
            ConnectionStatus::AwaitingSite => Self::AwaitingSite,
            ConnectionStatus::NeedsReauthorization => Self::NeedsReauthorization,
            ConnectionStatus::BadClientCredentials => Self::BadClientCredentials,
            ConnectionStatus::NotRefreshable => Self::NotRefreshable,
            ConnectionStatus::InsufficientScope => Self::InsufficientScope,
        }
    }
}

/// Whose account it is at the vendor.
#[derive(Serialize, ToSchema)]
struct Account {
    /// The vendor's id of it.
    id: String,
    /// What people call it, or the name that a person signs in with.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// A site of the vendor.
#[derive(Serialize, ToSchema)]
struct Site {
    /// The vendor's id of it.
    id: String,
    /// What people call it.
    name: String,
    /// Where it is.
    url: String,
}

impl From<runtime::Site> for Site {
    fn from(site: runtime::Site) -> Self {
        Self { id: site.id, name: site.name, url: site.url }
    }
}

/// A template that a connection cannot run, for lack of scopes.
#[derive(Serialize, ToSchema)]
struct MissingScopes {
    /// The template.
    template: String,
    /// The scopes it lacks.
    scopes: Vec<String>,
}

impl From<authorization::Connection> for Connection {
    fn from(connection: authorization::Connection) -> Self {
        let account = match (connection.account, connection.proof) {
            (Some(account), _) => Some(Account { id: account.id, name: account.name }),
            (None, Proof::Basic { username }) => Some(Account { id: username.clone(), name: Some(username) }),
            (None, _) => None,
        };
        Self {
            id: connection.id.to_string(),
            integration: connection.integration.to_string(),
            profile: connection.profile.to_string(),
            user: connection.user,
            account,
            site: connection.site.map(Site::from),
            status: connection.status.into(),
            works: connection.status.works(),
            reason: connection.reason,
            since: Moment(connection.since),
            scopes: connection.scopes,
            missing: connection
                .missing
                .into_iter()
                .map(|missing| MissingScopes {
                    template: missing.template.to_string(),
                    scopes: missing.scopes,
                })
                .collect(),
            expires_at: connection.expires_at.map(Moment),
            refreshable: connection.refreshable,
        }
    }
}

/// All that is known of a connection.
#[derive(Serialize, ToSchema)]
pub(super) struct ConnectionInFull {
    #[serde(flatten)]
    connection: Connection,
    /// The sites to choose among, while it waits for that.
    offered_sites: Vec<OfferedSite>,
    /// How its refresh token stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<RefreshToken>,
}

/// A site that an account reaches.
#[derive(Serialize, ToSchema)]
struct OfferedSite {
    #[serde(flatten)]
    site: Site,
    /// Whether the account can open it, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    reachable: Option<bool>,
}

/// How a refresh token stands.
#[derive(Serialize, ToSchema)]
struct RefreshToken {
    /// How it stands.
    state: TokenState,
    /// When the tokens that there are were issued.
    issued_at: Moment,
    /// When the vendor drops it if nobody uses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    dropped_at: Option<Moment>,
    /// How many renewals failed since.
    failures: u32,
    /// When it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_try: Option<Moment>,
}

/// How a refresh token stands.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = RefreshTokenState)]
enum TokenState {
    /// It renews the connection when that is due.
    Good,
    /// It is being used now.
    InUse,
    /// The last renewals failed; it is tried again.
    Paused,
    /// There is none.
    Absent,
    /// It is no longer accepted.
    Refused,
}

impl From<ConnectionReport> for ConnectionInFull {
    fn from(report: ConnectionReport) -> Self {
        let state = |state| match state {
            RefreshTokenState::Good => TokenState::Good,
            RefreshTokenState::InUse => TokenState::InUse,
            RefreshTokenState::Paused => TokenState::Paused,
            RefreshTokenState::Absent => TokenState::Absent,
            RefreshTokenState::Refused => TokenState::Refused,
        };
        let offered = report.connection.offered_sites.clone();
        Self {
            connection: report.connection.into(),
            offered_sites: offered
                .into_iter()
                .map(|offered| OfferedSite { site: offered.site.into(), reachable: offered.reachable })
                .collect(),
            refresh_token: report.refresh_token.map(|token| RefreshToken {
                state: state(token.state),
                issued_at: Moment(token.issued_at),
                dropped_at: token.dropped_at.map(Moment),
                failures: token.failures,
                next_try: token.next_try.map(Moment),
            }),
        }
    }
}

/// Which connections, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Those of this integration.
    integration: Option<String>,
    /// Those of this end user.
    user: Option<String>,
    /// How many items: 1 to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
    /// Where the page begins: `next_cursor` of the one before.
    #[param(max_length = 128)]
    cursor: Option<String>,
}

/// List the connections
#[utoipa::path(get, path = "/connections", operation_id = "list_connections", tag = "connections",
    params(Which), responses((status = 200, body = Page<Connection>)), security(("key" = ["read"])))]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    Query(Which { integration, user, limit, cursor }): Query<Which>,
) -> Result<Json<Page<Connection>>, Refused> {
    let page = api.work(move |host| {
        let mut all = host.connections(&caller.workspace())?;
        all.retain(|connection| {
            integration.as_deref().is_none_or(|id| connection.integration.as_str() == id)
                && (user.is_none() || user == connection.user)
        });
        Paging { limit, cursor }.of(all, |connection| connection.id.as_str(), Connection::from)
    });
    Ok(Json(page.await?))
}

/// Show a connection: how it stands, what it lacks
///
/// The vendor is not asked.
#[utoipa::path(get, path = "/connections/{connection}", operation_id = "show_connection", tag = "connections",
    params(("connection" = String, Path)), responses((status = 200, body = ConnectionInFull)),
    security(("key" = ["read"])))]
pub(super) async fn show(
    State(api): State<Api>,
    caller: Caller,
    Path(connection): Path<String>,
) -> Result<Json<ConnectionInFull>, Refused> {
    let shown = api.work(move |host| host.report(&caller.workspace(), &known(connection)?));
    Ok(Json(shown.await?.into()))
}

/// Ask the vendor whether a connection works
#[utoipa::path(post, path = "/connections/{connection}/check", operation_id = "check_connection",
    tag = "connections", params(("connection" = String, Path)), responses((status = 200, body = Connection)),
    security(("key" = ["connect"])))]
pub(super) async fn check(
    State(api): State<Api>,
    caller: Caller,
    Path(connection): Path<String>,
) -> Result<Json<Connection>, Refused> {
    let checked = api.work(move |host| host.check(&caller.workspace(), &known(connection)?));
    Ok(Json(checked.await?.into()))
}

/// Renew a connection now, whether it is due or not
#[utoipa::path(post, path = "/connections/{connection}/refresh", operation_id = "refresh_connection",
    tag = "connections", params(("connection" = String, Path)), responses((status = 200, body = Connection)),
    security(("key" = ["connect"])))]
pub(super) async fn refresh(
    State(api): State<Api>,
    caller: Caller,
    Path(connection): Path<String>,
) -> Result<Json<Connection>, Refused> {
    let refreshed = api.work(move |host| host.refresh(&caller.workspace(), &known(connection)?));
    Ok(Json(refreshed.await?.into()))
}

/// Forget a connection and its tokens
///
/// The grant at the vendor stays until the person withdraws it there.
#[utoipa::path(delete, path = "/connections/{connection}", operation_id = "delete_connection",
    tag = "connections", params(("connection" = String, Path)), responses((status = 204)),
    security(("key" = ["connect"])))]
pub(super) async fn delete(
    State(api): State<Api>,
    caller: Caller,
    Path(connection): Path<String>,
) -> Result<StatusCode, Refused> {
    let deleted = api.work(move |host| {
        let connection = host.connection(&caller.workspace(), &known(connection)?)?;
        host.forget(&connection)
    });
    deleted.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The id of a connection as it stands in a path; one that cannot be is none that there is.
pub(super) fn known(text: String) -> Result<ConnectionId> {
    ConnectionId::new(text).map_err(|_| {
        Failure::new(FailureKind::NotFound, "unknown-connection", "There is no such connection.")
            .hint("List them with GET /v1/connections.")
    })
}
