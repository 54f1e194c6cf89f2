//! `actionbay build`

use std::path::{Path, PathBuf};

use actionbay_component::{BuildError, Source, TARGET, build, write_if_changed};
use clap::Args;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use toml_edit::DocumentMut;

use super::output::{Output, facts};
use crate::failure::{Failure, FailureKind, Result};

/// Build a Rust crate into a component
///
/// It is compiled for wasm32-unknown-unknown, so that it imports the contract and nothing else. Cargo does it, in a
/// target directory of its own below that of the crate.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  actionbay build
  actionbay build ./my-integration --output my-integration.wasm")]
pub(super) struct Build {
    /// The folder of the crate, whose crate type is `cdylib`
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// The file to write [default: the name of the crate with .wasm, here]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Build {
    pub(super) fn run(self, output: &Output) -> Result<()> {
        let manifest = self.folder.join("Cargo.toml");
        let package = package(&manifest)?;
        output.note(&format!("Building {package} for {TARGET} …"));
        let bytes = component(&manifest, &package).map_err(|error| failed(&package, &error, output))?;
        let file = self.output.unwrap_or_else(|| PathBuf::from(format!("{package}.wasm")));
        write_if_changed(&file, &bytes).map_err(|error| failed(&package, &error, output))?;
        let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        output.result(&json!({ "file": file, "bytes": bytes.len(), "digest": digest }), || {
            facts(&[
                ("file", file.display().to_string()),
                ("bytes", bytes.len().to_string()),
                ("sha-256", digest.clone()),
                ("next", format!("Check it with: actionbay check {}", file.display())),
            ])
        })
    }
}

fn component(manifest: &Path, package: &str) -> Result<Vec<u8>, BuildError> {
    let manifest = std::path::absolute(manifest).unwrap_or_else(|_| manifest.to_owned());
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.unwrap_or_else(|| manifest.with_file_name("target"));
    let source = Source::new(manifest, target.join("component")).package(package);
    Ok(build(&source)?.into_iter().flat_map(|built| built.bytes).collect())
}

/// The name of the crate with this manifest.
fn package(manifest: &Path) -> Result<String> {
    let no_crate = |why: &str| {
        let message = format!("There is no crate to build: {} {why}.", manifest.display());
        Failure::new(FailureKind::InvalidInput, "no-crate", message)
            .hint("Give the folder of a crate, or begin one with: cargo new --lib NAME")
    };
    let text =
        std::fs::read_to_string(manifest).map_err(|error| no_crate(&format!("cannot be read ({error})")))?;
    let document: DocumentMut = text.parse().map_err(|_| no_crate("is no TOML"))?;
    let name = document.get("package").and_then(|package| package.get("name")).and_then(|name| name.as_str());
    name.map(str::to_owned).ok_or_else(|| no_crate("names no package"))
}

/// What cargo says of it is for people, and is shown as it is.
fn failed(package: &str, error: &BuildError, output: &Output) -> Failure {
    let (code, hint) = match error {
        BuildError::MissingTarget(_) => ("no-target", "Install it, and build again."),
        BuildError::Compile { .. } => ("does-not-compile", "Mend what the compiler names, and build again."),
        BuildError::Componentize { .. } => (
            "no-component",
            "Give the crate the crate type cdylib, and let it export the world `integration` by wit-bindgen 0.61.",
        ),
        _ => ("not-built", "Check that the folder can be written, and that cargo can be started."),
    };
    let words = error.to_string();
    let message = if words.contains('\n') && !output.is_json() {
        output.note(&words);
        format!("{package} could not be built.")
    } else {
        words
    };
    Failure::new(FailureKind::Internal, code, message).hint(hint)
}
