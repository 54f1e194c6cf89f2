//! Files of the caller, as a call may use them.
//!
//! A guest names a file and gets a handle; the bytes go between the caller and the vendor, past the guest. What it can
//! name is what this call's input names in a field that the template's schema marks as a file, and it can make a file
//! only where the template's output has one. What the names stand for is the embedder's to say, by a [`Files`] that it
//! gives with a run; without one there are no files.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{Read, Write};
use std::sync::Arc;

use super::file_names::is_plain_name;
use super::{Event, EventSink};
use crate::egress::{FileSource, Source};
use crate::failure::{Failure, FailureKind, Result};

/// The files of one caller.
pub trait Files: fmt::Debug + Send + Sync {
    /// The file of this name, to be sent. The name is one that [`is_plain_name`] takes.
    ///
    /// # Errors
    /// `NotFound`, `InvalidInput` (it cannot be read), `Denied`.
    fn open(&self, name: &str) -> Result<SourceFile>;

    /// A place for a file that is being made. The name is one that [`is_plain_name`] takes, and only a wish: a file that
    /// is there is never replaced.
    ///
    /// # Errors
    /// `InvalidInput` (it cannot be made), `Denied`.
    fn create(&self, name: &str, media_type: &str) -> Result<Box<dyn Sink>>;
}

/// A file that can be sent.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Its name, without a folder.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its bytes.
    pub bytes: FileSource,
}

/// A file that is being made. Dropped before it was finished, it leaves nothing behind. A write that fails can say why by a
/// [`Failure`] inside its error.
pub trait Sink: Write + Send {
    /// Makes it a file of the caller's, whole, and says what it is called.
    ///
    /// # Errors
    /// `InvalidInput` where that cannot be done; nothing is left then.
    fn finish(self: Box<Self>) -> Result<String>;
}

/// No files.
#[derive(Debug, Clone, Copy, Default)]
pub struct DenyFiles;

impl Files for DenyFiles {
    fn open(&self, _: &str) -> Result<SourceFile> {
        Err(no_files())
    }

    fn create(&self, _: &str, _: &str) -> Result<Box<dyn Sink>> {
        Err(no_files())
    }
}

fn no_files() -> Failure {
    Failure::new(FailureKind::Denied, "no-files", "This call was given no files, and none can be made.")
        .hint("Give the run a `Files`, such as FolderFiles.")
}

/// What a call may open and make.
#[derive(Debug, Clone, Default)]
pub(super) struct FileRights {
    /// The names that its input gives where the schema marks a file.
    pub(super) named: BTreeSet<String>,
    /// Whether the output has a file.
    pub(super) may_create: bool,
}

impl FileRights {
    /// Whether the call may open a file of this name.
    pub(super) fn check_open(&self, name: &str) -> Result<()> {
        if !self.named.contains(name) {
            return Err(Failure::new(
                FailureKind::Denied,
                "file-not-named",
                "The plugin asked for a file that the input of this call does not name as one.",
            ));
        }
        if is_plain_name(name) { Ok(()) } else { Err(bad_name()) }
    }

    /// Whether the call may make a file.
    pub(super) fn check_create(&self) -> Result<()> {
        if self.may_create {
            return Ok(());
        }
        Err(Failure::new(
            FailureKind::Denied,
            "no-file-in-output",
            "The plugin asked for a new file, and the output of its template has none.",
        ))
    }
}

fn bad_name() -> Failure {
    Failure::new(
        FailureKind::Denied,
        "bad-file-name",
        "The input names a file by what is no plain name: a file is named without a folder.",
    )
    .hint("Give the name alone, of a file that lies in the folder itself.")
}

/// What a guest's handle of a file stands for.
#[expect(unreachable_pub, reason = "the generated bindings re-export it within a private module")]
pub struct FileHandle(pub(super) SourceFile);

/// What a guest's handle of a new file stands for.
#[expect(unreachable_pub, reason = "the generated bindings re-export it within a private module")]
pub struct NewFileHandle {
    pub(super) name: String,
    pub(super) media_type: String,
    /// Its size, once it is written.
    pub(super) size: Option<u64>,
}

/// Bytes of files that a call has moved.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct FileBytes {
    pub(super) sent: u64,
    pub(super) fetched: u64,
}

/// The new file that an answer shall end in.
pub(super) struct Target {
    name: String,
    media_type: String,
    /// What became of it: its name and its size.
    pub(super) made: Option<(String, u64)>,
}

impl Target {
    pub(super) fn of(file: &NewFileHandle) -> Self {
        Self { name: file.name.clone(), media_type: file.media_type.clone(), made: None }
    }

    /// A place for one attempt: what an earlier one wrote is gone with it.
    pub(super) fn landing(&self, files: &dyn Files, events: Arc<dyn EventSink>) -> Result<Landing> {
        Ok(Landing { sink: files.create(&self.name, &self.media_type)?, events, written: 0 })
    }
}

/// The sink of one attempt, which counts.
pub(super) struct Landing {
    sink: Box<dyn Sink>,
    events: Arc<dyn EventSink>,
    pub(super) written: u64,
}

impl Landing {
    /// The file is whole.
    pub(super) fn finish(self, target: &mut Target) -> Result<()> {
        target.made = Some((self.sink.finish()?, self.written));
        Ok(())
    }
}

impl Write for Landing {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = self.sink.write(bytes)?;
        self.written = self.written.saturating_add(count as u64);
        self.events.event(Event::Transfer { done: self.written, total: None });
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.sink.flush()
    }
}

impl SourceFile {
    /// The same, and whoever watches sees how much of it was read.
    pub(super) fn watched(self, events: Arc<dyn EventSink>) -> Self {
        Self { bytes: FileSource::new(Arc::new(Watched { inner: self.bytes, events })), ..self }
    }
}

struct Watched {
    inner: FileSource,
    events: Arc<dyn EventSink>,
}

impl Source for Watched {
    fn length(&self) -> u64 {
        self.inner.length()
    }

    fn open(&self) -> std::io::Result<Box<dyn Read + Send>> {
        let (inner, total) = (self.inner.reader()?, self.inner.length());
        Ok(Box::new(WatchedReader { inner, events: Arc::clone(&self.events), done: 0, total }))
    }
}

struct WatchedReader {
    inner: Box<dyn Read + Send>,
    events: Arc<dyn EventSink>,
    done: u64,
    total: u64,
}

impl Read for WatchedReader {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.done = self.done.saturating_add(count as u64);
        self.events.event(Event::Transfer { done: self.done, total: Some(self.total) });
        Ok(count)
    }
}
