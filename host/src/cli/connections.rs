//! `actionbay connections`

use clap::{Args, Subcommand};
use serde_json::json;

use super::confirm::confirm;
use super::home::{Home, HostSettings};
use super::output::{Output, facts, table, time};
use crate::authorization::{
    Connection, ConnectionReport, KeptAlive, MissingScopes, Proof, RefreshTokenState,
};
use crate::failure::Result;
use crate::ids::ConnectionId;

#[derive(Debug, Subcommand)]
pub(super) enum Connections {
    /// List the accounts that are connected
    #[command(after_help = "Example: actionbay connections list")]
    List,
    /// Show how a connection stands: account, site, scopes granted and missing, what to do next
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
        // Only what asks the vendor, or says what it knows of it, takes the plugin.
        let plugins = if matches!(self, Self::List | Self::Delete(_)) { Vec::new() } else { home.plugins()? };
        let host = home.host(HostSettings::new(plugins, output))?;
        let workspace = home.workspace().clone();
        match self {
            Self::List => {
                let connections = host.connections(&workspace)?;
                output.result(&connections, || people(&connections))
            }
            Self::Show(Named { connection }) => {
                let report = host.report(&workspace, &ConnectionId::new(connection)?)?;
                output.result(&report, || told_in_full(&report))
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
                confirm(&loss(&connection), yes)?;
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

/// What is lost with a connection.
fn loss(connection: &Connection) -> String {
    let site = connection.site.as_ref().map(|site| format!(" to {}", site.url)).unwrap_or_default();
    format!("The connection {}{site} and its tokens would be forgotten for good.", connection.id)
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
            account(connection),
            connection.site.as_ref().map(|site| site.url.clone()).unwrap_or_default(),
            connection.status.as_str().to_owned(),
        ]
    };
    table(
        &["connection", "integration", "profile", "serves", "account", "site", "status"],
        &connections.iter().map(row).collect::<Vec<_>>(),
    )
}

/// Whose account it is, as far as that is known.
fn account(connection: &Connection) -> String {
    match (&connection.account, &connection.proof) {
        (Some(account), _) => account.name.clone().unwrap_or_else(|| account.id.clone()),
        (None, Proof::Basic { username }) => username.clone(),
        (None, _) => String::new(),
    }
}

/// A connection as a person reads it.
pub(super) fn details(connection: &Connection) -> String {
    facts(&rows(connection))
}

fn rows(connection: &Connection) -> Vec<(&str, String)> {
    let (until, renewed) = match &connection.proof {
        Proof::OAuth2 => (
            connection.expires_at.map(time).unwrap_or_else(|| "for ever".to_owned()),
            if connection.refreshable { "by itself" } else { "by authorizing again" },
        ),
        _ => (String::new(), ""),
    };
    let mut rows = vec![
        ("connection", connection.id.to_string()),
        ("workspace", connection.workspace.to_string()),
        ("integration", connection.integration.to_string()),
        ("profile", connection.profile.to_string()),
        ("serves", connection.user.clone().unwrap_or_else(|| "everybody".to_owned())),
        ("account", account(connection)),
        ("status", connection.status.as_str().to_owned()),
        ("why", connection.reason.clone().unwrap_or_default()),
        ("since", time(connection.since)),
        (
            "site",
            connection.site.as_ref().map(|site| format!("{} ({})", site.name, site.url)).unwrap_or_default(),
        ),
        ("token until", until),
        ("renewed", renewed.to_owned()),
        ("scopes", connection.scopes.join(" ")),
    ];
    rows.extend(connection.offered_sites.iter().map(|offered| {
        let mark = if offered.reachable == Some(false) { ", not reachable for this account" } else { "" };
        ("site to choose", format!("{} ({}){mark}", offered.site.name, offered.site.url))
    }));
    let lacks = |missing: &MissingScopes| format!("{}: {}", missing.template, missing.scopes.join(" "));
    rows.extend(connection.missing.iter().map(|missing| ("cannot run", lacks(missing))));
    rows.extend(connection.attributes.iter().map(|(name, value)| (name.as_str(), value.clone())));
    rows
}

/// All that is known of a connection, as a person reads it.
fn told_in_full(report: &ConnectionReport) -> String {
    let mut rows = rows(&report.connection);
    if let Some(token) = &report.refresh_token {
        let state = match token.state {
            RefreshTokenState::Good => "good".to_owned(),
            RefreshTokenState::InUse => "being used now".to_owned(),
            RefreshTokenState::Paused => format!(
                "{} renewals failed, tried again at {}",
                token.failures,
                token.next_try.map(time).unwrap_or_else(|| "the next use".to_owned())
            ),
            RefreshTokenState::Absent => "there is none".to_owned(),
            RefreshTokenState::Refused => "no longer accepted".to_owned(),
        };
        rows.push(("refresh token", state));
        rows.push(("tokens from", time(token.issued_at)));
        rows.push(("dropped if unused", token.dropped_at.map(time).unwrap_or_default()));
    }
    rows.push(("next", report.next_step.clone().unwrap_or_default()));
    facts(&rows)
}
