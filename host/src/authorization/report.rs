//! All that is known of a connection, for whoever has to decide what to do about it.

use serde::Serialize;

use super::Authorizations;
use super::connection::{Connection, ConnectionStatus, Proof};
use super::keep_alive::idle_lifetime;
use crate::failure::Result;
use crate::ids::{ConnectionId, WorkspaceId};

/// How a connection's refresh token stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RefreshTokenState {
    /// It renews the connection when that is due.
    Good,
    /// A process is using it now.
    InUse,
    /// The last renewals failed for reasons of the way or the server; it is tried again.
    Paused,
    /// There is none.
    Absent,
    /// It is no longer accepted.
    Refused,
}

/// The health of a connection's refresh token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct RefreshTokenHealth {
    /// How it stands.
    pub state: RefreshTokenState,
    /// When the tokens that there are were issued, in seconds since 1970 UTC.
    pub issued_at: u64,
    /// When the vendor drops it if nobody uses it; absent: it does not, or this is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropped_at: Option<u64>,
    /// How many renewals failed since.
    pub failures: u32,
    /// When it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_try: Option<u64>,
}

/// All that is known of a connection.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct ConnectionReport {
    /// The connection.
    #[serde(flatten)]
    pub connection: Connection,
    /// How its refresh token stands; absent where it has no tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<RefreshTokenHealth>,
    /// What to do next, in a sentence; absent: nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_step: Option<String>,
}

impl Authorizations {
    /// All that is known of a connection. The vendor is not asked.
    ///
    /// # Errors
    /// `NotFound`; `Storage`.
    pub fn report(&self, workspace: &WorkspaceId, id: &ConnectionId) -> Result<ConnectionReport> {
        let connection = self.connection(workspace, id)?;
        let now = self.clock.now()?;
        let refresh_token = (connection.proof == Proof::OAuth2).then(|| self.health(&connection, now));
        Ok(ConnectionReport { next_step: next_step(&connection), refresh_token, connection })
    }

    fn health(&self, connection: &Connection, now: u64) -> RefreshTokenHealth {
        let attempt = connection.attempt.as_ref();
        let state = match attempt {
            _ if !connection.refreshable => RefreshTokenState::Absent,
            _ if connection.refused => RefreshTokenState::Refused,
            Some(attempt) if attempt.is_leased(now) => RefreshTokenState::InUse,
            Some(attempt) if attempt.has_failed() => RefreshTokenState::Paused,
            _ => RefreshTokenState::Good,
        };
        let lifetime = self.plugin(&connection.integration).ok().and_then(|plugin| idle_lifetime(&plugin));
        RefreshTokenHealth {
            state,
            issued_at: connection.issued_at,
            dropped_at: lifetime.filter(|_| connection.refreshable).map(|life| connection.issued_at + life),
            failures: attempt.map_or(0, |attempt| attempt.failures()),
            next_try: attempt.and_then(|attempt| attempt.next_try(now)),
        }
    }
}

/// What a person can do about the status.
fn next_step(connection: &Connection) -> Option<String> {
    let user = connection.user.as_ref().map(|user| format!(" --user {user}")).unwrap_or_default();
    let tenant = connection.tenant.as_ref().map(|tenant| format!(" --tenant {tenant}")).unwrap_or_default();
    let again = match &connection.proof {
        Proof::OAuth2 => format!(
            "actionbay authorize {}{user} --profile {} --connection {}",
            connection.integration, connection.profile, connection.id
        ),
        Proof::Basic { username } => format!(
            "actionbay authorize {}{user} --method {} --username {username}{tenant} --connection {}",
            connection.integration, connection.profile, connection.id
        ),
    };
    Some(match connection.status {
        ConnectionStatus::Active => return None,
        ConnectionStatus::AwaitingSite => format!(
            "Name the site: actionbay authorize {}{user} --profile {} --site SITE",
            connection.integration, connection.profile
        ),
        ConnectionStatus::NeedsReauthorization => format!("Authorize it again: {again}"),
        ConnectionStatus::BadClientCredentials => format!(
            "Correct the client id and secret: actionbay profiles edit {} --new-secret",
            connection.profile
        ),
        ConnectionStatus::NotRefreshable => {
            format!("Allow the scope that brings a refresh token, and authorize it again: {again}")
        }
        ConnectionStatus::InsufficientScope => format!(
            "Allow the scopes in the settings of the app at the vendor, then authorize it again: {again}"
        ),
    })
}
