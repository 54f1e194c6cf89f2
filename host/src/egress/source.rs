//! Bytes that are too many to hold: read when they are sent, and from their beginning each time.

use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;

use crate::failure::{Failure, FailureKind};

/// Bytes that can be sent, any number of times.
pub trait Source: Send + Sync {
    /// How many there are. A request says so before the first of them is sent.
    fn length(&self) -> u64;

    /// Reads them from the beginning.
    ///
    /// # Errors
    /// Whatever keeps them from being read.
    fn open(&self) -> io::Result<Box<dyn Read + Send>>;
}

/// A source that requests share.
#[derive(Clone)]
pub struct FileSource(Arc<dyn Source>);

impl FileSource {
    /// These bytes.
    pub fn new(source: Arc<dyn Source>) -> Self {
        Self(source)
    }

    /// How many there are.
    pub fn length(&self) -> u64 {
        self.0.length()
    }

    /// Reads from the beginning, exactly as many as it said there are.
    ///
    /// # Errors
    /// Whatever keeps them from being read.
    pub fn reader(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(Exact { inner: self.0.open()?, left: self.0.length() }))
    }
}

impl PartialEq for FileSource {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for FileSource {}

impl fmt::Debug for FileSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.length())
    }
}

/// What should be sent cannot be read, or is not as long as was said.
#[derive(Debug, thiserror::Error)]
#[error("the file cannot be read to its end")]
pub(super) struct Unreadable;

/// The failure of a file that cannot be read.
pub(super) fn unreadable() -> Failure {
    Failure::new(
        FailureKind::InvalidInput,
        "file-unreadable",
        "A file that was to be sent cannot be read to its end, or became shorter meanwhile.",
    )
    .hint("Check the file, and that nobody writes it meanwhile.")
}

/// As many bytes as were announced: never more, and fewer are an error, so that no request ends early and looks whole.
struct Exact {
    inner: Box<dyn Read + Send>,
    left: u64,
}

impl Read for Exact {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let Some(room) = buffer.get_mut(..most).filter(|room| !room.is_empty()) else { return Ok(0) };
        match self.inner.read(room) {
            Ok(0) => Err(io::Error::other(Unreadable)),
            Ok(count) => {
                self.left = self.left.saturating_sub(count as u64);
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(_) => Err(io::Error::other(Unreadable)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says one length and has another.
    struct Liar(u64, &'static [u8]);

    impl Source for Liar {
        fn length(&self) -> u64 {
            self.0
        }

        fn open(&self) -> io::Result<Box<dyn Read + Send>> {
            Ok(Box::new(self.1))
        }
    }

    fn read(length: u64, bytes: &'static [u8]) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        FileSource::new(Arc::new(Liar(length, bytes))).reader()?.read_to_end(&mut all).map(|_| all)
    }

    #[test]
    fn a_source_gives_what_it_announced_or_fails() {
        assert_eq!(read(3, b"abc").unwrap(), b"abc");
        assert_eq!(read(0, b"").unwrap(), b"");
        assert_eq!(read(2, b"abc").unwrap(), b"ab", "what was added meanwhile is not sent");
        assert!(read(4, b"abc").unwrap_err().get_ref().unwrap().is::<Unreadable>());
    }
}
