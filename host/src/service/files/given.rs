//! The files of a workspace, as a call may use them: named by their ids.

use std::io::{self, Cursor, Read, Write};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::{StoredFiles, unknown};
use crate::egress::{FileSource, Source};
use crate::failure::Result;
use crate::ids::{FileId, WorkspaceId};
use crate::runtime::{Files, Sink, SourceFile};

/// The files that runs for one end user may use, or for nobody in particular.
#[derive(Debug, Clone)]
pub(in crate::service) struct FilesOf {
    pub(super) files: StoredFiles,
    pub(super) workspace: WorkspaceId,
    pub(super) user: Option<String>,
}

impl Files for FilesOf {
    fn open(&self, name: &str) -> Result<SourceFile> {
        let id = FileId::new(name).map_err(|_| unknown())?;
        // Before its bytes are read.
        let stored = self.files.stored(&self.workspace, &id)?;
        if stored.user.is_some() && stored.user != self.user {
            return Err(unknown());
        }
        let (facts, bytes) = self.files.read(&self.workspace, &id)?;
        let bytes = FileSource::new(Arc::new(Held(Shared(Arc::new(bytes)))));
        Ok(SourceFile { name: facts.name, media_type: facts.media_type, bytes })
    }

    fn create(&self, name: &str, media_type: &str) -> Result<Box<dyn Sink>> {
        Ok(Box::new(Made {
            of: self.clone(),
            name: name.to_owned(),
            media_type: media_type.to_owned(),
            bytes: Vec::new(),
        }))
    }
}

/// The bytes of a file, held once for all who read them.
#[derive(Clone)]
struct Shared(Arc<Zeroizing<Vec<u8>>>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

struct Held(Shared);

impl Source for Held {
    fn length(&self) -> u64 {
        self.0.as_ref().len() as u64
    }

    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(Cursor::new(self.0.clone())))
    }
}

/// A file that is being made. It is in the store once it is whole.
struct Made {
    of: FilesOf,
    name: String,
    media_type: String,
    bytes: Vec<u8>,
}

impl Write for Made {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len().saturating_add(bytes.len()) > self.of.files.most() {
            return Err(io::Error::other(self.of.files.too_large()));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink for Made {
    fn finish(self: Box<Self>) -> Result<String> {
        let Self { of, name, media_type, bytes } = *self;
        let called = (name.as_str(), Some(media_type.as_str()));
        let facts = of.files.keep(&of.workspace, of.user.as_deref(), called, &bytes)?;
        Ok(facts.id.to_string())
    }
}
