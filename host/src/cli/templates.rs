//! `actionbay templates`

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::fields;
use super::home::{Home, HostSettings};
use super::output::{Output, facts, table, table_within, time, width};
use super::template_args::{self, Flags};
use crate::authorization::Connection;
use crate::failure::Result;
use crate::host::Host;
use crate::ids::{IntegrationId, TemplateId};
use crate::runtime::{Effect, Manifest, Template};

#[derive(Debug, Subcommand)]
pub(super) enum Templates {
    /// List what an integration can do
    #[command(after_help = "Example: actionbay templates list INTEGRATION")]
    List(List),
    /// Show the fields and scopes of a template
    #[command(after_help = "Example: actionbay templates show INTEGRATION TEMPLATE")]
    Show(Show),
    /// Install a template: it becomes a dialog, and connections ask for its scopes from then on
    #[command(after_help = "Example: actionbay templates install INTEGRATION TEMPLATE")]
    Install(Named),
    /// Take an installed template away, with its dialog
    #[command(after_help = "Example: actionbay templates uninstall INTEGRATION TEMPLATE")]
    Uninstall(Named),
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// The integration, or the path of its component
    integration: String,
}

#[derive(Debug, Args)]
pub(super) struct Show {
    /// The integration, or the path of its component
    integration: String,
    /// The template; without it, all of them in short
    template: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Named {
    /// The integration, or the path of its component
    integration: String,
    /// The template
    template: String,
}

impl Templates {
    pub(super) fn run(self, home: &Home, output: &Output) -> Result<()> {
        match self {
            Self::List(List { integration }) | Self::Show(Show { integration, template: None }) => {
                let plugin = home.plugin(&integration)?;
                output.result(&plugin.manifest().templates, || everything(&integration, plugin.manifest()))
            }
            Self::Install(named) => {
                let (host, integration) = named.open(home, output)?;
                let installed = host.install(home.workspace(), &integration, &named.template)?;
                named.told(
                    &host,
                    "installed",
                    (installed.lacking.as_slice(), Some(installed.dialog.name.as_str())),
                    output,
                )
            }
            Self::Uninstall(named) => {
                let (host, integration) = named.open(home, output)?;
                let template = TemplateId::new(&*named.template)?;
                let lacking = host.uninstall(home.workspace(), &integration, &template)?;
                named.told(&host, "uninstalled", (lacking.as_slice(), None), output)
            }
            Self::Show(Show { integration, template: Some(id) }) => {
                let plugin = home.plugin(&integration)?;
                let template = plugin.known_template(&id)?;
                output.result(template, || people(&integration, template))
            }
        }
    }
}

impl Named {
    fn open(&self, home: &Home, output: &Output) -> Result<(Host, IntegrationId)> {
        let plugin = home.plugin(&self.integration)?;
        let integration = plugin.manifest().id.clone();
        Ok((home.host(HostSettings::new(vec![plugin], output))?, integration))
    }

    /// Says what was done, which connections lack scopes now, and where they are granted.
    fn told(
        &self,
        host: &Host,
        done: &str,
        (lacking, dialog): (&[Connection], Option<&str>),
        output: &Output,
    ) -> Result<()> {
        // Without a page for links, the command of `connections show` is the way.
        let links: Vec<_> = lacking.iter().map(|connection| host.link_to_renew(connection).ok()).collect();
        let told = lacking.iter().zip(&links);
        let json: Vec<_> = told
            .clone()
            .map(|(connection, link)| json!({ "connection": connection, "authorization": link }))
            .collect();
        let json =
            json!({ "template": self.template, "done": done, "dialog": dialog, "lacking-scopes": json });
        output.result(&json, || {
            let mut text = format!("{} is {done}.\n", self.template);
            if let Some(dialog) = dialog {
                text.push_str(&format!("Run it by talking: actionbay dialog {dialog}\n"));
            }
            for (connection, link) in told {
                let reason = connection.reason.as_deref().unwrap_or_default();
                text.push_str(&format!("\n{} lacks scopes. {reason}\n", connection.id));
                text.push_str(&match link {
                    Some(link) => format!("authorize: {} (until {})\n", link.url, time(link.expires_at)),
                    None => format!("See what to do: actionbay connections show {}\n", connection.id),
                });
            }
            text
        })
    }
}

/// All templates, by what they do to the vendor's data: what only reads comes first.
pub(super) fn overview(manifest: &Manifest, width: Option<usize>) -> String {
    let mut templates: Vec<&Template> = manifest.templates.iter().collect();
    templates.sort_by_key(|template| match &template.effect {
        Effect::Read => 0,
        Effect::Create => 1,
        Effect::Update => 2,
        Effect::Delete => 3,
        Effect::Other(_) => 4,
    });
    let row = |template: &&Template| {
        vec![
            template.id.to_string(),
            template.effect.as_str().to_owned(),
            fields::needs(&template.input),
            template.summary.clone(),
        ]
    };
    let rows: Vec<_> = templates.iter().map(row).collect();
    table_within(&["template", "effect", "needs", "what it does"], &rows, width)
}

/// The overview, with how to read it and where to go on.
fn everything(integration: &str, manifest: &Manifest) -> String {
    let mut text = overview(manifest, width());
    text.push_str(&format!(
        "\nWhat reads changes nothing; what creates adds something; the others change or remove what is there.\n\
         See the fields of one and an example: actionbay run {integration} TEMPLATE --help\n"
    ));
    text
}

fn people(integration: &str, template: &Template) -> String {
    let repeat = if template.repeatable { "leaves things as one run does" } else { "does it again" };
    let mut text = facts(&[
        ("template", template.id.to_string()),
        ("title", template.title.clone()),
        ("what it does", template.summary.clone()),
        ("effect", template.effect.as_str().to_owned()),
        ("a repeat", repeat.to_owned()),
        ("scopes", template.scopes.join(" ")),
        ("say", template.utterances.join(" · ")),
    ]);
    text.push('\n');
    text.push_str(&table_of_fields(template));
    let example = template_args::example(integration, template, &Flags::of(template));
    text.push_str(&format!("\nRun it: {example}\n"));
    text
}

/// The fields of an input, a line each.
fn table_of_fields(template: &Template) -> String {
    let row = |field: fields::Field<'_>| {
        let default = field.default.map(|value| match value {
            Value::String(text) if text.is_empty() => "(empty)".to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        let default = if field.required { "required".to_owned() } else { default.unwrap_or_default() };
        vec![field.name.to_owned(), field.kind.label(), default, field.description]
    };
    let rows: Vec<_> = fields::of(template).into_iter().map(row).collect();
    table(&["field", "type", "default", "what it is"], &rows)
}
