//! A connection in use: what stands behind a guest's handle.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::Authorizations;
use super::basic;
use super::connection::{Connection, Proof};
use super::connection_store::no_token;
use crate::egress::{Audience, Credential, Response};
use crate::failure::Result;
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
    /// Whether it was renewed because the vendor refused its token: once in a run.
    renewed_after_refusal: bool,
}

impl LiveConnection {
    pub(super) fn new(authorizations: Arc<Authorizations>, connection: Connection, renewal: Renewal) -> Self {
        let profile = connection.profile.to_string();
        Self {
            authorizations,
            renewal,
            profile,
            state: Mutex::new(State { connection, token: None, renewed_after_refusal: false }),
        }
    }

    /// Takes over what a renewal stored.
    pub(super) fn replace(&self, connection: Connection) {
        let mut state = self.state();
        state.connection = connection;
        state.token = None;
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

    fn audience(&self, of_manifest: Audience) -> Result<Audience> {
        let state = self.state();
        let connection = &state.connection;
        if connection.proof == Proof::OAuth2 {
            return Ok(of_manifest);
        }
        let plugin = self.authorizations.plugin(&connection.integration)?;
        let method = basic::method(&plugin, connection.profile.as_str())?;
        method.audience(of_manifest, connection.tenant.as_deref().unwrap_or_default())
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
            state.token = Some(self.authorizations.access_token(&state.connection)?);
        }
        let token = state.token.clone().ok_or_else(no_token)?;
        Ok(match &state.connection.proof {
            Proof::OAuth2 => Credential::Bearer(token),
            Proof::Basic { username } => Credential::Password { username: username.clone(), secret: token },
        })
    }

    /// A 401 means what it says, a 403 or 404 may mean an expired token, and a scope that is missing is missing
    /// after a renewal too.
    fn renewed_after(&self, response: &Response, deadline: Instant) -> Result<bool> {
        let may_be_expired = matches!(response.status, 401 | 403 | 404);
        if self.renewal == Renewal::Never || !may_be_expired {
            return Ok(false);
        }
        let current = self.state().connection.clone();
        let expired =
            current.expires_at.is_some_and(|at| self.authorizations.clock.now().is_ok_and(|now| at <= now));
        let plugin = self.authorizations.plugin(&current.integration)?;
        let lacks_scope =
            plugin.manifest().oauth2().is_some_and(|oauth2| oauth2.says_scope_is_missing(response));
        if (response.status != 401 && !expired) || lacks_scope {
            return Ok(false);
        }
        if response.status == 401 && !current.refreshable {
            let (stored, _) = self.authorizations.stored_connection(&current.workspace, &current.id)?;
            if stored.has_same_tokens(&current) {
                self.authorizations.mark_refused(&current)?;
                return Ok(false);
            }
            // It was authorized again while this was under way.
            stored.check_usable()?;
            self.replace(stored);
            return Ok(true);
        }
        // An endpoint that refuses a new token too would have the grant renewed at every request.
        if std::mem::replace(&mut self.state().renewed_after_refusal, true) {
            return Ok(false);
        }
        match self.authorizations.renewed_after_refusal(&current, deadline)? {
            Some(renewed) => {
                self.replace(renewed);
                Ok(true)
            }
            None => Ok(false),
        }
    }
}

impl Authorizations {
    /// A connection for a run, renewed when due.
    pub(crate) fn live(self: &Arc<Self>, connection: Connection) -> Result<Arc<dyn Authority>> {
        connection.check_usable()?;
        Ok(Arc::new(LiveConnection::new(Arc::clone(self), connection, Renewal::WhenDue)))
    }
}
