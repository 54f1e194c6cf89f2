//! What the benchmarks share: a host with the Confluence component, a store on disk, and a vendor in memory.

pub(crate) mod bare;
pub(crate) mod guest;
pub(crate) mod native;
pub(crate) mod server;
pub(crate) mod vendor;

use std::sync::Arc;
use std::time::Instant;

use actionbay::authorization::{Authorize, Connection, FixedCallback, Profile};
use actionbay::egress::{Credential, Egress, OperatorPolicy, Response, Transport};
use actionbay::ids::{IntegrationId, ProfileId, WorkspaceId};
use actionbay::runtime::{Authority, CallContext, ConnectionFacts, Pacer};
use actionbay::secret::SecretString;
use actionbay::vault::{
    Collection, Expect, KeySource, MasterKey, RecordKey, SecretPlace, SqliteStore, Store, Vault, Write,
};
use actionbay::{Engine, Failure, Host, Plugin, Run, SystemClock};
use serde_json::{Value, json};
use tempfile::TempDir;
use vendor::Vendor;

/// The template that is run: one request of the component, one answer.
pub(crate) const TEMPLATE: &str = "view-content";

/// The master key of the stores.
const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// The component that ships with the command.
pub(crate) static COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/builtin/confluence.wasm"));

/// The component, compiled.
pub(crate) fn plugin() -> Plugin {
    Engine::new().unwrap().load(COMPONENT).unwrap()
}

/// What the template is given.
pub(crate) fn input() -> Value {
    json!({"id": "131075", "type": "page"})
}

/// A host over a store on disk, authorized by the whole way that people take.
pub(crate) struct World {
    pub(crate) host: Host,
    pub(crate) connection: Connection,
    folder: TempDir,
}

impl World {
    /// A host with one connection, for this end user or for everybody, whose token is fresh.
    pub(crate) fn new(plugin: &Plugin, user: Option<&str>) -> Self {
        Self::with(plugin, user, Vendor, OperatorPolicy::every_public_host())
    }

    /// The same, over another wire.
    pub(crate) fn with(
        plugin: &Plugin,
        user: Option<&str>,
        wire: impl Transport + 'static,
        policy: OperatorPolicy,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let host = Host::builder()
            .transport(wire)
            .store(open(&folder), master_key())
            .clock(SystemClock)
            .callbacks(FixedCallback("http://localhost/callback".to_owned()))
            .policy(policy)
            .build()
            .unwrap();
        host.add(plugin.clone()).unwrap();
        let app = ProfileId::new("app").unwrap();
        let profile = Profile::custom(app.clone(), plugin.manifest(), "client").unwrap();
        host.put_profile(&workspace(), &profile, &"client-secret-of-the-app".to_owned().into()).unwrap();
        let wish = Authorize::new(workspace(), integration(), app).user(user.map(str::to_owned));
        let begun = host.begin(&wish).unwrap();
        let state = begun.authorization_url.query_pairs().find(|(name, _)| name == "state").unwrap().1;
        let connection = host.handle_callback(&format!("code=a-code&state={state}"), None).unwrap();
        Self { host, connection, folder }
    }

    /// The same, with so many connections of other end users beside it.
    pub(crate) fn among(plugin: &Plugin, user: &str, others: usize) -> Self {
        let world = Self::new(plugin, Some(user));
        let store = world.store();
        let key = |id: &str| RecordKey::new(Collection::Connections, workspace().as_str(), id);
        let record = store.get(&key(world.connection.id.as_str())).unwrap().unwrap();
        let own: Value = serde_json::from_slice(&record.body).unwrap();
        let copies: Vec<Write> = (0..others)
            .map(|number| {
                let id = format!("c-{number:030}");
                let mut copy = own.as_object().unwrap().clone();
                copy.insert("user".to_owned(), json!(format!("user-{number}")));
                copy.insert("id".to_owned(), json!(id));
                Write::put(key(&id), Expect::Absent, serde_json::to_vec(&copy).unwrap())
            })
            .collect();
        store.commit(&copies).unwrap();
        world
    }

    /// The run of the template for the connection's user.
    pub(crate) fn run(&self) -> Run {
        Run::new(workspace(), integration(), TEMPLATE, input()).user(self.connection.user.clone())
    }

    /// The store, opened once more.
    pub(crate) fn store(&self) -> SqliteStore {
        open(&self.folder)
    }

    /// The vault over it.
    pub(crate) fn vault(&self) -> Vault {
        Vault::open(Arc::new(self.store()), master_key()).unwrap()
    }

    /// Where the access token is.
    pub(crate) fn token_place(&self) -> SecretPlace {
        SecretPlace::new(workspace(), format!("connection/{}", self.connection.id), "access-token")
    }
}

fn open(folder: &TempDir) -> SqliteStore {
    SqliteStore::open(&folder.path().join("store.db")).unwrap()
}

fn master_key() -> MasterKey {
    KeySource::Text(MASTER_KEY.to_owned().into()).read(false).unwrap()
}

pub(crate) fn workspace() -> WorkspaceId {
    WorkspaceId::default_workspace()
}

pub(crate) fn integration() -> IntegrationId {
    IntegrationId::new("confluence").unwrap()
}

/// What a call is given without a host.
pub(crate) fn context() -> CallContext {
    let egress = Egress::new(Arc::new(Vendor), OperatorPolicy::every_public_host());
    CallContext::new(egress, Pacer::new(Arc::new(SystemClock)))
}

/// A connection that is a constant: what a call costs without one.
pub(crate) struct Constant {
    facts: ConnectionFacts,
    token: SecretString,
}

impl Constant {
    /// With the facts of a stored connection.
    pub(crate) fn like(connection: &Connection) -> Self {
        let facts = ConnectionFacts {
            id: connection.id.to_string(),
            scopes: connection.scopes.clone(),
            expires_at: connection.expires_at,
            refreshable: connection.refreshable,
            site: connection.site.clone(),
            attributes: connection.attributes.clone(),
        };
        Self { facts, token: vendor::access_token().into() }
    }
}

impl Authority for Constant {
    fn facts(&self) -> ConnectionFacts {
        self.facts.clone()
    }

    fn profile(&self) -> &str {
        "app"
    }

    fn credential(&self, _: Instant) -> Result<Credential, Failure> {
        Ok(Credential::Bearer(self.token.clone()))
    }

    fn renewed_after(&self, _: &Response, _: Instant) -> Result<bool, Failure> {
        Ok(false)
    }
}
