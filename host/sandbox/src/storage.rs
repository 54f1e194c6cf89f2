//! The storage format: is a body the well-formed XML that Confluence stores?
//!
//! Confluence answers `Error parsing xhtml: … [row,col]` to anything else: an unescaped `&` or `<`, an unclosed
//! `<br>`, an attribute without a value, a named entity of HTML, a control character.

use std::fmt;

use quick_xml::Reader;
use quick_xml::errors::{Error, IllFormedError};
use quick_xml::events::{BytesStart, Event};

/// The prefixes that Confluence declares around every body.
const PREFIXES: [&str; 4] = ["ac", "ri", "at", "xml"];

/// Where a body stops being well-formed, in the words of Confluence's parser.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed {
    message: String,
    row: usize,
    col: usize,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { message, row, col } = self;
        write!(f, "Error parsing xhtml: {message}\n at [row,col {{unknown-source}}]: [{row},{col}]")
    }
}

/// Checks a whole body.
pub(crate) fn check(body: &str) -> Result<(), Malformed> {
    let mut reader = Reader::from_str(body);
    reader.config_mut().check_comments = true;
    let mut open: Vec<String> = Vec::new();
    loop {
        let start = offset(reader.buffer_position());
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(error) => return Err(malformed(body, offset(reader.error_position()), &in_words(&error))),
        };
        let verdict = match &event {
            Event::Start(tag) => {
                open.push(tag.name().as_ref().to_owned());
                element(tag)
            }
            Event::Empty(tag) => element(tag),
            Event::End(_) => {
                open.pop();
                Ok(())
            }
            Event::Text(text) => {
                if text.contains("]]>") {
                    Err("String ']]>' not allowed in textual content, except as the end marker of CDATA section"
                        .to_owned())
                } else {
                    characters(text)
                }
            }
            Event::CData(text) => characters(text),
            Event::Comment(text) => characters(text),
            Event::GeneralRef(entity) => reference(entity),
            Event::Decl(_) | Event::PI(_) => Err("Unexpected processing instruction".to_owned()),
            Event::DocType(_) => Err("Unexpected DOCTYPE declaration".to_owned()),
            Event::Eof => match open.pop() {
                None => return Ok(()),
                Some(name) => Err(format!("Unexpected end of input block; expected a close tag </{name}>")),
            },
        };
        verdict.map_err(|why| malformed(body, start, &why))?;
    }
}

fn element(tag: &BytesStart<'_>) -> Result<(), String> {
    name(tag.name().as_ref())?;
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        name(attribute.key.as_ref())?;
        characters(&attribute.value)?;
        if attribute.value.contains('<') {
            return Err("Unexpected character '<' (code 60) in attribute value".to_owned());
        }
        let mut rest = &*attribute.value;
        while let Some((_, after)) = rest.split_once('&') {
            let (entity, next) = after
                .split_once(';')
                .ok_or("Unexpected character in entity reference; '&' must be written &amp;")?;
            reference(entity)?;
            rest = next;
        }
    }
    Ok(())
}

fn name(name: &str) -> Result<(), String> {
    let (prefix, local) = name.split_once(':').map_or((None, name), |(prefix, local)| (Some(prefix), local));
    let mut letters = local.chars();
    let first = letters.next().is_some_and(|c| c.is_alphabetic() || c == '_');
    if !first || !letters.all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.')) {
        let found = local.chars().find(|c| !c.is_alphabetic()).unwrap_or(' ');
        return Err(format!("Unexpected character {found:?} (code {}) in a name", u32::from(found)));
    }
    match prefix {
        Some(prefix) if !PREFIXES.contains(&prefix) => {
            Err(format!("Undeclared namespace prefix \"{prefix}\""))
        }
        _ => Ok(()),
    }
}

/// An entity without its `&` and `;`.
fn reference(entity: &str) -> Result<(), String> {
    let number = match entity.strip_prefix('#') {
        None if matches!(entity, "lt" | "gt" | "amp" | "quot" | "apos") => return Ok(()),
        None => return Err(format!("Undeclared general entity \"{entity}\"")),
        Some(number) => number,
    };
    let code = match number.strip_prefix('x') {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => number.parse().ok(),
    };
    match code.and_then(char::from_u32) {
        Some(c) if is_xml(c) => Ok(()),
        _ => Err(format!("Illegal character reference \"&{entity};\"")),
    }
}

fn characters(text: &str) -> Result<(), String> {
    match text.chars().find(|c| !is_xml(*c)) {
        None => Ok(()),
        Some(c) => Err(format!("Illegal character (CTRL-CHAR, code {})", u32::from(c))),
    }
}

fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn in_words(error: &Error) -> String {
    match error {
        Error::IllFormed(IllFormedError::MismatchedEndTag { expected, found }) => {
            format!("Unexpected close tag </{found}>; expected </{expected}>.")
        }
        Error::IllFormed(IllFormedError::UnmatchedEndTag(found)) => {
            format!("Unexpected close tag </{found}>; nothing is open.")
        }
        Error::IllFormed(IllFormedError::UnclosedReference) => {
            "Unexpected character in entity reference; '&' must be written &amp;".to_owned()
        }
        other => other.to_string(),
    }
}

fn malformed(body: &str, at: usize, message: &str) -> Malformed {
    let before: Vec<char> =
        body.char_indices().take_while(|(offset, _)| *offset < at).map(|(_, c)| c).collect();
    let row = before.iter().filter(|c| **c == '\n').count() + 1;
    let col = before.iter().rev().take_while(|c| **c != '\n').count() + 1;
    Malformed { message: message.to_owned(), row, col }
}

fn offset(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_formed_bodies_pass() {
        for body in [
            "",
            "plain text",
            "<p>one</p><p>two &amp; three &#160; &#xe9;</p>",
            "<ac:structured-macro ac:name=\"code\"><ac:plain-text-body><![CDATA[a < b && c]]></ac:plain-text-body></ac:structured-macro>",
            "<p><ac:image><ri:url ri:value=\"https://example.com/?a=1&amp;b=2\"/></ac:image><br/></p>",
        ] {
            assert_eq!(check(body), Ok(()), "{body}");
        }
    }

    #[test]
    fn what_confluence_refuses_is_refused() {
        for body in [
            "<p>a & b</p>",
            "<p>a &nbsp; b</p>",
            "<p>one<br>two</p>",
            "<p>List<T></p>",
            "<p>1 < 2</p>",
            "<p>unclosed",
            "</p>",
            "<b><i>x</b></i>",
            "<input disabled/>",
            "<a href=x>y</a>",
            "<a href=\"?a=1&b=2\">y</a>",
            "<a b=\"1\" b=\"2\"/>",
            "<foo:bar/>",
            "<p>bell \u{7}</p>",
            "<p>&#0;</p>",
            "<p>]]></p>",
            "<!DOCTYPE html><p/>",
            "<?php echo 1 ?>",
            "<![CDATA[open",
        ] {
            assert!(check(body).is_err(), "{body}");
        }
    }

    #[test]
    fn the_place_of_the_error_is_told_by_row_and_column() {
        let error = check("<p>one</p>\n<p>two &nbsp;</p>").unwrap_err();
        assert_eq!(
            error.to_string(),
            "Error parsing xhtml: Undeclared general entity \"nbsp\"\n at [row,col {unknown-source}]: [2,8]"
        );
    }
}
