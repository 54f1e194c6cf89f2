//! `actionbay templates`

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::home::{Home, HostSettings};
use super::output::{Output, facts, table, time};
use crate::authorization::Connection;
use crate::failure::Result;
use crate::host::Host;
use crate::ids::{IntegrationId, TemplateId};
use crate::runtime::{Manifest, Schema, Template};

#[derive(Debug, Subcommand)]
pub(super) enum Templates {
    /// List what an integration can do
    #[command(after_help = "Example: actionbay templates list INTEGRATION")]
    List(List),
    /// Show the fields and scopes of a template
    #[command(after_help = "Example: actionbay templates show INTEGRATION TEMPLATE")]
    Show(Show),
    /// Install a template: connections ask for its scopes from then on
    #[command(after_help = "Example: actionbay templates install INTEGRATION TEMPLATE")]
    Install(Named),
    /// Take an installed template away
    #[command(after_help = "Example: actionbay templates uninstall INTEGRATION TEMPLATE")]
    Uninstall(Named),
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// The integration
    integration: String,
}

#[derive(Debug, Args)]
pub(super) struct Show {
    /// The integration
    integration: String,
    /// The template; without it, all of them in short
    template: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Named {
    /// The integration
    integration: String,
    /// The template
    template: String,
}

impl Templates {
    pub(super) fn run(self, home: &Home, output: &Output) -> Result<()> {
        match self {
            Self::List(List { integration }) | Self::Show(Show { integration, template: None }) => {
                let plugin = home.plugin(&integration)?;
                output.result(&plugin.manifest().templates, || overview(plugin.manifest()))
            }
            Self::Install(named) => {
                let (host, integration) = named.open(home, output)?;
                let lacking = host.install_template(home.workspace(), &integration, &named.template)?;
                named.told(&host, "installed", &lacking, output)
            }
            Self::Uninstall(named) => {
                let (host, integration) = named.open(home, output)?;
                let template = TemplateId::new(&*named.template)?;
                let lacking = host.uninstall_template(home.workspace(), &integration, &template)?;
                named.told(&host, "uninstalled", &lacking, output)
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
    fn told(&self, host: &Host, done: &str, lacking: &[Connection], output: &Output) -> Result<()> {
        // Without a page for links, the command of `connections show` is the way.
        let links: Vec<_> = lacking.iter().map(|connection| host.link_to_renew(connection).ok()).collect();
        let told = lacking.iter().zip(&links);
        let json: Vec<_> = told
            .clone()
            .map(|(connection, link)| json!({ "connection": connection, "authorization": link }))
            .collect();
        let json = json!({ "template": self.template, "done": done, "lacking-scopes": json });
        output.result(&json, || {
            let mut text = format!("{} is {done}.\n", self.template);
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

/// All templates, a line each.
pub(super) fn overview(manifest: &Manifest) -> String {
    let row = |template: &Template| {
        vec![template.id.to_string(), template.effect.as_str().to_owned(), template.summary.clone()]
    };
    table(&["template", "effect", "what it does"], &manifest.templates.iter().map(row).collect::<Vec<_>>())
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
    text.push_str(&fields(&template.input));
    text.push_str(&format!("\nRun it: actionbay run {integration} {}{}\n", template.id, example(template)));
    text
}

/// The fields of an input, a line each.
pub(super) fn fields(schema: &Schema) -> String {
    let properties = schema.json().get("properties").and_then(Value::as_object);
    let row = |(name, property): (&String, &Value)| {
        vec![
            name.clone(),
            kind(property),
            if required(schema, name) { "required".to_owned() } else { default(property) },
            property.get("description").and_then(Value::as_str).unwrap_or_default().to_owned(),
        ]
    };
    table(
        &["field", "type", "default", "what it is"],
        &properties.into_iter().flatten().map(row).collect::<Vec<_>>(),
    )
}

fn required(schema: &Schema, name: &str) -> bool {
    schema
        .json()
        .get("required")
        .and_then(Value::as_array)
        .is_some_and(|names| names.iter().any(|known| known == name))
}

/// The type of a property in one word, or the values it may have.
fn kind(property: &Value) -> String {
    if let Some(values) = property.get("enum").and_then(Value::as_array) {
        return values
            .iter()
            .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            .collect::<Vec<_>>()
            .join("|");
    }
    property.get("type").and_then(Value::as_str).unwrap_or("any").to_owned()
}

fn default(property: &Value) -> String {
    match property.get("default") {
        None => String::new(),
        Some(Value::String(text)) if text.is_empty() => "(empty)".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// `--set` for each field that is required or asked for and has no default, with its own example.
fn example(template: &Template) -> String {
    let schema = &template.input;
    let properties = schema.json().get("properties").and_then(Value::as_object);
    let is_shown = |name: &String, property: &Value| {
        let asked = template.prompts.iter().any(|prompt| prompt.field == *name);
        required(schema, name) || (asked && property.get("default").is_none())
    };
    let set = |(name, property): (&String, &Value)| {
        let value = property.pointer("/examples/0");
        let value = value.map_or_else(
            || "…".to_owned(),
            |value| value.as_str().map_or_else(|| value.to_string(), str::to_owned),
        );
        let pair = format!("{name}={value}");
        if pair.contains(char::is_whitespace) { format!(" --set '{pair}'") } else { format!(" --set {pair}") }
    };
    properties.into_iter().flatten().filter(|(name, property)| is_shown(name, property)).map(set).collect()
}
