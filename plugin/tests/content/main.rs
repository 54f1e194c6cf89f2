//! Markdown and storage format through the public interface: what each construct becomes, what is always true, and
//! what hostile input cannot do.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of tests fail as tests do"
)]

mod adf;
mod documents;
mod editing;
mod foreign_parser;
mod hostile;
mod markdown_to_storage;
mod plain;
mod properties;
mod round_trips;
mod rounds;
mod storage_to_markdown;
mod well_formedness;
mod words;

use actionbay_confluence::content;
use foreign_parser::assert_well_formed;

/// Markdown to storage to Markdown.
fn round_trip(markdown: &str) -> String {
    back(&content::markdown_to_storage(markdown))
}

fn back(storage: &str) -> String {
    content::view(storage).unwrap_or_else(|error| panic!("{error} in {storage}")).markdown
}

/// Parses what Confluence once stored, with whatever that holds.
fn assert_well_formed_page(storage: &str) {
    content::check_storage(storage).unwrap_or_else(|error| panic!("{error} in {storage}"));
}
