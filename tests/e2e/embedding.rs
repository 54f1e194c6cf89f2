//! The example of an embedding platform, built without default features and run.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use atlassian_sandbox::consent::{self, Decision};
use atlassian_sandbox::{Sandbox, SandboxConfig};
use serde_json::Value;

use crate::components::PLUGIN;

#[test]
fn the_embedding_example_connects_and_runs_a_template_without_default_features() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments =
        ["run", "--quiet", "--package", "actionbay", "--no-default-features", "--example", "embed", "--"];
    let sandbox = Sandbox::start(SandboxConfig::default()).unwrap();
    let mut child = Command::new(cargo)
        .args(arguments)
        .args([PLUGIN, &sandbox.client().client_id, sandbox.url()])
        .env("CLIENT_SECRET", &sandbox.client().client_secret)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let url = lines.next().unwrap().unwrap();
    let callback = consent::redirect(&url, Decision::Allow).unwrap();
    let query = callback.split_once('?').unwrap().1;
    writeln!(child.stdin.take().unwrap(), "{query}").unwrap();
    let listed: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    let said: Vec<String> = lines.map_while(Result::ok).collect();
    assert!(child.wait().unwrap().success());
    assert!(said.iter().any(|line| line.starts_with("- Getting started (")), "{said:?}");
    assert_eq!(listed["pages"].as_array().unwrap().len(), 3);
}

#[test]
fn the_example_is_about_forty_lines() {
    let source = include_str!("../../host/examples/embed.rs");
    let body = source.split_once("fn main").unwrap().1.lines().filter(|line| !line.trim().is_empty()).count();
    assert!(body <= 45, "{body} lines");
}
