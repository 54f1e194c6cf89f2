//! Sending what is to be told, until it is taken in or given up.
//!
//! Each address has a queue of its own, ordered by when a message is due, and is told all of it until it fails. Then it rests,
//! and the message that failed is due again later: neither an address that is down nor a message that an address refuses
//! keeps others waiting for long.

use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tracing::{info, warn};

use super::{Webhook, Webhooks, place, read, sealed, signature, written};
use crate::egress::{Body, ExchangeLimits, Method, Request};
use crate::failure::{Failure, FailureKind, Result};
use crate::ids::{WebhookId, WorkspaceId};
use crate::secret::Secrets;
use crate::vault::{Collection, Expect, RecordKey, Write};

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

/// For how long one address is told things in a row, before others have their turn.
const IN_A_ROW: Duration = Duration::from_secs(10);

/// For how long whoever tells an address has it for themselves, in seconds: longer than that and an exchange take.
const LEASE: u64 = 40;

/// How many addresses are told something at a time.
const AT_ONCE: usize = 16;

/// For how long addresses are chosen: those that had no turn by then are the first of the next time.
const A_ROUND: Duration = Duration::from_secs(20);

/// How often it is looked whom to tell something while others are being told.
const LOOKS_AGAIN: Duration = Duration::from_millis(500);

/// How many messages are read at a time.
const READ_AT_ONCE: usize = 100;

/// Something that one address is to be told.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Delivery {
    /// The id that it has however often it is sent.
    id: String,
    webhook: WebhookId,
    body: String,
    /// How often it was sent in vain.
    attempts: usize,
    /// When it is to be sent.
    due_at: u64,
}

impl Delivery {
    pub(super) fn new(id: String, webhook: WebhookId, body: String, now: u64) -> Self {
        Self { id, webhook, body, attempts: 0, due_at: now }
    }

    pub(super) fn written(&self, workspace: &WorkspaceId) -> Result<Write> {
        let body = serde_json::to_vec(self).map_err(|_| Failure::internal("A message cannot be written."))?;
        Ok(Write::put(self.place(workspace), Expect::Any, body))
    }

    /// Where it lies: in the queue of its address. Stores give the last first, so that what is due first comes last.
    fn place(&self, workspace: &WorkspaceId) -> RecordKey {
        let when = mirrored(&format!("{:016x}_{}", self.due_at, self.id));
        RecordKey::new(Collection::Deliveries, workspace.as_str(), format!("{}{when}", queue(&self.webhook)))
    }
}

/// What the ids of messages for an address begin with.
fn queue(webhook: &WebhookId) -> String {
    format!("{webhook}_")
}

/// A text in the order opposite to that of its hexadecimal digits.
fn mirrored(text: &str) -> String {
    let mirror = |character: char| match character.to_digit(16) {
        Some(digit) if !character.is_ascii_uppercase() => {
            char::from_digit(15 - digit, 16).unwrap_or(character)
        }
        _ => character,
    };
    text.chars().map(mirror).collect()
}

/// An address as it was found.
struct Address {
    workspace: WorkspaceId,
    webhook: Webhook,
    generation: i64,
}

/// Addresses that have their turn.
struct Round {
    addresses: Mutex<VecDeque<Address>>,
    /// How many are being told something.
    telling: AtomicUsize,
    end: Instant,
}

impl Round {
    /// The next one, which counts as being told something.
    fn next(&self) -> Option<Address> {
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        let next = addresses.pop_front()?;
        self.telling.fetch_add(1, Ordering::SeqCst);
        Some(next)
    }

    /// Looks who may be told something by now, where nobody waits for their turn.
    fn filled_with(&self, look: impl Fn() -> Result<VecDeque<Address>>) {
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if addresses.is_empty() {
            *addresses = look().unwrap_or_default();
        }
    }
}

impl Webhooks {
    /// Sends what is due, and says how much of it was taken in.
    ///
    /// While an address is slow to answer, what becomes due for others is sent beside it.
    ///
    /// # Errors
    /// `Storage`. That an address takes nothing in is none: it is tried again.
    pub fn deliver(&self) -> Result<usize> {
        let addresses = self.addresses()?;
        // Where one is slow to answer, others that rest now may be due meanwhile.
        let threads = if addresses.is_empty() { 0 } else { AT_ONCE };
        let round = Round {
            addresses: Mutex::new(addresses),
            telling: AtomicUsize::new(0),
            end: Instant::now() + A_ROUND,
        };
        Ok(std::thread::scope(|scope| {
            let senders: Vec<_> = (0..threads).map(|_| scope.spawn(|| self.tell_some(&round))).collect();
            senders.into_iter().map(|sender| sender.join().unwrap_or(0)).sum()
        }))
    }

    /// Tells one address after the other, until nobody tells any.
    fn tell_some(&self, round: &Round) -> usize {
        let mut taken_in = 0;
        while Instant::now() < round.end {
            let Some(address) = round.next() else {
                if round.telling.load(Ordering::SeqCst) == 0 {
                    break;
                }
                std::thread::sleep(LOOKS_AGAIN);
                round.filled_with(|| self.addresses());
                continue;
            };
            let of = address.webhook.id.clone();
            match self.tell(address) {
                Ok(count) => taken_in += count,
                Err(failure) => warn!(webhook = %of, %failure, "a webhook cannot be attended to"),
            }
            round.telling.fetch_sub(1, Ordering::SeqCst);
        }
        taken_in
    }

    /// The addresses that something may be told now: whoever had their turn longest ago comes first.
    fn addresses(&self) -> Result<VecDeque<Address>> {
        let authorizations = self.0.authorizations();
        let now = authorizations.clock.now()?;
        let mut addresses = Vec::new();
        for (key, record) in authorizations.vault.list_all(Collection::Webhooks)? {
            let webhook = read(&record.body)?;
            if webhook.rests_until <= now {
                let workspace = WorkspaceId::new(key.workspace)?;
                addresses.push(Address { workspace, webhook, generation: record.generation });
            }
        }
        addresses.sort_by_key(|address| address.webhook.told_at);
        Ok(addresses.into())
    }

    /// Tells one address what is due until it fails, or others are to have their turn; how much of it was taken in.
    fn tell(&self, address: Address) -> Result<usize> {
        let Address { workspace, webhook, generation } = address;
        let (vault, clock) = (&self.0.authorizations().vault, &self.0.authorizations().clock);
        if webhook.disabled {
            self.drop_messages(&workspace, &webhook.id)?;
            return Ok(0);
        }
        let now = clock.now()?;
        let mut due = self.due(&workspace, &webhook.id, now)?;
        if due.is_empty() {
            return Ok(0);
        }
        // Whoever writes this first tells it.
        let leased = Webhook { told_at: now, rests_until: now.saturating_add(LEASE), ..webhook.clone() };
        if !stored(vault.commit(&[written(&workspace, &leased, Expect::Generation(generation))?]))? {
            return Ok(0);
        }
        let mut standing = Webhook { rests_until: now, ..leased };
        let (mut taken_in, end) = (0, Instant::now() + IN_A_ROW);
        'turn: while !due.is_empty() {
            for message in due {
                if Instant::now() >= end {
                    break 'turn;
                }
                let answer = self.send(&workspace, &webhook, &message.id, &message.body);
                if !matches!(answer, Ok(200..300)) {
                    standing = self.failed(&workspace, standing, &message, matches!(answer, Ok(410)))?;
                    break 'turn;
                }
                vault.commit(&[Write::delete(message.place(&workspace), Expect::Any)])?;
                standing = Webhook { failing_since: None, failures: 0, ..standing };
                taken_in += 1;
            }
            due = self.due(&workspace, &webhook.id, now)?;
        }
        // One that was deleted meanwhile stays so, and one that somebody else tells by now is theirs.
        let write = written(&workspace, &standing, Expect::Generation(generation + 1))?;
        let is_over = if stored(vault.commit(&[write]))? {
            standing.disabled
        } else {
            self.is_over(&workspace, &webhook.id)?
        };
        if is_over {
            self.drop_messages(&workspace, &webhook.id)?;
        }
        Ok(taken_in)
    }

    /// Whether an address is told nothing any more.
    fn is_over(&self, workspace: &WorkspaceId, webhook: &WebhookId) -> Result<bool> {
        let record = self.0.authorizations().vault.get(&place(workspace, webhook))?;
        Ok(record.map(|record| read(&record.body)).transpose()?.is_none_or(|webhook| webhook.disabled))
    }

    /// How an address stands that took a message not in, which is sent again later or given up.
    fn failed(
        &self,
        workspace: &WorkspaceId,
        webhook: Webhook,
        message: &Delivery,
        is_gone: bool,
    ) -> Result<Webhook> {
        let now = self.0.authorizations().clock.now()?;
        let since = webhook.failing_since.unwrap_or(now);
        let disabled = is_gone || now.saturating_sub(since) >= FAILS_FOR;
        info!(webhook = %webhook.id, attempts = message.attempts + 1, disabled, "a webhook took nothing in");
        let mut writes = vec![Write::delete(message.place(workspace), Expect::Any)];
        if let Some(pause) = PAUSES.get(message.attempts) {
            let again = Delivery { attempts: message.attempts + 1, due_at: now + pause, ..message.clone() };
            writes.push(again.written(workspace)?);
        }
        self.0.authorizations().vault.commit(&writes)?;
        let pause = PAUSES.get(webhook.failures).or(PAUSES.last()).copied().unwrap_or(HOUR);
        Ok(Webhook {
            failing_since: Some(since),
            disabled,
            failures: webhook.failures.saturating_add(1),
            rests_until: now + pause,
            ..webhook
        })
    }

    /// The messages for an address that are due, the first of them first; not all of them where there are many.
    fn due(&self, workspace: &WorkspaceId, webhook: &WebhookId, now: u64) -> Result<Vec<Delivery>> {
        let messages = self.messages(workspace, webhook)?.into_iter().map(|(_, message)| message);
        Ok(messages.filter(|message| message.due_at <= now).collect())
    }

    /// Forgets what an address was to be told.
    pub(super) fn drop_messages(&self, workspace: &WorkspaceId, webhook: &WebhookId) -> Result<()> {
        loop {
            let messages = self.messages(workspace, webhook)?;
            if messages.is_empty() {
                return Ok(());
            }
            let gone = messages.into_iter().map(|(id, _)| {
                Write::delete(RecordKey::new(Collection::Deliveries, workspace.as_str(), id), Expect::Any)
            });
            self.0.authorizations().vault.commit(&gone.collect::<Vec<_>>())?;
        }
    }

    /// Forgets what addresses were to be told that are gone: something may have happened while one was taken away.
    pub(in crate::service) fn sweep(&self, workspace: &WorkspaceId) -> Result<()> {
        let vault = &self.0.authorizations().vault;
        let records = vault.list(Collection::Deliveries, workspace.as_str())?;
        // After the messages, so that one of an address that is made meanwhile is none of those that are gone.
        let known: BTreeSet<WebhookId> =
            self.list(workspace)?.into_iter().map(|webhook| webhook.id).collect();
        for (id, record) in records {
            let message = message(&record.body).ok();
            let waits = message.is_some_and(|message| {
                known.contains(&message.webhook) && id.starts_with(&queue(&message.webhook))
            });
            if !waits {
                // What stands in no queue is sent to nobody.
                let key = RecordKey::new(Collection::Deliveries, workspace.as_str(), id);
                vault.commit(&[Write::delete(key, Expect::Any)])?;
            }
        }
        Ok(())
    }

    /// The first messages of an address's queue, by their ids in the store.
    fn messages(&self, workspace: &WorkspaceId, webhook: &WebhookId) -> Result<Vec<(String, Delivery)>> {
        let queue = queue(webhook);
        // A tilde comes after all that ids have in them.
        let end = format!("{queue}~");
        let records = self.0.authorizations().vault.list_before(
            Collection::Deliveries,
            workspace.as_str(),
            Some(&end),
            READ_AT_ONCE,
        )?;
        let of_it = records.into_iter().filter(|(id, _)| id.starts_with(&queue));
        of_it.map(|(id, record)| Ok((id, message(&record.body)?))).collect()
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

fn message(body: &[u8]) -> Result<Delivery> {
    serde_json::from_slice(body)
        .map_err(|_| Failure::storage("record-unreadable", "A stored message cannot be read."))
}

/// Whether something was stored, which nobody else had changed.
fn stored(committed: Result<()>) -> Result<bool> {
    match committed {
        Ok(()) => Ok(true),
        Err(Failure { kind: FailureKind::Conflict, .. }) => Ok(false),
        Err(failure) => Err(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::mirrored;

    #[test]
    fn what_comes_first_comes_last_in_the_mirror() {
        let times =
            ["00000000675f_msg_01", "00000000675f_msg_0a", "0000000067f0_msg_01", "0000000100aa_msg_00"];
        let mut mirror: Vec<String> = times.iter().map(|time| mirrored(time)).collect();
        assert!(mirror.is_sorted_by(|one, next| one > next), "{mirror:?}");
        mirror.iter_mut().for_each(|text| *text = mirrored(text));
        assert_eq!(mirror, times);
    }
}
