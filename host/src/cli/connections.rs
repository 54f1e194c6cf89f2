//! `actionbay connections`

use std::io::IsTerminal as _;

use clap::{Args, Subcommand};
use serde_json::json;

use super::home::{Home, HostSettings};
use super::output::{Output, facts, table, time};
use crate::authorization::{Connection, KeptAlive};
use crate::failure::{Failure, FailureKind, Result};
use crate::ids::{ConnectionId, WorkspaceId};

#[derive(Debug, Subcommand)]
pub(super) enum Connections {
    /// List the accounts that are connected
    #[command(after_help = "Example: actionbay connections list")]
    List,
    /// Show how a connection stands: account, site, scopes, until when
    #[command(after_help = "Example: actionbay connections show c-0f3a…")]
    Show(Named),
    /// Ask the vendor whether a connection works
    #[command(after_help = "Example: actionbay connections check c-0f3a…")]
    Check(Named),
    /// Renew the connections that nobody has used for long, before the vendor drops them
    ///
    /// Run it once a day, as by cron, where nothing else keeps the connections in use.
    #[command(after_help = "Example: actionbay connections keep-alive")]
    KeepAlive,
    /// Renew a connection now, whether it is due or not
    #[command(after_help = "Example: actionbay connections refresh c-0f3a…")]
    Refresh(Named),
    /// Forget a connection and its tokens
    ///
    /// The grant at the vendor stays until the person withdraws it in the settings of the account there.
    #[command(after_help = "Example: actionbay connections delete c-0f3a… --yes")]
    Delete(Delete),
}

#[derive(Debug, Args)]
pub(super) struct Named {
    /// The connection's id
    connection: String,
}

#[derive(Debug, Args)]
pub(super) struct Delete {
    /// The connection's id
    connection: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

impl Connections {
    pub(super) fn run(self, home: &Home, output: &Output) -> Result<()> {
        // Only what asks the vendor takes the plugin.
        let plugins = if matches!(self, Self::Check(_) | Self::KeepAlive | Self::Refresh(_)) {
            home.plugins()?
        } else {
            Vec::new()
        };
        let host = home.host(HostSettings::new(plugins, output))?;
        let workspace = WorkspaceId::default_workspace();
        match self {
            Self::List => {
                let connections = host.connections(&workspace)?;
                output.result(&connections, || people(&connections))
            }
            Self::Show(Named { connection }) => {
                let connection = host.connection(&workspace, &ConnectionId::new(connection)?)?;
                output.result(&connection, || details(&connection))
            }
            Self::Check(Named { connection }) => {
                let connection = host.check(&workspace, &ConnectionId::new(connection)?)?;
                output.result(&connection, || details(&connection))
            }
            Self::KeepAlive => told(&host.keep_alive(&workspace)?, output),
            Self::Refresh(Named { connection }) => {
                let connection = host.refresh(&workspace, &ConnectionId::new(connection)?)?;
                output.result(&connection, || details(&connection))
            }
            Self::Delete(Delete { connection, yes }) => {
                let connection = host.connection(&workspace, &ConnectionId::new(connection)?)?;
                confirm(&connection, yes)?;
                host.forget(&connection)?;
                output.result(&json!({ "deleted": connection.id }), || {
                    format!("{} is forgotten.", connection.id)
                })
            }
        }
    }
}

/// Says what became of each idle connection; one that failed is a failure of the command.
fn told(kept: &[KeptAlive], output: &Output) -> Result<()> {
    let row = |kept: &KeptAlive| {
        let became = kept.result.as_ref().map_or_else(ToString::to_string, |_| "renewed".to_owned());
        vec![kept.id.to_string(), became]
    };
    let json: Vec<_> = kept
        .iter()
        .map(|kept| json!({ "connection": kept.id, "renewed": kept.result.is_ok(), "failure": kept.result.as_ref().err() }))
        .collect();
    output.result(&json, || match kept {
        [] => "No connection has been idle for long.".to_owned(),
        kept => table(&["connection", "what became of it"], &kept.iter().map(row).collect::<Vec<_>>()),
    })?;
    kept.iter().find_map(|kept| kept.result.as_ref().err()).map_or(Ok(()), |failure| Err(failure.clone()))
}

/// Asks before something is gone for good.
fn confirm(connection: &Connection, yes: bool) -> Result<()> {
    if yes {
        return Ok(());
    }
    let kept = |why: &str| {
        Failure::new(FailureKind::InvalidInput, "not-confirmed", format!("Nothing was deleted: {why}."))
            .hint("Say --yes to delete without being asked.")
    };
    if !std::io::stdin().is_terminal() {
        return Err(kept("this is no terminal to ask at"));
    }
    let site = connection.site.as_ref().map(|site| format!(" to {}", site.url)).unwrap_or_default();
    eprint!("Forget the connection {}{site} and its tokens? [y/N] ", connection.id);
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(|error| kept(&error.to_string()))?;
    if matches!(answer.trim(), "y" | "Y" | "yes") { Ok(()) } else { Err(kept("you did not say yes")) }
}

fn people(connections: &[Connection]) -> String {
    if connections.is_empty() {
        return "No account is connected yet. Connect one with: actionbay authorize INTEGRATION".to_owned();
    }
    let row = |connection: &Connection| {
        vec![
            connection.id.to_string(),
            connection.integration.to_string(),
            connection.profile.to_string(),
            connection.user.clone().unwrap_or_else(|| "everybody".to_owned()),
            connection.site.as_ref().map(|site| site.url.clone()).unwrap_or_default(),
            connection.status.as_str().to_owned(),
        ]
    };
    table(
        &["connection", "integration", "profile", "serves", "site", "status"],
        &connections.iter().map(row).collect::<Vec<_>>(),
    )
}

/// A connection as a person reads it.
pub(super) fn details(connection: &Connection) -> String {
    let mut rows = vec![
        ("connection", connection.id.to_string()),
        ("integration", connection.integration.to_string()),
        ("profile", connection.profile.to_string()),
        ("serves", connection.user.clone().unwrap_or_else(|| "everybody".to_owned())),
        ("status", connection.status.as_str().to_owned()),
        ("why", connection.reason.clone().unwrap_or_default()),
        ("since", time(connection.since)),
        (
            "site",
            connection.site.as_ref().map(|site| format!("{} ({})", site.name, site.url)).unwrap_or_default(),
        ),
        ("token until", connection.expires_at.map(time).unwrap_or_else(|| "for ever".to_owned())),
        ("renewed", if connection.refreshable { "by itself" } else { "by authorizing again" }.to_owned()),
        ("scopes", connection.scopes.join(" ")),
    ];
    rows.extend(connection.attributes.iter().map(|(name, value)| (name.as_str(), value.clone())));
    facts(&rows)
}
