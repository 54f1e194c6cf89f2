//! `actionbay run`

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value};

use super::home::{Home, HostSettings};
use super::output::{Output, document};
use crate::failure::{Failure, FailureKind, Result};
use crate::ids::ConnectionId;
use crate::run::RunOutcome;
use crate::runtime::{FolderFiles, Plugin, Template, plain_name};

/// The field of an input by which a template shows what it would do.
const DRY_RUN: &str = "dry-run";

/// Run a template
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  actionbay run INTEGRATION TEMPLATE --set title=Hello --set body=@hello.md
  actionbay run INTEGRATION TEMPLATE --input @input.json --json
  echo '{\"id\": \"123\"}' | actionbay run INTEGRATION TEMPLATE --input -
  actionbay run INTEGRATION TEMPLATE --set id=123 --set file=@plan.pdf --files ~/Downloads

A field of a type other than text is read as JSON. A value that begins with @ names a file, whose text
it is; write @@ for an @. A field that is a file takes the file itself, and no more than its name is told to the template.
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
    /// The folder of the files that the input names, and of those that are saved; nothing in it is replaced
    #[arg(long, value_name = "DIR", default_value = ".")]
    files: PathBuf,
    /// The connection to use, where there are several
    #[arg(long, value_name = "ID")]
    connection: Option<String>,
}

impl Run {
    pub(super) fn run(self, home: &Home, output: &Output) -> Result<()> {
        let plugin = home.plugin(&self.integration)?;
        let template = plugin.manifest().template(&self.template);
        let folder = std::path::absolute(&self.files).ok().filter(|folder| folder.is_dir());
        let folder = folder.ok_or_else(|| {
            wrong(format!("There is no folder {}.", self.files.display()))
                .hint("Give a folder that is there.")
        })?;
        let mut files = FolderFiles::new(folder);
        let input = self.input(template, &mut files)?;
        // Before the store is opened: a wrong call leaves nothing behind.
        plugin.check_input(&self.template, &input)?;
        let connection = self.connection.map(ConnectionId::new).transpose()?;
        let integration = plugin.manifest().id.clone();
        let run = crate::run::Run::new(home.workspace().clone(), integration, self.template, input);
        let run = run.user(self.user).connection(connection).idempotency_key(self.idempotency_key);
        execute(home, plugin, &run.files(files.clone()), &files, output)
    }

    fn input(&self, template: Option<&Template>, files: &mut FolderFiles) -> Result<Value> {
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
            let is_file = template.is_some_and(|template| template.input.is_file(name));
            let text = if is_file { named_file(text, files)? } else { value_text(text)? };
            fields.insert(name.to_owned(), field(template, name, text)?);
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

/// What came of a run, and the files that it saved.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    outcome: &'a RunOutcome,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<PathBuf>,
}

fn execute(
    home: &Home,
    plugin: Plugin,
    run: &crate::run::Run,
    files: &FolderFiles,
    output: &Output,
) -> Result<()> {
    let host = home.host(HostSettings::new(vec![plugin], output))?;
    let outcome = host.run(run)?;
    let told = Told { outcome: &outcome, files: files.made() };
    output.result(&told, || document(&outcome.output))?;
    told.files.iter().for_each(|path| output.note(&format!("saved {}", path.display())));
    Ok(())
}

/// The name of the file that a field names: one of the folder, or that at a path, which is taken along.
fn named_file(text: &str, files: &mut FolderFiles) -> Result<String> {
    let path = match text.strip_prefix('@') {
        Some(rest) if rest.starts_with('@') => return Ok(rest.to_owned()),
        Some(path) => Path::new(path),
        None => return Ok(text.to_owned()),
    };
    let unusable = |why: String| {
        wrong(format!("The file {} cannot be sent: {why}.", path.display())).hint("Check the path.")
    };
    let known = std::fs::metadata(path).map_err(|error| unusable(error.to_string()))?;
    let name = path.file_name().filter(|_| known.is_file());
    let name = name.ok_or_else(|| unusable("it is no plain file".to_owned()))?;
    let name = plain_name(&name.to_string_lossy());
    files.give(&name, path).map_err(|_| unusable(format!("another one is called {name} too")))?;
    Ok(name)
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
