//! `actionbay audit`, and what the other verbs leave in the audit log.

use clap::parser::ValueSource;
use clap::{ArgMatches, Args};

use super::home::{Home, HostSettings};
use super::output::{Output, table, time};
use crate::clock::Day;
use crate::failure::{Result, plain_text};
use crate::service::audit::{Audit as Log, BY_COMMAND, Entry, Subject, Wanted};

/// How many entries are exported at once.
const AT_ONCE: usize = 1_000;

/// The longest name that is noted, in characters.
const LONGEST_NAME: usize = 100;

/// The verbs that change nothing of a workspace's, and are not noted.
const LOOKS: [&str; 26] = [
    "audit",
    "build",
    "check",
    "config check",
    "config example",
    "connections list",
    "connections show",
    "dialogs export",
    "dialogs list",
    "dialogs show",
    "integrations add",
    "integrations list",
    "integrations remove",
    "integrations show",
    "keys list",
    "profiles list",
    "profiles show",
    "profiles test",
    "quickstart",
    "replay",
    "sandbox",
    "serve",
    "templates list",
    "templates show",
    "vault rotate-key",
    "vault status",
];

/// The verbs that only look where it is not said what to change.
const LOOKS_BY_ITSELF: [&str; 3] = ["dialogs responses", "integrations approve", "integrations policy"];

/// What says nothing of what is to be done.
const GENERAL: [&str; 7] = ["integration", "language", "home", "workspace", "json", "log", "log_format"];

/// List who did what in the workspace, the last first
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  actionbay audit
  actionbay audit --template delete-content --since 2026-01-01
  actionbay audit --content 131073
  actionbay audit --export > audit.jsonl

It says who asked (a key of the HTTP API, or this command), for what, and what came of it; never what went in or came out.")]
pub(super) struct Audit {
    /// How many entries at most
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    /// By whom: key:ID, conversation:ID, user:ID, authorization or command
    #[arg(long, value_name = "WHO")]
    by: Option<String>,
    /// Of an integration
    #[arg(long = "integration", id = "of-integration", value_name = "ID")]
    integration: Option<String>,
    /// Of a template
    #[arg(long = "template", id = "of-template", value_name = "ID")]
    template: Option<String>,
    /// Of a connection
    #[arg(long = "connection", id = "of-connection", value_name = "ID")]
    connection: Option<String>,
    /// Of content, by the vendor's id
    #[arg(long, value_name = "ID")]
    content: Option<String>,
    /// From this day on, in UTC
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = Day::parse)]
    since: Option<Day>,
    /// To the end of this day, in UTC
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = Day::parse)]
    until: Option<Day>,
    /// Print all of them, an object a line (JSON Lines)
    #[arg(long)]
    export: bool,
}

impl Audit {
    pub(super) fn run(self, home: &Home, output: &Output) -> Result<()> {
        let host = home.host(HostSettings::new(Vec::new(), output))?;
        let mut wanted = Wanted::default();
        (wanted.by, wanted.integration, wanted.template) = (self.by, self.integration, self.template);
        (wanted.connection, wanted.content) = (self.connection, self.content);
        (wanted.since, wanted.until) = (self.since.map(Day::begins), self.until.map(Day::ends));
        let (log, workspace) = (Log::of(&host), home.workspace());
        if !self.export {
            let entries = log.list(workspace, &wanted, None, self.limit)?;
            return output.result(&entries, || people(&entries));
        }
        let mut before: Option<String> = None;
        loop {
            let entries = log.list(workspace, &wanted, before.as_deref(), AT_ONCE)?;
            let Some(last) = entries.last() else { return Ok(()) };
            before = Some(last.id.clone());
            output.lines(&entries)?;
        }
    }
}

fn people(entries: &[Entry]) -> String {
    if entries.is_empty() {
        return "Nothing was done in this workspace yet.".to_owned();
    }
    let row = |entry: &Entry| {
        let named: Vec<&str> = entry.subject.names().collect();
        vec![time(entry.at), entry.by.clone(), entry.action.clone(), entry.outcome.clone(), named.join(" ")]
    };
    table(&["when", "by", "what", "outcome", "to what"], &entries.iter().map(row).collect::<Vec<_>>())
}

/// What a command is to change, by its arguments; none for one that only looks.
pub(super) fn asked(matches: &ArgMatches) -> Option<Entry> {
    let (mut words, mut at) = (Vec::new(), matches);
    while let Some((word, inner)) = at.subcommand() {
        words.push(word);
        at = inner;
    }
    let action = words.join(" ");
    let is_said = |id: &str| at.value_source(id) == Some(ValueSource::CommandLine);
    // Groups of arguments are named after types, in capitals.
    let is_argument = |id: &str| id.starts_with(char::is_lowercase) && !GENERAL.contains(&id);
    let says_more = || at.ids().any(|id| is_argument(id.as_str()) && is_said(id.as_str()));
    let only_looks =
        LOOKS.contains(&action.as_str()) || (LOOKS_BY_ITSELF.contains(&action.as_str()) && !says_more());
    if only_looks {
        return None;
    }
    let named = |name: &str| {
        let name = at.try_get_one::<String>(name).ok().flatten();
        name.map(|name| plain_text(name, LONGEST_NAME))
    };
    let subject = Subject {
        integration: named("integration"),
        template: named("template"),
        profile: named("profile"),
        connection: named("connection"),
        key: named("key"),
        dialog: named("dialog"),
        ..Subject::default()
    };
    Some(Entry { by: BY_COMMAND.to_owned(), action, subject, ..Entry::default() })
}

/// Writes what came of it, where a store was opened for it. That it cannot be written must not hide what happened.
pub(super) fn note<T>(home: &Home, asked: Option<Entry>, result: &Result<T>) {
    let (Some(entry), Some(host)) = (asked, home.opened()) else { return };
    let outcome = result.as_ref().err().map_or("done", |failure| failure.code.as_ref()).to_owned();
    let subject = Subject { content: home.content().map(str::to_owned), ..entry.subject };
    let entry = Entry { subject, outcome, ..entry };
    if let Err(failure) = Log::of(host).write(home.workspace(), entry.and_gone(home.gone())) {
        tracing::warn!(%failure, "what was done could not be written into the audit log");
    }
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory as _};

    use super::*;
    use crate::cli::Arguments;

    #[test]
    fn what_is_not_noted_are_verbs_that_there_are() {
        fn verbs(command: &Command, words: &str, all: &mut Vec<String>) {
            for inner in command.get_subcommands() {
                let words = format!("{words} {}", inner.get_name());
                if inner.get_subcommands().next().is_none() {
                    all.push(words.trim().to_owned());
                }
                verbs(inner, &words, all);
            }
        }
        let mut all = Vec::new();
        verbs(&Arguments::command(), "", &mut all);
        for look in LOOKS.iter().chain(&LOOKS_BY_ITSELF) {
            assert!(all.iter().any(|verb| verb == look), "{look} is no verb");
        }
        let asked = |line: &[&str]| asked(&Arguments::command().try_get_matches_from(line).unwrap());
        assert!(asked(&["actionbay", "connections", "list"]).is_none());
        assert!(asked(&["actionbay", "--json", "integrations", "approve", "x"]).is_none());
        assert_eq!(
            asked(&["actionbay", "integrations", "approve", "x", "--yes"]).unwrap().action,
            "integrations approve"
        );
    }
}
