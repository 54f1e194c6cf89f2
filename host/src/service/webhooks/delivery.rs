//! Sending what is to be told, until it is taken in or given up.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tracing::{info, warn};

use super::{Webhook, Webhooks, place, read, sealed, signature, written};
use crate::egress::{Body, ExchangeLimits, Method, Request};
use crate::failure::{Failure, FailureKind, Result};
use crate::ids::{WebhookId, WorkspaceId};
use crate::secret::Secrets;
use crate::vault::{Collection, Expect, Record, RecordKey, Write};

/// After which times it is sent again, in seconds: the schedule of *Standard Webhooks*, three days in all.
const PAUSES: [u64; 9] = [5, 5 * 60, 30 * 60, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];

/// Seconds in an hour.
const HOUR: u64 = 60 * 60;

/// For how long an address may fail before it is told nothing any more, in seconds.
const FAILS_FOR: u64 = 3 * 24 * HOUR;

/// How long an exchange may take.
const TIMEOUT: Duration = Duration::from_secs(15);

/// The largest answer, in bytes. Nobody looks at it.
const MAX_ANSWER: u64 = 64 << 10;

/// For how long whoever sends it has it for themselves, in seconds: longer than an exchange takes.
const LEASE: u64 = 60;

/// To how many addresses it is sent at a time.
const AT_ONCE: usize = 16;

/// How many times in a row one address is told something, before others have their turn.
const IN_A_ROW: usize = 3;

/// Something that one address is to be told.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Delivery {
    webhook: WebhookId,
    body: String,
    /// How often it was sent in vain.
    attempts: usize,
    /// When it is to be sent; while it is being sent, when somebody else may.
    due_at: u64,
}

impl Delivery {
    pub(super) fn new(webhook: WebhookId, body: String, now: u64) -> Self {
        Self { webhook, body, attempts: 0, due_at: now }
    }

    pub(super) fn written(&self, workspace: &WorkspaceId, id: &str, expect: Expect) -> Result<Write> {
        let body = serde_json::to_vec(self).map_err(|_| Failure::internal("A message cannot be written."))?;
        Ok(Write::put(RecordKey::new(Collection::Deliveries, workspace.as_str(), id), expect, body))
    }
}

/// A delivery as it was found.
struct Due {
    workspace: WorkspaceId,
    id: String,
    generation: i64,
    delivery: Delivery,
}

impl Webhooks {
    /// Sends what is due, and says how much of it was taken in.
    ///
    /// # Errors
    /// `Storage`. That an address takes nothing in is none: it is tried again.
    pub fn deliver(&self) -> Result<usize> {
        let now = self.0.authorizations().clock.now()?;
        let mut by_webhook: BTreeMap<String, Vec<Due>> = BTreeMap::new();
        for (key, record) in self.0.authorizations().vault.list_all(Collection::Deliveries)? {
            let due = due(&key, &record)?;
            if due.delivery.due_at <= now {
                by_webhook.entry(due.delivery.webhook.to_string()).or_default().push(due);
            }
        }
        let taken_in: usize = std::thread::scope(|scope| {
            let senders: Vec<_> = by_webhook
                .into_values()
                .take(AT_ONCE)
                .map(|due| scope.spawn(move || self.tell(due)))
                .collect();
            senders.into_iter().map(|sender| sender.join().unwrap_or(0)).sum()
        });
        Ok(taken_in)
    }

    /// Tells one address what is due, until it fails; how much of it was taken in.
    fn tell(&self, due: Vec<Due>) -> usize {
        let mut taken_in = 0;
        for due in due.into_iter().take(IN_A_ROW) {
            match self.tell_one(&due) {
                Ok(Some(true)) => taken_in += 1,
                Ok(Some(false)) => break,
                Ok(None) => {}
                Err(Failure { kind: FailureKind::Conflict, .. }) => {}
                Err(failure) => {
                    warn!(message = due.id, %failure, "a message for a webhook cannot be attended to");
                    break;
                }
            }
        }
        taken_in
    }

    /// Sends a message, and says whether it was taken in; nothing, where nobody is to be told it any more.
    fn tell_one(&self, due: &Due) -> Result<Option<bool>> {
        let Due { workspace, id, generation, delivery } = due;
        let (vault, clock) = (&self.0.authorizations().vault, &self.0.authorizations().clock);
        let place_of = RecordKey::new(Collection::Deliveries, workspace.as_str(), id.as_str());
        let done = |expect| Write::delete(place_of.clone(), expect);
        let Some(record) = vault.get(&place(workspace, &delivery.webhook))? else {
            vault.commit(&[done(Expect::Generation(*generation))])?;
            return Ok(None);
        };
        let webhook = read(&record.body)?;
        if webhook.disabled {
            vault.commit(&[done(Expect::Generation(*generation))])?;
            return Ok(None);
        }
        // Whoever writes this first sends it.
        let leased = Delivery { due_at: clock.now()?.saturating_add(LEASE), ..delivery.clone() };
        vault.commit(&[leased.written(workspace, id, Expect::Generation(*generation))?])?;
        let answer = self.send(workspace, &webhook, id, &delivery.body);
        let now = clock.now()?;
        let (webhook, write, is_told) = match answer {
            Ok(status) if (200..300).contains(&status) => {
                (Webhook { failing_since: None, ..webhook.clone() }, done(Expect::Any), true)
            }
            answer => {
                let is_gone = matches!(answer, Ok(410));
                let since = webhook.failing_since.unwrap_or(now);
                let pause = PAUSES.get(delivery.attempts);
                let disabled = is_gone || now.saturating_sub(since) >= FAILS_FOR;
                info!(webhook = %webhook.id, attempts = delivery.attempts + 1, disabled, "a webhook took nothing in");
                let write = match pause.filter(|_| !disabled) {
                    Some(pause) => {
                        let attempts = delivery.attempts + 1;
                        let again = Delivery { attempts, due_at: now + pause, ..delivery.clone() };
                        again.written(workspace, id, Expect::Any)?
                    }
                    None => done(Expect::Any),
                };
                (Webhook { failing_since: Some(since), disabled, ..webhook.clone() }, write, false)
            }
        };
        vault.commit(&[write])?;
        self.note(workspace, webhook, &record)?;
        Ok(Some(is_told))
    }

    /// Stores how a webhook stands, where that is another than before and nobody else changed it.
    fn note(&self, workspace: &WorkspaceId, webhook: Webhook, before: &Record) -> Result<()> {
        if read(&before.body)? == webhook {
            return Ok(());
        }
        let write = written(workspace, &webhook, Expect::Generation(before.generation))?;
        match self.0.authorizations().vault.commit(&[write]) {
            Ok(()) | Err(Failure { kind: FailureKind::Conflict, .. }) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// Sends a message; the status that it was answered with.
    fn send(&self, workspace: &WorkspaceId, webhook: &Webhook, id: &str, body: &str) -> Result<u16> {
        let authorizations = self.0.authorizations();
        let secret = authorizations.vault.read(&sealed(workspace, &webhook.id))?;
        let secret = secret.ok_or_else(super::unknown)?;
        let timestamp = authorizations.clock.now()?;
        let header = |name: &str, value: String| (name.to_owned(), value);
        let request = Request {
            method: Method::new(Method::POST),
            path: String::new(),
            query: Vec::new(),
            headers: vec![
                header("webhook-id", id.to_owned()),
                header("webhook-timestamp", timestamp.to_string()),
                header("webhook-signature", signature::of(&secret, id, timestamp, body)?),
            ],
            body: Body::Json(body.to_owned()),
        };
        // The policy is asked each time: what was allowed may not be any more.
        let route = authorizations.egress.endpoint(&webhook.url, "")?;
        let limits = ExchangeLimits { timeout: TIMEOUT, max_response_bytes: MAX_ANSWER };
        Ok(authorizations.egress.send(&route, &request, None, &Secrets::new(), limits)?.status)
    }
}

fn due(key: &RecordKey, record: &Record) -> Result<Due> {
    let delivery = serde_json::from_slice(&record.body)
        .map_err(|_| Failure::storage("record-unreadable", "A stored message cannot be read."))?;
    Ok(Due {
        workspace: WorkspaceId::new(key.workspace.clone())?,
        id: key.id.clone(),
        generation: record.generation,
        delivery,
    })
}
