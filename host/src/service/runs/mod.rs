//! Runs that the service was asked for, and what is known of each: never what went in or came out.
//!
//! A record is written before the call and after it. A process that dies leaves its runs behind as running; another one,
//! or the next start, turns them into interrupted ones, and says of each whether something may have come of it.
//!
//! Promises, each with a test:
//! - no run is without a record, whatever happens to its process,
//! - a run that is repeated under its name has the record of the first,
//! - a record holds no input, output or secret.

mod instance;
mod record;

use instance::Instance;
pub(super) use instance::SAYS_SO;
pub use record::{RunFailure, RunRecord, RunState};

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::authorization::Connection;
use crate::dialog::Conversation;
use crate::failure::{Failure, FailureKind, Result};
use crate::host::Host;
use crate::ids::{ConversationId, IntegrationId, KeyId, RunId, WorkspaceId, from_time};
use crate::keeper::Keeper;
use crate::outcomes;
use crate::run::{Run, RunOutcome, Trace};
use crate::runtime::{Effect, Files};
use crate::service::files::StoredFiles;
use crate::service::metrics::Metrics;
#[cfg(feature = "cli")]
use crate::service::settings::Settings;
use crate::service::{audit, webhooks};
use crate::vault::{Collection, Expect, RecordKey, Vault, Write};

/// What the ids of runs begin with.
const PREFIX: &str = "r-";

/// How long the name of a run leads to its record, in seconds: as long as what came of it is kept.
const NAMED: u64 = 24 * 60 * 60;

/// How many records are dropped in one write.
const AT_ONCE: usize = 500;

/// A run that is running, as others see it.
#[derive(Serialize, Deserialize)]
struct Running {
    /// The process.
    owner: String,
    /// Where what comes of it is kept, if it has a name.
    #[serde(default)]
    outcome: Option<String>,
}

/// Which run has a name.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Named {
    run: RunId,
    kept_until: u64,
}

/// What came of a run, and its record.
pub(super) struct Ended {
    pub(super) record: RunRecord,
    pub(super) result: Result<RunOutcome>,
}

/// Who asks for a run.
#[derive(Debug, Clone, Copy)]
pub(super) enum AskedBy<'a> {
    /// A platform, with a key.
    Key(&'a KeyId),
    /// A person, in a conversation.
    Conversation(&'a ConversationId),
}

/// A run that has its record, and whether it is this caller's to do.
pub(super) struct Begun {
    pub(super) record: RunRecord,
    is_first: bool,
}

/// The runs of a host.
#[derive(Clone, Debug)]
pub struct Runs {
    host: Host,
    instance: Instance,
    files: StoredFiles,
    metrics: Metrics,
}

impl Runs {
    /// The runs of a host, done by this process, with files of at most so many bytes.
    pub(super) fn new(host: &Host, file_bytes: u64) -> Result<Self> {
        let files = StoredFiles::new(host, file_bytes);
        Ok(Self { host: host.clone(), instance: Instance::new(host)?, files, metrics: Metrics::new() })
    }

    /// Where they are counted.
    pub(super) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The files that they are given and make.
    pub(super) fn files(&self) -> &StoredFiles {
        &self.files
    }

    /// The process that runs them.
    pub(super) fn instance(&self) -> &Instance {
        &self.instance
    }

    /// Writes that a run begins. One whose template or input is wrong is no run.
    pub(super) fn begin(&self, run: &Run, by: AskedBy<'_>) -> Result<Begun> {
        let plugin = self.host.plugin(&run.integration)?;
        let effect = &plugin.known_template(&run.template)?.effect;
        plugin.check_input(&run.template, &run.input)?;
        let now = self.host.authorizations().clock.now()?;
        let record = RunRecord {
            id: RunId::new(self.host.authorizations().ordered_id(PREFIX)?)?,
            integration: run.integration.clone(),
            template: run.template.clone(),
            connection: self.host.selected(run),
            content: audit::id_in(&run.input),
            user: run.user.clone(),
            key: match by {
                AskedBy::Key(key) => Some(key.clone()),
                AskedBy::Conversation(_) => None,
            },
            conversation: match by {
                AskedBy::Key(_) => None,
                AskedBy::Conversation(conversation) => Some(conversation.clone()),
            },
            began_at: now,
            ended_at: None,
            milliseconds: None,
            requests: None,
            state: RunState::Running,
            failure: None,
            may_have_effect: *effect != Effect::Read,
        };
        let outcome = run.idempotency_key.as_ref().map(|key| outcomes::id_of(run, key));
        let running = Running { owner: self.instance.id().to_owned(), outcome };
        let mut writes = vec![
            write(&place(&run.workspace, &record.id), &record, Expect::Absent)?,
            write(&running_place(&run.workspace, &record.id), &running, Expect::Absent)?,
        ];
        let Some(name) = &run.idempotency_key else {
            self.vault().commit(&writes)?;
            return Ok(Begun { record, is_first: true });
        };
        let name = name_place(run, name);
        loop {
            let (expect, before) = self.named(&run.workspace, &name, now)?;
            if let Some(record) = before {
                return Ok(Begun { record, is_first: false });
            }
            let named = Named { run: record.id.clone(), kept_until: now + NAMED };
            writes.truncate(2);
            writes.push(write(&name, &named, expect)?);
            match self.vault().commit(&writes) {
                // Somebody else was first.
                Err(failure) if failure.kind == FailureKind::Conflict => {}
                result => return result.map(|()| Begun { record, is_first: true }),
            }
        }
    }

    /// Does a run that was begun, and writes what came of it.
    pub(super) fn carry_out(&self, run: &Run, begun: Begun) -> Ended {
        let Begun { record, is_first } = begun;
        let mut trace = Trace::default();
        let Run { integration, template, .. } = run;
        let span = tracing::info_span!("run", run = %record.id, %integration, template);
        if !is_first {
            let result = span.in_scope(|| self.host.run_traced(run, &mut trace));
            return Ended { record, result };
        }
        self.metrics.run_began();
        let result = span.in_scope(|| self.host.run_traced(run, &mut trace));
        let now = self.host.authorizations().clock.now().unwrap_or(record.began_at);
        let record = record.ended(&run.input, &result, &trace, now);
        self.metrics.run_ended(&record);
        // What happened has happened: that it could not be written must not hide it.
        if let Err(failure) = self.write_end(&run.workspace, &record) {
            tracing::warn!(run = %record.id, %failure, "what came of a run could not be written");
        }
        Ended { record, result }
    }

    fn write_end(&self, workspace: &WorkspaceId, record: &RunRecord) -> Result<()> {
        let mut writes = vec![
            write(&place(workspace, &record.id), record, Expect::Any)?,
            Write::delete(running_place(workspace, &record.id), Expect::Any),
            audit::of_run(&self.host, workspace, record)?,
        ];
        writes.extend(webhooks::run_finished(&self.host, workspace, record)?);
        self.vault().commit(&writes)
    }

    /// A run.
    ///
    /// # Errors
    /// `NotFound`; `Storage`.
    pub fn get(&self, workspace: &WorkspaceId, id: &RunId) -> Result<RunRecord> {
        self.stored(workspace, id)?.map(|(record, _)| record).ok_or_else(|| unknown(id))
    }

    /// The last runs of a workspace, of those before `before`, the last one first.
    ///
    /// # Errors
    /// `Storage`.
    pub fn list(&self, workspace: &WorkspaceId, before: Option<&str>, most: usize) -> Result<Vec<RunRecord>> {
        let records = self.vault().list_before(Collection::Runs, workspace.as_str(), before, most)?;
        records.iter().map(|(_, record)| RunRecord::read(&record.body)).collect()
    }

    /// Turns the runs of processes that died into interrupted ones.
    pub(super) fn settle_abandoned(&self) -> Result<usize> {
        let running = self.vault().list_all(Collection::RunningRuns)?;
        if running.is_empty() {
            return Ok(0);
        }
        let alive = self.instance.alive()?;
        let mut settled = 0;
        for (key, record) in running {
            let running = serde_json::from_slice::<Running>(&record.body).ok();
            let is_ours_or_alive =
                |running: &Running| running.owner == self.instance.id() || alive.contains(&running.owner);
            if running.as_ref().is_some_and(is_ours_or_alive) {
                continue;
            }
            let workspace = WorkspaceId::new(key.workspace.clone())?;
            let mut writes = vec![Write::delete(key.clone(), Expect::Generation(record.generation))];
            let mut interrupted = None;
            if let Some((record, generation)) = self.stored(&workspace, &RunId::new(key.id)?)?
                && record.state == RunState::Running
            {
                let now = self.host.authorizations().clock.now()?;
                let place = place(&workspace, &record.id);
                let record = record.interrupted(now);
                writes.push(write(&place, &record, Expect::Generation(generation))?);
                writes.push(audit::of_run(&self.host, &workspace, &record)?);
                writes.extend(webhooks::run_finished(&self.host, &workspace, &record)?);
                if let Some(id) = running.and_then(|running| running.outcome) {
                    let outcomes = self.host.authorizations().outcomes();
                    writes.extend(outcomes.interrupted(&workspace, &id, record.may_have_effect)?);
                }
                interrupted = Some(record);
            }
            match self.vault().commit(&writes) {
                Ok(()) => {
                    settled += 1;
                    interrupted.iter().for_each(|record| self.metrics.run_was_interrupted(record));
                }
                // Another process did it, or it was alive after all.
                Err(failure) if failure.kind == FailureKind::Conflict => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(settled)
    }

    /// Forgets the runs of a workspace that began longer ago than this.
    pub(super) fn drop_old(&self, workspace: &WorkspaceId, seconds: u64) -> Result<()> {
        let now = self.host.authorizations().clock.now()?;
        drop_before(
            self.vault(),
            Collection::Runs,
            workspace,
            &from_time(PREFIX, now.saturating_sub(seconds)),
        )
    }

    /// Forgets the runs of an end user that are over, and says how many.
    pub(super) fn erase(&self, workspace: &WorkspaceId, user: &str) -> Result<usize> {
        let (mut before, mut erased) = (None::<String>, 0);
        loop {
            let runs = self.list(workspace, before.as_deref(), AT_ONCE)?;
            let Some(last) = runs.last() else { return Ok(erased) };
            before = Some(last.id.to_string());
            let is_theirs =
                |run: &&RunRecord| run.user.as_deref() == Some(user) && run.state != RunState::Running;
            let writes: Vec<Write> = runs
                .iter()
                .filter(is_theirs)
                .map(|run| Write::delete(place(workspace, &run.id), Expect::Any))
                .collect();
            if !writes.is_empty() {
                self.vault().commit(&writes)?;
                erased += writes.len();
            }
        }
    }

    /// The run of a name, if that still leads to one which a repeat is not to do anew.
    fn named(
        &self,
        workspace: &WorkspaceId,
        name: &RecordKey,
        now: u64,
    ) -> Result<(Expect, Option<RunRecord>)> {
        let Some(stored) = self.vault().get(name)? else { return Ok((Expect::Absent, None)) };
        let expect = Expect::Generation(stored.generation);
        let Ok(named) = serde_json::from_slice::<Named>(&stored.body) else { return Ok((expect, None)) };
        let before = self.stored(workspace, &named.run)?.map(|(record, _)| record);
        // What ended before anything could come of it is done anew.
        let is_cut_short =
            |record: &RunRecord| matches!(record.state, RunState::Failed | RunState::Interrupted);
        let counts = |record: &RunRecord| !is_cut_short(record) || record.may_have_effect;
        Ok((expect, before.filter(|record| now < named.kept_until && counts(record))))
    }

    fn stored(&self, workspace: &WorkspaceId, id: &RunId) -> Result<Option<(RunRecord, i64)>> {
        let record = self.vault().get(&place(workspace, id))?;
        record.map(|record| Ok((RunRecord::read(&record.body)?, record.generation))).transpose()
    }

    fn vault(&self) -> &Vault {
        &self.host.authorizations().vault
    }
}

/// Records of what is run in conversations of a process that serves nothing, as long as this is there.
#[cfg(feature = "cli")]
#[derive(Debug)]
pub(crate) struct Keeping(Arc<Runs>);

#[cfg(feature = "cli")]
impl Keeping {
    /// # Errors
    /// `Internal`.
    pub(crate) fn begin(host: &Host) -> Result<Self> {
        let runs = Arc::new(Runs::new(host, Settings::default().file_bytes)?);
        let keeper: Arc<dyn Keeper> = Arc::clone(&runs) as _;
        host.keep_with(&keeper);
        Ok(Self(runs))
    }
}

#[cfg(feature = "cli")]
impl Drop for Keeping {
    fn drop(&mut self) {
        if let Err(failure) = self.0.instance.end() {
            tracing::warn!(%failure, "it could not be written that a process ended");
        }
    }
}

/// What conversations run has its record, as what keys ask for; and what becomes of connections is told.
impl Keeper for Runs {
    fn run(&self, run: &Run, conversation: &ConversationId) -> Result<RunOutcome> {
        // A process that serves nothing says so only where it runs something.
        self.instance.live()?;
        let begun = self.begin(run, AskedBy::Conversation(conversation))?;
        self.carry_out(run, begun).result
    }

    fn files(&self, workspace: &WorkspaceId, user: Option<&str>) -> Arc<dyn Files> {
        Arc::new(self.files.of(workspace, user))
    }

    fn beside(&self, connection: &Connection) -> Result<Vec<Write>> {
        let Some(event) = webhooks::change_of(&self.host, connection) else { return Ok(Vec::new()) };
        let mut writes = webhooks::connection_changed(&self.host, connection, event)?;
        writes.push(audit::of_connection(&self.host, connection, event.as_str())?);
        Ok(writes)
    }

    fn beside_deletion(&self, connection: &Connection, conversation: &ConversationId) -> Result<Vec<Write>> {
        Ok(vec![audit::of_deleted(&self.host, connection, conversation)?])
    }

    fn admin_needed(
        &self,
        workspace: &WorkspaceId,
        integration: &IntegrationId,
        conversation: &ConversationId,
        failure: &Failure,
    ) -> Result<()> {
        let mut writes = webhooks::admin_needed(&self.host, workspace, integration, failure)?;
        writes.push(audit::of_admin_needed(&self.host, workspace, integration, conversation, failure)?);
        self.vault().commit(&writes)
    }

    fn conversation_failed(&self, conversation: &Conversation, failure: &Failure) -> Result<Vec<Write>> {
        webhooks::conversation_failed(&self.host, conversation, failure)
    }
}

/// Deletes the records whose ids come before this one.
pub(super) fn drop_before(
    vault: &Vault,
    collection: Collection,
    workspace: &WorkspaceId,
    id: &str,
) -> Result<()> {
    loop {
        let old = vault.list_before(collection, workspace.as_str(), Some(id), AT_ONCE)?;
        if old.is_empty() {
            return Ok(());
        }
        let key = |id: &str| RecordKey::new(collection, workspace.as_str(), id);
        let writes: Vec<Write> = old.iter().map(|(id, _)| Write::delete(key(id), Expect::Any)).collect();
        vault.commit(&writes)?;
    }
}

fn place(workspace: &WorkspaceId, id: &RunId) -> RecordKey {
    RecordKey::new(Collection::Runs, workspace.as_str(), id.as_str())
}

fn running_place(workspace: &WorkspaceId, id: &RunId) -> RecordKey {
    RecordKey::new(Collection::RunningRuns, workspace.as_str(), id.as_str())
}

/// Where it stands which run has a name. The name is the caller's, for one user.
fn name_place(run: &Run, name: &str) -> RecordKey {
    let mut hash = Sha256::new();
    for part in [run.user.as_deref().unwrap_or_default(), name] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let hash: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    RecordKey::new(Collection::Answers, run.workspace.as_str(), format!("run-{hash}"))
}

fn write(place: &RecordKey, record: &impl Serialize, expect: Expect) -> Result<Write> {
    let body = serde_json::to_vec(record).map_err(|_| Failure::internal("A run cannot be written."))?;
    Ok(Write::put(place.clone(), expect, body))
}

fn unknown(id: &RunId) -> Failure {
    Failure::new(FailureKind::NotFound, "unknown-run", format!("There is no run \"{id}\"."))
        .hint("Runs are kept for a time that the operator sets.")
}
