//! Connections that nobody uses, kept alive.
//!
//! A refresh token that is not used for long is dropped by the vendor. Each renewal begins that time anew, so an idle
//! connection is renewed well before it is over.

use std::sync::Arc;

use super::Authorizations;
use super::connection::Connection;
use crate::failure::Result;
use crate::ids::{ConnectionId, WorkspaceId};
use crate::runtime::Plugin;

/// The share of the idle lifetime after which a connection is renewed: the rest is for a service that was down, and
/// for a person to react.
const IDLE_SHARE: (u64, u64) = (2, 3);

/// What became of one idle connection.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct KeptAlive {
    /// The connection.
    pub id: ConnectionId,
    /// As it is renewed, or why it is not.
    pub result: Result<Connection>,
}

impl Authorizations {
    /// Renews every connection of a workspace that has been idle for two thirds of the time that its vendor allows.
    /// One that fails does not keep the others from it.
    ///
    /// # Errors
    /// `Storage`.
    pub fn keep_alive(self: &Arc<Self>, workspace: &WorkspaceId) -> Result<Vec<KeptAlive>> {
        let now = self.clock.now()?;
        let idle: Vec<ConnectionId> = self
            .connections(workspace)?
            .into_iter()
            .filter(|connection| connection.status.works() && connection.refreshable)
            .filter(|connection| self.is_idle(connection, now) && self.check_on(connection).is_ok())
            .map(|connection| connection.id)
            .collect();
        Ok(idle.into_iter().map(|id| KeptAlive { result: self.refresh(workspace, &id), id }).collect())
    }

    fn is_idle(&self, connection: &Connection, now: u64) -> bool {
        let lifetime = self.plugin(&connection.integration).ok().and_then(|plugin| idle_lifetime(&plugin));
        let (share, of) = IDLE_SHARE;
        lifetime.is_some_and(|lifetime| now.saturating_sub(connection.issued_at) >= lifetime * share / of)
    }
}

/// After how many seconds without use the vendor drops a refresh token.
pub(super) fn idle_lifetime(plugin: &Plugin) -> Option<u64> {
    plugin.manifest().oauth2()?.refresh_token_idle_lifetime.map(u64::from)
}
