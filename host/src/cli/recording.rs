//! `actionbay run --record` and `actionbay replay`

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::{Map, json};
use similar::TextDiff;
use tempfile::NamedTempFile;

use super::home::Home;
use super::output::Output;
use crate::failure::{Failure, FailureKind, Result};
use crate::runtime::{Difference, Recorder, Recording};

/// Lines longer than this are broken where a tag or a line of their text begins, so that a difference in them is seen.
const LONG_LINE: usize = 120;

/// Run a recorded run again, without network, store or account
///
/// The component gets the recorded answers as long as its requests are the recorded ones. Requests and outcome are
/// compared byte for byte; a difference is printed, and ends with 1.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  actionbay run INTEGRATION TEMPLATE --title Hello --record run.json
  actionbay replay run.json
  actionbay replay run.json ./my-integration.wasm")]
pub(super) struct Replay {
    /// The recording
    #[arg(value_name = "FILE")]
    recording: PathBuf,
    /// The component to run it with, by its path or id [default: the integration that was recorded]
    component: Option<String>,
}

impl Replay {
    pub(super) fn run(self, home: &Home, output: &Output) -> Result<ExitCode> {
        let recording = Recording::parse(&read(&self.recording)?)?;
        let recorded = recording.component();
        let plugin = home.plugin(self.component.as_deref().unwrap_or(&recorded.integration))?;
        let limits = home.limits(&plugin.manifest().id, &Map::new())?;
        let replay = recording.replay_within(&plugin, limits)?;
        let json = json!({
            "same": replay.is_same(), "requests": recording.requests(), "recorded": recorded,
            "replayed": plugin.digest(), "differences": replay.differences,
        });
        output.result(&json, || match replay.differences.as_slice() {
            [] => match recording.requests() {
                1 => "The same: 1 request and the outcome.".to_owned(),
                requests => format!("The same: {requests} requests and the outcome."),
            },
            differences => differences.iter().map(people).collect::<Vec<_>>().join("\n"),
        })?;
        if recorded.digest != plugin.digest() {
            output.note(&format!(
                "Another component than the recorded one: {} instead of {}.",
                plugin.digest(),
                recorded.digest
            ));
        }
        Ok(if replay.is_same() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn people(difference: &Difference) -> String {
    let (recorded, replayed) = (broken(&difference.recorded), broken(&difference.replayed));
    let lines = TextDiff::from_lines(&recorded, &replayed);
    let lines = lines.unified_diff().context_radius(3).header("recorded", "replayed").to_string();
    format!("{} is different:\n\n{lines}", difference.what)
}

/// The text, with its long lines broken at places that depend on nothing but what stands there.
fn broken(text: &str) -> String {
    let mut broken = String::new();
    for line in text.lines() {
        if line.chars().count() > LONG_LINE {
            broken.push_str(&line.replace('<', "\n<").replace("\\n", "\\n\n"));
        } else {
            broken.push_str(line);
        }
        broken.push('\n');
    }
    broken
}

fn read(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).map_err(|error| {
        Failure::new(
            FailureKind::InvalidInput,
            "recording-unreadable",
            format!("The recording {} cannot be read: {error}.", file.display()),
        )
        .hint("Give a file that was written by: actionbay run INTEGRATION TEMPLATE --record FILE")
    })
}

/// A place for a recording, found before anything is sent. What is recorded is the user's data: nobody else can read it
/// at any time, and a file that is there is never replaced.
pub(super) struct Place {
    file: PathBuf,
    draft: NamedTempFile,
    recorder: Recorder,
}

impl Place {
    pub(super) fn new(file: PathBuf) -> Result<Self> {
        if file.symlink_metadata().is_ok() {
            return Err(taken(&file));
        }
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        // Temporary files have the mode 0600 from the beginning.
        let draft = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")));
        let draft = draft.map_err(|error| unwritable(&file, &error))?;
        Ok(Self { file, draft, recorder: Recorder::new() })
    }

    pub(super) fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// Keeps the recording, if the run came to a component, and says where.
    pub(super) fn keep(mut self, output: &Output) -> Result<Option<PathBuf>> {
        let Some(recording) = self.recorder.take() else { return Ok(None) };
        let json = recording.to_json()?;
        let written = self.draft.write_all(json.as_bytes()).and_then(|()| self.draft.as_file().sync_all());
        written.map_err(|error| unwritable(&self.file, &error))?;
        self.draft.persist_noclobber(&self.file).map_err(|error| match error.error.kind() {
            std::io::ErrorKind::AlreadyExists => taken(&self.file),
            _ => unwritable(&self.file, &error.error),
        })?;
        output.note(&format!("recorded {}", self.file.display()));
        Ok(Some(self.file))
    }
}

fn taken(file: &Path) -> Failure {
    Failure::new(
        FailureKind::InvalidInput,
        "recording-exists",
        format!("There is a file {} already, and a recording replaces none.", file.display()),
    )
    .hint("Give another name, or remove the file.")
}

fn unwritable(file: &Path, error: &std::io::Error) -> Failure {
    Failure::new(
        FailureKind::InvalidInput,
        "recording-unwritable",
        format!("The recording {} cannot be written: {error}.", file.display()),
    )
    .hint("Give a file in a folder that is there and can be written to.")
}
