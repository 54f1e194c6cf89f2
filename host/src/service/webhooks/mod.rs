//! Telling platforms what happened, at an address of theirs.
//!
//! What is to be told is written to the store, in one commit with what it is about where that is possible, and sent from
//! there: by whichever process of the store takes it first, until it is taken in or given up. It is signed as *Standard
//! Webhooks* 1.0 says, and comes at least once: its id stays the same however often it is sent.
//!
//! | file | subject |
//! |---|---|
//! | `event.rs` | what is told: never content, never a secret |
//! | `delivery.rs` | sending it |
//! | `signature.rs` | how whoever gets it knows whose it is |
//!
//! Promises, each with a test:
//! - what is to be told survives the process,
//! - an address is told all that waits for it at once, and one that takes nothing in holds no other up,
//! - it goes where the operator's policy lets it, and never to a private address,
//! - an address that fails for days is told nothing any more.

mod delivery;
mod event;
mod signature;

use serde::{Deserialize, Serialize};
use url::Url;

pub use event::WebhookEvent;
pub(super) use event::{admin_needed, change_of, connection_changed, conversation_failed, run_finished};

use crate::failure::{Failure, FailureKind, Result};
use crate::host::Host;
use crate::ids::{WebhookId, WorkspaceId, random_id};
use crate::secret::SecretString;
use crate::vault::{Collection, Expect, RecordKey, SecretPlace, Write};

/// The most webhooks of a workspace.
const MOST: usize = 20;

/// The longest URL.
const LONGEST_URL: usize = 2_000;

/// An address that is told what happens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Where it is.
    pub url: Url,
    /// What it is told.
    pub events: Vec<WebhookEvent>,
    /// When it was made, in seconds since 1970 UTC.
    pub created_at: u64,
    /// Since when nothing is taken in there.
    pub failing_since: Option<u64>,
    /// Whether it is told nothing any more.
    pub disabled: bool,
    /// How often in a row it took nothing in.
    #[serde(default)]
    failures: usize,
    /// Before when it is told nothing; while it is being told something, by nobody else.
    #[serde(default)]
    rests_until: u64,
    /// When it was told something last.
    #[serde(default)]
    told_at: u64,
}

/// The webhooks of a host.
#[derive(Debug, Clone)]
pub struct Webhooks(Host);

impl Webhooks {
    /// The webhooks of a host.
    pub fn of(host: &Host) -> Self {
        Self(host.clone())
    }

    /// Makes one. The secret is told this once.
    ///
    /// # Errors
    /// `InvalidInput`; `Denied` for an address that the operator does not let be called; `Storage`.
    pub fn create(
        &self,
        workspace: &WorkspaceId,
        url: &str,
        events: Vec<WebhookEvent>,
    ) -> Result<(Webhook, SecretString)> {
        let wrong =
            |code: &'static str, message: &str| Failure::new(FailureKind::InvalidInput, code, message);
        if events.is_empty() {
            return Err(wrong("events-missing", "It is not said what the address is to be told."));
        }
        let parsed =
            Url::parse(url).ok().filter(|parsed| url.len() <= LONGEST_URL && parsed.fragment().is_none());
        let url = parsed.ok_or_else(|| {
            wrong("bad-url", "This is no address that can be told something.")
                .hint("Give an https URL without a fragment, of at most 2000 characters.")
        })?;
        let authorizations = self.0.authorizations();
        authorizations.egress.endpoint(&url, "")?;
        if self.list(workspace)?.len() >= MOST {
            return Err(Failure::new(
                FailureKind::Conflict,
                "too-many-webhooks",
                format!("A workspace has at most {MOST} webhooks."),
            )
            .hint("Delete one that is not needed."));
        }
        let webhook = Webhook {
            id: WebhookId::new(random_id("wh-")?)?,
            url,
            events,
            created_at: authorizations.clock.now()?,
            failing_since: None,
            disabled: false,
            failures: 0,
            rests_until: 0,
            told_at: 0,
        };
        let secret = signature::new_secret()?;
        let write = written(workspace, &webhook, Expect::Absent)?;
        authorizations.vault.commit_with(&[write], &[(sealed(workspace, &webhook.id), &secret)])?;
        Ok((webhook, secret))
    }

    /// Those of a workspace, ordered by id.
    ///
    /// # Errors
    /// `Storage`.
    pub fn list(&self, workspace: &WorkspaceId) -> Result<Vec<Webhook>> {
        let stored = self.0.authorizations().vault.list(Collection::Webhooks, workspace.as_str())?;
        stored.iter().map(|(_, record)| read(&record.body)).collect()
    }

    /// One of them.
    ///
    /// # Errors
    /// `NotFound`; `Storage`.
    pub fn get(&self, workspace: &WorkspaceId, id: &WebhookId) -> Result<Webhook> {
        let record = self.0.authorizations().vault.get(&place(workspace, id))?.ok_or_else(unknown)?;
        read(&record.body)
    }

    /// Takes one away, with its secret. What it was not told yet it is never told.
    ///
    /// # Errors
    /// `NotFound`; `Storage`.
    pub fn delete(&self, workspace: &WorkspaceId, id: &WebhookId) -> Result<()> {
        self.get(workspace, id)?;
        let mut writes = vec![Write::delete(place(workspace, id), Expect::Any)];
        writes.extend(sealed(workspace, id).destroy());
        self.0.authorizations().vault.commit(&writes)?;
        self.drop_messages(workspace, id)
    }
}

fn place(workspace: &WorkspaceId, id: &WebhookId) -> RecordKey {
    RecordKey::new(Collection::Webhooks, workspace.as_str(), id.as_str())
}

fn sealed(workspace: &WorkspaceId, id: &WebhookId) -> SecretPlace {
    SecretPlace::new(workspace, format!("webhook/{id}"), "secret")
}

fn written(workspace: &WorkspaceId, webhook: &Webhook, expect: Expect) -> Result<Write> {
    let body = serde_json::to_vec(webhook).map_err(|_| Failure::internal("A webhook cannot be written."))?;
    Ok(Write::put(place(workspace, &webhook.id), expect, body))
}

fn read(body: &[u8]) -> Result<Webhook> {
    serde_json::from_slice(body)
        .map_err(|_| Failure::storage("record-unreadable", "A stored webhook cannot be read."))
}

pub(super) fn unknown() -> Failure {
    Failure::new(FailureKind::NotFound, "unknown-webhook", "There is no such webhook.")
}
