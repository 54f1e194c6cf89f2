//! The two token requests, as a plugin asks for them: in its name and out of its sight.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::Authorizations;
use super::connection::{Connection, ConnectionStatus, Intent, Proof};
use super::connection_store::{REFRESH_TOKEN, Tokens};
use super::live::{LiveConnection, Renewal};
use super::pending::PendingAuthorization;
use super::profile::Profile;
use super::token_endpoint::{self, Grant, TokenAnswer};
use crate::failure::{Failure, FailureKind, Result};
use crate::ids::{ConnectionId, random_id};
use crate::runtime::{Authority, ConnectionFacts, TokenBroker, TokenErrorRule};
use crate::secret::{SecretString, Secrets};
use crate::vault::Expect;

/// Exchanges the code of one callback, once.
pub(super) struct CodeExchange {
    pub(super) authorizations: Arc<Authorizations>,
    pub(super) pending: PendingAuthorization,
    pub(super) profile: Profile,
    pub(super) client_secret: SecretString,
    pub(super) verifier: Option<SecretString>,
    pub(super) code: Mutex<Option<SecretString>>,
    /// What the exchange stored.
    pub(super) stored: Mutex<Option<ConnectionId>>,
    pub(super) token_errors: Vec<TokenErrorRule>,
}

impl CodeExchange {
    /// The connection that was stored, if the code was exchanged.
    pub(super) fn stored(&self) -> Option<ConnectionId> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How long this call may take, in seconds.
    fn longest_call(&self) -> u64 {
        self.authorizations.limits(&self.pending.integration).wall_clock.as_secs().saturating_add(1)
    }

    fn take_code(&self) -> Result<SecretString> {
        self.code.lock().unwrap_or_else(PoisonError::into_inner).take().ok_or_else(|| {
            Failure::new(
                FailureKind::Denied,
                "code-spent",
                "The code of this callback was exchanged already.",
            )
        })
    }

    fn connection(&self, answer: &TokenAnswer) -> Result<Connection> {
        let now = self.authorizations.clock.now()?;
        let scopes =
            answer.scope.as_deref().map(|scope| scope.split_whitespace().map(str::to_owned).collect());
        Ok(Connection {
            id: ConnectionId::new(random_id("c-")?)?,
            workspace: self.pending.workspace.clone(),
            integration: self.pending.integration.clone(),
            profile: self.pending.profile.clone(),
            user: self.pending.user.clone(),
            tenant: self.pending.tenant.clone(),
            proof: Proof::OAuth2,
            account: None,
            status: ConnectionStatus::AwaitingSite,
            reason: None,
            since: now,
            // Without a `scope` in the answer, all that was asked for was granted (RFC 6749 section 5.1).
            scopes: scopes.unwrap_or_else(|| self.pending.scopes.clone()),
            missing: Vec::new(),
            issued_at: now,
            expires_at: answer.expires_in.map(|seconds| now.saturating_add(seconds)),
            refreshable: answer.refresh_token.is_some(),
            site: None,
            offered_sites: Vec::new(),
            attributes: Vec::new(),
            // Not before this call is over, however late it began.
            given_up_at: Some(self.pending.expires_at.max(now.saturating_add(self.longest_call()))),
            intent: Intent {
                reconnect: self.pending.reconnect.clone(),
                another_account: self.pending.another_account,
                browser: self.pending.browser.clone(),
                session: self.pending.session.clone(),
            },
            grant: random_id("g-")?,
            issue: random_id("t-")?,
            refused: false,
            attempt: None,
        })
    }
}

impl TokenBroker for CodeExchange {
    fn profile(&self) -> String {
        self.pending.profile.to_string()
    }

    fn exchange_code(&self, deadline: Instant) -> Result<Arc<dyn Authority>> {
        let code = self.take_code()?;
        let grant = Grant::Code {
            code: &code,
            redirect_uri: &self.pending.redirect_uri,
            verifier: self.verifier.as_ref(),
        };
        let answer = token_endpoint::request(
            &self.authorizations.egress,
            &self.profile,
            &self.client_secret,
            &self.token_errors,
            &grant,
            deadline,
        )?;
        let connection = self.connection(&answer)?;
        let tokens = Tokens { access: answer.access_token, refresh: answer.refresh_token };
        self.authorizations.put_connection(&connection, Some(&tokens), Expect::Absent)?;
        *self.stored.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection.id.clone());
        Ok(Arc::new(LiveConnection::new(Arc::clone(&self.authorizations), connection, Renewal::Never)))
    }

    fn refresh_token(&self, _: &dyn Authority, _: Instant) -> Result<ConnectionFacts> {
        Err(not_here("A refresh token is not exchanged while authorizing."))
    }

    fn secrets(&self) -> Secrets {
        let mut secrets = Secrets::new();
        secrets.add(&self.client_secret);
        if let Some(code) = self.code.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            secrets.add(code);
        }
        if let Some(verifier) = &self.verifier {
            secrets.add(verifier);
        }
        secrets
    }
}

/// Gives a connection whose code was exchanged before, so that its authorization can be finished.
pub(super) struct StoredGrant {
    profile: String,
    live: Mutex<Option<Arc<LiveConnection>>>,
}

impl StoredGrant {
    pub(super) fn new(authorizations: &Arc<Authorizations>, connection: Connection) -> Self {
        let profile = connection.profile.to_string();
        let live = LiveConnection::new(Arc::clone(authorizations), connection, Renewal::Never);
        Self { profile, live: Mutex::new(Some(Arc::new(live))) }
    }
}

impl TokenBroker for StoredGrant {
    fn profile(&self) -> String {
        self.profile.clone()
    }

    fn exchange_code(&self, _: Instant) -> Result<Arc<dyn Authority>> {
        match self.live.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(live) => Ok(live),
            None => Err(not_here("The code of this authorization was exchanged already.")),
        }
    }

    fn refresh_token(&self, _: &dyn Authority, _: Instant) -> Result<ConnectionFacts> {
        Err(not_here("A refresh token is not exchanged while authorizing."))
    }

    fn secrets(&self) -> Secrets {
        Secrets::new()
    }
}

/// Exchanges the refresh token of one connection.
pub(super) struct Refresh {
    pub(super) authorizations: Arc<Authorizations>,
    pub(super) connection: Connection,
    pub(super) profile: Profile,
    pub(super) client_secret: SecretString,
    pub(super) refresh_token: SecretString,
    pub(super) live: Arc<LiveConnection>,
    pub(super) token_errors: Vec<TokenErrorRule>,
    /// What came of the token request, once it was made.
    pub(super) came_of_it: Mutex<Option<Result<Connection>>>,
}

impl Refresh {
    /// What came of the token request, if the plugin asked for it.
    pub(super) fn take_result(&self) -> Option<Result<Connection>> {
        self.came_of_it.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Exchanges the token and stores what came back before anybody uses it.
    fn exchange(&self, deadline: Instant) -> Result<Connection> {
        let answer = token_endpoint::request(
            &self.authorizations.egress,
            &self.profile,
            &self.client_secret,
            &self.token_errors,
            &Grant::RefreshToken(&self.refresh_token),
            deadline,
        )?;
        // An answer without a refresh token leaves the old one in force (RFC 6749 section 6).
        let (expires_in, scope) = (answer.expires_in, answer.scope);
        let tokens = Tokens { access: answer.access_token, refresh: answer.refresh_token };
        self.authorizations.changed_under_lease(&self.connection, Some(&tokens), |stored| {
            self.renewed(stored, expires_in, scope.as_deref())
        })
    }

    /// The connection as it is stored now, with what the answer says of its tokens.
    fn renewed(
        &self,
        stored: Connection,
        expires_in: Option<u64>,
        scope: Option<&str>,
    ) -> Result<Connection> {
        let now = self.authorizations.clock.now()?;
        let mut renewed = stored.settled_attempt();
        renewed.issued_at = now;
        renewed.issue = random_id("t-")?;
        renewed.expires_at = expires_in.map(|seconds| now.saturating_add(seconds));
        if let Some(scope) = scope {
            renewed.scopes = scope.split_whitespace().map(str::to_owned).collect();
        }
        // What a person has to authorize again stays so, whatever its tokens are good for.
        if renewed.status.works() { self.authorizations.settled(renewed) } else { Ok(renewed) }
    }
}

impl TokenBroker for Refresh {
    fn profile(&self) -> String {
        self.connection.profile.to_string()
    }

    fn exchange_code(&self, _: Instant) -> Result<Arc<dyn Authority>> {
        Err(not_here("There is no code to exchange while refreshing."))
    }

    fn refresh_token(&self, connection: &dyn Authority, deadline: Instant) -> Result<ConnectionFacts> {
        if connection.facts().id != self.connection.id.as_str() {
            return Err(not_here("This call refreshes another connection."));
        }
        let mut came_of_it = self.came_of_it.lock().unwrap_or_else(PoisonError::into_inner);
        if came_of_it.is_some() {
            return Err(not_here("This call has refreshed its connection already."));
        }
        let result = self.exchange(deadline);
        *came_of_it = Some(result.clone());
        let renewed = result?;
        let facts = renewed.facts();
        self.live.replace(renewed);
        Ok(facts)
    }

    fn secrets(&self) -> Secrets {
        let mut secrets = Secrets::new();
        secrets.add(&self.client_secret);
        secrets.add(&self.refresh_token);
        secrets
    }
}

impl Authorizations {
    /// The refresh token of a connection.
    pub(super) fn refresh_token(&self, connection: &Connection) -> Result<SecretString> {
        self.vault.read(&connection.place(REFRESH_TOKEN))?.ok_or_else(|| {
            Failure::new(
                FailureKind::AuthorizationRequired,
                "not-refreshable",
                format!("The connection {} has expired and has no refresh token.", connection.id),
            )
            .hint("Authorize again, with the scope that brings a refresh token.")
        })
    }
}

fn not_here(why: &str) -> Failure {
    Failure::new(FailureKind::Denied, "no-token-request-here", why)
}
