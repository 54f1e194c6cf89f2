//! `actionbay connections`

use clap::{Args, Subcommand};

use super::home::{Home, HostSettings};
use super::output::{Output, facts, table, time};
use crate::authorization::Connection;
use crate::failure::Result;
use crate::ids::{ConnectionId, WorkspaceId};

#[derive(Debug, Subcommand)]
pub(super) enum Connections {
    /// List the accounts that are connected
    #[command(after_help = "Example: actionbay connections list")]
    List,
    /// Show how a connection stands: account, site, scopes, until when
    #[command(after_help = "Example: actionbay connections show c-0f3a…")]
    Show(Show),
}

#[derive(Debug, Args)]
pub(super) struct Show {
    /// The connection's id
    connection: String,
}

impl Connections {
    pub(super) fn run(self, home: &Home, output: &Output) -> Result<()> {
        let host = home.host(HostSettings::new(Vec::new(), output))?;
        let workspace = WorkspaceId::default_workspace();
        match self {
            Self::List => {
                let connections = host.connections(&workspace)?;
                output.result(&connections, || people(&connections))
            }
            Self::Show(Show { connection }) => {
                let connection = host.connection(&workspace, &ConnectionId::new(connection)?)?;
                output.result(&connection, || details(&connection))
            }
        }
    }
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
