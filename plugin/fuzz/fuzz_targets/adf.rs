//! Any text may come as an Atlassian document: it is refused, or sent byte for byte.

#![no_main]

#[path = "../../tests/content/documents.rs"]
mod documents;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| documents::assert_refused_or_sent_as_it_is(text));
