//! `actionbay integrations`

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::{Value, json};

use super::components::is_built_in;
use super::confirm::confirm;
use super::home::{Home, HostSettings};
use super::output::{Output, facts, table, time};
use super::policy::Policy;
use crate::authorization::{AuthorizationMode, Configuration, Deleted, Difference, UNREADABLE};
use crate::failure::{Failure, FailureKind, Result};
use crate::host::Host;
use crate::ids::{IntegrationId, ProfileId, TemplateId, WorkspaceId};
use crate::runtime::{Basic, Plugin};

#[derive(Debug, Subcommand)]
pub(super) enum Integrations {
    /// List what can be connected
    #[command(after_help = "Example: actionbay integrations list --json")]
    List,
    /// Show what an integration says of itself: where it sends requests, what it can do
    #[command(after_help = "Example: actionbay integrations show ./my-integration.wasm")]
    Show(Show),
    /// Add a component to the data directory, so that every verb knows it by its id
    ///
    /// One of the same id is replaced. A path in the place of an integration uses a component without adding it.
    #[command(after_help = "Example: actionbay integrations add ./my-integration.wasm")]
    Add(Add),
    /// Take an added component away; what workspaces have of it is kept
    #[command(after_help = "Example: actionbay integrations remove my-integration")]
    Remove(Remove),
    /// Enable an integration in the workspace, and say who connects it
    ///
    /// The first connection enables it too. One that was disabled has to be authorized again.
    #[command(after_help = "Examples:
  actionbay integrations enable INTEGRATION
  actionbay integrations enable INTEGRATION --mode per-user --profile mine")]
    Enable(Configure),
    /// Change who connects it, or with which profile
    #[command(after_help = "Example: actionbay integrations edit INTEGRATION --mode per-user")]
    Edit(Configure),
    /// Show or change what the workspace lets it do: which templates may run, which containers they may reach
    ///
    /// A container is what the integration groups content by, such as a space. It is allowed, read-only or denied; so are
    /// templates, of which only those that read run when they are read-only. What cannot be decided is denied.
    #[command(after_help = "Examples:
  actionbay integrations policy INTEGRATION
  actionbay integrations policy INTEGRATION --container DOCS=read-only --container HR=deny
  actionbay integrations policy INTEGRATION --other-containers deny --container DOCS=allow
  actionbay integrations policy INTEGRATION --template delete-content=deny --other-templates read-only
  actionbay integrations policy INTEGRATION --clear")]
    Policy(Policy),
    /// Accept the component of an integration, after it was replaced by another
    ///
    /// The first component that is used is approved by that. Another one gets no credential before it is accepted here. What is
    /// shown is how it differs in what it declares: audiences, scopes, templates with their effects, requests. One that came with
    /// the program was accepted with that, as long as it declares nothing more.
    #[command(after_help = "Examples:
  actionbay integrations approve INTEGRATION          # shows the difference
  actionbay integrations approve INTEGRATION --yes    # accepts it
  actionbay integrations approve INTEGRATION --yes --digest SHA-256")]
    Approve(Approve),
    /// Disable an integration: its authorization is kept, and nothing runs
    #[command(after_help = "Example: actionbay integrations disable INTEGRATION")]
    Disable(Named),
    /// Delete an integration from the workspace: configuration, connections, profiles and their secrets
    ///
    /// The grants at the vendor stay until the persons withdraw them in the settings of their accounts there.
    #[command(after_help = "Example: actionbay integrations delete INTEGRATION --yes")]
    Delete(Delete),
}

/// Who connects an integration.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Mode {
    /// An admin, once for everybody
    PreAuthorized,
    /// Each end user, for themselves
    PerUser,
}

impl From<Mode> for AuthorizationMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::PreAuthorized => Self::PreAuthorized,
            Mode::PerUser => Self::PerUser,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct Configure {
    /// The integration, or the path of its component
    integration: String,
    /// Who connects it [default: pre-authorized, or as before]
    #[arg(long, value_enum)]
    mode: Option<Mode>,
    /// The profile to connect with [default: the only one that there is]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Named {
    /// The integration, or the path of its component
    integration: String,
}

#[derive(Debug, Args)]
pub(super) struct Delete {
    /// The integration, or the path of its component
    integration: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Args)]
pub(super) struct Approve {
    /// The integration, or the path of its component
    integration: String,
    /// Accept the difference
    #[arg(long)]
    yes: bool,
    /// Accept it only of the component with this digest: the one that was shown
    #[arg(long, value_name = "SHA-256", requires = "yes")]
    digest: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Add {
    /// The component
    #[arg(value_name = "FILE")]
    component: String,
}

#[derive(Debug, Args)]
pub(super) struct Remove {
    /// The integration
    integration: String,
}

#[derive(Debug, Args)]
pub(super) struct Show {
    /// The integration, or the path of its component
    integration: String,
}

impl Integrations {
    pub(super) fn run(self, home: &Home, output: &Output) -> Result<()> {
        match self {
            Self::List => list(home, output),
            Self::Show(show) => show.run(home, output),
            Self::Add(add) => add.run(home, output),
            Self::Remove(remove) => remove.run(home, output),
            Self::Enable(configure) => configure.run(home, output, Host::enable),
            Self::Edit(configure) => configure.run(home, output, Host::edit_configuration),
            Self::Approve(approve) => approve.run(home, output),
            Self::Policy(policy) => policy.run(home, output),
            Self::Disable(Named { integration }) => {
                let (host, id) = open(home, &integration, output)?;
                shown(&host.disable(home.workspace(), &id)?, output)
            }
            Self::Delete(delete) => delete.run(home, output),
        }
    }
}

/// What enables an integration, or changes how it is configured.
type Change = fn(
    &Host,
    &WorkspaceId,
    &IntegrationId,
    Option<AuthorizationMode>,
    Option<&ProfileId>,
) -> Result<Configuration>;

impl Configure {
    fn run(self, home: &Home, output: &Output, change: Change) -> Result<()> {
        let (host, id) = open(home, &self.integration, output)?;
        let profile = self.profile.map(ProfileId::new).transpose()?;
        let mode = self.mode.map(AuthorizationMode::from);
        shown(&change(&host, home.workspace(), &id, mode, profile.as_ref())?, output)
    }
}

impl Add {
    fn run(self, home: &Home, output: &Output) -> Result<()> {
        let added = home.add_component(&self.component)?;
        let manifest = added.plugin.manifest();
        let json = json!({
            "id": manifest.id, "version": manifest.version, "digest": added.plugin.digest(), "file": added.file,
            "replaced": added.replaced,
        });
        output.result(&json, || {
            facts(&[
                ("integration", manifest.id.to_string()),
                ("state", if added.replaced { "replaced" } else { "added" }.to_owned()),
                ("version", manifest.version.clone()),
                ("sha-256", added.plugin.digest().to_owned()),
                ("file", added.file.display().to_string()),
                ("next", format!("Connect an account with: actionbay authorize {}", manifest.id)),
            ])
        })
    }
}

impl Remove {
    fn run(self, home: &Home, output: &Output) -> Result<()> {
        let id = &self.integration;
        home.remove_component(id)?;
        output.result(&json!({ "id": id, "removed": true }), || {
            format!("{id} is removed. What workspaces have of it is kept, and works when it is added again.")
        })
    }
}

/// How a component differs, and whether that is accepted.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    difference: &'a Difference,
    state: &'a str,
}

impl Approve {
    fn run(self, home: &Home, output: &Output) -> Result<()> {
        let (host, id) = open(home, &self.integration, output)?;
        let approve = || host.approve(&id, self.digest.as_deref());
        let difference = match host.difference(&id) {
            // Whoever names the component needs not see how it differs from one that nobody knows any more.
            Err(failure) if failure.code == UNREADABLE && self.digest.is_some() => {
                approve()?;
                host.difference(&id)?
            }
            difference => difference?,
        };
        if self.yes {
            approve()?;
        }
        let needs = difference.needs_approval();
        let state = match (&difference.approved, needs) {
            _ if self.yes => "approved".to_owned(),
            (None, _) => "approved by its first use".to_owned(),
            (Some(approved), _) if *approved == difference.digest => "approved".to_owned(),
            (Some(_), false) => {
                "came with the program, and declares nothing more than was approved".to_owned()
            }
            (Some(_), true) => {
                let only_code = difference.more.is_empty() && difference.less.is_empty();
                let what = if only_code { "its code alone is another; " } else { "" };
                format!(
                    "not approved; {what}accept it with: actionbay integrations approve {} --yes --digest {}",
                    self.integration, difference.digest
                )
            }
        };
        let told = Told { difference: &difference, state: &state };
        output.result(&told, || {
            let mut text = facts(&[
                ("integration", id.to_string()),
                ("sha-256", difference.digest.clone()),
                ("approved", difference.approved.clone().unwrap_or_default()),
                ("state", state.clone()),
            ]);
            for (mark, lines) in [("+", &difference.more), ("-", &difference.less)] {
                for line in lines.iter().filter(|_| difference.approved.is_some()) {
                    text.push_str(&format!("\n{mark} {line}"));
                }
            }
            text
        })
    }
}

impl Delete {
    fn run(self, home: &Home, output: &Output) -> Result<()> {
        let (host, id) = open(home, &self.integration, output)?;
        let workspace = home.workspace();
        let deletion = host.deletion(workspace, &id)?;
        let configured = host.configuration(workspace, &id)?.is_some();
        if !configured && deletion.connections.is_empty() && deletion.profiles.is_empty() {
            return Err(Failure::new(
                FailureKind::NotFound,
                "not-configured",
                format!("There is nothing of {id} in the workspace \"{workspace}\"."),
            )
            .hint("See what is configured with: actionbay integrations list"));
        }
        confirm(&loss(&id, &deletion), self.yes)?;
        let deleted = host.delete_integration(workspace, &id)?;
        home.went(&deleted.connections);
        output.result(&deleted, || format!("{id} is deleted from the workspace \"{workspace}\"."))
    }
}

/// What is lost with an integration.
fn loss(id: &IntegrationId, deletion: &Deleted) -> String {
    let names = |what: &str, names: Vec<&str>| match names.as_slice() {
        [] => String::new(),
        names => format!(" {what}: {}.", names.join(", ")),
    };
    let connections = deletion.connections.iter().map(|connection| connection.id.as_str()).collect();
    let profiles = deletion.profiles.iter().map(ProfileId::as_str).collect();
    format!(
        "The configuration of {id} would be deleted for good.{}{}",
        names("With it go the connections", connections),
        names("With it go the profiles and their secrets", profiles)
    )
}

pub(super) fn open(home: &Home, integration: &str, output: &Output) -> Result<(Host, IntegrationId)> {
    let plugin = home.plugin(integration)?;
    let id = plugin.manifest().id.clone();
    Ok((home.host(HostSettings::new(vec![plugin], output))?, id))
}

/// Prints how an integration is configured, and what comes next.
fn shown(configuration: &Configuration, output: &Output) -> Result<()> {
    let next = match (configuration.enabled, configuration.mode) {
        (false, _) => {
            format!("Enable it again with: actionbay integrations enable {}", configuration.integration)
        }
        (true, AuthorizationMode::PerUser) => {
            "Each user is given a link by the first run that needs their account.".to_owned()
        }
        (true, _) => format!("Connect the account with: actionbay authorize {}", configuration.integration),
    };
    output.result(configuration, || {
        facts(&[
            ("integration", configuration.integration.to_string()),
            ("workspace", configuration.workspace.to_string()),
            ("state", state(Some(configuration)).to_owned()),
            ("mode", configuration.mode.as_str().to_owned()),
            ("profile", configuration.profile.as_ref().map(ToString::to_string).unwrap_or_default()),
            (
                "templates",
                configuration.templates.iter().map(TemplateId::as_str).collect::<Vec<_>>().join(", "),
            ),
            ("since", time(configuration.since)),
            ("next", next),
        ])
    })
}

fn state(configuration: Option<&Configuration>) -> &'static str {
    match configuration {
        None => "available",
        Some(configuration) if configuration.enabled => "enabled",
        Some(_) => "disabled",
    }
}

fn list(home: &Home, output: &Output) -> Result<()> {
    let plugins = home.plugins()?;
    let configurations = match home.existing_host(output)? {
        Some(host) => host.configurations(home.workspace())?,
        None => Vec::new(),
    };
    let configured = |plugin: &Plugin| {
        configurations.iter().find(|configuration| configuration.integration == plugin.manifest().id)
    };
    let summary = |plugin: &Plugin| {
        let manifest = plugin.manifest();
        json!({
            "id": manifest.id, "title": manifest.title, "version": manifest.version, "summary": manifest.summary,
            "templates": manifest.templates.len(), "digest": plugin.digest(),
            "added": !is_built_in(manifest.id.as_str()), "state": state(configured(plugin)),
            "configuration": configured(plugin),
        })
    };
    let row = |plugin: &Plugin| {
        let manifest = plugin.manifest();
        vec![
            manifest.id.to_string(),
            state(configured(plugin)).to_owned(),
            manifest.version.clone(),
            manifest.templates.len().to_string(),
            manifest.summary.clone(),
        ]
    };
    output.result(&plugins.iter().map(summary).collect::<Vec<_>>(), || {
        table(
            &["id", "state", "version", "templates", "summary"],
            &plugins.iter().map(row).collect::<Vec<_>>(),
        )
    })
}

impl Show {
    fn run(self, home: &Home, output: &Output) -> Result<()> {
        let plugin = home.plugin(&self.integration)?;
        output.result(&everything(&plugin), || people(&plugin))
    }
}

fn everything(plugin: &Plugin) -> Value {
    let manifest = plugin.manifest();
    json!({
        "id": manifest.id, "title": manifest.title, "version": manifest.version, "summary": manifest.summary,
        "digest": plugin.digest(), "imports": plugin.imports(), "authorization": manifest.authorization, "audiences": manifest.audiences,
        "container": manifest.container, "probes": manifest.probes, "excluded-editions": manifest.excluded_editions,
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
        ("imports", plugin.imports().join(", ")),
        (
            "authorize at",
            manifest.oauth2().map(|oauth2| oauth2.authorization_url.to_string()).unwrap_or_default(),
        ),
        ("tokens from", manifest.oauth2().map(|oauth2| oauth2.token_url.to_string()).unwrap_or_default()),
        (
            "or by",
            manifest
                .basic_methods()
                .map(|method: &Basic| format!("{} ({})", method.id, method.title))
                .collect::<Vec<_>>()
                .join(", "),
        ),
        (
            "not in editions",
            manifest.excluded_editions.iter().map(|edition| edition.as_str()).collect::<Vec<_>>().join(", "),
        ),
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
    text.push_str(&super::templates::overview(manifest, super::output::width()));
    text
}
