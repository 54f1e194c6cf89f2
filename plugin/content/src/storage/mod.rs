//! Storage format: parsed, read into a document, and written.

mod elements;
mod inlines;
mod line;
mod macros;
mod parser;
mod reader;
mod tables;
mod tree;
mod words;
mod writer;

use super::document::Blocks;
use super::error::StorageError;
use parser::Rules;

pub(super) use elements::Elements;
pub(super) use line::{Around, Piece, PieceKind, line};
pub(super) use writer::{Restore, append, write_inlines, write_item, write_row, write_task, write_with};

/// Reads what Confluence answered, with the elements that have markers.
pub(super) fn read(storage: &str) -> Result<(Blocks, Elements), StorageError> {
    Ok(reader::read(storage, &parser::parse(storage, Rules::Lenient)?))
}

/// The words that a page holds itself.
pub(super) fn words(storage: &str) -> Result<String, StorageError> {
    Ok(words::of(&parser::parse(storage, Rules::Lenient)?))
}

/// Checks what is going to Confluence.
pub(super) fn check(storage: &str) -> Result<(), StorageError> {
    parser::parse(storage, Rules::Strict).map(drop)
}

/// The start tags in a fragment that say more than their names, and those of elements that are not HTML.
pub(super) fn tags(fragment: &str) -> Vec<String> {
    let Ok(tree) = parser::parse(fragment, Rules::Lenient) else { return Vec::new() };
    tree.tags()
}
