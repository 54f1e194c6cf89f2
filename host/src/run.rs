//! Running a template for somebody.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use crate::authorization::{Connection, Proof, Whose, WorkspacePolicy};
use crate::failure::{Failure, FailureKind, Result};
use crate::host::Host;
use crate::ids::{ConnectionId, ConversationId, IntegrationId, WorkspaceId};
use crate::keeper::Keeper;
use crate::outcomes::Begin;
use crate::runtime::{
    Authority, CallContext, CallLimits, CallReport, DenyFiles, Files, Plugin, Recorder, Template,
};

/// What to run.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Run {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The integration.
    pub integration: IntegrationId,
    /// The template's id.
    pub template: String,
    /// Its input.
    pub input: Value,
    /// The end user to act for; absent: the connection that serves everybody.
    pub user: Option<String>,
    /// The connection to use, where there are several.
    pub connection: Option<ConnectionId>,
    /// The caller's name for this run: a second run of the same name gives what came of the first, and does nothing.
    pub idempotency_key: Option<String>,
    /// The files that its input names, and where new ones go.
    pub files: Arc<dyn Files>,
    /// What it may use; absent: what calls of the integration may.
    pub limits: Option<CallLimits>,
    /// Who takes a recording of it.
    pub recorder: Option<Recorder>,
    /// Whether whoever asked waits for what comes of a link that it fails with.
    pub(crate) awaits: bool,
}

impl Run {
    /// A run for everybody, with the only connection that there is.
    pub fn new(
        workspace: WorkspaceId,
        integration: IntegrationId,
        template: impl Into<String>,
        input: Value,
    ) -> Self {
        Self {
            workspace,
            integration,
            template: template.into(),
            input,
            user: None,
            connection: None,
            idempotency_key: None,
            files: Arc::new(DenyFiles),
            limits: None,
            recorder: None,
            awaits: false,
        }
    }

    /// The same, which may use this.
    #[must_use]
    pub fn limits(mut self, limits: Option<CallLimits>) -> Self {
        self.limits = limits;
        self
    }

    /// The same, for an end user.
    #[must_use]
    pub fn user(mut self, user: Option<String>) -> Self {
        self.user = user;
        self
    }

    /// The same, with this connection.
    #[must_use]
    pub fn connection(mut self, connection: Option<ConnectionId>) -> Self {
        self.connection = connection;
        self
    }

    /// The same, with files: those that the input names, and a place for new ones.
    #[must_use]
    pub fn files(mut self, files: impl Files + 'static) -> Self {
        self.files = Arc::new(files);
        self
    }

    /// The same, recorded: what the component asked for and what it got, without any credential. A run that does not come
    /// to a component is not recorded.
    #[must_use]
    pub fn record(mut self, recorder: &Recorder) -> Self {
        self.recorder = Some(recorder.clone());
        self
    }

    /// The same, to be done once under this name, whatever happens to its answer: 1 to 255 visible ASCII characters.
    #[must_use]
    pub fn idempotency_key(mut self, key: Option<String>) -> Self {
        self.idempotency_key = key;
        self
    }
}

/// What came of a run.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct RunOutcome {
    /// The template's output, valid against its schema.
    pub output: Value,
    /// The connection that was used.
    pub connection: ConnectionId,
    /// What it took.
    #[serde(flatten)]
    pub report: CallReport,
    /// Whether this is what came of an earlier run of the same name, and nothing was done now.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub replayed: bool,
}

/// What is known of a run beside what came of it.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    /// The connection that it used, once that is known.
    pub(crate) connection: Option<ConnectionId>,
    /// What it took.
    pub(crate) report: CallReport,
}

impl Host {
    /// Runs a template for a conversation, with a record where somebody keeps them.
    pub(crate) fn run_in(&self, run: &Run, conversation: &ConversationId) -> Result<RunOutcome> {
        match self.authorizations().keeper() {
            Some(keeper) => keeper.run(run, conversation),
            None => self.run(run),
        }
    }

    /// Forgets a connection, as its person asks for in a conversation.
    pub(crate) fn forget_in(&self, connection: &Connection, conversation: &ConversationId) -> Result<()> {
        let keeper = self.authorizations().keeper();
        let beside = keeper.map(|keeper| keeper.beside_deletion(connection, conversation)).transpose()?;
        self.authorizations().remove_connection_with(connection, beside.unwrap_or_default())
    }

    /// Has this keep records of what happens, as long as it is there.
    #[cfg_attr(not(feature = "service"), expect(dead_code, reason = "the service keeps records"))]
    pub(crate) fn keep_with(&self, keeper: &Arc<dyn Keeper>) {
        self.authorizations().keep_with(keeper);
    }

    /// Runs a template.
    ///
    /// Where the host has a page for links, the failures that a person's consent removes come with one.
    ///
    /// # Errors
    /// `NotFound` (integration, template), `InvalidInput` with every violation, `AuthorizationRequired`,
    /// `InsufficientScope`, `Denied` (by the workspace's policy), `Conflict` (a name that was used for something else, or
    /// is being run), and what the plugin gives.
    pub fn run(&self, run: &Run) -> Result<RunOutcome> {
        self.run_traced(run, &mut Trace::default())
    }

    /// Runs a template, and says what is known of it, also where it fails.
    pub(crate) fn run_traced(&self, run: &Run, trace: &mut Trace) -> Result<RunOutcome> {
        let plugin = self.authorizations().approved_plugin(&run.integration)?;
        plugin.check_input(&run.template, &run.input)?;
        let policy = self.policy(&run.workspace, &run.integration)?;
        policy.check(plugin.manifest(), plugin.known_template(&run.template)?, &run.input)?;
        match &run.idempotency_key {
            Some(key) => self.run_once(&plugin, run, key, &policy, trace),
            None => self.run_now(&plugin, run, &policy, trace),
        }
    }

    /// The connection that a run would use, ready for use.
    ///
    /// # Errors
    /// As [`run`](Self::run), as far as nothing is run.
    pub(crate) fn ready(&self, run: &Run) -> Result<Connection> {
        let plugin = self.authorizations().approved_plugin(&run.integration)?;
        self.prepared(&plugin, run).map(|(_, connection, _)| connection)
    }

    /// The connection that a run is to use, as far as that is known before it begins.
    #[cfg_attr(not(feature = "service"), expect(dead_code, reason = "asked by the service only"))]
    pub(crate) fn selected(&self, run: &Run) -> Option<ConnectionId> {
        let authorizations = self.authorizations();
        let user = authorizations.acting_for(&run.workspace, &run.integration, run.user.as_deref()).ok()?;
        let named = run.connection.as_ref();
        let selected = authorizations.select_connection(&run.workspace, &run.integration, user, named);
        selected.ok().map(|connection| connection.id)
    }

    /// Whether there is a connection that a run would use. The vendor is not asked, and no link is made.
    pub(crate) fn is_connected(&self, run: &Run) -> bool {
        let authorizations = self.authorizations();
        let connected = || {
            let plugin = authorizations.approved_plugin(&run.integration)?;
            let user = authorizations.acting_for(&run.workspace, &run.integration, run.user.as_deref())?;
            let connection = authorizations.select_connection(
                &run.workspace,
                &run.integration,
                user,
                run.connection.as_ref(),
            )?;
            check_scopes(plugin.known_template(&run.template)?, &connection)?;
            Ok::<bool, Failure>(connection.status.works())
        };
        connected().unwrap_or(false)
    }

    /// Runs it under its name, unless that was done.
    fn run_once(
        &self,
        plugin: &Plugin,
        run: &Run,
        key: &str,
        policy: &WorkspacePolicy,
        trace: &mut Trace,
    ) -> Result<RunOutcome> {
        let outcomes = self.authorizations().outcomes();
        match outcomes.begin(run, key, policy)? {
            Begin::Before(before) => before,
            Begin::Now(claim) => {
                let result = self.run_now(plugin, run, policy, trace);
                // What happened has happened: that it could not be kept must not hide it.
                if let Err(storage) = outcomes.settle(claim, &result, trace.report.effect_sent) {
                    log::warn!("what came of a named run could not be kept: {storage}");
                }
                result
            }
        }
    }

    fn run_now(
        &self,
        plugin: &Plugin,
        run: &Run,
        policy: &WorkspacePolicy,
        trace: &mut Trace,
    ) -> Result<RunOutcome> {
        let (whose, connection, live) = self.prepared(plugin, run)?;
        let mut context = self.authorizations().context(plugin).restricted(&policy.containers);
        context.limits = run.limits.unwrap_or(context.limits);
        trace.connection = Some(connection.id.clone());
        let (result, report) = self.execute(plugin, run, whose, connection, (context, live));
        trace.report = report;
        result
    }

    /// Whose connection a run uses, and the connection, ready for use.
    fn prepared<'a>(
        &self,
        plugin: &Plugin,
        run: &'a Run,
    ) -> Result<(Whose<'a>, Connection, Arc<dyn Authority>)> {
        let workspace = &run.workspace;
        let user = self.authorizations().acting_for(workspace, &run.integration, run.user.as_deref())?;
        let whose = Whose {
            workspace,
            integration: &run.integration,
            user,
            asked_by: run.user.as_deref(),
            awaits: run.awaits,
        };
        let connection = self
            .authorizations()
            .select_connection(workspace, &run.integration, user, run.connection.as_ref())
            .map_err(|failure| self.authorizations().with_link(whose, None, failure))?;
        let live = self
            .usable(plugin, &run.template, &connection)
            .map_err(|failure| self.authorizations().with_link(whose, Some(&connection), failure))?;
        Ok((whose, connection, live))
    }

    fn execute(
        &self,
        plugin: &Plugin,
        run: &Run,
        whose: Whose<'_>,
        connection: Connection,
        (context, live): (CallContext, Arc<dyn Authority>),
    ) -> (Result<RunOutcome>, CallReport) {
        let authorizations = self.authorizations();
        let context = context.files(Arc::clone(&run.files)).recorded(run.recorder.clone());
        let (result, report) = plugin.execute(context, &run.template, &run.input, live);
        let result = match result {
            Ok(output) => Ok(RunOutcome { output, connection: connection.id, report, replayed: false }),
            Err(failure) if report.effect_sent => Err(failure),
            Err(failure) => Err(authorizations.with_link_if_over(whose, &connection, failure)),
        };
        (result, report)
    }

    /// The connection in use, if it has what the template needs.
    fn usable(&self, plugin: &Plugin, template: &str, connection: &Connection) -> Result<Arc<dyn Authority>> {
        if let Some(template) = plugin.manifest().template(template) {
            check_scopes(template, connection)?;
        }
        self.authorizations().live(connection.clone())
    }
}

/// A scope that is missing is known before anything is sent.
fn check_scopes(template: &Template, connection: &Connection) -> Result<()> {
    if connection.proof != Proof::OAuth2 {
        return Ok(());
    }
    let missing: Vec<String> =
        template.scopes.iter().filter(|scope| !connection.scopes.contains(scope)).cloned().collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(", ");
    Err(Failure::new(
        FailureKind::InsufficientScope(missing),
        "insufficient-scope",
        format!(
            "The template {} needs what the connection {} was not granted: {list}.",
            template.id, connection.id
        ),
    )
    .hint(format!(
        "Allow these scopes in the app's settings at the vendor, then authorize again with them: {list}."
    )))
}
