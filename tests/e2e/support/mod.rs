//! What the tests share: a host with the Confluence component, wired to a sandbox of its own.

mod browser;
mod canaries;
mod cookies;
mod foreign;
mod html;
mod memory;
mod process;
mod script;
mod tap;
mod tokens;
mod town;
mod visitor;
mod wire;

use std::sync::{Arc, Mutex, OnceLock};

use actionbay::authorization::{Authorize, CallbackRouter, Connection, FixedCallback, Profile, PublicUrl};
use actionbay::egress::{OperatorPolicy, Origin, Transport};
use actionbay::ids::{IntegrationId, ProfileId, WorkspaceId};
use actionbay::runtime::{DenyEvents, EventSink};
use actionbay::vault::{MasterKey, MemoryStore};
use actionbay::{CallLimits, Clock, Engine, Failure, Host, HostBuilder, Plugin, Run, RunOutcome};
use atlassian_sandbox::consent::{self, Decision};
use atlassian_sandbox::control::Control;
use atlassian_sandbox::{ClientRegistration, Sandbox, SandboxConfig};
use serde_json::{Value, json};

pub(crate) use browser::{Browser, Page};
pub(crate) use canaries::Canaries;
pub(crate) use foreign::{ForeignServer, Noted};
pub(crate) use html::{Form, forms, links};
pub(crate) use memory::{Memories, Scanner};
pub(crate) use process::{
    Finished, Home, MASTER_KEY, ProxiedSandbox, connected, finish, peak, port_of_nobody,
};
pub(crate) use script::{Script, answer, drip, gzip, listening};
pub(crate) use tap::Tap;
pub(crate) use tokens::{TOKEN, WithTokens, token};
pub(crate) use town::{Town, link_of, run, setup_at, token_of, world_at};
pub(crate) use visitor::{Answer, Visitor};
pub(crate) use wire::{Seen, Wire};

/// The callback URL that is registered with the sandbox's app.
pub(crate) const REDIRECT_URI: &str = "http://localhost:8976/callback";

/// An engine that all tests of this process share, with artifacts that all processes share.
pub(crate) fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::builder().artifacts(artifacts()).build().unwrap())
}

/// Where tests keep compiled components.
pub(crate) fn artifacts() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("artifacts")
}

/// The Confluence component.
pub(crate) fn confluence() -> Plugin {
    static PLUGIN: OnceLock<Plugin> = OnceLock::new();
    PLUGIN.get_or_init(|| load(engine(), crate::components::PLUGIN)).clone()
}

/// A component from its file.
pub(crate) fn load(engine: &Engine, path: &str) -> Plugin {
    engine.load(&std::fs::read(path).unwrap()).unwrap()
}

/// A clock that stands where it is set.
#[derive(Clone)]
pub(crate) struct SetClock(Arc<Mutex<u64>>);

impl SetClock {
    /// The machine's time, from where the sandbox's begins too.
    pub(crate) fn new() -> Self {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        Self(Arc::new(Mutex::new(now.as_secs())))
    }

    pub(crate) fn advance(&self, seconds: u64) {
        *self.0.lock().unwrap() += seconds;
    }
}

impl Clock for SetClock {
    fn now(&self) -> Result<u64, Failure> {
        Ok(*self.0.lock().unwrap())
    }

    /// Nobody waits: the time is set to when it would be over.
    fn wait(&self, time: std::time::Duration) {
        *self.0.lock().unwrap() += time.as_secs() + u64::from(time.subsec_nanos() > 0);
    }
}

/// A host with the Confluence component, a sandbox, and the wire between the two.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) control: Control,
    pub(crate) host: Host,
    pub(crate) wire: Wire,
    pub(crate) clock: SetClock,
    pub(crate) client: ClientRegistration,
}

/// How a world differs from the usual one.
pub(crate) struct Setup {
    pub(crate) sandbox: SandboxConfig,
    pub(crate) plugin: Plugin,
    pub(crate) events: Arc<dyn EventSink>,
    pub(crate) limits: CallLimits,
    /// Put between the host and the wire.
    pub(crate) transport: Option<fn(Wire) -> Arc<dyn Transport>>,
    /// Where people reach the host's pages.
    pub(crate) public_url: Option<PublicUrl>,
}

impl Default for Setup {
    fn default() -> Self {
        let sandbox = SandboxConfig { redirect_uri: REDIRECT_URI.to_owned(), ..SandboxConfig::default() };
        Self {
            sandbox,
            plugin: confluence(),
            events: Arc::new(DenyEvents),
            limits: CallLimits::default(),
            transport: None,
            public_url: None,
        }
    }
}

struct Shared<T: ?Sized>(Arc<T>);

impl Transport for Shared<dyn Transport> {
    fn round_trip(
        &self,
        request: actionbay::egress::OutboundRequest,
    ) -> Result<actionbay::egress::RawResponse, actionbay::egress::TransportError> {
        self.0.round_trip(request)
    }

    fn open(
        &self,
        request: actionbay::egress::OutboundRequest,
    ) -> Result<actionbay::egress::StreamedResponse, actionbay::egress::TransportError> {
        self.0.open(request)
    }
}

impl EventSink for Shared<dyn EventSink> {
    fn event(&self, event: actionbay::runtime::Event<'_>) {
        self.0.event(event);
    }
}

impl CallbackRouter for Shared<dyn CallbackRouter> {
    fn redirect_uri(&self, integration: &IntegrationId, profile: &ProfileId) -> Result<String, Failure> {
        self.0.redirect_uri(integration, profile)
    }

    fn link_url(&self, token: &str) -> Result<url::Url, Failure> {
        self.0.link_url(token)
    }
}

impl World {
    /// The usual world, authorized.
    pub(crate) fn authorized() -> Self {
        let world = Self::new(Setup::default());
        world.authorize().unwrap();
        world.wire.forget();
        world.control.clear_requests().unwrap();
        world
    }

    /// A world with a profile of the vendor's real addresses, not yet authorized.
    pub(crate) fn new(setup: Setup) -> Self {
        Self::with(setup, |host| host)
    }

    /// The same, with a host that is built otherwise.
    pub(crate) fn with(setup: Setup, change: impl FnOnce(HostBuilder) -> HostBuilder) -> Self {
        let sandbox = Sandbox::start(setup.sandbox).unwrap();
        let files = Origin::parse(sandbox.media_url()).unwrap();
        // A profile of a browser that is real leads there by its own address.
        let own = Origin::parse(sandbox.url()).unwrap();
        let wire = Wire::to(sandbox.url()).and_files(&files);
        let clock = SetClock::new();
        let transport: Arc<dyn Transport> = match setup.transport {
            Some(wrap) => wrap(wire.clone()),
            None => Arc::new(wire.clone()),
        };
        let callbacks: Arc<dyn CallbackRouter> = match setup.public_url {
            Some(public) => Arc::new(public),
            None => Arc::new(FixedCallback(REDIRECT_URI.to_owned())),
        };
        let builder = Host::builder()
            .transport(Shared(transport))
            .store(MemoryStore::new(), MasterKey::random().unwrap())
            .clock(clock.clone())
            .callbacks(Shared(callbacks))
            .events(Shared(setup.events))
            .policy(OperatorPolicy::every_public_host().allow(files).allow(own))
            .limits(setup.limits);
        let host = change(builder).build().unwrap();
        host.add(setup.plugin).unwrap();
        let client = sandbox.client().clone();
        let world = Self { control: Control::new(sandbox.url()), sandbox, host, wire, clock, client };
        world.put_profile(&[], &world.client.client_secret);
        world
    }

    /// Stores the profile with these scopes (none: the manifest's) and this secret.
    pub(crate) fn put_profile(&self, scopes: &[&str], secret: &str) {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let manifest = self.host.plugin(&integration()).unwrap();
        let profile =
            Profile::custom(profile(), manifest.manifest(), &self.client.client_id).unwrap().scopes(scopes);
        self.host.put_profile(&workspace(), &profile, &secret.to_owned().into()).unwrap();
    }

    /// Where the person is sent: at the vendor's real address.
    pub(crate) fn begin(&self, site: Option<&str>) -> url::Url {
        self.host
            .begin(&Authorize::new(workspace(), integration(), profile()).site(site.map(str::to_owned)))
            .unwrap()
            .authorization_url
    }

    /// The person decides on the sandbox's consent page; the query that comes back.
    pub(crate) fn consent(&self, authorization_url: &url::Url, decision: Decision) -> String {
        let url = format!("{}/authorize?{}", self.sandbox.url(), authorization_url.query().unwrap());
        let callback = consent::redirect(&url, decision).unwrap();
        url::Url::parse(&callback).unwrap().query().unwrap().to_owned()
    }

    /// The same with the scopes that sending and fetching files takes.
    pub(crate) fn authorize_for_files(&self) {
        let scopes = [
            "read:page:confluence",
            "write:page:confluence",
            "read:space:confluence",
            "read:content-details:confluence",
            "read:attachment:confluence",
            "write:attachment:confluence",
            "offline_access",
        ];
        self.put_profile(&scopes, &self.client.client_secret);
        self.authorize().unwrap();
    }

    /// The whole way to a connection.
    pub(crate) fn authorize(&self) -> Result<Connection, Failure> {
        self.authorize_for(None)
    }

    pub(crate) fn authorize_for(&self, site: Option<&str>) -> Result<Connection, Failure> {
        let url = self.begin(site);
        self.host.handle_callback(&self.consent(&url, Decision::Allow), None)
    }

    /// Runs a template.
    pub(crate) fn run(&self, template: &str, input: Value) -> Result<Value, Failure> {
        self.outcome(template, input).map(|outcome| outcome.output)
    }

    pub(crate) fn outcome(&self, template: &str, input: Value) -> Result<RunOutcome, Failure> {
        self.host.run(&Run::new(workspace(), integration(), template, input))
    }

    pub(crate) fn connections(&self) -> Vec<Connection> {
        self.host.connections(&workspace()).unwrap()
    }

    /// How many token requests of a kind the sandbox granted.
    pub(crate) fn grants(&self, kind: &str) -> u64 {
        self.control.counters().unwrap()["token_grants"][kind].as_u64().unwrap_or_default()
    }

    /// The requests that the sandbox received whose path has this in it.
    pub(crate) fn received(&self, part: &str) -> Vec<Value> {
        let requests = self.control.requests().unwrap();
        requests
            .into_iter()
            .filter(|request| request["path"].as_str().unwrap_or_default().contains(part))
            .collect()
    }

    /// The next `times` requests that match get this answer.
    pub(crate) fn fault(&self, method: &str, path: &str, times: u64, answer: Value) {
        let mut fault = json!({"match": {"method": method, "path": path}, "times": times});
        fault.as_object_mut().unwrap().extend(answer.as_object().unwrap().clone());
        self.control.faults(fault).unwrap();
    }
}

pub(crate) fn workspace() -> WorkspaceId {
    WorkspaceId::default_workspace()
}

pub(crate) fn integration() -> IntegrationId {
    IntegrationId::new("confluence").unwrap()
}

pub(crate) fn profile() -> ProfileId {
    ProfileId::new("app").unwrap()
}
