//! Authorizations that wait for their callback.
//!
//! The state is 256 random bits. Only its hash is stored, so that the store cannot be used to forge a callback,
//! and it is taken out of the store before anything else is done with a callback: a second one finds nothing.

use oauth2::CsrfToken;
use serde::{Deserialize, Serialize};

use super::Authorizations;
use super::browser::{Browser, fingerprint};
use super::connection::{Connection, ConnectionStatus};
use crate::failure::{Failure, FailureKind, Result};
use crate::ids::{ConnectionId, IntegrationId, ProfileId, SessionId, WorkspaceId};
use crate::secret::SecretString;
use crate::vault::{Collection, Expect, RecordKey, SecretPlace, Write};

/// How long a person may take: time to sign in with a second factor and to ask somebody.
const LIFETIME: u64 = 30 * 60;

/// The length of the state in bytes.
const STATE_BYTES: u32 = 32;

/// What an authorization is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct PendingAuthorization {
    pub(super) workspace: WorkspaceId,
    pub(super) integration: IntegrationId,
    pub(super) profile: ProfileId,
    pub(super) user: Option<String>,
    pub(super) redirect_uri: String,
    pub(super) scopes: Vec<String>,
    /// The site the person said beforehand: a name, URL or id.
    pub(super) site: Option<String>,
    /// The tenant that the profile's URLs are filled with.
    #[serde(default)]
    pub(super) tenant: Option<String>,
    /// The connection that is authorized again.
    #[serde(default)]
    pub(super) reconnect: Option<ConnectionId>,
    /// Whether it may become one of another account.
    #[serde(default)]
    pub(super) another_account: bool,
    /// The session that tells what comes of it.
    #[serde(default)]
    pub(super) session: Option<SessionId>,
    /// The fingerprint of the browser that the callback must come from.
    #[serde(default)]
    pub(super) browser: Option<String>,
    pub(super) expires_at: u64,
}

/// A pending authorization that was taken out of the store.
pub(super) struct Taken {
    pub(super) pending: PendingAuthorization,
    pub(super) verifier: Option<SecretString>,
}

impl Authorizations {
    pub(super) fn pending_expiry(&self) -> Result<u64> {
        Ok(self.clock.now()? + LIFETIME)
    }

    /// Stores a pending authorization and gives its state, which is nowhere else.
    pub(super) fn put_pending(
        &self,
        pending: &PendingAuthorization,
        verifier: Option<&SecretString>,
    ) -> Result<CsrfToken> {
        self.sweep(&pending.workspace)?;
        let state = CsrfToken::new_random_len(STATE_BYTES);
        let id = id_of(state.secret());
        let body = serde_json::to_vec(pending)
            .map_err(|_| Failure::internal("An authorization cannot be written."))?;
        let secrets: Vec<_> = verifier.map(|verifier| (verifier_place(&id), verifier)).into_iter().collect();
        self.vault.commit_with(&[Write::put(key(&id), Expect::Absent, body)], &secrets)?;
        Ok(state)
    }

    /// Takes the pending authorization of a state out of the store: it can be had once.
    ///
    /// One that was begun in a browser is over when another one brings its state: somebody passed it on.
    pub(super) fn take_pending(&self, state: &str, browser: Option<&Browser>) -> Result<Taken> {
        let id = id_of(state);
        let record = self.vault.get(&key(&id))?.ok_or_else(unknown_state)?;
        let verifier = self.vault.read(&verifier_place(&id))?;
        let taken = self.vault.commit(&without(&id, Expect::Generation(record.generation)));
        taken.map_err(|failure| match failure.kind {
            FailureKind::Conflict => unknown_state(),
            _ => failure,
        })?;
        let pending: PendingAuthorization = serde_json::from_slice(&record.body)
            .map_err(|_| Failure::storage("record-unreadable", "A stored authorization cannot be read."))?;
        if pending.expires_at <= self.clock.now()? {
            return Err(refused("state-expired", "This authorization took too long and has expired."));
        }
        if pending.browser.as_deref().is_some_and(|began| !browser.is_some_and(|browser| browser.is(began))) {
            return Err(refused(
                "other-browser",
                "This authorization was begun in another browser, and is not taken here.",
            ));
        }
        Ok(Taken { pending, verifier })
    }

    /// Forgets what nobody came back for: links, sessions, authorizations, and connections that were never finished; and what came
    /// of runs long ago. It looks through all of them, so it is done where a person is about to be sent away, and not in every run.
    pub(super) fn sweep(&self, workspace: &WorkspaceId) -> Result<()> {
        self.sweep_begun()?;
        self.sweep_of(workspace)
    }

    /// The part of it that is of no workspace: links and authorizations.
    pub(crate) fn sweep_begun(&self) -> Result<()> {
        let now = self.clock.now()?;
        self.drop_expired_links(now)?;
        for (id, record) in self.vault.list(Collection::PendingAuthorizations, "")? {
            let expired = serde_json::from_slice::<PendingAuthorization>(&record.body)
                .map_or(true, |pending| pending.expires_at <= now);
            if expired {
                self.vault.commit(&without(&id, Expect::Any))?;
            }
        }
        Ok(())
    }

    /// The part of it that is of one workspace.
    pub(crate) fn sweep_of(&self, workspace: &WorkspaceId) -> Result<()> {
        let now = self.clock.now()?;
        self.drop_old_sessions(workspace)?;
        self.outcomes().sweep(workspace)?;
        let given_up = |connection: &Connection| {
            connection.status == ConnectionStatus::AwaitingSite
                && connection.given_up_at.is_some_and(|at| at <= now)
        };
        for connection in self.connections(workspace)?.iter().filter(|connection| given_up(connection)) {
            self.remove_connection(connection)?;
        }
        Ok(())
    }
}

impl Authorizations {
    /// The writes that forget those authorizations that are theirs and that nobody came back for.
    pub(super) fn pending_removals(
        &self,
        is_theirs: impl Fn(&PendingAuthorization) -> bool,
    ) -> Result<Vec<Write>> {
        let stored = self.vault.list(Collection::PendingAuthorizations, "")?;
        let theirs = stored.iter().filter(|(_, record)| {
            serde_json::from_slice(&record.body).is_ok_and(|pending| is_theirs(&pending))
        });
        Ok(theirs.flat_map(|(id, _)| without(id, Expect::Any)).collect())
    }
}

/// A callback that is not taken, before any token request.
pub(super) fn refused(code: &'static str, message: &str) -> Failure {
    Failure::new(FailureKind::AuthorizationRequired, code, message).hint("Begin the authorization again.")
}

fn unknown_state() -> Failure {
    refused(
        "state-unknown",
        "This callback belongs to no authorization that was begun here, or was used before.",
    )
}

/// A pending authorization belongs to the deployment until its state says whose it is.
fn key(id: &str) -> RecordKey {
    RecordKey::new(Collection::PendingAuthorizations, "", id)
}

fn verifier_place(id: &str) -> SecretPlace {
    SecretPlace::new("", format!("authorization/{id}"), "code-verifier")
}

/// The writes that forget an authorization, its verifier and the key of that.
fn without(id: &str, expect: Expect) -> [Write; 3] {
    let [verifier, data_key] = verifier_place(id).destroy();
    [Write::delete(key(id), expect), verifier, data_key]
}

fn id_of(state: &str) -> String {
    fingerprint(state)
}
