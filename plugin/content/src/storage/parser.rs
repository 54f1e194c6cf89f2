//! Parses storage format, strictly: what Confluence would answer with `400 Error parsing xhtml` is an error here too,
//! with row and column.
//!
//! It is the content of an element: any number of elements and texts, the five entities of XML and the named ones of
//! XHTML (Confluence stores `&nbsp;` and its like), the prefixes `ac`, `ri` and `at`. A document type is refused, so
//! that there are no entities to expand.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::super::document::Bytes;
use super::super::entities;
use super::super::error::StorageError;
use super::super::xml::{is_xml_char, split_forbidden};
use super::tree::{Element, NodeId, Tree};

/// The prefixes that are declared around a page's body.
const PREFIXES: [&str; 5] = ["ac", "ri", "at", "xml", "xmlns"];

/// How to take what is well-formed, but what Confluence does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rules {
    /// Unknown entities and prefixes are errors: the text is going to Confluence.
    Strict,
    /// Unknown entities stay as they are: the text came from Confluence.
    Lenient,
}

/// Parses a fragment.
pub(super) fn parse(source: &str, rules: Rules) -> Result<Tree<'_>, StorageError> {
    let mut parser =
        Parser { source, at: 0, rules, tree: Tree::default(), open: Vec::new(), prefixes: BTreeMap::new() };
    parser.content()?;
    Ok(parser.tree)
}

struct Parser<'a> {
    source: &'a str,
    /// Byte offset of what is read next.
    at: usize,
    rules: Rules,
    tree: Tree<'a>,
    open: Vec<Open<'a>>,
    /// Prefixes declared in the text, with how often they are in scope.
    prefixes: BTreeMap<&'a str, usize>,
}

struct Open<'a> {
    id: NodeId,
    name: &'a str,
    offset: usize,
    declared: Vec<&'a str>,
}

type Parsed<T> = Result<T, StorageError>;

impl<'a> Parser<'a> {
    fn content(&mut self) -> Parsed<()> {
        while !self.rest().is_empty() {
            let rest = self.rest();
            if let Some(after) = rest.strip_prefix("<!--") {
                self.comment(after)?;
            } else if let Some(after) = rest.strip_prefix("<![CDATA[") {
                self.cdata(after)?;
            } else if rest.starts_with("<!") {
                return self.fail(self.at, "`<!` begins neither a comment nor a CDATA section");
            } else if let Some(after) = rest.strip_prefix("<?") {
                self.instruction(after)?;
            } else if rest.starts_with("</") {
                self.end_tag()?;
            } else if rest.starts_with('<') {
                self.start_tag()?;
            } else {
                self.text()?;
            }
        }
        match self.open.last() {
            Some(open) => self.fail(open.offset, format!("<{}> is never closed", open.name)),
            None => Ok(()),
        }
    }

    fn rest(&self) -> &'a str {
        self.source.get(self.at..).unwrap_or_default()
    }

    fn fail<T>(&self, offset: usize, message: impl Into<String>) -> Parsed<T> {
        Err(StorageError::at(self.source, offset, message))
    }

    fn parent(&self) -> Option<NodeId> {
        self.open.last().map(|open| open.id)
    }

    /// Moves past as much of the rest as `rest` is shorter.
    fn move_to(&mut self, rest: &str) {
        self.at = self.source.len() - rest.len();
    }

    fn skip_space(&mut self) -> bool {
        let rest = self.rest();
        let trimmed = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        self.move_to(trimmed);
        trimmed.len() < rest.len()
    }

    fn check_characters(&self, offset: usize, text: &str) -> Parsed<()> {
        match split_forbidden(text) {
            Some((before, character, _)) => self.fail(
                offset + before.len(),
                format!("the character U+{:04X} is not allowed in XML", u32::from(character)),
            ),
            None => Ok(()),
        }
    }

    fn text(&mut self) -> Parsed<()> {
        let offset = self.at;
        let rest = self.rest();
        let text = rest.get(..rest.find(['<', '&']).unwrap_or(rest.len())).unwrap_or_default();
        self.check_characters(offset, text)?;
        if let Some(index) = text.find("]]>") {
            return self.fail(offset + index, "`]]>` must be written `]]&gt;` outside of CDATA");
        }
        self.at += text.len();
        self.add_text(text, offset);
        if self.rest().starts_with('&') {
            let mut resolved = String::new();
            let start = self.at;
            self.reference(&mut resolved)?;
            let parent = self.parent();
            self.tree.add_text(parent, Cow::Owned(resolved), Bytes { start, end: self.at });
        }
        Ok(())
    }

    /// Adds text that begins at `start` and ends here.
    fn add_text(&mut self, text: &'a str, start: usize) {
        let parent = self.parent();
        let text = if text.contains('\r') {
            Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
        } else {
            Cow::Borrowed(text)
        };
        self.tree.add_text(parent, text, Bytes { start, end: self.at });
    }

    /// `&name;`, `&#10;` or `&#xA;`, at the ampersand.
    fn reference(&mut self, into: &mut String) -> Parsed<()> {
        let offset = self.at;
        let after = self.rest().get(1..).unwrap_or_default();
        // No name is near this long; without a bound, a text of ampersands would be searched again and again.
        let end = after.bytes().take(64).position(|byte| byte == b';');
        let Some(name) = end.and_then(|end| after.get(..end)) else {
            return self.fail(offset, "`&` must be written `&amp;`");
        };
        if let Some(number) = name.strip_prefix('#') {
            let digits = number.strip_prefix('x').map_or((number, 10), |number| (number, 16));
            let valid = digits.0.bytes().all(|byte| byte.is_ascii_hexdigit());
            let code = u32::from_str_radix(digits.0, digits.1).ok().filter(|_| valid);
            let Some(character) = code.and_then(char::from_u32).filter(|&each| is_xml_char(each)) else {
                return self.fail(offset, format!("`&{name};` is no character that XML allows"));
            };
            into.push(character);
        } else if let Some(character) = entities::named(name) {
            into.push(character);
        } else if !is_name(name) {
            return self.fail(offset, "`&` must be written `&amp;`");
        } else if self.rules == Rules::Strict {
            return self
                .fail(offset, format!("the entity `&{name};` is not known; write the character itself"));
        } else {
            into.push('&');
            into.push_str(name);
            into.push(';');
        }
        self.at += name.len() + 2;
        Ok(())
    }

    fn comment(&mut self, after: &'a str) -> Parsed<()> {
        let offset = self.source.len() - after.len();
        let Some((text, rest)) = after.split_once("--") else {
            return self.fail(self.at, "the comment is never closed");
        };
        self.check_characters(offset, text)?;
        match rest.strip_prefix('>') {
            Some(rest) => {
                self.move_to(rest);
                Ok(())
            }
            None => self.fail(offset + text.len(), "`--` may not stand in a comment"),
        }
    }

    fn cdata(&mut self, after: &'a str) -> Parsed<()> {
        let Some((text, rest)) = after.split_once("]]>") else {
            return self.fail(self.at, "the CDATA section is never closed");
        };
        self.check_characters(self.source.len() - after.len(), text)?;
        let start = self.at;
        self.move_to(rest);
        self.add_text(text, start);
        Ok(())
    }

    fn instruction(&mut self, after: &'a str) -> Parsed<()> {
        let Some((text, rest)) = after.split_once("?>") else {
            return self.fail(self.at, "the processing instruction is never closed");
        };
        let target = text.split([' ', '\t', '\r', '\n']).next().unwrap_or_default();
        if target.eq_ignore_ascii_case("xml") {
            return self.fail(self.at, "an XML declaration may not stand in the body of a page");
        }
        if !is_name(target) {
            return self.fail(self.at, "the processing instruction has no valid name");
        }
        self.check_characters(self.source.len() - after.len(), text)?;
        self.move_to(rest);
        Ok(())
    }

    fn end_tag(&mut self) -> Parsed<()> {
        let offset = self.at;
        self.at += 2;
        let name = self.name("</")?;
        self.skip_space();
        let Some(rest) = self.rest().strip_prefix('>') else {
            return self.fail(offset, format!("the tag </{name} is never closed with `>`"));
        };
        self.move_to(rest);
        match self.open.pop() {
            Some(open) if open.name == name => {
                self.tree.close(open.id, Bytes { start: offset, end: self.at });
                for prefix in open.declared {
                    if let Some(count) = self.prefixes.get_mut(prefix) {
                        *count -= 1;
                    }
                }
                Ok(())
            }
            Some(open) => self.fail(offset, format!("</{name}> stands where </{}> is expected", open.name)),
            None => self.fail(offset, format!("</{name}> closes nothing")),
        }
    }

    fn start_tag(&mut self) -> Parsed<()> {
        let offset = self.at;
        self.at += 1;
        let name = self.name("<")?;
        let mut attributes = Vec::new();
        let empty = loop {
            let spaced = self.skip_space();
            let rest = self.rest();
            if let Some(rest) = rest.strip_prefix("/>") {
                self.move_to(rest);
                break true;
            }
            if let Some(rest) = rest.strip_prefix('>') {
                self.move_to(rest);
                break false;
            }
            if rest.is_empty() {
                return self.fail(offset, format!("the tag <{name} is never closed with `>`"));
            }
            if !spaced {
                return self.fail(self.at, format!("unexpected character in the tag <{name}>"));
            }
            attributes.push(self.attribute(name)?);
        };
        self.check_unique(offset, name, &attributes)?;
        let declared = attributes.iter().filter_map(|attribute| attribute.0.strip_prefix("xmlns:"));
        let declared: Vec<&'a str> = declared.collect();
        for prefix in &declared {
            *self.prefixes.entry(prefix).or_default() += 1;
        }
        self.check_prefixes(offset, name, &attributes)?;
        let parent = self.parent();
        let id = self.tree.add_element(
            parent,
            Element { name, attributes },
            Bytes { start: offset, end: self.at },
        );
        if empty {
            for prefix in declared {
                if let Some(count) = self.prefixes.get_mut(prefix) {
                    *count -= 1;
                }
            }
        } else {
            self.open.push(Open { id, name, offset, declared });
        }
        Ok(())
    }

    fn attribute(&mut self, element: &str) -> Parsed<(&'a str, Cow<'a, str>)> {
        let offset = self.at;
        let name = self.name("")?;
        self.skip_space();
        let Some(rest) = self.rest().strip_prefix('=') else {
            return self.fail(offset, format!("the attribute `{name}` of <{element}> has no value"));
        };
        self.move_to(rest);
        self.skip_space();
        let quote = match self.rest().chars().next() {
            Some(quote @ ('"' | '\'')) => quote,
            _ => return self.fail(self.at, format!("the value of `{name}` must stand in quotes")),
        };
        self.at += 1;
        let mut value = Cow::Borrowed("");
        loop {
            let start = self.at;
            let rest = self.rest();
            let Some(length) = rest.find([quote, '<', '&']) else {
                return self.fail(offset, format!("the value of `{name}` has no closing quote"));
            };
            let text = rest.get(..length).unwrap_or_default();
            self.check_characters(start, text)?;
            if value.is_empty() && !text.contains(['\t', '\n', '\r']) {
                value = Cow::Borrowed(text);
            } else {
                value.to_mut().extend(text.replace("\r\n", " ").chars().map(|each| match each {
                    '\t' | '\n' | '\r' => ' ',
                    _ => each,
                }));
            }
            self.at += length;
            match self.rest().chars().next() {
                Some('<') => {
                    return self.fail(self.at, format!("`<` in the value of `{name}` must be `&lt;`"));
                }
                Some('&') => self.reference(value.to_mut())?,
                _ => {
                    self.at += 1;
                    return Ok((name, value));
                }
            }
        }
    }

    fn name(&mut self, before: &str) -> Parsed<&'a str> {
        let rest = self.rest();
        let length = rest.find(|character| !is_name_char(character)).unwrap_or(rest.len());
        let name = rest.get(..length).unwrap_or_default();
        if !name.starts_with(is_name_start) {
            let message = match before {
                "<" => "`<` begins no tag here; in text it must be written `&lt;`".to_owned(),
                _ => format!("`{before}{name}` is not followed by a valid name"),
            };
            return self.fail(self.at - before.len(), message);
        }
        self.at += length;
        Ok(name)
    }

    fn check_unique(&self, offset: usize, element: &str, attributes: &[(&str, Cow<'_, str>)]) -> Parsed<()> {
        if attributes.len() < 2 {
            return Ok(());
        }
        let mut names: BTreeMap<&str, usize> = BTreeMap::new();
        match attributes.iter().find(|(name, _)| names.insert(name, offset).is_some()) {
            Some((name, _)) => self.fail(offset, format!("<{element}> has the attribute `{name}` twice")),
            None => Ok(()),
        }
    }

    fn check_prefixes(
        &self,
        offset: usize,
        element: &str,
        attributes: &[(&str, Cow<'_, str>)],
    ) -> Parsed<()> {
        if self.rules == Rules::Lenient {
            return Ok(());
        }
        for name in std::iter::once(element).chain(attributes.iter().map(|attribute| attribute.0)) {
            let Some((prefix, local)) = name.split_once(':') else { continue };
            let known =
                PREFIXES.contains(&prefix) || self.prefixes.get(prefix).is_some_and(|&count| count > 0);
            if !known {
                return self.fail(offset, format!("the prefix of `{name}` is not known"));
            }
            if local.contains(':') || !is_name(local) {
                return self.fail(offset, format!("`{name}` is not a valid name"));
            }
        }
        Ok(())
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(is_name_start) && name.chars().all(is_name_char)
}

/// Production 4 of XML 1.0.
fn is_name_start(character: char) -> bool {
    matches!(character,
        ':' | '_' | 'A'..='Z' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
}

/// Production 4a of XML 1.0.
fn is_name_char(character: char) -> bool {
    // Nearly all names are ASCII.
    character.is_ascii_lowercase()
        || is_name_start(character)
        || matches!(character, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}
