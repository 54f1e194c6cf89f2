//! Any text is Markdown: it becomes well-formed storage format, and does not change from the second round on.

#![no_main]

#[path = "../../tests/content/foreign_parser.rs"]
mod foreign_parser;

use actionbay_confluence::content::{markdown_to_storage, view};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|markdown: &str| {
    let storage = markdown_to_storage(markdown);
    foreign_parser::assert_well_formed(&storage);
    let first = view(&storage).expect("what we wrote can be read").markdown;
    let again = markdown_to_storage(&first);
    assert_eq!(view(&again).expect("what we wrote can be read").markdown, first);
});
