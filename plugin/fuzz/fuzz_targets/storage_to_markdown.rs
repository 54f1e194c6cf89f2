//! Any text may come as storage format: it is refused or shown, and what is shown can be sent again.

#![no_main]

#[path = "../../tests/content/foreign_parser.rs"]
mod foreign_parser;

use actionbay_confluence::content::{check_storage, markdown_to_storage, view};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|storage: &str| {
    let viewed = view(storage);
    if check_storage(storage).is_ok() {
        assert!(viewed.is_ok(), "checked, and not shown");
    }
    let Ok(viewed) = viewed else { return };
    let round = |markdown: &str| {
        let storage = markdown_to_storage(markdown);
        foreign_parser::assert_well_formed(&storage);
        view(&storage).expect("what we wrote can be read").markdown
    };
    // A marker becomes its words, so that the first round may change it.
    let second = round(&viewed.markdown);
    assert_eq!(round(&second), second);
});
