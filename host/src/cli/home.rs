//! Where files lie, and what is opened from them.
//!
//! | what | where |
//! |---|---|
//! | records and sealed secrets | `<home>/actionbay.db` |
//! | the operator's configuration | `<home>/config.toml` |
//! | components that were added | `<home>/components`: see `components.rs` |
//! | the master key | see `master_key.rs`: never in `<home>` |
//! | compiled components | the platform's cache directory |

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use directories::ProjectDirs;
use serde_json::{Map, Value};

use super::config::Configuration;
use super::master_key;
use super::output::Output;
use super::watch::Watch;
use crate::authorization::{Connection, FixedCallback, PublicUrl};
use crate::clock::SystemClock;
use crate::egress::{OperatorPolicy, UreqTransport};
use crate::failure::{Failure, FailureKind, Result};
use crate::host::Host;
use crate::ids::{IntegrationId, WorkspaceId};
use crate::runtime::{CallLimits, Engine, Plugin};
use crate::vault::{MasterKey, MemoryStore, SqliteStore, Vault};

/// The store's file in the data directory.
const STORE: &str = "actionbay.db";

/// The data directory and what is beside it.
#[derive(Debug)]
pub(super) struct Home {
    named: Option<PathBuf>,
    workspace: WorkspaceId,
    opened: OnceLock<Host>,
    content: OnceLock<String>,
    gone: OnceLock<Vec<Connection>>,
}

impl Home {
    pub(super) fn new(named: Option<PathBuf>, workspace: WorkspaceId) -> Self {
        Self { named, workspace, opened: OnceLock::new(), content: OnceLock::new(), gone: OnceLock::new() }
    }

    /// The workspace that owns what is made and used.
    pub(super) fn workspace(&self) -> &WorkspaceId {
        &self.workspace
    }

    /// Whether a person said where.
    #[cfg_attr(not(feature = "sandbox"), expect(dead_code, reason = "asked by the quick start only"))]
    pub(super) fn is_named(&self) -> bool {
        self.named.is_some()
    }

    /// The data directory.
    pub(super) fn folder(&self) -> Result<PathBuf> {
        match &self.named {
            Some(folder) => std::path::absolute(folder).map_err(|error| {
                Failure::storage("no-home", format!("The data directory is none: {error}."))
            }),
            None => Ok(platform()?.data_dir().to_owned()),
        }
    }

    /// The host, if there is a store already: what only looks makes none.
    pub(super) fn existing_host(&self, output: &Output) -> Result<Option<Host>> {
        if !self.folder()?.join(STORE).is_file() {
            return Ok(None);
        }
        self.host(HostSettings::new(Vec::new(), output)).map(Some)
    }

    /// The host that was opened first, if one was.
    pub(super) fn opened(&self) -> Option<&Host> {
        self.opened.get()
    }

    /// What the verb concerns at the vendor, once that is known.
    pub(super) fn content(&self) -> Option<&str> {
        self.content.get().map(String::as_str)
    }

    /// Notes what the verb concerns at the vendor.
    pub(super) fn concerns(&self, content: Option<String>) {
        if let Some(content) = content {
            let _ = self.content.set(content);
        }
    }

    /// The connections that went with what the verb deleted.
    pub(super) fn gone(&self) -> &[Connection] {
        self.gone.get().map_or(&[], Vec::as_slice)
    }

    /// Notes the connections that went with what the verb deleted.
    pub(super) fn went(&self, connections: &[Connection]) {
        let _ = self.gone.set(connections.to_vec());
    }

    /// The store, which must be there.
    pub(super) fn existing_store(&self) -> Result<SqliteStore> {
        let file = self.folder()?.join(STORE);
        let store = if file.is_file() { Some(SqliteStore::open(&file)?) } else { None };
        match store {
            Some(store) if Vault::exists(&store)? => Ok(store),
            _ => Err(Failure::new(
                FailureKind::InvalidInput,
                "no-store",
                format!("There is no store yet: {} does not exist.", file.display()),
            )
            .hint("Say where it is with --home DIR, or make one by connecting an account.")),
        }
    }

    /// An engine that keeps compiled components where the platform keeps caches.
    pub(super) fn engine(&self) -> Result<Engine> {
        engine(&self.configuration()?)
    }

    /// What the operator says.
    pub(super) fn configuration(&self) -> Result<Configuration> {
        Configuration::read(&self.folder()?)
    }

    /// Whether what the operator says can be used.
    ///
    /// # Errors
    /// `InvalidInput` with every mistake that is in it.
    pub(super) fn check_configuration(&self) -> Result<()> {
        let configuration = Configuration::without_mistakes(&self.folder()?)?;
        let engine = engine(&configuration)?;
        // Profiles are checked by the host that they are for.
        let host = Host::builder()
            .transport(UreqTransport::new())
            .store(MemoryStore::default(), MasterKey::random()?)
            .clock(SystemClock)
            .policy(configuration.policy()?)
            .build()?;
        let load = |id: &str| self.plugin_in(&engine, id);
        configuration.add_profiles(&host, &[], &self.ids()?, load)
    }

    /// What one call of an integration may use, with what is said of it alone.
    pub(super) fn limits(
        &self,
        integration: &IntegrationId,
        call: &Map<String, Value>,
    ) -> Result<CallLimits> {
        self.configuration()?.limits().of(integration.as_str(), call)
    }

    /// What the operator allows.
    pub(super) fn policy(&self) -> Result<OperatorPolicy> {
        self.configuration()?.policy()
    }

    /// The host, with the plugins it is given.
    pub(super) fn host(&self, settings: HostSettings<'_>) -> Result<Host> {
        let folder = self.folder()?;
        let configuration = self.configuration()?;
        create_private(&folder)?;
        let store = SqliteStore::open(&folder.join(STORE))?;
        let keys = match settings.key {
            Some(key) => key.into(),
            None => master_key::keyring(&folder, !Vault::exists(&store)?)?,
        };
        let policy = match settings.policy {
            Some(policy) => policy,
            None => configuration.policy()?,
        };
        let mut builder = Host::builder()
            .transport(UreqTransport::new())
            .store(store, keys)
            .clock(SystemClock)
            .events(Watch::new(settings.output))
            .editions(configuration.editions())
            .policy(policy);
        if let Some(time) = configuration.keep_conversations() {
            builder = builder.keep_conversations(time);
        }
        let limits = configuration.limits();
        builder = builder.limits(limits.of_all()?);
        for plugin in &settings.plugins {
            let id = plugin.manifest().id.clone();
            let of_plugin = limits.of(id.as_str(), &Map::new())?;
            builder = builder.limits_of(id, of_plugin);
        }
        if let Some(redirect_uri) = settings.redirect_uri {
            builder = builder.callbacks(FixedCallback(redirect_uri));
        } else if let Some(public) = settings.public_url.or_else(|| configuration.public_url()) {
            builder = builder.callbacks(public);
        }
        let host = builder.build()?;
        let _ = self.opened.set(host.clone());
        configuration.add_profiles(&host, &settings.plugins, &self.ids()?, |id| self.plugin(id))?;
        for plugin in settings.plugins {
            host.add(plugin)?;
        }
        Ok(host)
    }
}

/// What a verb's host needs beside the home.
pub(super) struct HostSettings<'a> {
    /// The plugins.
    pub(super) plugins: Vec<Plugin>,
    /// Where people come back to, for verbs that send them away.
    pub(super) redirect_uri: Option<String>,
    /// Where people reach the pages of this deployment; absent: what the configuration says.
    pub(super) public_url: Option<PublicUrl>,
    /// What the operator allows; absent: what the configuration says.
    pub(super) policy: Option<OperatorPolicy>,
    /// The master key; absent: from the environment or its file.
    pub(super) key: Option<MasterKey>,
    /// Who watches.
    pub(super) output: &'a Output,
}

impl<'a> HostSettings<'a> {
    pub(super) fn new(plugins: Vec<Plugin>, output: &'a Output) -> Self {
        Self { plugins, redirect_uri: None, public_url: None, policy: None, key: None, output }
    }
}

/// An engine as the operator sets it, that keeps compiled components where the platform keeps caches.
fn engine(configuration: &Configuration) -> Result<Engine> {
    let engine = configuration.engine();
    match platform() {
        Ok(platform) => engine.artifacts(platform.cache_dir().join("components")).build(),
        Err(_) => engine.build(),
    }
}

pub(super) fn platform() -> Result<ProjectDirs> {
    ProjectDirs::from("", "", "actionbay").ok_or_else(|| {
        Failure::storage("no-home", "There is no home directory to keep data in.")
            .hint("Give one with --home DIR.")
    })
}

pub(super) fn create_private(folder: &Path) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder).map_err(|error| {
        Failure::storage(
            "no-home",
            format!("The data directory {} cannot be made: {error}.", folder.display()),
        )
        .hint("Give another with --home DIR.")
    })
}
