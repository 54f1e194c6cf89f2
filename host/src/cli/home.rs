//! Where files lie, and what is opened from them.
//!
//! | what | where |
//! |---|---|
//! | records and sealed secrets | `<home>/actionbay.db` |
//! | the operator's configuration | `<home>/config.toml` |
//! | the master key | the platform's configuration directory, never in `<home>` |
//! | compiled components | the platform's cache directory |

use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use super::config;
use super::output::Output;
use super::watch::Watch;
use crate::authorization::FixedCallback;
use crate::builtin;
use crate::clock::SystemClock;
use crate::egress::{OperatorPolicy, UreqTransport};
use crate::failure::{Failure, FailureKind, Result};
use crate::host::Host;
use crate::runtime::{Engine, Plugin};
use crate::vault::{KeySource, MasterKey, SqliteStore, Vault};

/// The variable that holds the master key.
const MASTER_KEY: &str = "ACTIONBAY_MASTER_KEY";

/// The variable that names the master key's file.
const MASTER_KEY_FILE: &str = "ACTIONBAY_MASTER_KEY_FILE";

/// The data directory and what is beside it.
#[derive(Debug)]
pub(super) struct Home {
    named: Option<PathBuf>,
}

impl Home {
    pub(super) fn new(named: Option<PathBuf>) -> Self {
        Self { named }
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

    /// An engine that keeps compiled components where the platform keeps caches.
    pub(super) fn engine(&self) -> Result<Engine> {
        match platform() {
            Ok(platform) => Engine::builder().artifacts(platform.cache_dir().join("components")).build(),
            Err(_) => Engine::new(),
        }
    }

    /// The plugins that ship with the command.
    pub(super) fn plugins(&self) -> Result<Vec<Plugin>> {
        let engine = self.engine()?;
        builtin::COMPONENTS.iter().map(|(_, bytes)| engine.load(bytes)).collect()
    }

    /// The plugin of an integration.
    pub(super) fn plugin(&self, id: &str) -> Result<Plugin> {
        match builtin::COMPONENTS.iter().find(|(known, _)| *known == id) {
            Some((_, bytes)) => self.engine()?.load(bytes),
            None => {
                let known: Vec<&str> = builtin::COMPONENTS.iter().map(|(id, _)| *id).collect();
                Err(Failure::new(
                    FailureKind::NotFound,
                    "unknown-integration",
                    format!("There is no integration \"{id}\"."),
                )
                .hint(format!("Integrations: {}.", known.join(", "))))
            }
        }
    }

    /// What the operator allows.
    pub(super) fn policy(&self) -> Result<OperatorPolicy> {
        config::policy(&self.folder()?)
    }

    /// The host, with the plugins it is given.
    pub(super) fn host(&self, settings: HostSettings<'_>) -> Result<Host> {
        let folder = self.folder()?;
        create_private(&folder)?;
        let store = SqliteStore::open(&folder.join("actionbay.db"))?;
        let key = match settings.key {
            Some(key) => key,
            None => key_source(&folder)?.read(!Vault::exists(&store)?)?,
        };
        let policy = match settings.policy {
            Some(policy) => policy,
            None => config::policy(&folder)?,
        };
        let mut builder = Host::builder()
            .transport(UreqTransport::new())
            .store(store, key)
            .clock(SystemClock)
            .events(Watch::new(settings.output))
            .policy(policy);
        if let Some(redirect_uri) = settings.redirect_uri {
            builder = builder.callbacks(FixedCallback(redirect_uri));
        }
        let host = builder.build()?;
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
    /// What the operator allows; absent: what the configuration says.
    pub(super) policy: Option<OperatorPolicy>,
    /// The master key; absent: from the environment or its file.
    pub(super) key: Option<MasterKey>,
    /// Who watches.
    pub(super) output: &'a Output,
}

impl<'a> HostSettings<'a> {
    pub(super) fn new(plugins: Vec<Plugin>, output: &'a Output) -> Self {
        Self { plugins, redirect_uri: None, policy: None, key: None, output }
    }
}

fn platform() -> Result<ProjectDirs> {
    ProjectDirs::from("", "", "actionbay").ok_or_else(|| {
        Failure::storage("no-home", "There is no home directory to keep data in.")
            .hint("Give one with --home DIR.")
    })
}

/// Where the master key comes from: never from the data directory, whose backups would then hold both.
fn key_source(home: &Path) -> Result<KeySource> {
    if let Some(text) = std::env::var(MASTER_KEY).ok().filter(|text| !text.is_empty()) {
        return Ok(KeySource::Text(text.into()));
    }
    let file = match std::env::var_os(MASTER_KEY_FILE).filter(|file| !file.is_empty()) {
        Some(file) => PathBuf::from(file),
        None => {
            let platform = platform()?;
            let config = platform.config_dir();
            // macOS has one directory for both.
            let folder = if config == platform.data_dir() { platform.preference_dir() } else { config };
            folder.join("master.key")
        }
    };
    let with_data = is_below(&file, home).map_err(|error| {
        Failure::storage(
            "master-key-unreadable",
            format!("The master key {} cannot be used: {error}.", file.display()),
        )
    })?;
    if with_data {
        return Err(Failure::storage(
            "master-key-with-data",
            format!(
                "The master key {} is in the data directory, whose copies would hold both.",
                file.display()
            ),
        )
        .hint(format!("Set {MASTER_KEY_FILE} to a file elsewhere, or another --home.")));
    }
    Ok(KeySource::File(file))
}

/// Whether a file is, or would be, in a folder, with every link on the way resolved.
fn is_below(file: &Path, folder: &Path) -> std::io::Result<bool> {
    Ok(resolved(file)?.starts_with(resolved(folder)?))
}

/// A path with the links in it resolved, as far as it exists.
fn resolved(path: &Path) -> std::io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    for ancestor in path.ancestors() {
        if let Ok(real) = ancestor.canonicalize() {
            return Ok(path.strip_prefix(ancestor).map_or_else(|_| real.clone(), |rest| real.join(rest)));
        }
    }
    Ok(path)
}

fn create_private(folder: &Path) -> Result<()> {
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
