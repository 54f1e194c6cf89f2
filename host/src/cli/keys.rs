//! `actionbay keys`

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use super::home::{Home, HostSettings};
use super::output::{Output, facts, table, time};
use crate::failure::Result;
use crate::host::Host;
use crate::ids::KeyId;
use crate::secret::ExposeSecret as _;
use crate::service::keys::{ApiKey, Keys as Known, NewKey, Scope};

/// Seconds in a day.
const DAY: u64 = 24 * 60 * 60;

#[derive(Debug, Subcommand)]
pub(super) enum Keys {
    /// Make a key for the HTTP API; it is shown once
    #[command(after_help = "Examples:
  actionbay keys create platform --scope read --scope run --scope connect
  actionbay keys create console --scope admin --days 90
  KEY=$(actionbay --json keys create ci --scope run | jq -r .key)

It opens the workspace that --workspace says, and no other.")]
    Create(Create),
    /// List the keys of the workspace, those that no longer open anything too
    #[command(after_help = "Example: actionbay keys list")]
    List,
    /// Have a key open nothing any more, at once
    #[command(after_help = "Example: actionbay keys revoke 0f3a5c7e9b1d2f40")]
    Revoke(Revoke),
}

/// What a key may be used for
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Wish {
    /// Look at everything but the audit log
    Read,
    /// Run templates
    Run,
    /// Have people connect accounts, and keep what they connected
    Connect,
    /// Everything
    Admin,
}

impl From<Wish> for Scope {
    fn from(wish: Wish) -> Self {
        match wish {
            Wish::Read => Self::Read,
            Wish::Run => Self::Run,
            Wish::Connect => Self::Connect,
            Wish::Admin => Self::Admin,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// What it is for
    name: String,
    /// What it may be used for; may be given several times
    #[arg(long, value_enum, required = true)]
    scope: Vec<Wish>,
    /// For how many days [default: for ever]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    days: Option<u64>,
}

#[derive(Debug, Args)]
pub(super) struct Revoke {
    /// The key's id: what stands between its first two underscores
    key: String,
}

/// A key with its text.
#[derive(Serialize)]
struct Made<'a> {
    key: &'a str,
    #[serde(flatten)]
    facts: &'a ApiKey,
}

impl Keys {
    pub(super) fn run(self, home: &Home, output: &Output) -> Result<()> {
        let host: Host = home.host(HostSettings::new(Vec::new(), output))?;
        let (keys, workspace) = (Known::of(&host), home.workspace());
        match self {
            Self::Create(Create { name, scope, days }) => {
                let new = NewKey::new(name, scope.into_iter().map(Scope::from));
                let (key, text) =
                    keys.create(workspace, &new.lifetime(days.map(|days| days.saturating_mul(DAY))))?;
                let made = Made { key: text.expose_secret(), facts: &key };
                output.result(&made, || {
                    let mut rows = vec![("key", made.key.to_owned())];
                    rows.extend(rows_of(&key));
                    facts(&rows)
                })?;
                output.note("The key is shown this once. Keep it where nobody else can read it.");
                Ok(())
            }
            Self::List => {
                let known = keys.list(workspace)?;
                let now = host.authorizations().clock.now()?;
                output.result(&known, || people(&known, now))
            }
            Self::Revoke(Revoke { key }) => {
                let revoked = keys.revoke(workspace, &KeyId::new(key)?)?;
                output.result(&revoked, || facts(&rows_of(&revoked)))
            }
        }
    }
}

fn rows_of(key: &ApiKey) -> Vec<(&'static str, String)> {
    vec![
        ("id", key.id.to_string()),
        ("name", key.name.clone()),
        ("workspace", key.workspace.to_string()),
        ("scopes", scopes(key)),
        ("made", time(key.created_at)),
        ("expires", key.expires_at.map_or_else(|| "never".to_owned(), time)),
        ("revoked", key.revoked_at.map(time).unwrap_or_default()),
    ]
}

fn scopes(key: &ApiKey) -> String {
    key.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ")
}

fn people(keys: &[ApiKey], now: u64) -> String {
    if keys.is_empty() {
        return "There is no key yet. Make one with: actionbay keys create NAME --scope read".to_owned();
    }
    let state = |key: &ApiKey| match (key.revoked_at, key.expires_at) {
        (Some(at), _) => format!("revoked {}", time(at)),
        (None, Some(until)) if until <= now => format!("expired {}", time(until)),
        (None, Some(until)) => format!("until {}", time(until)),
        (None, None) => "good".to_owned(),
    };
    let row = |key: &ApiKey| {
        vec![key.id.to_string(), key.name.clone(), scopes(key), time(key.created_at), state(key)]
    };
    table(&["id", "name", "scopes", "made", "state"], &keys.iter().map(row).collect::<Vec<_>>())
}
