//! What came of runs that have a name, so that a repeat does nothing twice.
//!
//! A caller whose answer was lost cannot know whether its run happened. Under a name of the caller's choice the first run
//! is claimed before anything is sent; what came of it is kept for a day, and given to every repeat.
//!
//! | the first run | a repeat gets |
//! |---|---|
//! | succeeded | its output |
//! | failed, and nothing can have come of it | a run of its own |
//! | failed, and something may have come of it | the same failure |
//! | is still running | `still-running` |
//! | was interrupted | `unknown-outcome` |
//! | ran under another policy than one that restricts something by now | `policy-changed` |

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::authorization::{Authorizations, WorkspacePolicy};
use crate::failure::{Failure, FailureKind, Result};
use crate::ids::{ConnectionId, WorkspaceId, random_id};
use crate::run::{Run, RunOutcome};
use crate::runtime::CallReport;
use crate::secret::{ExposeSecret as _, SecretString};
use crate::vault::{Collection, Expect, Record, RecordKey, SecretPlace, Write};

/// How long an outcome is kept, in seconds: longer than callers try again.
const KEPT: u64 = 24 * 60 * 60;

/// How much longer than a call a claim lasts, in seconds: what comes before and after it.
const SLACK: u64 = 60;

/// The longest name.
const LONGEST_KEY: usize = 255;

/// The code of what a repeat is told while the first one is done.
pub(crate) const STILL_RUNNING: &str = "still-running";

/// The code of what a repeat is told where it is not known whether something was done.
pub(crate) const UNKNOWN_OUTCOME: &str = "unknown-outcome";

/// What is stored of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Stored {
    /// What was run, as a hash: the same name for something else is a mistake.
    what: String,
    /// For whom, as a hash.
    #[serde(default)]
    whose: String,
    /// Who runs it, while it runs.
    owner: Option<String>,
    /// Until when it may be running.
    until: u64,
    /// Until when this is kept.
    kept_until: u64,
    /// The failure of a run that something may have come of.
    failure: Option<StoredFailure>,
    /// The connection of a run that succeeded; its output is in the vault.
    connection: Option<ConnectionId>,
    /// The policy that it ran under: what one allowed another may not, and an output does not say what it is of.
    #[serde(default)]
    policy: String,
}

/// What a repeat is told of a failure.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct StoredFailure {
    kind: String,
    code: String,
    message: String,
    hint: Option<String>,
}

/// The right to do a run, once.
pub(crate) struct Claim {
    place: SecretPlace,
    record: RecordKey,
    stored: Stored,
}

/// Whether a run is to be done.
pub(crate) enum Begin {
    /// Now, by whoever asked.
    Now(Claim),
    /// It was done before: this came of it.
    Before(Result<RunOutcome>),
}

/// The outcomes of a host's runs.
pub(crate) struct Outcomes<'a>(&'a Authorizations);

impl Authorizations {
    /// The outcomes of named runs.
    pub(crate) fn outcomes(&self) -> Outcomes<'_> {
        Outcomes(self)
    }
}

impl Outcomes<'_> {
    /// Claims a run, or says what came of it.
    ///
    /// # Errors
    /// `InvalidInput` for a name that is none; `Storage`.
    pub(crate) fn begin(&self, run: &Run, key: &str, policy: &WorkspacePolicy) -> Result<Begin> {
        if key.is_empty() || key.len() > LONGEST_KEY || !key.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Failure::new(
                FailureKind::InvalidInput,
                "bad-idempotency-key",
                format!("An idempotency key has 1 to {LONGEST_KEY} visible ASCII characters."),
            )
            .hint("Use a random one, such as a UUID, for each thing to be done."));
        }
        let id = id_of(run, key);
        let record = RecordKey::new(Collection::Outcomes, run.workspace.as_str(), &*id);
        let place = place(&run.workspace, &id);
        let what = hash(&[run.integration.as_str(), &run.template, &run.input.to_string()]);
        loop {
            let now = self.0.clock.now()?;
            let before = self.0.vault.get(&record)?;
            let expect = match &before {
                None => Expect::Absent,
                Some(before) => {
                    let stored: Stored = serde_json::from_slice(&before.body).map_err(|_| {
                        Failure::storage("record-unreadable", "A stored outcome cannot be read.")
                    })?;
                    if now < stored.kept_until {
                        check_policy(&stored, policy)?;
                        return self.before(&stored, &what, &place, now).map(Begin::Before);
                    }
                    Expect::Generation(before.generation)
                }
            };
            let limits = run.limits.unwrap_or_else(|| self.0.limits(&run.integration));
            let until = now + limits.wall_clock.as_secs() + limits.transfer.as_secs() + SLACK;
            let owner = Some(random_id("run-")?);
            let stored = Stored {
                what: what.clone(),
                whose: whose(run.user.as_deref()),
                owner,
                until,
                kept_until: now + KEPT,
                failure: None,
                connection: None,
                policy: policy.fingerprint(),
            };
            let mut writes = vec![write(&record, &stored, expect)?];
            writes.extend(place.destroy());
            match self.0.vault.commit(&writes) {
                Ok(()) => return Ok(Begin::Now(Claim { place, record, stored })),
                // Somebody else was first: look what came of it.
                Err(failure) if failure.kind == FailureKind::Conflict => {}
                Err(failure) => return Err(failure),
            }
        }
    }

    /// Keeps what came of a run, or gives its name free where nothing can have come of it.
    ///
    /// # Errors
    /// `Storage`.
    pub(crate) fn settle(
        &self,
        claim: Claim,
        result: &Result<RunOutcome>,
        may_have_effect: bool,
    ) -> Result<()> {
        let Claim { place, record, stored } = claim;
        let settled = Stored { owner: None, ..stored };
        match result {
            Ok(outcome) => {
                let settled = Stored { connection: Some(outcome.connection.clone()), ..settled };
                let output = SecretString::from(outcome.output.to_string());
                self.0.vault.commit_with(&[write(&record, &settled, Expect::Any)?], &[(place, &output)])
            }
            Err(failure) if may_have_effect || failure.request_sent => {
                let failure = Some(StoredFailure {
                    kind: failure.kind.as_str().to_owned(),
                    code: failure.code.clone().into_owned(),
                    message: failure.message.clone(),
                    hint: failure.hint.clone(),
                });
                self.0.vault.commit(&[write(&record, &Stored { failure, ..settled }, Expect::Any)?])
            }
            Err(_) => self.0.vault.commit(&[Write::delete(record, Expect::Any)]),
        }
    }

    /// The write by which the claim of a run is over whose process died, if it has one still: a repeat is told that it was
    /// interrupted, or may run anew where nothing can have come of it.
    ///
    /// # Errors
    /// `Storage`.
    #[cfg(feature = "service")]
    pub(crate) fn interrupted(
        &self,
        workspace: &WorkspaceId,
        id: &str,
        may_have_effect: bool,
    ) -> Result<Option<Write>> {
        let record = RecordKey::new(Collection::Outcomes, workspace.as_str(), id);
        let Some(claimed) = self.0.vault.get(&record)? else { return Ok(None) };
        let Ok(stored) = serde_json::from_slice::<Stored>(&claimed.body) else { return Ok(None) };
        if stored.owner.is_none() {
            return Ok(None);
        }
        let expect = Expect::Generation(claimed.generation);
        if !may_have_effect {
            return Ok(Some(Write::delete(record, expect)));
        }
        let until = self.0.clock.now()?;
        write(&record, &Stored { until, ..stored }, expect).map(Some)
    }

    /// The writes that forget what came of an end user's runs that are over.
    pub(crate) fn removals(&self, workspace: &WorkspaceId, user: &str) -> Result<Vec<Write>> {
        let (user, now) = (whose(Some(user)), self.0.clock.now()?);
        let stored = self.0.vault.list(Collection::Outcomes, workspace.as_str())?;
        let theirs = stored.iter().filter(|(_, record)| {
            serde_json::from_slice::<Stored>(&record.body)
                .is_ok_and(|stored| stored.whose == user && (stored.owner.is_none() || stored.until <= now))
        });
        let forget = |(id, record): &(String, Record)| {
            let key = RecordKey::new(Collection::Outcomes, workspace.as_str(), id.as_str());
            let mut writes = vec![Write::delete(key, Expect::Generation(record.generation))];
            writes.extend(place(workspace, id).destroy());
            writes
        };
        Ok(theirs.flat_map(forget).collect())
    }

    /// Forgets the outcomes of a workspace that are kept no longer.
    pub(crate) fn sweep(&self, workspace: &WorkspaceId) -> Result<()> {
        let now = self.0.clock.now()?;
        for (id, record) in self.0.vault.list(Collection::Outcomes, workspace.as_str())? {
            let over = serde_json::from_slice::<Stored>(&record.body)
                .map_or(true, |stored| stored.kept_until <= now);
            if over {
                let key = RecordKey::new(Collection::Outcomes, workspace.as_str(), &*id);
                let mut writes = vec![Write::delete(key, Expect::Generation(record.generation))];
                writes.extend(place(workspace, &id).destroy());
                match self.0.vault.commit(&writes) {
                    Ok(()) | Err(Failure { kind: FailureKind::Conflict, .. }) => {}
                    Err(failure) => return Err(failure),
                }
            }
        }
        Ok(())
    }

    /// What a repeat gets.
    fn before(
        &self,
        stored: &Stored,
        what: &str,
        place: &SecretPlace,
        now: u64,
    ) -> Result<Result<RunOutcome>> {
        if stored.what != what {
            return Ok(Err(conflict(
                "idempotency-key-reused",
                "This idempotency key was used for another template or input.",
                "Use a new key for each thing to be done.",
            )));
        }
        if let Some(failure) = &stored.failure {
            return Ok(Err(again(failure)));
        }
        if let Some(connection) = &stored.connection {
            let output = self.0.vault.read(place)?;
            let output = output.and_then(|text| serde_json::from_str::<Value>(text.expose_secret()).ok());
            let output = output.ok_or_else(|| {
                Failure::storage("record-unreadable", "The output of an earlier run cannot be read.")
            })?;
            let connection = connection.clone();
            return Ok(Ok(RunOutcome { output, connection, report: CallReport::default(), replayed: true }));
        }
        if now < stored.until {
            let mut failure = conflict(
                STILL_RUNNING,
                "A run with this idempotency key is still running.",
                "Wait for it, and ask again with the same key.",
            );
            failure.retry_after = u32::try_from(stored.until - now).ok();
            return Ok(Err(failure));
        }
        Ok(Err(conflict(
            UNKNOWN_OUTCOME,
            "The run with this idempotency key was interrupted, and it is not known what came of it.",
            "Look at the vendor whether it was done. If not, run it again with a new key.",
        )
        .sent(true)))
    }
}

/// An outcome is given again under the policy that it came of, or under one that allows everything.
fn check_policy(stored: &Stored, policy: &WorkspacePolicy) -> Result<()> {
    if !policy.restricts() || stored.policy == policy.fingerprint() {
        return Ok(());
    }
    Err(Failure::new(
        FailureKind::Denied,
        "policy-changed",
        "The run with this idempotency key was done under another policy of this workspace, and what came of it is not shown under this one.",
    )
    .hint("Look at the vendor whether it was done. If not, run it again with a new key."))
}

fn again(stored: &StoredFailure) -> Failure {
    let failure =
        Failure::new(FailureKind::named(&stored.kind), stored.code.clone(), &stored.message).sent(true);
    match &stored.hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

fn conflict(code: &'static str, message: &str, hint: &str) -> Failure {
    Failure::new(FailureKind::Conflict, code, message).hint(hint)
}

/// For whom a run is, in the store.
fn whose(user: Option<&str>) -> String {
    user.map_or_else(String::new, |user| hash(&["user", user]))
}

/// What the outcome of a run of this name is stored under.
pub(crate) fn id_of(run: &Run, key: &str) -> String {
    hash(&[run.user.as_deref().unwrap_or_default(), key])
}

/// Where the output of a run is sealed: it may hold what people wrote.
fn place(workspace: &WorkspaceId, id: &str) -> SecretPlace {
    SecretPlace::new(workspace, format!("outcome/{id}"), "output")
}

fn write(record: &RecordKey, stored: &Stored, expect: Expect) -> Result<Write> {
    let body = serde_json::to_vec(stored).map_err(|_| Failure::internal("An outcome cannot be written."))?;
    Ok(Write::put(record.clone(), expect, body))
}

/// One hash of several texts, which cannot be confused by where one ends.
fn hash(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
