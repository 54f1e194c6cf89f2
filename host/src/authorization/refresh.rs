//! Renewing before expiry, once, over all threads and processes of one store.
//!
//! A token is renewed by its stored expiry and not by an error of the vendor: gateways answer an expired token
//! with 404 or 403 as well. Whoever finds it due takes a *lease*: a write to the connection's record that only one
//! can make, since each write names the generation that it follows. The others wait until the record has moved on.
//! The lease is on disk before the refresh token leaves, and the new tokens are on disk before the lease ends, so
//! that a crash at any point leaves either the old token, to be tried again, or the new one.
//!
//! | what happened | what follows |
//! |---|---|
//! | renewed | the new tokens, and no lease |
//! | the refresh token is refused | `needs-reauthorization`, at once |
//! | client id or secret are refused | `bad-client-credentials` |
//! | no answer, or a fault of the server | a pause that grows, the status as it was |
//! | the process died | the lease runs out, and the same token is tried again |

use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::Authorizations;
use super::broker::Refresh;
use super::connection::{Connection, ConnectionStatus, Proof};
use super::live::{LiveConnection, Renewal};
use crate::failure::{Failure, FailureKind, Result};
use crate::ids::{ConnectionId, WorkspaceId, random_id};
use crate::runtime::Authority;
use crate::vault::Expect;

/// The longest time before expiry at which a token is renewed, in seconds: longer than a run takes.
const LONGEST_MARGIN: u64 = 300;

/// A token that lives shortly is renewed in the last tenth of its life, lest it be renewed at once.
const SHARE_OF_LIFE: u64 = 10;

/// The share of the margin over which connections spread, so that those made at the same moment are not all
/// renewed at the same moment.
const SHARE_OF_JITTER: u64 = 5;

/// How long a lease lasts, in seconds.
const LEASE: u64 = 60;

/// How long the plugin may take to refresh: over before the lease is, so that no other process begins meanwhile.
const LONGEST_REFRESH: Duration = Duration::from_secs(45);

/// The first and the longest pause after an answer that failed, in seconds.
const PAUSES: (u64, u64) = (1, 60);

/// How often a waiting thread looks whether another process is done.
const LOOK: Duration = Duration::from_millis(20);

/// The least time a call must have left for a refresh token to be sent: an answer that nobody waits for is a
/// token lost.
const LEAST_TIME: Duration = Duration::from_secs(10);

/// The longest pause that a server may ask for, in seconds.
const LONGEST_RETRY_AFTER: u32 = 3_600;

/// That somebody renews a connection, or tried to: on disk before the refresh token is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Attempt {
    /// Who holds the lease; nobody while a pause lasts.
    owner: Option<String>,
    /// When it was begun, in seconds since 1970 UTC.
    begun: u64,
    /// Until when the lease or the pause lasts.
    until: u64,
    /// Since when the refresh token may have been used up by an attempt whose answer was never stored.
    unsettled_since: Option<u64>,
    /// How many attempts failed.
    failures: u32,
}

impl Attempt {
    /// Whether somebody renews it right now.
    pub(super) fn is_leased(&self, now: u64) -> bool {
        self.owner.is_some() && now < self.until
    }

    /// Whether both are the lease of the same owner.
    pub(super) fn is_same_lease(one: Option<&Self>, other: Option<&Self>) -> bool {
        let owner = |attempt: Option<&Self>| attempt.and_then(|attempt| attempt.owner.clone());
        owner(one).is_some() && owner(one) == owner(other)
    }

    /// Whether the last attempt failed.
    pub(super) fn has_failed(&self) -> bool {
        self.failures > 0
    }

    /// How many attempts failed.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    /// When it is tried again.
    pub(super) fn next_try(&self, now: u64) -> Option<u64> {
        (self.owner.is_none() && now < self.until).then_some(self.until)
    }
}

/// Why a connection is to be renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    /// It is about to expire.
    Due,
    /// The token that was issued then is not good any more, or somebody asks.
    Replace {
        /// When it was issued.
        issued_at: u64,
    },
}

/// Why there is no new token, and whether that is the authorization server's word.
struct Unrenewed {
    failure: Failure,
    settled: bool,
}

impl From<Failure> for Unrenewed {
    fn from(failure: Failure) -> Self {
        Self { failure, settled: false }
    }
}

/// Whether a token that lives from `issued_at` to `expires_at` is to be renewed now, `jitter` out of 0 to 255.
fn is_due(issued_at: u64, expires_at: u64, now: u64, jitter: u8) -> bool {
    let margin = LONGEST_MARGIN.min(expires_at.saturating_sub(issued_at) / SHARE_OF_LIFE);
    let earlier = margin / SHARE_OF_JITTER * u64::from(jitter) / 255;
    now >= expires_at.saturating_sub(margin.saturating_sub(earlier))
}

impl Authorizations {
    /// The renewed connection, or `None` where the one at hand is good for now.
    pub(super) fn renewed_if_due(
        self: &Arc<Self>,
        current: &Connection,
        deadline: Instant,
    ) -> Result<Option<Connection>> {
        if self.is_due(current)? { self.renewed(current, Reason::Due, deadline) } else { Ok(None) }
    }

    /// The renewed connection after the vendor refused its token, or `None` where it cannot be renewed.
    pub(super) fn renewed_after_refusal(
        self: &Arc<Self>,
        current: &Connection,
        deadline: Instant,
    ) -> Result<Option<Connection>> {
        if !current.refreshable {
            return Ok(None);
        }
        self.renewed(current, Reason::Replace { issued_at: current.issued_at }, deadline)
    }

    /// Renews a connection now, whether it is due or not.
    ///
    /// # Errors
    /// `NotFound`; `AuthorizationRequired` where it has no refresh token, or it is no longer accepted; what the
    /// token endpoint gives.
    pub fn refresh(self: &Arc<Self>, workspace: &WorkspaceId, id: &ConnectionId) -> Result<Connection> {
        let (current, _) = self.stored_connection(workspace, id)?;
        self.check_on(&current)?;
        current.check_usable()?;
        if current.proof != Proof::OAuth2 {
            return Err(Failure::new(
                FailureKind::InvalidInput,
                "nothing-to-renew",
                format!("The connection {id} has no token that is renewed: its secret is good until it is withdrawn."),
            )
            .hint("Ask the vendor whether it works, with: actionbay connections check"));
        }
        self.refresh_token(&current)?;
        let deadline = Instant::now() + LONGEST_REFRESH;
        let renewed = self.renewed(&current, Reason::Replace { issued_at: current.issued_at }, deadline)?;
        renewed.ok_or_else(|| Failure::internal("A renewal that was asked for did not happen."))
    }

    /// Renews a connection, or waits for whoever does.
    fn renewed(
        self: &Arc<Self>,
        current: &Connection,
        reason: Reason,
        deadline: Instant,
    ) -> Result<Option<Connection>> {
        let lock = self.lock_of(&current.id);
        let _one_of_this_process = loop {
            match lock.try_lock() {
                Ok(guard) => break guard,
                Err(TryLockError::Poisoned(poisoned)) => break poisoned.into_inner(),
                Err(TryLockError::WouldBlock) if self.serves_meanwhile(current, reason)? => return Ok(None),
                Err(TryLockError::WouldBlock) => wait(&current.id, deadline)?,
            }
        };
        loop {
            let (stored, generation) = self.stored_connection(&current.workspace, &current.id)?;
            stored.check_usable()?;
            if !self.is_needed(&stored, reason)? {
                return Ok(Some(stored));
            }
            let now = self.clock.now()?;
            let serves = self.serves_meanwhile(&stored, reason)?;
            match &stored.attempt {
                Some(attempt) if now < attempt.until && serves => return Ok(None),
                Some(attempt) if now < attempt.until && attempt.owner.is_some() => {
                    wait(&stored.id, deadline)?
                }
                Some(attempt) if now < attempt.until => return Err(in_pause(&stored, attempt.until - now)),
                _ if deadline.saturating_duration_since(Instant::now()) < LEAST_TIME => {
                    return if serves { Ok(None) } else { Err(still_renewing(&stored.id)) };
                }
                _ => {
                    // Whoever may not renew it keeps nobody else from it, by a lease or a pause.
                    self.approved_plugin(&stored.integration)?;
                    match self.lease(stored, generation, now) {
                        Ok(leased) => return self.renew(leased, reason, deadline),
                        // Somebody else was first: look again.
                        Err(Failure { kind: FailureKind::Conflict, .. }) => {}
                        Err(failure) => return Err(failure),
                    }
                }
            }
        }
    }

    fn is_needed(&self, stored: &Connection, reason: Reason) -> Result<bool> {
        match reason {
            Reason::Due => self.is_due(stored),
            Reason::Replace { issued_at } => Ok(stored.issued_at == issued_at),
        }
    }

    /// Without a refresh token a connection is good to its last second.
    fn is_due(&self, connection: &Connection) -> Result<bool> {
        let (Some(expires_at), now) = (connection.expires_at, self.clock.now()?) else { return Ok(false) };
        if !connection.refreshable {
            return Ok(now >= expires_at);
        }
        let jitter =
            connection.id.as_str().bytes().fold(0u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
        Ok(is_due(connection.issued_at, expires_at, now, jitter))
    }

    /// Whether the token at hand can be used while it is not renewed.
    fn serves_meanwhile(&self, connection: &Connection, reason: Reason) -> Result<bool> {
        let now = self.clock.now()?;
        Ok(reason == Reason::Due && connection.expires_at.is_none_or(|expires_at| now < expires_at))
    }

    /// Takes the lease: the write that only one can make.
    fn lease(&self, stored: Connection, generation: i64, now: u64) -> Result<Connection> {
        let before = stored.attempt.as_ref();
        // A lease that ran out belongs to a process that died, perhaps after it had sent the token.
        let unsettled =
            |attempt: &Attempt| attempt.unsettled_since.or(attempt.owner.as_ref().map(|_| attempt.begun));
        let attempt = Attempt {
            owner: Some(random_id("owner-")?),
            begun: now,
            until: now + LEASE,
            unsettled_since: before.and_then(unsettled),
            failures: before.map_or(0, |attempt| attempt.failures),
        };
        let leased = Connection { attempt: Some(attempt), ..stored };
        self.put_connection(&leased, None, Expect::Generation(generation))?;
        Ok(leased)
    }

    fn renew(
        self: &Arc<Self>,
        leased: Connection,
        reason: Reason,
        deadline: Instant,
    ) -> Result<Option<Connection>> {
        let Unrenewed { failure, settled } = match self.refresh_by_plugin(&leased, deadline) {
            Ok(renewed) => return Ok(Some(renewed)),
            Err(unrenewed) => unrenewed,
        };
        let serves = !settled && self.serves_meanwhile(&leased, reason)?;
        self.put_after_failure(&leased, &failure, settled)?;
        // Trouble of the network is no reason not to use a token that is still good.
        if serves { Ok(None) } else { Err(failure) }
    }

    /// Has the plugin refresh the connection. What counts is what came of the token request, not what the plugin
    /// says of it.
    fn refresh_by_plugin(
        self: &Arc<Self>,
        leased: &Connection,
        deadline: Instant,
    ) -> Result<Connection, Unrenewed> {
        let plugin = self.approved_plugin(&leased.integration)?;
        let profile = self.profile_for(&leased.workspace, &leased.profile, leased.tenant.as_deref())?;
        let oauth2 = plugin.manifest().oauth2();
        let live = Arc::new(LiveConnection::new(Arc::clone(self), leased.clone(), Renewal::Never));
        let broker = Arc::new(Refresh {
            authorizations: Arc::clone(self),
            client_secret: self.client_secret(&leased.workspace, &profile.id)?,
            refresh_token: self
                .refresh_token(leased)
                .map_err(|failure| Unrenewed { settled: is_settled(&failure), failure })?,
            token_errors: oauth2.map(|oauth2| oauth2.token_errors.clone()).unwrap_or_default(),
            live: Arc::clone(&live),
            connection: leased.clone(),
            profile,
            came_of_it: Mutex::default(),
        });
        let mut context = self.context(&plugin).until(deadline.min(Instant::now() + LONGEST_REFRESH));
        context.tokens = Some(broker.clone());
        let (said, _) = plugin.refresh(context, live as Arc<dyn Authority>);
        match broker.take_result() {
            Some(result) => result.map_err(|failure| Unrenewed { settled: is_settled(&failure), failure }),
            None => Err(Unrenewed::from(said.err().unwrap_or_else(|| {
                Failure::internal("The plugin says it refreshed the connection, and did not.")
            }))),
        }
    }

    /// Stores what a failed renewal means for the connection.
    fn put_after_failure(&self, leased: &Connection, failure: &Failure, settled: bool) -> Result<()> {
        let now = self.clock.now()?;
        let stored = self.changed_under_lease(leased, None, |stored| {
            Ok(match failure.kind {
                FailureKind::AuthorizationRequired if settled => {
                    let reason = self.reason_of_refusal(&stored, failure, now);
                    let over = Connection { refused: true, ..stored };
                    over.in_status(ConnectionStatus::NeedsReauthorization, Some(reason), now)
                        .settled_attempt()
                }
                FailureKind::BadClientCredentials if settled => {
                    let reason = Some(failure.message.clone());
                    stored.in_status(ConnectionStatus::BadClientCredentials, reason, now).settled_attempt()
                }
                _ => paused(stored, failure, now),
            })
        });
        match stored {
            // Whoever holds the lease now knows more than we do, and what was deleted needs no status.
            Ok(_) | Err(Failure { kind: FailureKind::Conflict | FailureKind::NotFound, .. }) => Ok(()),
            Err(storage) => Err(storage),
        }
    }

    /// A refusal after an attempt without an answer may have its cause there: outside the leeway, the vendor takes the
    /// second use of a token for theft.
    fn reason_of_refusal(&self, leased: &Connection, failure: &Failure, now: u64) -> String {
        let Some(since) = leased.attempt.as_ref().and_then(|attempt| attempt.unsettled_since) else {
            return failure.message.clone();
        };
        let leeway = self.plugin(&leased.integration).ok().and_then(|plugin| {
            plugin.manifest().oauth2().map(|oauth2| u64::from(oauth2.refresh_token_leeway))
        });
        let late = match leeway {
            Some(leeway) if now.saturating_sub(since) > leeway => {
                format!(" The vendor takes a token twice for {leeway} seconds only, which were over.")
            }
            _ => String::new(),
        };
        format!(
            "{} An earlier renewal, begun at {}, was interrupted before its answer was stored.{late}",
            failure.message,
            crate::clock::date(since)
        )
    }

    fn lock_of(&self, id: &ConnectionId) -> Arc<Mutex<()>> {
        let mut locks = self.refreshing.lock().unwrap_or_else(PoisonError::into_inner);
        locks.retain(|_, lock| Arc::strong_count(lock) > 1);
        Arc::clone(locks.entry(id.clone()).or_default())
    }
}

/// Whether a failure of the token request is the authorization server's last word.
fn is_settled(failure: &Failure) -> bool {
    matches!(failure.kind, FailureKind::AuthorizationRequired | FailureKind::BadClientCredentials)
}

/// Waits a little for whoever renews, until the deadline.
fn wait(id: &ConnectionId, deadline: Instant) -> Result<()> {
    if Instant::now() >= deadline {
        return Err(still_renewing(id));
    }
    thread::sleep(LOOK);
    Ok(())
}

/// Lets go of the lease until a pause is over, which doubles with each failure.
fn paused(leased: Connection, failure: &Failure, now: u64) -> Connection {
    let attempt = leased.attempt.as_ref();
    let failures = attempt.map_or(0, |attempt| attempt.failures).saturating_add(1);
    let (first, longest) = PAUSES;
    let pause = longest.min(first << failures.min(16).saturating_sub(1));
    let pause = pause.max(u64::from(failure.retry_after.unwrap_or(0).min(LONGEST_RETRY_AFTER)));
    let before = attempt.and_then(|attempt| attempt.unsettled_since);
    let begun = attempt.map_or(now, |attempt| attempt.begun);
    // A request that was not sent cannot have used the token up.
    let unsettled_since = if failure.request_sent { before.or(Some(begun)) } else { before };
    Connection {
        attempt: Some(Attempt { owner: None, begun, until: now + pause, unsettled_since, failures }),
        ..leased
    }
}

/// The token has expired, and it is not yet time to try again.
fn in_pause(stored: &Connection, wait: u64) -> Failure {
    let mut failure = Failure::new(
        FailureKind::Upstream,
        "renewal-paused",
        format!(
            "The connection {} could not be renewed, and is not tried again for {wait} seconds.",
            stored.id
        ),
    )
    .hint("Try again later; if it stays so, check the URLs of the profile.");
    failure.retry_after = u32::try_from(wait).ok();
    failure
}

fn still_renewing(id: &ConnectionId) -> Failure {
    Failure::new(
        FailureKind::TimedOut,
        "still-renewing",
        format!("The connection {id} has to be renewed, which takes longer than this call may."),
    )
    .hint("Try again in a minute.")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// AUTH-7
    #[test]
    fn a_token_is_renewed_in_the_smaller_of_five_minutes_and_a_tenth_of_its_life_before_it_expires() {
        let hour = |now| is_due(0, 3_600, now, 0);
        assert!(!hour(3_299));
        assert!(hour(3_300));
        let minute = |now| is_due(1_000, 1_060, now, 0);
        assert!(!minute(1_053));
        assert!(minute(1_054));
        assert!(is_due(0, 0, 0, 0));
    }

    #[test]
    fn connections_spread_over_a_fifth_of_the_margin_and_none_waits_until_it_is_over() {
        assert!(!is_due(0, 3_600, 3_359, 255));
        assert!(is_due(0, 3_600, 3_360, 255));
    }

    #[test]
    fn a_pause_doubles_up_to_a_minute_and_obeys_retry_after() {
        let pause = |failures, retry_after| {
            let mut failure = Failure::new(FailureKind::Upstream, "x", "x");
            failure.retry_after = retry_after;
            let attempt =
                Attempt { owner: Some("o".into()), begun: 0, until: 0, unsettled_since: None, failures };
            let connection = super::super::connection::tests::connection();
            paused(Connection { attempt: Some(attempt), ..connection }, &failure, 100).attempt.unwrap().until
                - 100
        };
        let pauses: Vec<u64> = (0..8).map(|failures| pause(failures, None)).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(pause(0, Some(120)), 120);
        assert_eq!(pause(0, Some(u32::MAX)), 3_600);
        assert_eq!(pause(u32::MAX, None), 60);
    }
}
