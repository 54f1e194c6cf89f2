//! Any text may come as storage format: it is refused or shown, and what is shown can be sent again.

#![no_main]

#[path = "../../tests/content/foreign_parser.rs"]
mod foreign_parser;
#[path = "../../tests/content/rounds.rs"]
mod rounds;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|storage: &str| rounds::assert_refused_or_stable(storage));
