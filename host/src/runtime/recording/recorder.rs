//! Writes a run down while it runs.

use std::collections::BTreeMap;
use std::io::{Read as _, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::format::{Call, Component, KeptFile, Outcome, RecordedFailure, Recording};
use crate::egress::FileSource;
use crate::failure::{Failure, Result};
use crate::runtime::{ConnectionFacts, Files, Sink, SourceFile};
use crate::secret::Secrets;

/// How much of a file is read at once.
const STRETCH: usize = 64 << 10;

/// Takes the recording of a run. Cheap to clone: give a clone to [`Run::record`](crate::Run::record), and take the
/// recording when the run has ended, however it ended.
#[derive(Clone, Default)]
pub struct Recorder(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    recording: Option<Recording>,
    /// The facts that the component knows.
    facts: ConnectionFacts,
    /// The digests of files that were made, by their names.
    made: BTreeMap<String, String>,
    secrets: Secrets,
    /// Whether the run has ended, and everything was searched for secrets.
    is_whole: bool,
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recorder").finish_non_exhaustive()
    }
}

impl Recorder {
    /// A recorder that holds nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The recording of the run that ended last; none where no component was called.
    pub fn take(&self) -> Option<Recording> {
        let mut state = self.state();
        let is_whole = std::mem::take(&mut state.is_whole);
        state.recording.take().filter(|_| is_whole)
    }

    pub(super) fn begin(
        &self,
        component: Component,
        (template, input): (&str, &Value),
        at: (u64, String),
        connection: ConnectionFacts,
    ) {
        let mut recording = Recording::begun(component, template.to_owned(), input.clone(), at);
        recording.connection = connection.clone();
        *self.state() = State { recording: Some(recording), facts: connection, ..State::default() };
    }

    /// When the run was begun, and the seed of its randomness.
    pub(super) fn fixed(&self) -> Option<(u64, String)> {
        self.state().recording.as_ref().map(|recording| (recording.clock, recording.seed.clone()))
    }

    pub(super) fn call(&self, call: Call, secrets: &Secrets) {
        let mut state = self.state();
        state.secrets.add_all(secrets);
        if let Some(recording) = &mut state.recording {
            recording.calls.push(call);
        }
    }

    /// The component was told these facts.
    pub(super) fn told(&self, facts: &ConnectionFacts) {
        let mut state = self.state();
        if state.facts == *facts {
            return;
        }
        state.facts = facts.clone();
        if let Some(recording) = &mut state.recording {
            recording.calls.push(Call::Facts { facts: facts.clone() });
        }
    }

    pub(super) fn end(&self, result: &Result<Value>) {
        let mut state = self.state();
        let Some(mut recording) = state.recording.take() else { return };
        recording.outcome = match result {
            Ok(output) => Outcome::Output(output.clone()),
            Err(failure) => Outcome::Failure(RecordedFailure::of(failure)),
        };
        state.recording = recording.without(&state.secrets).ok();
        state.is_whole = true;
    }

    /// These files, of which the digests of new ones are kept.
    pub(super) fn watching(&self, files: Arc<dyn Files>) -> Arc<dyn Files> {
        Arc::new(Watched { files, recorder: self.clone() })
    }

    /// A file that was made.
    pub(super) fn made(&self, name: String, size: u64) -> KeptFile {
        let sha_256 = self.state().made.get(&name).cloned();
        KeptFile { name, media_type: None, size, sha_256 }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A file that is to be sent, without its bytes.
pub(super) fn kept(file: &SourceFile) -> KeptFile {
    KeptFile {
        name: file.name.clone(),
        media_type: Some(file.media_type.clone()),
        size: file.bytes.length(),
        sha_256: digest(&file.bytes).ok(),
    }
}

fn digest(source: &FileSource) -> std::io::Result<String> {
    let (mut reader, mut hasher) = (source.reader()?, Sha256::new());
    let mut stretch = vec![0; STRETCH];
    loop {
        match reader.read(&mut stretch)? {
            0 => return Ok(hex(hasher)),
            count => hasher.update(stretch.get(..count).unwrap_or_default()),
        }
    }
}

fn hex(hasher: Sha256) -> String {
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Debug)]
struct Watched {
    files: Arc<dyn Files>,
    recorder: Recorder,
}

impl Files for Watched {
    fn open(&self, name: &str) -> Result<SourceFile> {
        self.files.open(name)
    }

    fn create(&self, name: &str, media_type: &str) -> Result<Box<dyn Sink>> {
        let sink = self.files.create(name, media_type)?;
        Ok(Box::new(Hashed { sink, hasher: Sha256::new(), recorder: self.recorder.clone() }))
    }
}

struct Hashed {
    sink: Box<dyn Sink>,
    hasher: Sha256,
    recorder: Recorder,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = self.sink.write(bytes)?;
        self.hasher.update(bytes.get(..count).unwrap_or_default());
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.sink.flush()
    }
}

impl Sink for Hashed {
    fn finish(self: Box<Self>) -> Result<String, Failure> {
        let name = self.sink.finish()?;
        self.recorder.state().made.insert(name.clone(), hex(self.hasher));
        Ok(name)
    }
}
