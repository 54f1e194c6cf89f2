//! `actionbay run`

use std::io::Read as _;

use clap::Args;
use serde_json::{Map, Value};

use super::home::{Home, HostSettings};
use super::output::{Output, document};
use crate::failure::{Failure, FailureKind, Result};
use crate::ids::ConnectionId;
use crate::runtime::{Plugin, Template};

/// The field of an input by which a template shows what it would do.
const DRY_RUN: &str = "dry-run";

/// Run a template
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  actionbay run INTEGRATION TEMPLATE --set title=Hello --set body=@hello.md
  actionbay run INTEGRATION TEMPLATE --input @input.json --json
  echo '{\"id\": \"123\"}' | actionbay run INTEGRATION TEMPLATE --input -

A field of a type other than text is read as JSON. A value that begins with @ names a file; write @@ for an @.
See the fields with: actionbay templates show INTEGRATION TEMPLATE")]
pub(super) struct Run {
    /// The integration
    integration: String,
    /// The template
    template: String,
    /// The input: JSON, @FILE, or - for standard input
    #[arg(long, value_name = "JSON|@FILE|-")]
    input: Option<String>,
    /// One field of the input; goes over --input
    #[arg(long, value_name = "FIELD=VALUE|FIELD=@FILE")]
    set: Vec<String>,
    /// The end user to act for
    #[arg(long)]
    user: Option<String>,
    /// Show what would be sent, and send nothing that changes anything; for templates that have a field `dry-run`
    #[arg(long)]
    dry_run: bool,
    /// A name for this run: repeated with it, the run is not done twice, and gives what came of the first
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// The connection to use, where there are several
    #[arg(long, value_name = "ID")]
    connection: Option<String>,
}

impl Run {
    pub(super) fn run(self, home: &Home, output: &Output) -> Result<()> {
        let plugin = home.plugin(&self.integration)?;
        let template = plugin.manifest().template(&self.template);
        let input = self.input(template)?;
        // Before the store is opened: a wrong call leaves nothing behind.
        plugin.check_input(&self.template, &input)?;
        let connection = self.connection.map(ConnectionId::new).transpose()?;
        let integration = plugin.manifest().id.clone();
        let run = crate::run::Run::new(home.workspace().clone(), integration, self.template, input);
        execute(
            home,
            plugin,
            &run.user(self.user).connection(connection).idempotency_key(self.idempotency_key),
            output,
        )
    }

    fn input(&self, template: Option<&Template>) -> Result<Value> {
        let mut fields = match self.input.as_deref().map(read_input).transpose()? {
            Some(Value::Object(fields)) => fields,
            Some(other) if self.set.is_empty() && !self.dry_run => return Ok(other),
            Some(_) => return Err(wrong("The input is no JSON object, so there is nothing to set in it.")),
            None => Map::new(),
        };
        for pair in &self.set {
            let (name, text) = pair
                .split_once('=')
                .filter(|(name, _)| !name.is_empty())
                .ok_or_else(|| wrong(format!("--set {pair}: there is no field before an equals sign.")))?;
            fields.insert(name.to_owned(), field(template, name, value_text(text)?)?);
        }
        if self.dry_run {
            let has_field = template.is_some_and(|template| template.input.properties().contains(&DRY_RUN));
            if template.is_some() && !has_field {
                return Err(wrong(format!("The template {} cannot show what it would send.", self.template))
                    .hint("Leave --dry-run out. Nothing was sent."));
            }
            fields.insert(DRY_RUN.to_owned(), Value::Bool(true));
        }
        Ok(Value::Object(fields))
    }
}

fn execute(home: &Home, plugin: Plugin, run: &crate::run::Run, output: &Output) -> Result<()> {
    let host = home.host(HostSettings::new(vec![plugin], output))?;
    let outcome = host.run(run)?;
    output.result(&outcome, || document(&outcome.output))
}

fn read_input(text: &str) -> Result<Value> {
    let json = match (text, text.strip_prefix('@')) {
        ("-", _) => {
            let mut json = String::new();
            std::io::stdin()
                .read_to_string(&mut json)
                .map_err(|error| wrong(format!("Standard input cannot be read: {error}.")))?;
            json
        }
        (_, Some(file)) => read_file(file)?,
        (json, None) => json.to_owned(),
    };
    serde_json::from_str(&json).map_err(|error| {
        wrong(format!("The input is no JSON: {error}."))
            .hint("Give an object, as in --input '{\"space\": \"DOCS\"}'.")
    })
}

fn value_text(text: &str) -> Result<String> {
    match text.strip_prefix('@') {
        Some(rest) if rest.starts_with('@') => Ok(rest.to_owned()),
        Some(file) => read_file(file),
        None => Ok(text.to_owned()),
    }
}

fn read_file(path: &str) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| {
        let hint = match error.kind() {
            std::io::ErrorKind::InvalidData => "A field takes text: give a file in UTF-8.",
            _ => "Check the path. For a value that begins with @, write @@.",
        };
        wrong(format!("The file {path} cannot be read: {error}.")).hint(hint)
    })
}

/// A value by the type that the schema gives its field: text as it is, anything else as JSON.
fn field(template: Option<&Template>, name: &str, text: String) -> Result<Value> {
    let declared = template
        .and_then(|template| template.input.json().pointer("/properties"))
        .and_then(|properties| properties.get(name))
        .and_then(|property| property.get("type"));
    let is_text = match declared {
        None => true,
        Some(Value::Array(types)) => types.iter().any(|known| known == "string"),
        Some(one) => one == "string",
    };
    if is_text {
        return Ok(Value::String(text));
    }
    // What is no JSON stays text, and the schema's check says what it should be.
    Ok(serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

fn wrong(message: impl AsRef<str>) -> Failure {
    Failure::new(FailureKind::InvalidInput, "bad-input", message)
        .hint("Give fields as in --set title=Hello, or all of them as in --input @input.json.")
}
