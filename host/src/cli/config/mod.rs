//! The operator's configuration: `<home>/config.toml`, and the environment over it. `example.toml` explains every setting.

mod profiles;
mod reading;
mod stand_ins;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::io::ErrorKind;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use url::Url;

use crate::authorization::{Editions, PublicUrl};
use crate::builtin;
use crate::egress::{HostPattern, OperatorPolicy, Origin};
use crate::failure::{Failure, FailureKind, Result, Violation};
use crate::ids::WorkspaceId;
use crate::runtime::{CALLS_RANGE, CallLimits, Edition, Engine, EngineBuilder, STACK_RANGE};
use crate::service::Settings;
use profiles::SystemProfile;
pub(super) use profiles::set;
use reading::{Mistake, Said};
#[cfg(feature = "sandbox")]
pub(super) use stand_ins::put_stand_ins;

const FILE: &str = "config.toml";

/// How limits of a call are written.
pub(super) const LIMITS_HINT: &str =
    "Times are in seconds, sizes in bytes, as in --call-limit wall-clock=30.";

/// A file with every setting and what it is for.
pub(super) const EXAMPLE: &str = include_str!("example.toml");

/// Where the file is.
pub(super) fn file(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

/// The settings outside of tables, which have variables without levels in their names.
const PLAIN: &[&str] = &["public-url", "behind-tls-proxy"];

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Config {
    #[serde(deserialize_with = "public_url")]
    public_url: Option<PublicUrl>,
    behind_tls_proxy: bool,
    service: Settings,
    policy: PolicyConfig,
    limits: ConfiguredLimits,
    engine: EngineConfig,
    dialogs: DialogsConfig,
    telemetry: TelemetryConfig,
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
    #[serde(deserialize_with = "stack_bytes")]
    stack_bytes: Option<usize>,
    #[serde(deserialize_with = "concurrent_calls")]
    concurrent_calls: Option<u32>,
}

/// Settings of what is run by talking.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct DialogsConfig {
    keep_conversations_days: Option<u32>,
}

/// Where it is told what the service does.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct TelemetryConfig {
    #[serde(deserialize_with = "http_url")]
    otlp_endpoint: Option<Url>,
}

/// What the operator says of a workspace.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct WorkspaceConfig {
    edition: Option<Edition>,
}

fn public_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PublicUrl>, D::Error> {
    let text = String::deserialize(deserializer)?;
    PublicUrl::new(&text).map(Some).map_err(|failure| serde::de::Error::custom(failure.message))
}

fn http_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    match Url::deserialize(deserializer)? {
        url if matches!(url.scheme(), "http" | "https") => Ok(Some(url)),
        _ => Err(serde::de::Error::custom("it begins with neither http:// nor https://")),
    }
}

fn stack_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<usize>, D::Error> {
    within(deserializer, &STACK_RANGE)
}

fn concurrent_calls<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    within(deserializer, &CALLS_RANGE)
}

fn within<'de, D, N>(deserializer: D, range: &RangeInclusive<N>) -> Result<Option<N>, D::Error>
where
    D: Deserializer<'de>,
    N: Deserialize<'de> + PartialOrd + Display,
{
    let number = N::deserialize(deserializer)?;
    if range.contains(&number) {
        return Ok(Some(number));
    }
    let why = format!("{number} is not from {} to {}", range.start(), range.end());
    Err(serde::de::Error::custom(why))
}

/// What calls may use: limits by their names, and by integration objects of the same, which go over those.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub(super) struct ConfiguredLimits {
    all: Map<String, Value>,
    of: BTreeMap<String, Map<String, Value>>,
}

impl TryFrom<Map<String, Value>> for ConfiguredLimits {
    type Error = serde_json::Error;

    fn try_from(said: Map<String, Value>) -> std::result::Result<Self, Self::Error> {
        let mut limits = Self::default();
        for (name, value) in said {
            match value {
                Value::Object(of_integration) => {
                    limits.of.insert(name, of_integration);
                }
                value => {
                    limits.all.insert(name, value);
                }
            }
        }
        limits.combined(None, &Map::new())?;
        limits
            .of
            .keys()
            .try_for_each(|integration| limits.combined(Some(integration), &Map::new()).map(drop))?;
        Ok(limits)
    }
}

impl ConfiguredLimits {
    /// What calls may use of which nothing else is said.
    pub(super) fn of_all(&self) -> Result<CallLimits> {
        self.combined(None, &Map::new()).map_err(|error| not_understood(&error))
    }

    /// What calls of an integration may use, and of one call what is said of it alone.
    pub(super) fn of(&self, integration: &str, call: &Map<String, Value>) -> Result<CallLimits> {
        self.combined(Some(integration), call).map_err(|error| not_understood(&error))
    }

    fn combined(
        &self,
        integration: Option<&str>,
        call: &Map<String, Value>,
    ) -> serde_json::Result<CallLimits> {
        let mut limits = self.all.clone();
        limits.extend(integration.and_then(|id| self.of.get(id)).cloned().unwrap_or_default());
        limits.extend(call.clone());
        serde_json::from_value(Value::Object(limits))
    }
}

/// What the file says is understood, so that it is the call's.
fn not_understood(error: &serde_json::Error) -> Failure {
    let message = format!("A limit of the call is not understood: {error}.");
    Failure::new(FailureKind::InvalidInput, "bad-limit", message).hint(LIMITS_HINT)
}

/// The editions that the file says; a workspace that it does not name has the edition `developer`.
pub(super) struct ConfiguredEditions(BTreeMap<WorkspaceId, Edition>);

impl Editions for ConfiguredEditions {
    fn edition(&self, workspace: &WorkspaceId) -> Result<Edition> {
        Ok(self.0.get(workspace).copied().unwrap_or(Edition::Developer))
    }
}

/// The configuration of a data directory: what its file and the environment say.
pub(super) struct Configuration {
    folder: PathBuf,
    config: Config,
    said: Said,
    mistakes: Vec<Mistake>,
}

impl Configuration {
    /// Reads it, without what is wrong in it.
    ///
    /// # Errors
    /// `Storage` where the file cannot be read.
    pub(super) fn without_mistakes(folder: &Path) -> Result<Self> {
        let text = text(folder)?;
        let environment = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?)).filter(|(_, value)| !value.is_empty())
        });
        let (config, said, mistakes) = reading::read(&text, environment, PLAIN);
        Ok(Self { folder: folder.to_owned(), config, said, mistakes })
    }

    /// Reads it.
    ///
    /// # Errors
    /// `InvalidInput` with every mistake; `Storage` where the file cannot be read.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let configuration = Self::without_mistakes(folder)?;
        configuration.refused(Vec::new())?;
        Ok(configuration)
    }

    /// Refuses it, if there are mistakes in it or these.
    fn refused(&self, others: Vec<Mistake>) -> Result<()> {
        let mut mistakes = [self.mistakes.clone(), others].concat();
        mistakes.sort();
        let sentences: Vec<_> = mistakes.iter().map(Mistake::to_string).collect();
        if sentences.is_empty() {
            return Ok(());
        }
        let mut failure = bad(&self.folder, &sentences.join(" "));
        if let [_, _, ..] = mistakes.as_slice() {
            let violation = |mistake: &Mistake| Violation {
                pointer: mistake.pointer.clone(),
                message: format!("{}: {}.", mistake.place, mistake.why),
            };
            failure.violations = mistakes.iter().map(violation).collect();
        }
        Err(failure)
    }

    /// What calls may use.
    pub(super) fn limits(&self) -> &ConfiguredLimits {
        &self.config.limits
    }

    /// The settings of engines.
    pub(super) fn engine(&self) -> EngineBuilder {
        let EngineConfig { stack_bytes, concurrent_calls } = self.config.engine;
        let mut engine = Engine::builder();
        if let Some(bytes) = stack_bytes {
            engine = engine.stack_bytes(bytes);
        }
        if let Some(calls) = concurrent_calls {
            engine = engine.concurrent_calls(calls);
        }
        engine
    }

    /// Which edition of the platform each workspace has.
    pub(super) fn editions(&self) -> ConfiguredEditions {
        let said = self.config.workspaces.iter();
        ConfiguredEditions(
            said.filter_map(|(id, workspace)| Some((id.clone(), workspace.edition?))).collect(),
        )
    }

    /// What the operator allows.
    ///
    /// # Errors
    /// None that a person can cause.
    pub(super) fn policy(&self) -> Result<OperatorPolicy> {
        let PolicyConfig { allowed_hosts, allowed_origins, audience_origins } = &self.config.policy;
        let built_in = || builtin::HOSTS.iter().map(|hosts| hosts.parse()).collect();
        Ok(OperatorPolicy {
            allowed_hosts: allowed_hosts.clone().map_or_else(built_in, Ok)?,
            allowed_origins: allowed_origins.clone(),
            audience_origins: audience_origins.clone(),
        })
    }

    /// For how long a conversation is kept, if it is said.
    pub(super) fn keep_conversations(&self) -> Option<Duration> {
        let days = self.config.dialogs.keep_conversations_days?;
        Some(Duration::from_secs(u64::from(days) * 24 * 60 * 60))
    }

    /// Where people reach the pages of this deployment, if it is said.
    pub(super) fn public_url(&self) -> Option<PublicUrl> {
        self.config.public_url.clone()
    }

    /// The collector that traces of `serve` go to: the one that is named here, or the one that every program of the machine is
    /// told of (*OpenTelemetry Protocol Exporter*).
    pub(super) fn otlp_endpoint(&self) -> Option<Url> {
        let of_all = || std::env::var("OTEL_EXPORTER_OTLP_ENDPOINT").ok()?.parse().ok();
        self.config.telemetry.otlp_endpoint.clone().or_else(of_all)
    }

    /// Whether a proxy that ends TLS stands before `serve`, as the operator says.
    pub(super) fn is_behind_tls_proxy(&self) -> bool {
        self.config.behind_tls_proxy
    }

    /// The settings of `serve`.
    pub(super) fn service(&self) -> Settings {
        self.config.service
    }
}

/// The text of the file; none where it is not there.
fn text(folder: &Path) -> Result<String> {
    match std::fs::read_to_string(file(folder)) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        Err(error) if error.kind() == ErrorKind::InvalidData => Err(bad(folder, "it is no text in UTF-8.")),
        Err(error) => Err(unusable(folder, &error)),
    }
}

fn unusable(folder: &Path, error: &std::io::Error) -> Failure {
    Failure::storage(
        "configuration-unusable",
        format!("The configuration {} cannot be read or written: {error}.", file(folder).display()),
    )
    .hint("Check who owns it, and that the disk has room.")
}

fn bad(folder: &Path, why: &str) -> Failure {
    Failure::new(
        FailureKind::InvalidInput,
        "bad-configuration",
        format!("The configuration {} cannot be used: {}", file(folder).display(), why.trim_end()),
    )
    .hint("Correct the file, or the variable that is named.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Config {
        let (config, _, mistakes) = reading::read::<Config>(text, std::iter::empty(), PLAIN);
        assert!(mistakes.is_empty(), "{mistakes:?}");
        config
    }

    #[test]
    fn the_example_says_what_is_so_by_default_and_names_settings_that_there_are() {
        let example = read(EXAMPLE);
        assert_eq!(example.limits.of_all().unwrap(), CallLimits::default());
        assert_eq!(format!("{:?}", example.service), format!("{:?}", Settings::default()));
        let is_setting = |line: &str| {
            let name = line.trim_start_matches("# ").split(" = ").next().unwrap_or_default();
            line.starts_with("# [") || (line.contains(" = ") && !name.contains(' '))
        };
        let all: String = EXAMPLE
            .lines()
            .map(|line| if is_setting(line) { line.trim_start_matches("# ") } else { line })
            .flat_map(|line| [line, "\n"])
            .collect();
        let all = read(&all);
        assert!(all.public_url.is_some() && all.telemetry.otlp_endpoint.is_some());
        assert_eq!((all.profiles.len(), all.workspaces.len()), (1, 1));
        assert_eq!(all.limits.of("INTEGRATION", &Map::new()).unwrap().memory_bytes, 256 << 20);
    }
}
