//! Reads all of WASI that could tell something of the machine: in `describe`, and for its output.

use support::action::{Manifest, TemplateCall};
use support::connections::Connection;
use support::manifest;
use support::serde_json::{Value, json};
use support::types::Failure;
use wasi::cli::environment;
use wasi::clocks::wall_clock;
use wasi::random::random;

wit_bindgen::generate!({ path: "wit", world: "asks", generate_all });

struct AsksForEverything;

impl support::Behaviour for AsksForEverything {
    const ID: &str = "asks-for-everything";

    fn describe() -> Manifest {
        Manifest { summary: everything().to_string(), ..manifest(Self::ID) }
    }

    fn run(_: TemplateCall, _: &Connection) -> Result<String, Failure> {
        Ok(everything().to_string())
    }
}

fn everything() -> Value {
    json!({
        "environment": environment::get_environment(),
        "arguments": environment::get_arguments(),
        "folder": environment::initial_cwd(),
        "seconds": wall_clock::now().seconds,
        "random": random::get_random_bytes(8),
    })
}

support::export!(AsksForEverything);
