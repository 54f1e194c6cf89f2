//! One call of a plugin: what it is given, the store it runs in, what becomes of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmtime::component::{Instance, InstancePre, ResourceTable, ResourceTableError};
use wasmtime::{Store, Trap, UpdateDeadline};

use super::files::{FileBytes, FileRights, Files, Target};
use super::guard::Guard;
use super::limits::{self, LARGEST_MEMORY, Meter};
use super::wasi::{self, Wasi};
use super::{
    AudienceFacts, CallLimits, ConnectionFacts, ContainerPolicy, DenyEvents, DenyFiles, Engine, Event,
    EventSink, Pacer, Recorder, Site, Tape,
};
use crate::egress::{Audience, Credential, Egress, Response};
use crate::failure::{Failure, FailureKind, Result};
use crate::secret::Secrets;

/// What is behind a connection's handle: the facts a guest may have, and the credential it may not.
pub trait Authority: Send + Sync {
    /// What is known of the connection now.
    fn facts(&self) -> ConnectionFacts;

    /// The profile it was made with, for what the operator put in the place of audiences.
    fn profile(&self) -> &str;

    /// Where an audience of the manifest is for this connection.
    ///
    /// # Errors
    /// `Denied` where the connection may not be used for it.
    fn audience(&self, of_manifest: Audience) -> Result<Audience> {
        Ok(of_manifest)
    }

    /// A credential that is good for a request now; it may be renewed for that, until `deadline`.
    ///
    /// # Errors
    /// `AuthorizationRequired` and whatever a refresh gives.
    fn credential(&self, deadline: Instant) -> Result<Credential>;

    /// Whether the credential was renewed because of this answer to a request that was made with it, so that the
    /// request may be sent once more.
    ///
    /// # Errors
    /// Whatever a refresh gives.
    fn renewed_after(&self, response: &Response, deadline: Instant) -> Result<bool>;
}

/// Makes the token requests that a guest asks for, in its name and out of its sight.
pub trait TokenBroker: Send + Sync {
    /// Exchanges the authorization code of this call.
    ///
    /// # Errors
    /// What the token endpoint's answer means; `Denied` where this call has no code, or not any more.
    fn exchange_code(&self, deadline: Instant) -> Result<Arc<dyn Authority>>;

    /// Exchanges the refresh token of a connection.
    ///
    /// # Errors
    /// What the token endpoint's answer means; `Denied` where the call is not for this connection.
    fn refresh_token(&self, connection: &dyn Authority, deadline: Instant) -> Result<ConnectionFacts>;

    /// The profile of the connection that the call is about.
    fn profile(&self) -> String;

    /// The secrets that play a part in this call, so that they can be kept out of whatever leaves it.
    fn secrets(&self) -> Secrets;
}

/// What a call is given.
#[derive(Clone)]
pub struct CallContext {
    /// The way out.
    pub egress: Egress,
    /// Who watches.
    pub events: Arc<dyn EventSink>,
    /// What it may use.
    pub limits: CallLimits,
    /// The pauses that vendors asked for.
    pub pacer: Pacer,
    /// Who makes token requests, in calls that may have them made.
    pub tokens: Option<Arc<dyn TokenBroker>>,
    /// Which containers a template may read and change.
    pub containers: Arc<ContainerPolicy>,
    /// The files of the caller.
    pub files: Arc<dyn Files>,
    /// What listens to it, or stands in for the host.
    pub tape: Tape,
}

impl CallContext {
    /// A way out and its pace; of all else nothing but the usual limits.
    pub fn new(egress: Egress, pacer: Pacer) -> Self {
        Self {
            egress,
            events: Arc::new(DenyEvents),
            limits: CallLimits::default(),
            pacer,
            tokens: None,
            containers: Arc::default(),
            files: Arc::new(DenyFiles),
            tape: Tape::default(),
        }
    }

    /// The same, for a workspace with this policy.
    #[must_use]
    pub fn restricted(mut self, containers: &ContainerPolicy) -> Self {
        self.containers = Arc::new(containers.clone());
        self
    }

    /// The same, with these files.
    #[must_use]
    pub fn files(mut self, files: Arc<dyn Files>) -> Self {
        self.files = files;
        self
    }

    /// The same, recorded where there is a recorder.
    #[must_use]
    pub fn recorded(mut self, recorder: Option<Recorder>) -> Self {
        self.tape = recorder.map(Tape::recording).unwrap_or_default();
        self
    }

    /// The same, ending no later than `deadline`.
    #[must_use]
    pub fn until(mut self, deadline: Instant) -> Self {
        self.limits.wall_clock =
            self.limits.wall_clock.min(deadline.saturating_duration_since(Instant::now()));
        self
    }
}

/// A step of an authorization, as the plugin is asked for it.
pub enum AuthorizationStep {
    /// A person is about to be sent to the consent page for these scopes.
    Begin {
        /// The scopes.
        scopes: Vec<String>,
    },
    /// The person came back with a code.
    Callback {
        /// The callback's parameters without `code` and `state`.
        parameters: Vec<(String, String)>,
    },
    /// The person chose a site.
    ChooseSite {
        /// The connection that waits for it.
        connection: Arc<dyn Authority>,
        /// The site.
        site: Site,
    },
}

/// How a step ended.
pub enum AuthorizationOutcome {
    /// Send the person to the consent page with these parameters too.
    Redirect(Vec<(String, String)>),
    /// Ask the person for one of these sites.
    Choose {
        /// The connection that waits for it.
        connection: Arc<dyn Authority>,
        /// The sites.
        sites: Vec<Site>,
    },
    /// The connection is ready.
    Granted(Granted),
}

/// A connection that is ready.
pub struct Granted {
    /// The connection.
    pub connection: Arc<dyn Authority>,
    /// The site it works in.
    pub site: Option<Site>,
    /// What to remember of the account.
    pub attributes: Vec<(String, String)>,
}

/// What a call took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[non_exhaustive]
pub struct CallReport {
    /// Requests that the guest had sent.
    pub requests: u32,
    /// What the requests cost, in the vendor's points, where it keeps a budget.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub points: Option<u64>,
    /// From start to end.
    #[serde(rename = "milliseconds", serialize_with = "as_milliseconds")]
    pub duration: Duration,
    /// Whether a request left that may have had an effect.
    #[serde(skip)]
    pub effect_sent: bool,
}

fn as_milliseconds<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

/// The longest that a call may be allowed: beyond it no deadline can be computed with.
const LONGEST_CALL: Duration = Duration::from_secs(24 * 60 * 60);

/// What a guest has after its time is over, for saying what became of a request that the end of its time cut off: whether
/// something was done must not be lost with it. Nothing is sent any more.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// The largest manifest in bytes: two hundred templates whose schemas are as large as a long form's.
const MANIFEST_BYTES: usize = 4 << 20;

/// How long describing may take: it gives back what was written down, and somebody waits for the component to load.
const LONGEST_DESCRIBE: Duration = Duration::from_secs(10);

/// Why the guest is called, which decides what its imports do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Describe,
    Authorize,
    Refresh,
    Execute,
}

impl Purpose {
    pub(super) fn function(self) -> &'static str {
        match self {
            Self::Describe => "describe",
            Self::Authorize => "authorize",
            Self::Refresh => "refresh",
            Self::Execute => "execute-template",
        }
    }
}

/// What a guest's handle of a connection stands for.
#[expect(unreachable_pub, reason = "the generated bindings re-export it within a private module")]
pub struct Handle(pub(super) Arc<dyn Authority>);

/// The host's side of one call.
pub(super) struct State {
    pub(super) purpose: Purpose,
    pub(super) context: Option<CallContext>,
    pub(super) audiences: Arc<[AudienceFacts]>,
    /// What guards the requests of a template.
    pub(super) guard: Option<Guard>,
    pub(super) table: ResourceTable,
    pub(super) meter: Meter,
    pub(super) limits: CallLimits,
    pub(super) started: Instant,
    pub(super) requests: u32,
    pub(super) points: Option<u64>,
    /// Whether a request left that may have had an effect.
    pub(super) effect_sent: bool,
    /// What it may open and make.
    pub(super) file_rights: FileRights,
    /// Bytes of files that were sent, and that were fetched.
    pub(super) file_bytes: FileBytes,
    /// How long that took.
    pub(super) transferred: Duration,
    /// The file that the answer to the request at hand shall end in.
    pub(super) target: Option<Target>,
    pub(super) lines: u32,
    /// The profile that requests without a connection are made for: the one of the call's connection.
    pub(super) profile: Option<String>,
    pub(super) secrets: Secrets,
    /// What a language of other components brings along.
    #[cfg_attr(not(feature = "wasi"), expect(dead_code, reason = "there is nothing in it then"))]
    pub(super) wasi: Wasi,
    /// Why the host ended the call, where it did.
    pub(super) ended: Option<Failure>,
}

impl State {
    pub(super) fn new(
        purpose: Purpose,
        context: Option<CallContext>,
        audiences: Arc<[AudienceFacts]>,
    ) -> Self {
        let mut limits = context.as_ref().map(|context| context.limits).unwrap_or_default();
        limits.wall_clock = limits.wall_clock.min(LONGEST_CALL);
        limits.transfer = limits.transfer.min(LONGEST_CALL);
        limits.memory_bytes = limits.memory_bytes.min(LARGEST_MEMORY);
        if purpose == Purpose::Describe {
            (limits.wall_clock, limits.hostcall_bytes) = (LONGEST_DESCRIBE, MANIFEST_BYTES);
        }
        let secrets =
            context.as_ref().and_then(|context| context.tokens.as_ref()).map(|tokens| tokens.secrets());
        Self {
            purpose,
            audiences,
            guard: None,
            table: table(limits.handles),
            meter: Meter::new(&limits),
            limits,
            started: Instant::now(),
            requests: 0,
            points: None,
            effect_sent: false,
            file_rights: FileRights::default(),
            file_bytes: FileBytes::default(),
            transferred: Duration::ZERO,
            target: None,
            lines: 0,
            profile: None,
            secrets: secrets.unwrap_or_default(),
            wasi: Wasi::default(),
            ended: None,
            context,
        }
    }

    pub(super) fn deadline(&self) -> Instant {
        self.started + self.limits.wall_clock + self.transferred
    }

    pub(super) fn time_left(&self) -> Duration {
        self.deadline().saturating_duration_since(Instant::now())
    }

    /// How long the guest may still run.
    fn time_to_run(&self) -> Duration {
        (self.deadline() + LAST_WORDS).saturating_duration_since(Instant::now())
    }

    pub(super) fn raise(&self, event: Event<'_>) {
        if let Some(context) = &self.context {
            context.events.event(event);
        }
    }
}

/// A table of handles that holds so many.
fn table(handles: usize) -> ResourceTable {
    let mut table = ResourceTable::new();
    table.set_max_capacity(handles);
    table
}

/// Runs one exported function in a store of its own and says what it took.
pub(super) fn run<T>(
    engine: &Engine,
    component: &InstancePre<State>,
    integration: &str,
    purpose: Purpose,
    context: Option<CallContext>,
    audiences: Arc<[AudienceFacts]>,
    body: impl FnOnce(&Instance, &mut Store<State>) -> wasmtime::Result<Result<T>>,
) -> (Result<T>, CallReport) {
    let mut store = Store::new(engine.wasmtime(), State::new(purpose, context, audiences));
    store.limiter(|state| &mut state.meter);
    store.set_hostcall_fuel(store.data().limits.hostcall_bytes);
    let handles = store.data().limits.component_handles;
    store.set_max_component_handles(handles);
    store.set_epoch_deadline(Engine::ticks(store.data().time_to_run()));
    // The clock stood still while files were on their way.
    store.epoch_deadline_callback(|context| match context.data().time_to_run() {
        Duration::ZERO => Err(Trap::Interrupt.into()),
        left => Ok(UpdateDeadline::Continue(Engine::ticks(left))),
    });
    let function = purpose.function();
    store.data().raise(Event::CallStarted { integration, function });
    let returned = engine.on_enough_stack(|| {
        component.instantiate(&mut store).and_then(|instance| body(&instance, &mut store))
    });
    let state = store.data();
    let result = match returned {
        Ok(result) => result,
        Err(error) => Err(crashed(engine, state, &error)),
    };
    let result = result.map_err(|failure| {
        // The guest may say less of its requests than the host saw.
        let sent = failure.request_sent || state.effect_sent;
        failure.sent(sent).without(&state.secrets)
    });
    let report = CallReport {
        requests: state.requests,
        points: state.points,
        duration: state.started.elapsed(),
        effect_sent: state.effect_sent,
    };
    let failure = result.as_ref().err().map(|failure| failure.code.as_ref());
    state.raise(Event::CallFinished { integration, function, failure });
    (result, report)
}

/// Why a guest did not return, in the order of what is known for sure.
fn crashed(engine: &Engine, state: &State, error: &wasmtime::Error) -> Failure {
    if let Some(ended) = &state.ended {
        return ended.clone();
    }
    let exceeded = |limit, what| state.limits.exceeded(limit, what);
    let trap = error.downcast_ref::<Trap>();
    // These say for themselves what it was, whatever growth was refused before.
    let is_other =
        matches!(trap, Some(Trap::Interrupt | Trap::StackOverflow)) || wasi::exit_status(error).is_some();
    if let Some(limit) = state.meter.exceeded.filter(|_| !is_other) {
        return exceeded(limit, "The plugin asked for larger memories or tables than a call may have");
    }
    if error.is::<wasmtime::PoolConcurrencyLimitError>() {
        let calls = engine.concurrent_calls();
        return Failure::new(
            FailureKind::LimitExceeded,
            "host-busy",
            format!(
                "As many calls are running as this host can run at the same time: the limit concurrent-calls is {calls}."
            ),
        )
        .hint("Try again in a moment, or raise the limit concurrent-calls.");
    }
    if let Some(status) = wasi::exit_status(error) {
        return crash(&format!("it ended itself with the status {status}"));
    }
    if let Some(ResourceTableError::Full) = error.downcast_ref::<ResourceTableError>() {
        return exceeded("handles", "The plugin holds as many connections and files as a call may have");
    }
    // The types of these are not public; their texts are all that tells them apart.
    let text = error.root_cause().to_string();
    if text.contains("store handle limit exceeded") {
        return exceeded("component-handles", "The plugin holds as many handles as a call may have");
    }
    if text.contains("fuel allocated for hostcalls") && state.purpose == Purpose::Describe {
        let what = format!("it has more than {MANIFEST_BYTES} bytes, and no manifest may have more");
        return Failure::new(FailureKind::LimitExceeded, "manifest-too-large", what);
    }
    if text.contains("fuel allocated for hostcalls") {
        return exceeded("hostcall-bytes", "The plugin handed more bytes to the host at once than it may");
    }
    if text.contains("resource limit exceeded") {
        return exceeded("instances", "The plugin is made of more parts than a call may have");
    }
    match trap {
        Some(Trap::Interrupt) => Failure::new(
            FailureKind::TimedOut,
            "call-timed-out",
            format!("The plugin did not finish within {} seconds.", state.limits.wall_clock.as_secs_f32()),
        )
        .hint("Ask for less at once, or raise the limit wall-clock."),
        Some(Trap::StackOverflow) => {
            let bytes = engine.stack_bytes().to_string();
            limits::exceeded("stack-bytes", &bytes, "The plugin called itself too deeply")
        }
        Some(trap) => crash(&trap.to_string()),
        None => crash(&text),
    }
}

fn crash(why: &str) -> Failure {
    Failure::new(FailureKind::Internal, "plugin-crashed", format!("The plugin crashed: {why}."))
        .hint("This is a fault of the plugin; other calls are not affected.")
}
