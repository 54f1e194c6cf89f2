//! A connection in use: what stands behind a guest's handle.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::Authorizations;
use super::connection::{ACCESS_TOKEN, Connection};
use crate::egress::Credential;
use crate::failure::{Failure, FailureKind, Result};
use crate::runtime::{Authority, ConnectionFacts};
use crate::secret::SecretString;

/// Whether a use may renew the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Renewal {
    /// Before a request, when it is due.
    WhenDue,
    /// Not here: this is the call that renews it.
    Never,
}

/// A connection that requests are made with.
pub(super) struct LiveConnection {
    authorizations: Arc<Authorizations>,
    renewal: Renewal,
    profile: String,
    state: Mutex<State>,
}

struct State {
    connection: Connection,
    /// The access token, once it was read; dropped when the connection is renewed.
    token: Option<SecretString>,
}

impl LiveConnection {
    pub(super) fn new(authorizations: Arc<Authorizations>, connection: Connection, renewal: Renewal) -> Self {
        let profile = connection.profile.to_string();
        Self { authorizations, renewal, profile, state: Mutex::new(State { connection, token: None }) }
    }

    /// Takes over what a renewal stored.
    pub(super) fn replace(&self, connection: Connection) {
        *self.state() = State { connection, token: None };
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Authority for LiveConnection {
    fn facts(&self) -> ConnectionFacts {
        self.state().connection.facts()
    }

    fn profile(&self) -> &str {
        &self.profile
    }

    fn credential(&self, deadline: Instant) -> Result<Credential> {
        if self.renewal == Renewal::WhenDue {
            let current = self.state().connection.clone();
            if let Some(renewed) = self.authorizations.renewed_if_due(&current, deadline)? {
                self.replace(renewed);
            }
        }
        let mut state = self.state();
        if state.token.is_none() {
            state.token = self.authorizations.vault.read(&state.connection.place(ACCESS_TOKEN))?;
        }
        let token = state.token.clone().ok_or_else(|| {
            Failure::new(FailureKind::AuthorizationRequired, "no-token", "The connection has no token.")
                .hint("Authorize again.")
        })?;
        Ok(Credential::Bearer(token))
    }
}

impl Authorizations {
    /// A connection for a run, renewed when due.
    pub(crate) fn live(self: &Arc<Self>, connection: Connection) -> Result<Arc<dyn Authority>> {
        connection.check_usable()?;
        Ok(Arc::new(LiveConnection::new(Arc::clone(self), connection, Renewal::WhenDue)))
    }
}
