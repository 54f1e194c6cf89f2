//! Storage format: parsed, read into a document, and written.

mod inlines;
mod macros;
mod parser;
mod reader;
mod tables;
mod tree;
mod writer;

use super::document::Block;
use super::error::StorageError;
use parser::Rules;

pub(super) use writer::write;

/// Reads what Confluence answered.
pub(super) fn read(storage: &str) -> Result<Vec<Block>, StorageError> {
    Ok(reader::read(&parser::parse(storage, Rules::Lenient)?))
}

/// Checks what is going to Confluence.
pub(super) fn check(storage: &str) -> Result<(), StorageError> {
    parser::parse(storage, Rules::Strict).map(drop)
}
