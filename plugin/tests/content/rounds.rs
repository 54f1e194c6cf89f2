//! What we show, before it is sent again. The fuzz targets share it.

use actionbay_confluence::content::{check_storage, markdown_to_storage, view};

use crate::foreign_parser::assert_well_formed;

/// Any storage format is refused or shown, and what is shown can be sent again.
pub(crate) fn assert_refused_or_stable(storage: &str) {
    let viewed = view(storage);
    if check_storage(storage).is_ok() {
        assert!(viewed.is_ok(), "checked, and not shown: {storage}");
    }
    let Ok(viewed) = viewed else { return };
    let round = |markdown: &str| {
        let storage = markdown_to_storage(markdown);
        assert_well_formed(&storage);
        view(&storage).unwrap_or_else(|error| panic!("{error} in {storage}")).markdown
    };
    // A marker becomes its words, so that the first round may change it.
    let second = round(&viewed.markdown);
    assert_eq!(round(&second), second, "of {storage}");
}
