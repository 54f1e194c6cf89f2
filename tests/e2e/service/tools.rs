//! What others' tools say of the OpenAPI document, and of the service that it describes. `cargo xtask setup` installs
//! them.

use std::path::PathBuf;
use std::process::Command;

use actionbay::secret::ExposeSecret as _;
use actionbay::service::keys::{Keys, NewKey, Scope};
use serde_json::json;

use super::office::{Office, run_of};
use super::talking;
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

/// What a server must not do, whatever it is asked.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
    response_headers_conformance,response_schema_conformance";

/// Has requests made up and sent, with these names in paths, if any.
fn tried(office: &Office, names: &[(&str, &str)], arguments: &[&str]) {
    let new = NewKey::new("tool", [Scope::Admin]);
    let (_, key) = Keys::of(&office.world.host).create(&workspace(), &new).unwrap();
    let folder = tempfile::tempdir().unwrap();
    // Nobody comes whom a request could wait for.
    let mut settings = String::from("[parameters]\n\"query.wait\" = 0\n");
    for (name, value) in names {
        settings.push_str(&format!("\"path.{name}\" = \"{value}\"\n"));
    }
    std::fs::write(folder.path().join("schemathesis.toml"), settings).unwrap();
    let mut command = tool("schemathesis");
    command
        .current_dir(folder.path())
        .args(["run", &format!("{}/v1/openapi.json", office.public)])
        .args(["--header", &format!("Authorization: Bearer {}", key.expose_secret())])
        .args(["--checks", CHECKS, "--phases", "examples,coverage,fuzzing"])
        .args(["--max-examples", EXAMPLES, "--seed", "7", "--no-color"])
        .args(arguments);
    succeeds(command);
}

#[test]
fn requests_that_are_made_up_from_the_document_meet_no_server_error_and_no_answer_that_it_does_not_name() {
    tried(&Office::connected(), &[], &[]);
}

#[test]
fn the_same_goes_for_requests_about_what_there_is() {
    let office = Office::connected();
    let client = office.admin();
    let run = client.post(&run_of("list-pages"), json!({"input": {"space": "DOCS"}})).done();
    let session = client.post("/connect/sessions", json!({"integration": "confluence"})).done();
    let file = client.upload("name=a.txt", &[], b"a").done();
    talking::install(&client);
    let talk = talking::start(&client, json!({"user": "ann"}));
    let hook = json!({"url": "https://platform.example/hook", "events": ["run.finished"]});
    let webhook = client.post("/webhooks", hook).done();
    let names = [
        ("dialog", "createContent"),
        ("conversation", talk["id"].as_str().unwrap()),
        ("webhook", webhook["id"].as_str().unwrap()),
        ("user", "ann"),
        ("language", "en"),
        ("response", "ended"),
        ("integration", "confluence"),
        ("template", "create-content"),
        ("profile", "app"),
        ("connection", run["connection"].as_str().unwrap()),
        ("run", run["run"].as_str().unwrap()),
        ("file", file["id"].as_str().unwrap()),
        ("session", session["id"].as_str().unwrap()),
    ];
    // What is deleted or off is not there for the others.
    tried(&office, &names, &["--exclude-method", "DELETE", "--exclude-path-regex", "/disable$"]);
    assert!(client.get("/audit").done()["items"].as_array().unwrap().len() > 20, "they came to something");
}
