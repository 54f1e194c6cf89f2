//! Writes XML. This is the only place that knows how to escape.
//!
//! Elements are written by closures, and names are literals of this crate, so that tags match by construction.
//! Characters that XML 1.0 forbids are left out, whatever came in.

use std::fmt::Write as _;

/// An XML fragment in the making.
#[derive(Debug, Default)]
pub(super) struct XmlWriter {
    out: String,
}

/// An attribute: its name and its raw value.
pub(super) type Attribute<'a> = (&'static str, &'a str);

impl XmlWriter {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self { out: String::with_capacity(bytes) }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    /// An element and its content. Attributes have different names.
    pub(super) fn element(
        &mut self,
        name: &'static str,
        attributes: &[Attribute<'_>],
        content: impl FnOnce(&mut Self),
    ) {
        self.open(name, attributes);
        self.out.push('>');
        content(self);
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    /// An element without content.
    pub(super) fn empty(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.open(name, attributes);
        self.out.push_str("/>");
    }

    fn open(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.out.push('<');
        self.out.push_str(name);
        for (name, value) in attributes {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            self.escape(value, Place::Attribute);
            self.out.push('"');
        }
    }

    /// What is XML already.
    pub(super) fn raw(&mut self, xml: &str) {
        self.out.push_str(xml);
    }

    /// Character data.
    pub(super) fn text(&mut self, text: &str) {
        self.escape(text, Place::Text);
    }

    /// Character data in CDATA sections, for the bodies that Confluence wants so. The end mark cannot be escaped in
    /// CDATA: it is cut in two, each half in a section of its own.
    pub(super) fn cdata(&mut self, text: &str) {
        self.out.push_str("<![CDATA[");
        let mut parts = text.split("]]>");
        self.plain(parts.next().unwrap_or_default());
        for part in parts {
            self.out.push_str("]]]]><![CDATA[>");
            self.plain(part);
        }
        self.out.push_str("]]>");
    }

    fn plain(&mut self, text: &str) {
        let mut rest = text;
        while let Some((before, _, after)) = split_forbidden(rest) {
            self.out.push_str(before);
            rest = after;
        }
        self.out.push_str(rest);
    }

    fn escape(&mut self, text: &str, place: Place) {
        let mut rest = text;
        while let Some((before, special, after)) =
            split_first(rest, |byte| place.is_suspect(byte), |each| place.is_special(each))
        {
            self.out.push_str(before);
            match special {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' => self.out.push_str("&quot;"),
                '\t' | '\n' | '\r' => {
                    // Writing to a string cannot fail.
                    let _ = write!(self.out, "&#{};", u32::from(special));
                }
                // Forbidden.
                _ => {}
            }
            rest = after;
        }
        self.out.push_str(rest);
    }
}

#[derive(Clone, Copy)]
enum Place {
    Text,
    Attribute,
}

impl Place {
    /// Whether a character that cannot stand there could begin with this byte.
    fn is_suspect(self, byte: u8) -> bool {
        match byte {
            b'&' | b'<' | b'>' => true,
            b'"' | b'\t' | b'\n' => matches!(self, Self::Attribute),
            _ => may_be_forbidden(byte),
        }
    }

    /// Whether a character cannot stand there as it is.
    fn is_special(self, character: char) -> bool {
        match character {
            '&' | '<' | '>' => true,
            '"' => matches!(self, Self::Attribute),
            // A parser turns these into spaces in an attribute, and a carriage return into a line feed anywhere.
            '\t' | '\n' => matches!(self, Self::Attribute),
            '\r' => true,
            _ => !is_xml_char(character),
        }
    }
}

/// Whether XML 1.0 allows the character (production 2 of the specification).
pub(super) fn is_xml_char(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// Whether a character that XML forbids, or a byte order mark, could begin with this byte: the control characters, and
/// those from U+F000 on.
pub(super) fn may_be_forbidden(byte: u8) -> bool {
    byte < b' ' || byte == 0xEF
}

/// The first character that XML forbids, with what stands before it and after it.
pub(super) fn split_forbidden(text: &str) -> Option<(&str, char, &str)> {
    split_first(
        text,
        |byte| may_be_forbidden(byte) && !matches!(byte, b'\t' | b'\n'),
        |each| !is_xml_char(each),
    )
}

/// The first character of a kind, with what stands before it and after it. `suspect` says whether one of its kind could
/// begin with a byte: nearly all text is passed over by it alone.
fn split_first(
    text: &str,
    suspect: impl Fn(u8) -> bool,
    is_it: impl Fn(char) -> bool,
) -> Option<(&str, char, &str)> {
    let mut start = 0;
    loop {
        let found = text.as_bytes().get(start..)?.iter().position(|&byte| suspect(byte))?;
        let (before, rest) = text.split_at_checked(start + found)?;
        let mut characters = rest.chars();
        let character = characters.next()?;
        if is_it(character) {
            return Some((before, character, characters.as_str()));
        }
        start += found + character.len_utf8();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// BODY-1
    #[test]
    fn text_and_attributes_are_escaped_for_their_place() {
        let mut xml = XmlWriter::default();
        xml.element("a", &[("href", "?a=1&b=\"<2>\"\n")], |xml| xml.text("a < b && c > \"d\""));
        assert_eq!(
            xml.finish(),
            "<a href=\"?a=1&amp;b=&quot;&lt;2&gt;&quot;&#10;\">a &lt; b &amp;&amp; c &gt; \"d\"</a>"
        );
    }

    /// BODY-2
    #[test]
    fn the_end_mark_of_cdata_is_cut_in_two() {
        let mut xml = XmlWriter::default();
        xml.cdata("a]]>b]]]]>>");
        assert_eq!(xml.finish(), "<![CDATA[a]]]]><![CDATA[>b]]]]]]><![CDATA[>>]]>");
    }

    #[test]
    fn characters_that_xml_forbids_are_left_out_everywhere() {
        let mut xml = XmlWriter::default();
        let forbidden = "x\u{0}\u{1}\u{b}\u{1f}\u{fffe}\u{ffff}y";
        xml.element("a", &[("href", forbidden)], |xml| {
            xml.text(forbidden);
            xml.cdata(forbidden);
        });
        assert_eq!(xml.finish(), "<a href=\"xy\">xy<![CDATA[xy]]></a>");
    }
}
