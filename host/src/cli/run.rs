//! `actionbay run`

use std::ffi::OsString;
use std::io::Read as _;
use std::path::PathBuf;

use clap::{ArgMatches, Args, Command};
use serde::Serialize;
use serde_json::{Map, Value};

use super::config::LIMITS_HINT;
use super::fields::Kind;
use super::home::{Home, HostSettings};
use super::output::{Output, document};
use super::recording::Place;
use super::template_args::{self, DRY_RUN, Flags};
use super::values::{read_file, value};
use crate::failure::{Failure, FailureKind, Result};
use crate::ids::{ConnectionId, IntegrationId, WorkspaceId};
use crate::run::RunOutcome;
use crate::runtime::{CallLimits, FolderFiles, Plugin, Template};
use crate::service::audit;

/// The verb's name among the arguments.
pub(super) const RUN: &str = "run";

/// Run a template
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  actionbay run INTEGRATION --help
  actionbay run INTEGRATION TEMPLATE --help
  actionbay run INTEGRATION TEMPLATE --title Hello --body @hello.md
  actionbay run INTEGRATION TEMPLATE --input @input.json --set title=Hello --json
  echo '{\"id\": \"123\"}' | actionbay run INTEGRATION TEMPLATE --input -
  actionbay run INTEGRATION TEMPLATE --id 123 --file @plan.pdf --files ~/Downloads
  actionbay run ./my-integration.wasm TEMPLATE --title Hello --record run.json

Every field of a template is a flag, after the template's name, and can be given by --set too. There a field of a type
other than text is read as JSON. A value that begins with @ names a file, whose text it is; write @@ for an @. A field
that is a file takes the file itself, and no more than its name is told to the template.")]
pub(super) struct Run {
    /// The integration, or the path of its component
    integration: String,
    /// The template
    template: String,
    /// The input: JSON, @FILE, or - for standard input
    #[arg(long, value_name = "JSON|@FILE|-")]
    input: Option<String>,
    /// One field of the input; goes over --input, as the fields' own flags do
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
    /// One limit of this run, over those of the configuration: wall-clock=30, requests=10
    #[arg(long, value_name = "NAME=VALUE")]
    call_limit: Vec<String>,
    /// Write down what the component asks for and what it gets, without any credential, for `actionbay replay`
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// The connection to use, where there are several
    #[arg(long, value_name = "ID")]
    connection: Option<String>,
    /// What the flags of the template say.
    #[arg(skip)]
    flags: Option<(Named, ArgMatches)>,
}

/// The integration, and the template if one is there, that the arguments of a run name.
#[derive(Debug)]
pub(super) struct Named {
    plugin: Plugin,
    integration: String,
    template: Option<String>,
}

impl Named {
    /// Reads the arguments as far as they can be read without the flags of a template.
    pub(super) fn of(command: &Command, arguments: &[OsString]) -> Result<Option<Self>> {
        let lenient = command.clone().ignore_errors(true).disable_help_flag(true).disable_version_flag(true);
        let Ok(matches) = lenient.try_get_matches_from(arguments) else { return Ok(None) };
        let Some((RUN, run)) = matches.subcommand() else { return Ok(None) };
        let text = |name: &str| run.try_get_one::<String>(name).ok().flatten().cloned();
        let Some(integration) = text("integration") else { return Ok(None) };
        let home = run.try_get_one("home").ok().flatten().cloned();
        let plugin = Home::new(home, WorkspaceId::default_workspace()).plugin(&integration)?;
        let template = text("template");
        if let Some(template) = &template {
            plugin.known_template(template)?;
        }
        Ok(Some(Self { plugin, integration, template }))
    }

    /// The command, which knows what they name.
    pub(super) fn described(&self, command: Command) -> Command {
        let Some(template) = self.template() else {
            let manifest = self.plugin.manifest();
            return command
                .mut_subcommand(RUN, |run| template_args::run_of_any(run, &self.integration, manifest));
        };
        let flags = Flags::of(template);
        // Under no heading, the options of every verb would stand before the fields.
        let command = command.mut_args(|option| option.help_heading(template_args::OPTIONS));
        command.mut_subcommand(RUN, |run| template_args::run_of(&run, &self.integration, template, &flags))
    }

    fn template(&self) -> Option<&Template> {
        self.plugin.manifest().template(self.template.as_deref()?)
    }

    /// What the flags say.
    fn given(&self, matches: &ArgMatches, files: &mut FolderFiles) -> Result<Map<String, Value>> {
        match self.template() {
            Some(template) => Flags::of(template).given(matches, files),
            None => Ok(Map::new()),
        }
    }
}

impl Run {
    /// The same, with what the arguments were matched to.
    pub(super) fn matched(self, named: Named, matches: &ArgMatches) -> Self {
        let flags = matches.subcommand_matches(RUN).map(|matches| (named, matches.clone()));
        Self { flags, ..self }
    }

    pub(super) fn run(self, home: &Home, output: &Output) -> Result<()> {
        let plugin = match &self.flags {
            Some((named, _)) => named.plugin.clone(),
            None => home.plugin(&self.integration)?,
        };
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
        let place = self.record.map(Place::new).transpose()?;
        let connection = self.connection.map(ConnectionId::new).transpose()?;
        let integration = plugin.manifest().id.clone();
        let run = crate::run::Run::new(home.workspace().clone(), integration, self.template, input);
        let run = run.user(self.user).connection(connection).idempotency_key(self.idempotency_key);
        let run = run.limits(limits(home, &plugin.manifest().id, &self.call_limit)?);
        execute(home, plugin, run.files(files.clone()), place, &files, output)
    }

    fn input(&self, template: Option<&Template>, files: &mut FolderFiles) -> Result<Value> {
        let given = match &self.flags {
            Some((named, matches)) => named.given(matches, files)?,
            None => Map::new(),
        };
        let mut fields = match self.input.as_deref().map(read_input).transpose()? {
            Some(Value::Object(fields)) => fields,
            Some(other) if self.set.is_empty() && given.is_empty() && !self.dry_run => return Ok(other),
            Some(_) => return Err(wrong("The input is no JSON object, so there is nothing to set in it.")),
            None => Map::new(),
        };
        for pair in &self.set {
            let (name, text) = pair
                .split_once('=')
                .filter(|(name, _)| !name.is_empty())
                .ok_or_else(|| wrong(format!("--set {pair}: there is no field before an equals sign.")))?;
            if given.contains_key(name) {
                return Err(wrong(format!("The field {name} is given twice: by --set, and by its flag.")));
            }
            let kind = template.and_then(|template| Kind::named(&template.input, name));
            fields.insert(name.to_owned(), value(kind.as_ref(), text, files)?);
        }
        fields.extend(given);
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

/// The limits of a run of which some are said.
fn limits(home: &Home, integration: &IntegrationId, said: &[String]) -> Result<Option<CallLimits>> {
    if said.is_empty() {
        return Ok(None);
    }
    let limit = |pair: &String| {
        let (name, value) = pair.split_once('=')?;
        Some((name.to_owned(), Value::Number(value.parse().ok()?)))
    };
    let limits = said.iter().map(|pair| {
        let message = || format!("--call-limit {pair}: write a name, an equals sign and a number.");
        limit(pair).ok_or_else(|| wrong(message()).hint(LIMITS_HINT))
    });
    home.limits(integration, &limits.collect::<Result<_>>()?).map(Some)
}

/// What came of a run, and the files that it saved.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    outcome: &'a RunOutcome,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recording: Option<PathBuf>,
}

fn execute(
    home: &Home,
    plugin: Plugin,
    run: crate::run::Run,
    place: Option<Place>,
    files: &FolderFiles,
    output: &Output,
) -> Result<()> {
    let host = home.host(HostSettings::new(vec![plugin], output))?;
    let run = match &place {
        Some(place) => run.record(place.recorder()),
        None => run,
    };
    let result = host.run(&run);
    home.concerns(audit::content_of(&run.input, &result));
    // A run that fails may have saved some all the same.
    files.made().iter().for_each(|path| output.note(&format!("saved {}", path.display())));
    let kept = place.map(|place| place.keep(output)).transpose();
    let outcome = result?;
    if matches!(kept, Ok(Some(None))) {
        output.note("Nothing is recorded: this came of an earlier run.");
    }
    let recording = kept.as_ref().ok().cloned().flatten().flatten();
    let told = Told { outcome: &outcome, files: files.made(), recording };
    output.result(&told, || document(&outcome.output))?;
    // What was done is told before what could not be kept of it.
    kept.map(drop)
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

fn wrong(message: impl AsRef<str>) -> Failure {
    Failure::new(FailureKind::InvalidInput, "bad-input", message).hint(
        "Give fields as in --title Hello or --set title=Hello, or all of them as in --input @input.json.",
    )
}
