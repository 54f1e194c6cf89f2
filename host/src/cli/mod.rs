//! The command: arguments in, the library's calls, words out.
//!
//! One file a verb. `home.rs` says where files lie and opens the host, `output.rs` is all that prints.

mod audit;
mod authorize;
mod build;
mod check;
mod components;
mod config;
mod configuration;
mod confirm;
mod connections;
mod dialog;
mod dialogs;
mod fields;
mod home;
mod integrations;
mod keys;
mod master_key;
mod output;
mod policy;
mod profiles;
#[cfg(feature = "sandbox")]
mod quickstart;
mod recording;
mod run;
#[cfg(feature = "sandbox")]
mod sandbox;
mod serve;
mod template_args;
mod templates;
mod values;
mod vault;
mod watch;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::failure::{Failure, FailureKind, Result};
use crate::ids::WorkspaceId;
use crate::service::audit::Entry;
use crate::service::traces::Traces;
use config::Configuration;
use home::Home;
use output::Output;
use watch::LogFormat;

/// Run integration actions as sandboxed components.
///
/// An integration is a WebAssembly component: it can authorize, refresh and run templates, and it never holds a
/// token. This command keeps its connections, and runs its templates.
#[derive(Debug, Parser)]
#[command(
    name = "actionbay",
    version,
    max_term_width = 100,
    after_help = "Examples:
  actionbay quickstart
  actionbay authorize INTEGRATION --client-id ID
  actionbay run INTEGRATION TEMPLATE --title Hello --body @hello.md

Exit codes: 0 done; 2 the call was wrong; 3 authorization needed; 1 all else.
Set ACTIONBAY_MASTER_KEY to 32 bytes in base64, or ACTIONBAY_MASTER_KEY_COMMAND to a program that prints them,
to keep the master key out of files."
)]
struct Arguments {
    /// The data directory [default: the platform's]
    #[arg(long, global = true, env = "ACTIONBAY_HOME", value_name = "DIR")]
    home: Option<PathBuf>,

    /// The workspace that owns what is made and used
    #[arg(long, global = true, env = "ACTIONBAY_WORKSPACE", value_name = "NAME", default_value = "default")]
    workspace: String,

    /// Print JSON: the result, or {"error": …}
    #[arg(long, global = true)]
    json: bool,

    /// Log to standard error
    #[arg(long, global = true, env = "ACTIONBAY_LOG", value_name = "LEVEL", default_value = "warn",
          value_parser = ["off", "error", "warn", "info", "debug", "trace"])]
    log: String,

    /// How lines of the log are written
    #[arg(long, global = true, env = "ACTIONBAY_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    log_format: LogFormat,

    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// The whole way on the sandbox: authorize, create, read back
    #[cfg(feature = "sandbox")]
    Quickstart(quickstart::Quickstart),
    /// Run the stand-in for the vendor, for trying and testing
    #[cfg(feature = "sandbox")]
    Sandbox(sandbox::Sandbox),
    /// What can be connected
    #[command(subcommand)]
    Integrations(integrations::Integrations),
    /// Connect an account: a person allows access on the vendor's page
    Authorize(authorize::Authorize),
    /// The apps at the vendor that accounts are connected with
    #[command(subcommand)]
    Profiles(profiles::Profiles),
    /// The accounts that are connected
    #[command(subcommand)]
    Connections(connections::Connections),
    /// What an integration can do
    #[command(subcommand)]
    Templates(templates::Templates),
    /// Run a template
    Run(Box<run::Run>),
    /// Run a template by talking
    Dialog(dialog::Dialog),
    /// What is made of templates, to be run by talking
    #[command(subcommand)]
    Dialogs(dialogs::Dialogs),
    /// Run a recorded run again, without network, store or account
    Replay(recording::Replay),
    /// Build a Rust crate into a component
    Build(build::Build),
    /// Check whether a component keeps to the contract
    Check(check::Check),
    /// Serve the HTTP API, and the pages at which people connect their accounts
    Serve(serve::Serve),
    /// The settings of this deployment
    #[command(subcommand)]
    Config(configuration::Configuration),
    /// The keys of the HTTP API
    #[command(subcommand)]
    Keys(keys::Keys),
    /// List who did what in the workspace, the last first
    Audit(audit::Audit),
    /// The keys that the secrets are sealed with
    #[command(subcommand)]
    Vault(vault::Vault),
}

/// Runs the command with the process's arguments.
pub fn main() -> ExitCode {
    let written: Vec<OsString> = std::env::args_os().collect();
    let command = with_examples(Arguments::command());
    let named = run::Named::of(&command, &written);
    let command = match &named {
        Ok(Some(named)) => named.described(command),
        _ => command,
    };
    let parsed = command.try_get_matches_from(&written);
    let parsed = parsed.and_then(|matches| Ok((Arguments::from_arg_matches(&matches)?, matches)));
    let asked = parsed.as_ref().ok().and_then(|(_, matches)| audit::asked(matches));
    let arguments = match (parsed, named) {
        (Ok((mut arguments, matches)), Ok(Some(named))) => {
            if let Verb::Run(run) = arguments.verb {
                arguments.verb = Verb::Run(Box::new(run.matched(named, &matches)));
            }
            arguments
        }
        (Ok((arguments, _)), _) => arguments,
        // Of what is not there no flag is known: that it is not there is what is wrong.
        (Err(_), Err(failure)) => {
            return Output::new(asks_for_json(&written)).failure(&failure);
        }
        (Err(error), Ok(_)) if error.use_stderr() && asks_for_json(&written) => {
            return Output::new(true).failure(&wrong_usage(&error));
        }
        // Usage errors end with 2; --help and --version, which clap gives as errors too, with 0.
        (Err(error), Ok(_)) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let traces = traces(&arguments);
    watch::start(&arguments.log, arguments.log_format, traces.as_ref());
    let output = Output::new(arguments.json);
    match dispatch(arguments, asked, &output) {
        Ok(code) => code,
        Err(failure) => output.failure(&failure),
    }
}

/// What makes traces, where it is said where they go to. What cannot be used of it `serve` tells.
fn traces(arguments: &Arguments) -> Option<Traces> {
    let Verb::Serve(_) = arguments.verb else { return None };
    let home = Home::new(arguments.home.clone(), WorkspaceId::new(&*arguments.workspace).ok()?);
    let configuration = Configuration::without_mistakes(&home.folder().ok()?).ok()?;
    Traces::to(&configuration.otlp_endpoint()?).ok()
}

fn asks_for_json(written: &[OsString]) -> bool {
    written.iter().any(|argument| argument == "--json")
}

/// A usage error as a failure, for programs.
fn wrong_usage(error: &clap::Error) -> Failure {
    let rendered = error.render().to_string();
    let (what, usage) = rendered.split_once("\n\nUsage: ").unwrap_or((&rendered, ""));
    let what: Vec<&str> = what.trim_start_matches("error: ").split_whitespace().collect();
    let failure = Failure::new(FailureKind::InvalidInput, "wrong-usage", what.join(" "));
    match usage.lines().next() {
        Some(usage) => failure.hint(format!("Usage: {usage}")),
        None => failure.hint("See --help."),
    }
}

/// The long names of the options that every run has.
fn options_of_run() -> BTreeSet<String> {
    let command = Arguments::command();
    let of_run = command.find_subcommand(run::RUN).into_iter().flat_map(clap::Command::get_arguments);
    let names = command.get_arguments().chain(of_run).filter_map(clap::Arg::get_long);
    names.chain(["help"]).map(str::to_owned).collect()
}

/// Lets the examples of every help text name an integration that is there.
fn with_examples(command: clap::Command) -> clap::Command {
    let Some(component) = crate::builtin::COMPONENTS.first() else { return command };
    let example = command.get_after_help().map(|help| help.to_string().replace("INTEGRATION", component.id));
    let command = match example {
        Some(example) => command.after_help(example),
        None => command,
    };
    command.mut_subcommands(with_examples)
}

fn dispatch(arguments: Arguments, asked: Option<Entry>, output: &Output) -> Result<ExitCode> {
    let home = Home::new(arguments.home, WorkspaceId::new(arguments.workspace)?);
    let result = carried_out(arguments.verb, &home, output);
    audit::note(&home, asked, &result);
    result
}

fn carried_out(verb: Verb, home: &Home, output: &Output) -> Result<ExitCode> {
    match verb {
        #[cfg(feature = "sandbox")]
        Verb::Quickstart(verb) => verb.run(home, output),
        #[cfg(feature = "sandbox")]
        Verb::Sandbox(verb) => verb.run(output),
        Verb::Integrations(verb) => verb.run(home, output),
        Verb::Authorize(verb) => verb.run(home, output),
        Verb::Profiles(verb) => verb.run(home, output),
        Verb::Connections(verb) => verb.run(home, output),
        Verb::Templates(verb) => verb.run(home, output),
        Verb::Run(verb) => verb.run(home, output),
        Verb::Dialog(verb) => verb.run(home, output),
        Verb::Dialogs(verb) => verb.run(home, output),
        Verb::Replay(verb) => return verb.run(home, output),
        Verb::Build(verb) => verb.run(output),
        Verb::Check(verb) => return verb.run(home, output),
        Verb::Serve(verb) => verb.run(home, output),
        Verb::Config(verb) => verb.run(home, output),
        Verb::Keys(verb) => verb.run(home, output),
        Verb::Audit(verb) => verb.run(home, output),
        Verb::Vault(verb) => verb.run(home, output),
    }
    .map(|()| ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_sound_and_every_verb_shows_an_example() {
        fn check(command: &clap::Command) {
            if command.get_subcommands().next().is_none() {
                let help = command.clone().render_long_help().to_string();
                assert!(help.contains("Example"), "{} has no example:\n{help}", command.get_name());
            }
            command.get_subcommands().filter(|c| c.get_name() != "help").for_each(check);
        }
        Arguments::command().debug_assert();
        check(&Arguments::command());
    }
}
