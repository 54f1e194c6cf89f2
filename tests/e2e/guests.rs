//! Components that behave badly, each in its own way, and one that behaves well.

use std::time::{Duration, Instant};

use actionbay::authorization::{Authorize, FixedCallback, Profile, WorkspacePolicy};
use actionbay::egress::{OperatorPolicy, Origin, OutboundRequest, RawResponse, Transport, TransportError};
use actionbay::ids::{ConnectionId, IntegrationId, ProfileId, WorkspaceId};
use actionbay::runtime::EventSink;
use actionbay::vault::{KeySource, MasterKey, MemoryStore, SqliteStore};
use actionbay::{CallLimits, Failure, FailureKind, Host, HostBuilder, Plugin, Recorder, Run, SystemClock};
use serde_json::{Value, json};

use crate::components::{
    ALLOCATES_WITHOUT_END, CALLS_OUT_IN_DESCRIBE, ECHO, IMPORTS_FILES, IMPORTS_WASI, LOOPS_FOREVER, PANICS,
    RETURNS_INVALID_JSON, RETURNS_TOO_MUCH, TRAPS, VIOLATES_ITS_OUTPUT_SCHEMA,
};
use crate::support::{Home, MASTER_KEY, Script, WithTokens, engine, load};

/// Answers token requests with a token, and everything else with what it was asked.
pub(crate) struct Vendor;

impl Transport for Vendor {
    fn round_trip(&self, request: OutboundRequest) -> Result<RawResponse, TransportError> {
        let body = if request.url.path() == "/token" {
            json!({"access_token": "canary-access-token", "expires_in": 3600, "refresh_token": "canary-refresh-token"})
        } else {
            json!({"method": request.method.as_str(), "url": request.url.as_str(),
                   "authorized": request.headers.contains_key("authorization")})
        };
        Ok(RawResponse { status: 200, headers: http::HeaderMap::new(), body: body.to_string().into_bytes() })
    }
}

/// A host with one guest, and one that behaves well beside it, both connected.
pub(crate) struct Guest {
    host: Host,
    id: IntegrationId,
}

impl Guest {
    pub(crate) fn new(path: &str, limits: CallLimits) -> Self {
        Self::at(path, limits, |host| host.transport(Vendor))
    }

    /// With a vendor of its own.
    pub(crate) fn with(path: &str, vendor: impl Transport + 'static) -> Self {
        Self::at(path, CallLimits::default(), |host| host.transport(vendor))
    }

    /// Watched by somebody.
    pub(crate) fn watched(path: &str, events: impl EventSink + 'static) -> Self {
        Self::at(path, CallLimits::default(), |host| host.transport(Vendor).events(events))
    }

    /// With a server in the place of its audience.
    pub(crate) fn facing(path: &str, server: &Script, limits: CallLimits) -> Self {
        Self::at_origin(path, &server.origin, limits)
    }

    /// With a server of another process in the place of its audience.
    pub(crate) fn at_origin(path: &str, origin: &str, limits: CallLimits) -> Self {
        let policy = OperatorPolicy::every_public_host();
        let policy = policy.replace("app", "api", Origin::parse(origin).unwrap());
        Self::at(path, limits, |host| host.transport(WithTokens::default()).policy(policy))
    }

    fn at(path: &str, limits: CallLimits, change: impl FnOnce(HostBuilder) -> HostBuilder) -> Self {
        Self::of(load(engine(), path), limits, change)
    }

    pub(crate) fn of(
        plugin: Plugin,
        limits: CallLimits,
        change: impl FnOnce(HostBuilder) -> HostBuilder,
    ) -> Self {
        let builder = Host::builder()
            .store(MemoryStore::new(), MasterKey::random().unwrap())
            .clock(SystemClock)
            .callbacks(FixedCallback("https://platform.example/callback".to_owned()))
            .policy(OperatorPolicy::every_public_host())
            .limits(limits);
        let guest = Self { host: change(builder).build().unwrap(), id: plugin.manifest().id.clone() };
        if guest.id != other_id() {
            guest.connect(load(engine(), ECHO), "other", &workspace());
        }
        guest.connect(plugin, "app", &workspace());
        guest
    }

    /// A data directory of the command in which it is connected, with a server in the place of its audience.
    pub(crate) fn home(path: &str, server: &Script) -> Home {
        let home = Home::new();
        std::fs::create_dir_all(home.data()).unwrap();
        let origins = format!("[policy.audience-origins.app]\napi = \"{}\"\n", server.origin);
        std::fs::write(home.data().join("config.toml"), origins).unwrap();
        let store = SqliteStore::open(&home.data().join("actionbay.db")).unwrap();
        let key = KeySource::Text(MASTER_KEY.to_owned().into()).read(false).unwrap();
        let builder = Host::builder()
            .store(store, key)
            .clock(SystemClock)
            .callbacks(FixedCallback("https://platform.example/callback".to_owned()))
            .transport(WithTokens::default())
            .policy(OperatorPolicy::every_public_host());
        let plugin = load(engine(), path);
        let guest = Self { host: builder.build().unwrap(), id: plugin.manifest().id.clone() };
        guest.connect(plugin, "app", &workspace());
        home
    }

    fn connect(&self, plugin: Plugin, profile: &str, workspace: &WorkspaceId) {
        let id = plugin.manifest().id.clone();
        let profile = Profile::custom(ProfileId::new(profile).unwrap(), plugin.manifest(), "client").unwrap();
        self.host.add(plugin).unwrap();
        self.authorize(id, &profile, workspace);
    }

    fn authorize(&self, id: IntegrationId, profile: &Profile, workspace: &WorkspaceId) {
        self.host.put_profile(workspace, profile, &"client-secret-0123".to_owned().into()).unwrap();
        let begun = self.host.begin(&Authorize::new(workspace.clone(), id, profile.id.clone())).unwrap();
        let state =
            begun.authorization_url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
        self.host.handle_callback(&format!("code=canary-code-0123&state={state}"), None).unwrap();
    }

    /// Connects it in another workspace too.
    pub(crate) fn connect_in(&self, workspace: &WorkspaceId) {
        let plugin = self.host.plugin(&self.id).unwrap();
        let profile = Profile::custom(ProfileId::new("app").unwrap(), plugin.manifest(), "client").unwrap();
        self.authorize(self.id.clone(), &profile, workspace);
    }

    pub(crate) fn set_policy(&self, change: impl FnOnce(&mut WorkspacePolicy)) {
        self.host.set_policy(&workspace(), &self.id, change).unwrap();
    }

    /// Renews the connection, whether it is due or not.
    pub(crate) fn refresh(&self) -> Result<(), Failure> {
        let connections = self.host.connections(&workspace()).unwrap();
        let own = connections.iter().find(|connection| connection.integration == self.id).unwrap();
        self.host.refresh(&workspace(), &own.id).map(drop)
    }

    pub(crate) fn run(&self, template: &str, input: Value) -> Result<Value, Failure> {
        self.run_in(&workspace(), template, input)
    }

    /// Runs it, and writes that down.
    pub(crate) fn record(&self, template: &str, input: Value, recorder: &Recorder) -> Result<Value, Failure> {
        self.outcome(&Run::new(workspace(), self.id.clone(), template, input).record(recorder))
    }

    /// Runs a template of the one that behaves well.
    pub(crate) fn run_other(&self, template: &str, input: Value) -> Result<Value, Failure> {
        self.outcome(&Run::new(workspace(), other_id(), template, input))
    }

    pub(crate) fn run_in(
        &self,
        workspace: &WorkspaceId,
        template: &str,
        input: Value,
    ) -> Result<Value, Failure> {
        self.outcome(&Run::new(workspace.clone(), self.id.clone(), template, input))
    }

    /// Runs it within limits of this run alone.
    pub(crate) fn run_within(
        &self,
        limits: CallLimits,
        template: &str,
        input: Value,
    ) -> Result<Value, Failure> {
        self.outcome(&Run::new(workspace(), self.id.clone(), template, input).limits(Some(limits)))
    }

    pub(crate) fn outcome(&self, run: &Run) -> Result<Value, Failure> {
        self.host.run(run).map(|outcome| outcome.output)
    }

    /// The ids of the connections of a workspace.
    pub(crate) fn connections(&self, workspace: &WorkspaceId) -> Vec<ConnectionId> {
        self.host.connections(workspace).unwrap().into_iter().map(|connection| connection.id).collect()
    }

    /// A run of its template `run`, for tests that add to it.
    pub(crate) fn to_run(&self, input: Value) -> Run {
        Run::new(workspace(), self.id.clone(), "run", input)
    }

    /// Whatever became of a call, the next one of the same plugin does what it always did, and so does one of another
    /// plugin.
    pub(crate) fn works_as_before(&self) {
        if self.id != other_id() {
            let calm = json!({"behave": true, "answer": 42});
            assert_eq!(self.run("run", calm.clone()).unwrap(), calm);
        }
        let input = json!({"a": [1, "ü"]});
        let echo = self.host.run(&Run::new(workspace(), other_id(), "echo", input.clone())).unwrap();
        assert_eq!(echo.output, input);
    }
}

/// The plugin beside the guest.
fn other_id() -> IntegrationId {
    IntegrationId::new("echo").unwrap()
}

fn workspace() -> WorkspaceId {
    WorkspaceId::default_workspace()
}

fn small() -> CallLimits {
    CallLimits::default().wall_clock(Duration::from_millis(300)).memory_bytes(32 << 20)
}

fn fails(path: &str, input: Value) -> Failure {
    let guest = Guest::new(path, small());
    let failure = guest.run("run", input.clone()).unwrap_err();
    guest.works_as_before();
    let again = guest.run("run", input).unwrap_err();
    assert_eq!(failure.code, again.code, "a call that fails leaves the host as it was");
    failure
}

#[test]
fn a_component_that_behaves_well_gets_what_it_asks_for_in_its_audience() {
    let guest = Guest::new(ECHO, CallLimits::default());
    assert_eq!(guest.run("echo", json!({"a": [1, "ü"]})).unwrap(), json!({"a": [1, "ü"]}));
    let answer = guest.run("fetch", json!({"audience": "api", "path": "/x", "query": {"q": "a b"}})).unwrap();
    let seen: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!(seen["url"], "https://api.example.com/v1/x?q=a%20b");
    assert_eq!(seen["authorized"], true);
    let answer = guest.run("fetch-without-connection", json!({"audience": "api", "path": "/x"})).unwrap();
    let seen: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!(seen["authorized"], false);
}

#[test]
fn a_component_cannot_leave_its_audience_set_a_credential_or_use_what_is_for_authorizing() {
    let guest = Guest::new(ECHO, CallLimits::default());
    for (input, code) in [
        (json!({"audience": "elsewhere", "path": "/x"}), "unknown-audience"),
        (json!({"audience": "accounts", "path": ""}), "authorization-only"),
        (json!({"audience": "api", "path": "/../admin"}), "dot-segment"),
        (json!({"audience": "api", "path": "/%2e%2e/admin"}), "dot-segment"),
        (json!({"audience": "api", "path": "//evil.example"}), "empty-segment"),
        (json!({"audience": "api", "path": "@evil.example"}), "path-not-absolute"),
        (
            json!({"audience": "api", "path": "/x", "headers": {"Authorization": "Bearer mine"}}),
            "header-refused",
        ),
        (json!({"audience": "api", "path": "/x", "headers": {"Cookie": "a=b"}}), "header-refused"),
        (json!({"audience": "api", "path": "/x", "headers": {"Host": "evil.example"}}), "header-refused"),
        (json!({"audience": "api", "path": "/x", "headers": {"Proxy-Authorization": "x"}}), "header-refused"),
        (json!({"audience": "api", "path": "/x", "headers": {"X-A": "b\r\nHost: evil"}}), "bad-header"),
        (json!({"audience": "api", "path": "/x", "method": "CONNECT"}), "method-refused"),
    ] {
        let failure = guest.run("fetch", input.clone()).unwrap_err();
        assert_eq!((failure.kind, failure.code.as_ref()), (FailureKind::Denied, code), "{input}");
    }
    guest.works_as_before();
}

#[test]
fn a_component_that_loops_for_ever_is_ended_at_its_deadline() {
    let started = Instant::now();
    let failure = fails(LOOPS_FOREVER, json!({}));
    assert_eq!((failure.kind, failure.code.as_ref()), (FailureKind::TimedOut, "call-timed-out"));
    assert!(failure.hint.unwrap().contains("wall-clock"));
    assert!(started.elapsed() < Duration::from_secs(30));
}

#[test]
fn a_component_that_allocates_without_end_is_ended_at_its_memory() {
    let failure = fails(ALLOCATES_WITHOUT_END, json!({}));
    assert!(failure.message.contains("33554432") && failure.hint.as_ref().unwrap().contains("memory-bytes"));
    assert_eq!((failure.kind, failure.code.as_ref()), (FailureKind::LimitExceeded, "memory-bytes-exceeded"));
}

#[test]
fn a_component_that_traps_or_panics_is_a_crash_of_that_call_alone() {
    for path in [TRAPS, PANICS] {
        let failure = fails(path, json!({}));
        assert_eq!((failure.kind, failure.code.as_ref()), (FailureKind::Internal, "plugin-crashed"));
    }
}

#[test]
fn an_output_that_is_no_json_or_breaks_its_schema_is_refused() {
    assert_eq!(fails(RETURNS_INVALID_JSON, json!({})).code, "invalid-output");
    let failure = fails(VIOLATES_ITS_OUTPUT_SCHEMA, json!({}));
    assert_eq!(failure.code, "invalid-output");
    assert!(!failure.violations.is_empty());
}

#[test]
fn an_output_that_is_too_large_is_refused() {
    let guest = Guest::new(RETURNS_TOO_MUCH, CallLimits::default().output_bytes(1 << 20));
    let failure = guest.run("run", json!({"letters": 2 << 20})).unwrap_err();
    assert_eq!((failure.kind, failure.code.as_ref()), (FailureKind::LimitExceeded, "output-bytes-exceeded"));
    let failure = guest.run("run", json!({})).unwrap_err();
    assert_eq!(failure.code, "memory-bytes-exceeded", "200 MB do not fit its memory either");
    guest.works_as_before();
    let failure =
        guest.run_within(CallLimits::default().memory_bytes(1 << 30), "run", json!({})).unwrap_err();
    assert_eq!(
        (failure.kind, failure.code.as_ref()),
        (FailureKind::LimitExceeded, "hostcall-bytes-exceeded"),
        "nor does the host take them where they do"
    );
    guest.works_as_before();
}

#[test]
fn a_component_that_calls_out_while_it_describes_itself_is_refused_and_so_is_a_foreign_import() {
    let refused = |path: &str| engine().load(&std::fs::read(path).unwrap()).unwrap_err();
    let failure = refused(CALLS_OUT_IN_DESCRIBE);
    assert_eq!(failure.kind, FailureKind::BadPlugin);
    assert!(failure.message.contains("http.send"), "{failure}");
    for (path, import) in [
        (IMPORTS_WASI, "wasi:sockets/instance-network@0.2.0"),
        (IMPORTS_FILES, "wasi:filesystem/preopens@0.2.0"),
    ] {
        let failure = refused(path);
        assert_eq!(failure.code, "foreign-import");
        assert!(failure.message.contains(import), "{failure}");
        assert!(failure.hint.unwrap().contains("There are no files and no sockets."));
    }
}

#[test]
fn what_is_no_component_is_refused_in_one_sentence() {
    let component = std::fs::read(ECHO).unwrap();
    for (bytes, code) in [
        (&b""[..], "not-a-component"),
        (b"hello", "not-a-component"),
        (b"\0asm\x01\0\0\0", "not-a-component"),
        (&component[..component.len() / 2], "broken-component"),
        (&component[..9], "broken-component"),
    ] {
        let failure = engine().load(bytes).unwrap_err();
        assert_eq!((&failure.kind, failure.code.as_ref()), (&FailureKind::BadPlugin, code));
        assert!(failure.hint.is_some() && !failure.message.contains('\n'), "{failure}");
    }
}
