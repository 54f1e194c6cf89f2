//! `actionbay integrations`

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::home::Home;
use super::output::{Output, facts, table};
use crate::failure::{Failure, FailureKind, Result};
use crate::runtime::Plugin;

#[derive(Debug, Subcommand)]
pub(super) enum Integrations {
    /// List what can be connected
    #[command(after_help = "Example: actionbay integrations list --json")]
    List,
    /// Show what an integration says of itself: where it sends requests, what it can do
    #[command(after_help = "Example: actionbay integrations show ./my-integration.wasm")]
    Show(Show),
}

#[derive(Debug, Args)]
pub(super) struct Show {
    /// An integration, or the path of a component
    integration: String,
}

impl Integrations {
    pub(super) fn run(self, home: &Home, output: &Output) -> Result<()> {
        match self {
            Self::List => list(home, output),
            Self::Show(show) => show.run(home, output),
        }
    }
}

fn list(home: &Home, output: &Output) -> Result<()> {
    let plugins = home.plugins()?;
    let summary = |plugin: &Plugin| {
        let manifest = plugin.manifest();
        json!({
            "id": manifest.id, "title": manifest.title, "version": manifest.version, "summary": manifest.summary,
            "templates": manifest.templates.len(), "digest": plugin.digest(),
        })
    };
    let row = |plugin: &Plugin| {
        let manifest = plugin.manifest();
        vec![
            manifest.id.to_string(),
            manifest.version.clone(),
            manifest.templates.len().to_string(),
            manifest.summary.clone(),
        ]
    };
    output.result(&plugins.iter().map(summary).collect::<Vec<_>>(), || {
        table(&["id", "version", "templates", "summary"], &plugins.iter().map(row).collect::<Vec<_>>())
    })
}

impl Show {
    fn run(self, home: &Home, output: &Output) -> Result<()> {
        let plugin = if looks_like_path(&self.integration) {
            home.engine()?.load(&read(&self.integration)?)?
        } else {
            home.plugin(&self.integration)?
        };
        output.result(&everything(&plugin), || people(&plugin))
    }
}

fn looks_like_path(text: &str) -> bool {
    text.contains(['/', '\\']) || text.ends_with(".wasm")
}

fn read(path: &str) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| {
        Failure::new(
            FailureKind::InvalidInput,
            "component-unreadable",
            format!("The component {path} cannot be read: {error}."),
        )
        .hint("Check the path.")
    })
}

fn everything(plugin: &Plugin) -> Value {
    let manifest = plugin.manifest();
    json!({
        "id": manifest.id, "title": manifest.title, "version": manifest.version, "summary": manifest.summary,
        "digest": plugin.digest(), "authorization": manifest.authorization, "audiences": manifest.audiences,
        "templates": manifest.templates,
    })
}

fn people(plugin: &Plugin) -> String {
    let manifest = plugin.manifest();
    let mut text = facts(&[
        ("id", manifest.id.to_string()),
        ("title", manifest.title.clone()),
        ("version", manifest.version.clone()),
        ("summary", manifest.summary.clone()),
        ("sha-256", plugin.digest().to_owned()),
        (
            "authorize at",
            manifest.oauth2().map(|oauth2| oauth2.authorization_url.to_string()).unwrap_or_default(),
        ),
        ("tokens from", manifest.oauth2().map(|oauth2| oauth2.token_url.to_string()).unwrap_or_default()),
        ("scopes", manifest.oauth2().map(|oauth2| oauth2.default_scopes.join(" ")).unwrap_or_default()),
    ]);
    text.push_str("\nIt can send requests to these audiences and nowhere else:\n\n");
    let audience = |facts: &crate::runtime::AudienceFacts| {
        let audience = &facts.audience;
        let when = if audience.authorization_only { "authorizing" } else { "always" };
        vec![audience.name.clone(), format!("{}{}", audience.origin, audience.path_prefix), when.to_owned()]
    };
    text.push_str(&table(
        &["audience", "where", "when"],
        &manifest.audiences.iter().map(audience).collect::<Vec<_>>(),
    ));
    text.push('\n');
    text.push_str(&super::templates::overview(manifest));
    text
}
