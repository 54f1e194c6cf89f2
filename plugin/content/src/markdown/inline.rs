//! Writes inline content as Markdown.
//!
//! `*`, `_` and `~` are formatting only in the right company: `a**"b"**c` is not bold. Where the characters around a
//! delimiter do not surely make it one, the HTML tag is written instead, which the reader takes as the same thing.

use super::super::document::{Image, Inline, Label, Link, Marker, Style};
use super::super::target::{Target, marker_url};
use super::escape::{self, Place};

/// The kind of line that inlines stand on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// May go on on the next line.
    Paragraph,
    /// Ends with the line.
    Heading,
    /// Ends with the line, or with a pipe.
    Cell,
}

/// Writes inlines to the end of a text.
pub(super) struct InlineWriter<'a> {
    out: &'a mut String,
    /// Stands at the beginning of every line.
    prefix: &'a str,
    line: Line,
    /// Where the content of the current line begins.
    line_start: usize,
    link: bool,
}

impl<'a> InlineWriter<'a> {
    pub(super) fn new(out: &'a mut String, prefix: &'a str, line: Line) -> Self {
        let line_start = out.len();
        Self { out, prefix, line, line_start, link: false }
    }

    /// Writes tidy inlines. `after`: the character that will follow them, if there is one.
    pub(super) fn write(&mut self, inlines: &[Inline], after: Option<char>) {
        let mut rest = inlines;
        while let Some((inline, others)) = rest.split_first() {
            rest = others;
            let next = match others.first() {
                Some(next) => first_character(next),
                None => after,
            };
            self.inline(inline, next);
        }
    }

    fn inline(&mut self, inline: &Inline, next: Option<char>) {
        match inline {
            Inline::Text(text) => escape::text(text, self.place(), self.out),
            Inline::Code(code) => self.code(code),
            Inline::Break if self.line == Line::Paragraph => {
                self.out.push_str("\\\n");
                self.out.push_str(self.prefix);
                self.line_start = self.out.len();
            }
            Inline::Break => self.out.push_str("<br>"),
            Inline::Styled(style, body) => self.styled(*style, body, next),
            Inline::Link(link) => self.link(link),
            Inline::Image(image) => self.image(image),
            Inline::Marker(marker) => self.marker(marker),
        }
    }

    fn place(&self) -> Place {
        Place {
            line_start: self.line == Line::Paragraph && self.out.len() == self.line_start,
            table: self.line == Line::Cell,
            link: self.link,
        }
    }

    /// The character before what is written next, on its line.
    fn previous(&self) -> Option<char> {
        self.out.get(self.line_start..).and_then(|line| line.chars().next_back())
    }

    fn styled(&mut self, style: Style, body: &[Inline], next: Option<char>) {
        let delimiter = match style {
            Style::Strong => Some("**"),
            Style::Emphasis => Some("_"),
            Style::Strike => Some("~~"),
            Style::Underline | Style::Subscript | Style::Superscript => None,
        };
        let first = body.first().and_then(first_character);
        let last = body.last().and_then(last_character);
        let delimiter =
            delimiter.filter(|_| flanks(style, self.previous(), first) && flanks(style, next, last));
        match delimiter {
            Some(delimiter) => {
                self.out.push_str(delimiter);
                self.write(body, delimiter.chars().next());
                self.out.push_str(delimiter);
            }
            None => self.tagged(style.tag(), |writer| writer.write(body, Some('<'))),
        }
    }

    fn tagged(&mut self, tag: &str, content: impl FnOnce(&mut Self)) {
        self.out.push('<');
        self.out.push_str(tag);
        self.out.push('>');
        content(self);
        self.out.push_str("</");
        self.out.push_str(tag);
        self.out.push('>');
    }

    fn code(&mut self, code: &str) {
        let cell = self.line == Line::Cell;
        if cell && code.contains("\\|") {
            // No code span of a table can say this.
            let place = self.place();
            return self.tagged("code", |writer| escape::text(code, place, writer.out));
        }
        let fence = "`".repeat(longest_run(code, '`') + 1);
        // A space next to a backtick, or one that would be taken for such.
        let spaced = code.starts_with('`')
            || code.ends_with('`')
            || (code.starts_with(' ') && code.ends_with(' ') && !code.trim_matches(' ').is_empty());
        let padding = if spaced { " " } else { "" };
        self.out.push_str(&fence);
        self.out.push_str(padding);
        if cell {
            self.out.push_str(&code.replace('|', "\\|"));
        } else {
            self.out.push_str(code);
        }
        self.out.push_str(padding);
        self.out.push_str(&fence);
    }

    fn link(&mut self, link: &Link) {
        if let (Target::Url(url), [Inline::Text(text)]) = (&link.target, link.body.as_slice())
            && link.title.is_empty()
            && text == url
            && (url.starts_with("https://") || url.starts_with("http://"))
        {
            self.out.push('<');
            self.out.push_str(url);
            self.out.push('>');
            return;
        }
        self.open_bracket();
        let outer = std::mem::replace(&mut self.link, true);
        self.write(&link.body, Some(']'));
        self.link = outer;
        self.close_bracket(&link.target.to_url(), &link.title);
    }

    fn image(&mut self, image: &Image) {
        self.out.push_str("![");
        let place = Place { line_start: false, link: true, ..self.place() };
        escape::text(&image.alt, place, self.out);
        self.close_bracket(&image.source.to_url(), &image.title);
    }

    fn marker(&mut self, marker: &Marker) {
        self.open_bracket();
        match &marker.label {
            Label::Note(note) => {
                let place = Place { line_start: false, link: true, ..self.place() };
                escape::text(&note.0, place, self.out);
            }
            Label::Words(words) => {
                let outer = std::mem::replace(&mut self.link, true);
                self.write(words, Some(']'));
                self.link = outer;
            }
        }
        self.close_bracket(&marker_url(marker.kind, &marker.name, &marker.id), "");
    }

    fn open_bracket(&mut self) {
        // An exclamation mark at the end of the words before would make an image of the link.
        if self.previous() == Some('!') {
            self.out.pop();
            self.out.push_str("\\!");
        }
        self.out.push('[');
    }

    fn close_bracket(&mut self, url: &str, title: &str) {
        self.out.push_str("](");
        escape::destination(url, self.out);
        if !title.is_empty() {
            self.out.push_str(" \"");
            escape::title(title, self.line == Line::Cell, self.out);
            self.out.push('"');
        }
        self.out.push(')');
    }
}

/// Whether a delimiter surely works between the character outside of it and the one inside.
///
/// The rules of CommonMark, with two differences that only ever err to the safe side: a character that is neither a
/// letter, a digit, white space nor ASCII punctuation may be either kind of other, and `_` never works inside a word.
fn flanks(style: Style, outside: Option<char>, inside: Option<char>) -> bool {
    let Some(inside) = inside.filter(|inside| !inside.is_whitespace()) else { return false };
    let apart = outside.is_none_or(|outside| outside.is_whitespace() || outside.is_ascii_punctuation());
    apart
        || (style != Style::Emphasis
            && inside.is_alphanumeric()
            && outside.is_some_and(char::is_alphanumeric))
}

/// The first character of what an inline is written as, exact in what [`flanks`] asks for.
fn first_character(inline: &Inline) -> Option<char> {
    match inline {
        Inline::Text(text) => text.chars().next(),
        Inline::Break => Some('\\'),
        _ => Some('*'),
    }
}

fn last_character(inline: &Inline) -> Option<char> {
    match inline {
        Inline::Text(text) => text.chars().next_back(),
        _ => Some('*'),
    }
}

/// The length of the longest run of a character.
pub(super) fn longest_run(text: &str, character: char) -> usize {
    text.split(|each| each != character).map(str::len).max().unwrap_or(0)
}
