//! Markdown: read with `pulldown-cmark`, written here.

mod escape;
mod footnotes;
mod html;
mod inline;
mod lists;
mod pairs;
mod reader;
mod writer;

pub(super) use reader::{read, read_in_parts};
pub(super) use writer::write;
