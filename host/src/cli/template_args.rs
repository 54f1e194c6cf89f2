//! The flags of a template, made from its JSON Schema alone.
//!
//! `actionbay run INTEGRATION TEMPLATE` takes a flag for each field. Which template is meant is known only from the
//! arguments themselves, so they are read twice: as far as they name a template, and then with its flags.
//!
//! | field | flag |
//! |---|---|
//! | text | `--title Hello`, `--body @FILE`, `@@` for a text that begins with `@` |
//! | one of several values | `--status draft` |
//! | true or false | `--private`, `--private=false` |
//! | a list | `--labels one --labels two`, or `--labels '["one", "two"]'` |
//! | anything else | JSON, or `@FILE` with JSON |
//!
//! A field that is called as an option of the command is, such as `user`, has the flag `--field-user`.

use std::collections::BTreeSet;

use clap::builder::{PossibleValue, PossibleValuesParser, StyledStr};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::{Map, Value};

use super::fields::{self, Choice, Field, Kind};
use super::output;
use super::values::value;
use crate::failure::{Result, is_deceptive, plain_text};
use crate::runtime::{FolderFiles, Manifest, Template};

/// The field by which a template shows what it would do. `--dry-run` is an option of every run.
pub(super) const DRY_RUN: &str = "dry-run";

/// Stands before the flag of a field whose own name is taken.
const PREFIX: &str = "field-";

/// The widest help: what is read at ease.
pub(super) const WIDEST_HELP: usize = 100;

const FIELDS: &str = "Fields";
/// The heading of the options that every run has.
pub(super) const OPTIONS: &str = "Options";

/// The flags of a template's fields.
pub(super) struct Flags<'a>(Vec<Flag<'a>>);

struct Flag<'a> {
    field: Field<'a>,
    /// Absent where no flag can have the name.
    long: Option<String>,
}

impl<'a> Flags<'a> {
    /// The flags beside the options that every run has.
    pub(super) fn of(template: &'a Template) -> Self {
        Self::beside(&super::options_of_run(), template)
    }

    fn beside(taken: &BTreeSet<String>, template: &'a Template) -> Self {
        let fields = fields::of(template);
        let mut known: BTreeSet<String> = taken.clone();
        known.extend(fields.iter().map(|field| field.name.to_owned()));
        let long = |name: &str| {
            let mut long = name.to_owned();
            while taken.contains(name) && known.contains(&long) {
                long.insert_str(0, PREFIX);
            }
            is_flag(&long).then_some(long)
        };
        let with_flag = |field: Field<'a>| Flag { long: long(field.name), field };
        Self(fields.into_iter().filter(|field| field.name != DRY_RUN).map(with_flag).collect())
    }

    /// The arguments, for a command.
    pub(super) fn arguments(&self) -> Vec<Arg> {
        self.0.iter().filter_map(Flag::argument).collect()
    }

    /// What was given, by the fields' names.
    ///
    /// # Errors
    /// `InvalidInput` where a file cannot be read.
    pub(super) fn given(&self, matches: &ArgMatches, files: &mut FolderFiles) -> Result<Map<String, Value>> {
        let mut given = Map::new();
        for flag in &self.0 {
            if let Some(value) = flag.given(matches, files)? {
                given.insert(flag.field.name.to_owned(), value);
            }
        }
        Ok(given)
    }

    /// The fields that no flag can be called after.
    fn without_flag(&self) -> Vec<String> {
        self.0.iter().filter(|flag| flag.long.is_none()).map(|flag| shown(flag.field.name)).collect()
    }

    /// One input as it is written on a command line.
    fn written(&self, input: &Map<String, Value>) -> String {
        let mut text = String::new();
        for (name, value) in input {
            let flag = self.0.iter().find(|flag| flag.field.name == *name);
            match flag.and_then(|flag| Some((flag.long.as_deref()?, &flag.field.kind))) {
                Some((long, Kind::Boolean)) if *value == Value::Bool(true) => {
                    text.push_str(&format!(" --{long}"))
                }
                Some((long, Kind::Boolean)) => text.push_str(&format!(" --{long}={value}")),
                Some((long, Kind::List(_))) if value.is_array() => {
                    for item in value.as_array().into_iter().flatten() {
                        text.push_str(&format!(" --{long} {}", quoted(item)));
                    }
                }
                Some((long, _)) => text.push_str(&format!(" --{long} {}", quoted(value))),
                None if name == DRY_RUN => text.push_str(" --dry-run"),
                None if name.contains(is_deceptive) => {}
                None => {
                    text.push_str(&format!(" --set {}", quoted(&format!("{name}={}", plain(value)).into())))
                }
            }
        }
        text
    }
}

impl Flag<'_> {
    fn id(&self) -> String {
        format!("field:{}", self.field.name)
    }

    fn argument(&self) -> Option<Arg> {
        let kind = &self.field.kind;
        let argument = Arg::new(self.id())
            .long(self.long.clone()?)
            .help_heading(FIELDS)
            .help(self.help())
            .value_name(value_name(kind))
            .action(if matches!(kind, Kind::List(_)) { ArgAction::Append } else { ArgAction::Set });
        Some(match kind {
            // Text may begin with a dash, as a list in Markdown does.
            Kind::Text | Kind::File | Kind::Json => argument.allow_hyphen_values(true),
            Kind::List(_) => argument.value_parser(list_parser(kind.clone())),
            Kind::Choice(choices) => {
                argument.value_parser(PossibleValuesParser::new(choices.iter().map(possible)))
            }
            Kind::Boolean => argument
                .value_parser(PossibleValuesParser::new(["true", "false"]))
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("true"),
            Kind::Integer { .. } | Kind::Number => {
                argument.allow_negative_numbers(true).value_parser(parser(kind.clone()))
            }
        })
    }

    /// The field's description, with what is true of it in brackets, as the command's own options have it.
    fn help(&self) -> StyledStr {
        let Field { required, default, description, kind, .. } = &self.field;
        let mut parts = vec![description.clone()];
        if *required {
            parts.push("[required]".to_owned());
        }
        if let Some(default) = default {
            let shown = shown(&plain(default));
            parts.push(format!("[default: {}]", if shown.is_empty() { "empty" } else { &shown }));
        }
        match kind {
            Kind::List(item) if matches!(**item, Kind::Choice(_)) => {
                parts.push(format!("[possible values: {}]", shown(&item.label().replace('|', ", "))));
            }
            Kind::Integer { least: Some(least), most: Some(most) } => {
                parts.push(format!("[{least} to {most}]"))
            }
            Kind::Integer { least: Some(least), most: None } => parts.push(format!("[at least {least}]")),
            Kind::Integer { least: None, most: Some(most) } => parts.push(format!("[at most {most}]")),
            _ => {}
        }
        parts.retain(|part| !part.is_empty());
        parts.join(" ").into()
    }

    fn given(&self, matches: &ArgMatches, files: &mut FolderFiles) -> Result<Option<Value>> {
        if self.long.is_none() || matches.value_source(&self.id()) != Some(ValueSource::CommandLine) {
            return Ok(None);
        }
        let texts = matches.get_many::<String>(&self.id()).into_iter().flatten();
        match &self.field.kind {
            Kind::List(item) => {
                let mut items = Vec::new();
                for text in texts {
                    match serde_json::from_str(text) {
                        Ok(Value::Array(several)) => items.extend(several),
                        _ => items.push(value(Some(item), text, files)?),
                    }
                }
                Ok(Some(Value::Array(items)))
            }
            kind => texts.last().map(|text| value(Some(kind), text, files)).transpose(),
        }
    }
}

/// What `run` is for one template: its flags before the options of every run.
pub(super) fn run_of(run: &Command, integration: &str, template: &Template, flags: &Flags<'_>) -> Command {
    let general = run.get_arguments().filter(|argument| !argument.is_positional()).cloned();
    let positional = run.get_arguments().filter(|argument| argument.is_positional()).cloned();
    let can_show = template.input.properties().contains(&DRY_RUN);
    Command::new(run.get_name().to_owned())
        .about(format!("{}: {}", template.title, template.summary))
        .long_about(about(template))
        .override_usage(format!("actionbay run {integration} {} [FIELDS] [OPTIONS]", template.id))
        .args(positional.map(|argument| argument.hide(true)))
        .args(flags.arguments())
        .args(general.map(|argument| {
            let needless = argument.get_id() == "dry_run" && !can_show;
            argument.help_heading(OPTIONS).hide(needless)
        }))
        .disable_help_flag(true)
        .arg(
            Arg::new("help")
                .short('h')
                .long("help")
                .help_heading(OPTIONS)
                .action(ArgAction::Help)
                .help("Print help"),
        )
        .after_help(after_help(integration, template, flags))
}

fn about(template: &Template) -> String {
    let repeat = if template.repeatable { "leaves things as one run does" } else { "does it again" };
    let facts = [
        ("effect", template.effect.as_str().to_owned()),
        ("a repeat", repeat.to_owned()),
        ("needs", fields::needs(&template.input)),
        ("scopes", template.scopes.join(" ")),
    ];
    format!("{}: {}\n\n{}", template.title, template.summary, output::facts(&facts).trim_end())
}

fn after_help(integration: &str, template: &Template, flags: &Flags<'_>) -> String {
    let mut help = String::new();
    let without = flags.without_flag();
    if !without.is_empty() {
        help.push_str(&format!("Given by --set or --input only: {}.\n\n", without.join(", ")));
    }
    help.push_str(
        "A text that begins with @ names a file whose text it is; write @@ for an @. A file is sent itself. Fields can also be given by --set, and all of them at \
         once by --input, which the others go over.\n\n",
    );
    help.push_str(&format!("Example:\n  {}", example(integration, template, flags)));
    help
}

/// A command line that runs a template.
pub(super) fn example(integration: &str, template: &Template, flags: &Flags<'_>) -> String {
    format!("actionbay run {integration} {}{}", template.id, flags.written(&fields::example(template)))
}

/// What `run` is for an integration: the list of its templates in its help.
pub(super) fn run_of_any(run: Command, integration: &str, manifest: &Manifest) -> Command {
    let width = output::width().map_or(WIDEST_HELP, |width| width.min(WIDEST_HELP));
    run.about(format!("{}: {}", manifest.title, manifest.summary))
        .override_usage(format!("actionbay run {integration} TEMPLATE [FIELDS] [OPTIONS]"))
        .after_help(format!(
            "Templates:\n{}\nSee the fields of one: actionbay run {integration} TEMPLATE --help",
            super::templates::overview(manifest, Some(width))
        ))
}

/// Whether a long option can have this name.
fn is_flag(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    name.starts_with(|first: char| first.is_ascii_alphanumeric()) && name.chars().all(fits)
}

fn possible(choice: &Choice) -> PossibleValue {
    // One that would be shown otherwise than it is written is taken, and not shown.
    let value = PossibleValue::new(choice.text.clone()).hide(choice.text.contains(is_deceptive));
    match &choice.about {
        Some(about) => value.help(about.clone()),
        None => value,
    }
}

fn value_name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Text => "TEXT",
        Kind::File => "NAME|@FILE",
        Kind::Choice(_) => "VALUE",
        Kind::Boolean => "true|false",
        Kind::Integer { .. } => "INTEGER",
        Kind::Number => "NUMBER",
        Kind::List(item) => value_name(item),
        Kind::Json => "JSON",
    }
}

/// Checks what is written for a number, or for one item of a list.
fn parser(
    kind: Kind,
) -> impl Fn(&str) -> std::result::Result<String, String> + Clone + Send + Sync + 'static {
    move |text| checked(&kind, text).map(|()| text.to_owned())
}

/// The same for a list, of which a value may also be several, as a JSON array.
fn list_parser(
    kind: Kind,
) -> impl Fn(&str) -> std::result::Result<String, String> + Clone + Send + Sync + 'static {
    move |text| match (&kind, serde_json::from_str(text)) {
        (
            Kind::List(item),
            Err(_)
            | Ok(Value::Bool(_) | Value::Null | Value::Number(_) | Value::String(_) | Value::Object(_)),
        ) => checked(item, text).map(|()| text.to_owned()),
        _ => Ok(text.to_owned()),
    }
}

fn checked(kind: &Kind, text: &str) -> std::result::Result<(), String> {
    let number: std::result::Result<serde_json::Number, _> = serde_json::from_str(text);
    match (kind, number) {
        (Kind::Integer { least, most }, Ok(number)) if !number.is_f64() => {
            let number = number.as_f64().unwrap_or_default();
            match (least, most) {
                (Some(least), _) if number < *least => Err(format!("the least is {least}")),
                (_, Some(most)) if number > *most => Err(format!("the most is {most}")),
                _ => Ok(()),
            }
        }
        (Kind::Integer { .. }, _) => Err("that is no whole number".to_owned()),
        (Kind::Number, Err(_)) => Err("that is no number".to_owned()),
        (Kind::Choice(choices), _) if choices.iter().all(|choice| choice.text != text) => {
            Err(format!("it is none of: {}", shown(&kind.label().replace('|', ", "))))
        }
        (Kind::Boolean, _) if !matches!(text, "true" | "false") => {
            Err("it is neither true nor false".to_owned())
        }
        _ => Ok(()),
    }
}

/// A text of a component as help shows it.
fn shown(text: &str) -> String {
    plain_text(text, fields::LONGEST)
}

/// A value as it is written where text needs no quotes.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A value as an argument for a POSIX shell. A text of several lines is better kept in a file.
fn quoted(value: &Value) -> String {
    let text = plain(value);
    let is_word = |c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':' | '=' | ',' | '@' | '+')
    };
    if text.contains(is_deceptive) {
        "@FILE".to_owned()
    } else if !text.is_empty() && text.chars().all(is_word) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests;
