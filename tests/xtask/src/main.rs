//! The chores of this repository: `cargo xtask`. Each is a list of commands that a person could type.

mod browser;
mod interop;
mod languages;
mod openapi;
mod programs;
mod steps;

use std::env;
use std::process::ExitCode;

use actionbay_component::{Toolchain, ensure_target};

const HELP: &str = "\
The chores of this repository

Usage: cargo xtask <chore>

Chores:
  setup                 install what components are built with and what tests talk to, where it is missing
  quickstart [args]...  set up, then run `actionbay quickstart` with these arguments
  bench                 set up, then measure what components, calls and processes cost; prints a table
  test                  set up, then every check: format, lints, tests, the embedding example, documentation
";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), String> {
    let Some((chore, rest)) = arguments.split_first() else {
        return Err(format!("which chore?\n\n{HELP}"));
    };
    match (&**chore, rest) {
        ("-h" | "--help" | "help", _) => {
            print!("{HELP}");
            Ok(())
        }
        ("setup", []) => set_up_with_tests().map(|toolchain| match toolchain {
            Toolchain::Target { rustc } => println!("components are built with {}", rustc.display()),
            Toolchain::Sources { rustc, library, .. } => {
                println!(
                    "components are built with {}, the library from {}",
                    rustc.display(),
                    library.display()
                );
            }
        }),
        ("quickstart", rest) => set_up().and_then(|_| steps::quickstart(rest).run()),
        ("bench", []) => set_up().and_then(|_| steps::run_in_root(&steps::figures())),
        ("test", []) => set_up_with_tests().and_then(|_| steps::run_in_root(&steps::checks())),
        ("setup" | "bench" | "test", _) => Err(format!("`{chore}` takes no arguments\n\n{HELP}")),
        _ => Err(format!("there is no chore `{chore}`\n\n{HELP}")),
    }
}

fn set_up() -> Result<Toolchain, String> {
    ensure_target().map_err(|missing| missing.to_string())
}

fn set_up_with_tests() -> Result<Toolchain, String> {
    let toolchain = set_up()?;
    interop::ensure()?;
    languages::ensure()?;
    openapi::ensure()?;
    browser::ensure()?;
    Ok(toolchain)
}
