//! Why a text is not storage format.

use std::error::Error;
use std::fmt;

/// A text that is not well-formed storage format, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StorageError {
    /// The line of the mistake; the first line is 1.
    pub row: usize,
    /// The character in that line; the first one is 1.
    pub column: usize,
    /// What is wrong, as the rest of a sentence.
    pub message: String,
}

impl StorageError {
    /// Counts row and column of a byte offset. Done only once there is a mistake.
    pub(super) fn at(source: &str, offset: usize, message: impl Into<String>) -> Self {
        let before = source.get(..offset).unwrap_or(source);
        let row = before.matches('\n').count() + 1;
        let line = before.rsplit('\n').next().unwrap_or_default();
        Self { row, column: line.chars().count() + 1, message: message.into() }
    }
}

impl fmt::Display for StorageError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { row, column, message } = self;
        write!(formatter, "not well-formed storage format at row {row}, column {column}: {message}")
    }
}

impl Error for StorageError {}
