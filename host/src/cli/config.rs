//! The operator's configuration file: `<home>/config.toml`.
//!
//! ```toml
//! public-url = "https://connect.example.com"         # where people reach `serve`; ACTIONBAY_PUBLIC_URL goes over it
//!
//! behind-tls-proxy = true                           # so that `serve` may listen elsewhere than on this machine
//!
//! [service]                                         # of `serve`
//! concurrent-requests = 64
//! waiting-requests = 128
//! requests-per-minute = 6000                        # of each key
//! keep-runs-days = 30
//! keep-audit-days = 365
//!
//! [policy]
//! allowed-hosts = ["https://*.example.com"]          # absent: what the integrations that ship with the command call
//! allowed-origins = ["http://127.0.0.1:8977"]
//!
//! [policy.audience-origins.PROFILE]
//! AUDIENCE = "http://127.0.0.1:8977"
//!
//! [limits]                                          # of every call; times in seconds, sizes in bytes
//! wall-clock = 120
//!
//! [limits.INTEGRATION]                               # of its calls, over those above
//! memory-bytes = 268435456
//!
//! [engine]                                          # of the process
//! stack-bytes = 1048576                             # of a plugin
//! concurrent-calls = 256
//!
//! [workspaces.NAME]
//! edition = "trial"                               # or "developer", which all others have, or "enterprise"
//!
//! [[profiles]]
//! id = "shared"
//! integration = "INTEGRATION"
//! client-id = "ID"
//! client-secret-env = "SHARED_CLIENT_SECRET"       # or client-secret-file = "FILE"
//! ```
//!
//! The environment can say one such profile for each integration: `ACTIONBAY_<ID>_CLIENT_ID`, `ACTIONBAY_<ID>_CLIENT_SECRET`
//! and `ACTIONBAY_<ID>_SCOPES` make the profile `<id>-system`.
//!
//! A profile may also set `identity-provider`, `description`, `issuer`, `authorization-url`, `token-url`, `refresh-url`, `pkce`,
//! `scopes`, `additional-fields` and `authorization-fields`; what it does not set is as the integration has it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};
use toml_edit::{DocumentMut, Item, Table, value};

use crate::authorization::{AdditionalField, AuthorizationField, Editions, Profile, PublicUrl, UrlTemplate};
use crate::builtin;
use crate::egress::{HostPattern, OperatorPolicy, Origin};
use crate::failure::{Failure, FailureKind, Result};
use crate::ids::{ProfileId, WorkspaceId};
use crate::runtime::{CallLimits, Edition, Engine, EngineBuilder, Pkce, Plugin};
use crate::secret::SecretString;
use crate::service::Settings;

const FILE: &str = "config.toml";

/// The variable that goes over `public-url`.
const PUBLIC_URL: &str = "ACTIONBAY_PUBLIC_URL";

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Config {
    public_url: Option<String>,
    behind_tls_proxy: bool,
    service: Settings,
    policy: PolicyConfig,
    /// By name of the limit; by integration, an object of the same.
    limits: Map<String, Value>,
    engine: EngineConfig,
    workspaces: BTreeMap<WorkspaceId, WorkspaceConfig>,
    profiles: Vec<SystemProfile>,
}

/// What the operator allows.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct PolicyConfig {
    /// Absent: what the integrations need that ship with the command. An empty list is none.
    allowed_hosts: Option<BTreeSet<HostPattern>>,
    allowed_origins: BTreeSet<Origin>,
    audience_origins: BTreeMap<String, BTreeMap<String, Origin>>,
}

/// Settings of the process.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct EngineConfig {
    stack_bytes: Option<usize>,
    concurrent_calls: Option<u32>,
}

/// What calls may use.
pub(super) struct ConfiguredLimits {
    home: PathBuf,
    all: Map<String, Value>,
    of: BTreeMap<String, Map<String, Value>>,
}

impl ConfiguredLimits {
    /// What calls may use of which nothing else is said.
    pub(super) fn of_all(&self) -> Result<CallLimits> {
        self.of("every integration", &Map::new())
    }

    /// What calls of an integration may use, and of one call what is said of it alone.
    pub(super) fn of(&self, integration: &str, call: &Map<String, Value>) -> Result<CallLimits> {
        let mut limits = self.all.clone();
        limits.extend(self.of.get(integration).cloned().unwrap_or_default());
        limits.extend(call.clone());
        serde_json::from_value(Value::Object(limits)).map_err(|error| match call.is_empty() {
            true => bad(&self.home, &format!("a limit of {integration} is not understood: {error}.")),
            false => Failure::new(
                FailureKind::InvalidInput,
                "bad-limit",
                format!("A limit of the call is not understood: {error}."),
            )
            .hint("Times are in seconds, sizes in bytes, as in --call-limit wall-clock=30."),
        })
    }
}

/// What the file says of limits. Every mistake in it is found now.
pub(super) fn limits(home: &Path) -> Result<ConfiguredLimits> {
    let (of, all): (Map<_, _>, Map<_, _>) =
        parse(home)?.limits.into_iter().partition(|(_, value)| value.is_object());
    let of = of.into_iter().filter_map(|(integration, value)| match value {
        Value::Object(limits) => Some((integration, limits)),
        _ => None,
    });
    let limits = ConfiguredLimits { home: home.to_owned(), all, of: of.collect() };
    limits.of_all()?;
    for integration in limits.of.keys() {
        limits.of(integration, &Map::new())?;
    }
    Ok(limits)
}

/// The settings of engines.
pub(super) fn engine(home: &Path) -> Result<EngineBuilder> {
    let EngineConfig { stack_bytes, concurrent_calls } = parse(home)?.engine;
    let mut engine = Engine::builder();
    if let Some(bytes) = stack_bytes {
        engine = engine.stack_bytes(bytes);
    }
    if let Some(calls) = concurrent_calls {
        engine = engine.concurrent_calls(calls);
    }
    Ok(engine)
}

/// What the operator says of a workspace.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WorkspaceConfig {
    edition: Edition,
}

/// The editions that the file says; a workspace that it does not name has the edition `developer`.
pub(super) struct ConfiguredEditions(BTreeMap<WorkspaceId, Edition>);

impl Editions for ConfiguredEditions {
    fn edition(&self, workspace: &WorkspaceId) -> Result<Edition> {
        Ok(self.0.get(workspace).copied().unwrap_or(Edition::Developer))
    }
}

/// Which edition of the platform each workspace has.
pub(super) fn editions(home: &Path) -> Result<ConfiguredEditions> {
    let workspaces = parse(home)?.workspaces;
    Ok(ConfiguredEditions(workspaces.into_iter().map(|(id, workspace)| (id, workspace.edition)).collect()))
}

/// A profile that ships with the deployment.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct SystemProfile {
    id: String,
    integration: String,
    client_id: String,
    client_secret_env: Option<String>,
    client_secret_file: Option<PathBuf>,
    identity_provider: Option<String>,
    description: Option<String>,
    issuer: Option<String>,
    authorization_url: Option<String>,
    token_url: Option<String>,
    refresh_url: Option<String>,
    pkce: Option<Pkce>,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    additional_fields: Vec<AdditionalField>,
    #[serde(default)]
    authorization_fields: Vec<AuthorizationField>,
}

impl SystemProfile {
    /// The profile that the environment says for an integration: `ACTIONBAY_<ID>_CLIENT_ID`, `…_CLIENT_SECRET` and, apart
    /// by spaces, `…_SCOPES`.
    fn of_environment(integration: &str) -> Option<Self> {
        let name = integration.to_ascii_uppercase().replace(['-', '.'], "_");
        let variable = |what: &str| format!("ACTIONBAY_{name}_{what}");
        let client_id = std::env::var(variable("CLIENT_ID")).ok().filter(|id| !id.is_empty())?;
        let scopes = std::env::var(variable("SCOPES")).unwrap_or_default();
        Some(Self {
            id: format!("{integration}-system"),
            integration: integration.to_owned(),
            client_id,
            client_secret_env: Some(variable("CLIENT_SECRET")),
            scopes: scopes.split_whitespace().map(str::to_owned).collect(),
            ..Self::default()
        })
    }

    /// The secret, or why there is none: a verb that does not need it runs without.
    fn client_secret(&self, home: &Path) -> Result<SecretString> {
        let none = |why: String, hint: String| {
            let message = format!("The profile \"{}\" has no client secret: {why}.", self.id);
            Failure::new(FailureKind::BadClientCredentials, "no-client-secret", message).hint(hint)
        };
        match (&self.client_secret_env, &self.client_secret_file) {
            (Some(name), None) => match std::env::var(name) {
                Ok(secret) if !secret.is_empty() => Ok(secret.into()),
                _ => Err(none(format!("{name} is not set"), format!("Set {name} to it."))),
            },
            (None, Some(file)) => {
                let file = home.join(file);
                let text = std::fs::read_to_string(&file).map(zeroize::Zeroizing::new);
                let text = text.map_err(|error| {
                    none(
                        format!("{} cannot be read: {error}", file.display()),
                        "Put it there, in a file that nobody else can read.".to_owned(),
                    )
                })?;
                Ok(text.trim().to_owned().into())
            }
            _ => Err(none(
                "its place is not said".to_owned(),
                "Say it with either client-secret-env or client-secret-file.".to_owned(),
            )),
        }
    }

    fn into_profile(self, plugin: &Plugin) -> Result<Profile> {
        let mut profile =
            Profile::custom(ProfileId::new(self.id)?, plugin.manifest(), self.client_id)?.scopes(self.scopes);
        set(&mut profile.identity_provider, self.identity_provider);
        set(&mut profile.description, self.description);
        profile.issuer = self.issuer.or(profile.issuer);
        let token_url = self.token_url.map(UrlTemplate::new);
        set(&mut profile.refresh_url, self.refresh_url.map(UrlTemplate::new).or_else(|| token_url.clone()));
        set(&mut profile.token_url, token_url);
        set(&mut profile.authorization_url, self.authorization_url.map(UrlTemplate::new));
        set(&mut profile.pkce, self.pkce);
        profile.additional_fields = self.additional_fields;
        profile.authorization_fields = self.authorization_fields;
        Ok(profile)
    }
}

/// Sets a value where there is one.
pub(super) fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

/// The profiles of the deployment with their secrets, or with why they have none. The environment may say one for each
/// of `plugins`, and for each integration of these ids; `load` brings the plugins that are not there already.
pub(super) fn system_profiles(
    home: &Path,
    plugins: &[Plugin],
    ids: &[String],
    load: impl Fn(&str) -> Result<Plugin>,
) -> Result<Vec<(Profile, Result<SecretString>)>> {
    let config = parse(home)?;
    let mut ids: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
    ids.extend(plugins.iter().map(|plugin| plugin.manifest().id.as_str()));
    let from_environment = ids.into_iter().filter_map(SystemProfile::of_environment);
    let mut profiles = Vec::with_capacity(config.profiles.len());
    for system in config.profiles.into_iter().chain(from_environment) {
        if system.client_secret_env.is_some() == system.client_secret_file.is_some() {
            let why = format!(
                "the profile \"{}\" must have either client-secret-env or client-secret-file",
                system.id
            );
            return Err(bad(home, &why));
        }
        let client_secret = system.client_secret(home);
        let known = plugins.iter().find(|plugin| plugin.manifest().id.as_str() == system.integration);
        let plugin = match known {
            Some(plugin) => plugin.clone(),
            None => load(&system.integration).map_err(|failure| bad(home, &failure.message))?,
        };
        let profile = system.into_profile(&plugin).map_err(|failure| bad(home, &failure.message))?;
        profiles.push((profile, client_secret));
    }
    Ok(profiles)
}

fn parse(home: &Path) -> Result<Config> {
    let text = read(home)?;
    toml_edit::de::from_str(&text)
        .map_err(|error: toml_edit::de::Error| bad(home, &place(&text, error.span(), error.message())))
}

/// What the operator allows.
pub(super) fn policy(home: &Path) -> Result<OperatorPolicy> {
    let PolicyConfig { allowed_hosts, allowed_origins, audience_origins } = parse(home)?.policy;
    let built_in = || builtin::HOSTS.iter().map(|hosts| hosts.parse()).collect();
    let allowed_hosts = allowed_hosts.map_or_else(built_in, Ok)?;
    Ok(OperatorPolicy { allowed_hosts, allowed_origins, audience_origins })
}

/// Where people reach the pages of this deployment, if it is said.
pub(super) fn public_url(home: &Path) -> Result<Option<PublicUrl>> {
    match std::env::var(PUBLIC_URL) {
        Ok(text) if !text.is_empty() => PublicUrl::new(&text).map(Some),
        _ => match parse(home)?.public_url {
            Some(text) => PublicUrl::new(&text).map(Some).map_err(|failure| bad(home, &failure.message)),
            None => Ok(None),
        },
    }
}

/// Whether a proxy that ends TLS stands before `serve`, as the operator says.
pub(super) fn is_behind_tls_proxy(home: &Path) -> Result<bool> {
    Ok(parse(home)?.behind_tls_proxy)
}

/// The settings of `serve`.
pub(super) fn service(home: &Path) -> Result<Settings> {
    Ok(parse(home)?.service)
}

/// Writes which origins stand in for these audiences, for a profile, instead of what stood in before.
/// Comments and everything else are kept.
#[cfg_attr(not(feature = "sandbox"), expect(dead_code, reason = "written for the sandbox only"))]
pub(super) fn put_stand_ins<'a>(
    home: &Path,
    profile: &str,
    stand_ins: impl Iterator<Item = (&'a str, &'a Origin)>,
) -> Result<()> {
    let text = read(home)?;
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| bad(home, &place(&text, error.span(), error.message())))?;
    let stand_ins: Table = stand_ins.map(|(audience, origin)| (audience, value(origin.as_str()))).collect();
    let place = document
        .entry("policy")
        .or_insert_with(heading)
        .as_table_like_mut()
        .map(|policy| policy.entry("audience-origins").or_insert_with(heading))
        .and_then(Item::as_table_like_mut)
        .ok_or_else(|| bad(home, "policy and audience-origins must be tables"))?;
    place.insert(profile, Item::Table(stand_ins));
    write(home, &document.to_string())
}

/// A table that shows only where something stands in it.
fn heading() -> Item {
    let mut table = Table::new();
    table.set_implicit(true);
    Item::Table(table)
}

fn read(home: &Path) -> Result<String> {
    match std::fs::read_to_string(home.join(FILE)) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(unusable(home, &error)),
    }
}

/// What is wrong with the text, and in which line.
fn place(text: &str, span: Option<std::ops::Range<usize>>, what: &str) -> String {
    let before = span.and_then(|span| text.get(..span.start)).unwrap_or_default();
    // Some say it as a sentence, some without its end.
    format!("line {}: {}.", before.matches('\n').count() + 1, what.trim_end_matches('.'))
}

fn unusable(home: &Path, error: &std::io::Error) -> Failure {
    Failure::storage(
        "configuration-unusable",
        format!("The configuration {} cannot be read or written: {error}.", home.join(FILE).display()),
    )
    .hint("Check who owns it, and that the disk has room.")
}

/// Written aside and moved, so that a crash leaves the old file or the new one.
fn write(home: &Path, text: &str) -> Result<()> {
    let write = || -> std::io::Result<()> {
        let mut draft = tempfile::NamedTempFile::new_in(home)?;
        draft.write_all(text.as_bytes())?;
        draft.as_file().sync_all()?;
        draft.persist(home.join(FILE)).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|error| unusable(home, &error))
}

pub(super) fn bad(home: &Path, why: &str) -> Failure {
    Failure::new(
        FailureKind::InvalidInput,
        "bad-configuration",
        format!("The configuration {} cannot be used: {}", home.join(FILE).display(), why.trim_end()),
    )
    .hint("Correct the file, or move it away.")
}
