//! What others' tools say of the OpenAPI document, and of the service that it describes. `cargo xtask setup` installs
//! them.

use std::path::PathBuf;
use std::process::Command;

use actionbay::service::keys::{Keys, NewKey, Scope};
use serde_json::json;

use super::office::{Office, run_of};
use crate::support::workspace;

/// How many requests are made up for each route and kind of mistake: a minute for all of them.
const EXAMPLES: &str = "12";

fn tool(name: &str) -> Command {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("openapi/target/python");
    let program = folder.join(if cfg!(windows) { "Scripts" } else { "bin" }).join(name);
    assert!(program.exists(), "{name} is not installed: run `cargo xtask setup`");
    Command::new(program)
}

fn succeeds(mut command: Command) {
    let output = command.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
}

#[test]
fn the_document_is_sound_openapi_3_1() {
    let office = Office::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("openapi.json");
    std::fs::write(&file, office.nobody().get("/openapi.json").text).unwrap();
    let mut command = tool("openapi-spec-validator");
    command.args(["--schema", "3.1"]).arg(file);
    succeeds(command);
}

#[test]
fn requests_that_are_made_up_from_the_document_meet_no_server_error_and_no_answer_that_it_does_not_name() {
    let office = Office::connected();
    let client = office.admin();
    client.post(&run_of("list-pages"), json!({"input": {"space": "DOCS"}})).done();
    let (_, key) =
        Keys::of(&office.world.host).create(&workspace(), &NewKey::new("tool", [Scope::Admin])).unwrap();
    let key = actionbay::secret::ExposeSecret::expose_secret(&key).to_owned();
    let folder = tempfile::tempdir().unwrap();
    let mut command = tool("schemathesis");
    command
        .current_dir(folder.path())
        .args(["run", &format!("{}/v1/openapi.json", office.public)])
        .args(["--header", &format!("Authorization: Bearer {key}")])
        .args(["--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance"])
        .args(["--phases", "examples,coverage,fuzzing"])
        .args(["--max-examples", EXAMPLES, "--seed", "7", "--no-color"]);
    succeeds(command);
}
