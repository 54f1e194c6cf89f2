//! Markdown and storage format through the public interface: what each construct becomes, what is always true, and
//! what hostile input cannot do.

#![allow(clippy::unwrap_used, clippy::panic, reason = "the helpers of tests fail as tests do")]

mod editing;
mod hostile;
mod markdown_to_storage;
mod properties;
mod round_trips;
mod storage_to_markdown;
mod well_formedness;

use actionbay_confluence::content;

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

/// Parses with a parser that is not ours, to its end.
fn assert_well_formed(storage: &str) {
    use quick_xml::Reader;
    use quick_xml::events::Event;

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
    content::check_storage(storage).unwrap_or_else(|error| panic!("{error} in {storage}"));
}
