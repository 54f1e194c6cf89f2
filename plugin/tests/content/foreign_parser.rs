//! What we write, before a parser that is not ours. The fuzz targets share it.

use actionbay_confluence::content::check_storage;
use quick_xml::Reader;
use quick_xml::events::Event;

/// Parses with a parser that is not ours, to its end.
pub(crate) fn assert_well_formed(storage: &str) {
    let page = format!("<page xmlns:ac=\"a\" xmlns:ri=\"r\">{storage}</page>");
    let mut reader = Reader::from_str(&page);
    reader.config_mut().enable_all_checks(true);
    let mut depth = 0_usize;
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{error} in {page}")) {
            Event::Start(start) => {
                depth += 1;
                for attribute in start.attributes() {
                    let attribute = attribute.unwrap_or_else(|error| panic!("{error} in {page}"));
                    assert!(!attribute.value.contains('<'), "{page}");
                }
            }
            Event::End(_) => depth -= 1,
            Event::GeneralRef(name) => assert!(
                name.is_char_ref() || ["amp", "lt", "gt", "quot", "apos"].contains(&&*name),
                "a named entity in {page}"
            ),
            Event::Comment(_) | Event::PI(_) | Event::DocType(_) | Event::Decl(_) => {
                panic!("not content of an element: {page}")
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(depth, 0, "{page}");
    assert!(!storage.contains(|each: char| each < ' ' && !"\t\n\r".contains(each)), "{storage:?}");
    check_storage(storage).unwrap_or_else(|error| panic!("{error} in {storage}"));
}
