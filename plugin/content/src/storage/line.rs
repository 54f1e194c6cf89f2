//! A line of storage format, piece by piece: which bytes are its words, which are tags, and which are neither.

use std::cell::RefCell;

use super::super::document::{Bytes, Inline, Inlines, Label, Style, plain_text};
use super::super::entities;
use super::super::target::Target;
use super::super::tidy;
use super::parser::{self, Rules};
use super::reader::{Depth, MAX_ELEMENT_DEPTH, Reader};
use super::tree::{Element, Kind, NodeId, Tree};
use super::{elements::Elements, inlines, macros};

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) bytes: Bytes,
    pub(crate) kind: PieceKind,
}

/// What a piece is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PieceKind {
    /// A character, and whether it stands in CDATA.
    Character(char, bool),
    /// Something in the place of a word, as it is read.
    Whole(Inlines),
    /// The begin of an element, with what it says of its content.
    Open(Around),
    /// The end of an element.
    Close,
    /// What is not shown.
    Hidden,
}

/// What an element says of its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Around {
    Nothing,
    Style(Style),
    Code,
    /// A link, with an empty body.
    Link(Box<Inline>),
    /// A mark, with its marker.
    Mark(Box<Inline>),
    /// An element that is not shown, but says something: what it is.
    Unseen(String),
}

/// A line of a fragment: its content as it is read, and its pieces.
pub(crate) struct Line {
    pub(crate) inlines: Inlines,
    /// Nothing if the line holds what cannot be taken apart.
    pub(crate) pieces: Option<Vec<Piece>>,
    /// Between the tags of the outermost elements.
    pub(crate) inner: Bytes,
}

/// Takes the bytes of a paragraph, heading or cell apart. `strong`: it is a cell that is shown as a heading.
pub(crate) fn line(fragment: &str, strong: bool) -> Option<Line> {
    let tree = parser::parse(fragment, Rules::Lenient).ok()?;
    let elements = RefCell::new(Elements::default());
    let reader = Reader { tree: &tree, source: fragment, elements: &elements };
    let depth = Depth { elements: 2, ..Depth::default() };
    let (root, inner) = root(&tree, fragment);
    let mut read = Inlines::new();
    match root {
        Some(root) => inlines::children(reader, root, depth, &mut read),
        None => inlines::roots(reader, depth, &mut read),
    }
    if strong {
        read = vec![Inline::Styled(Style::Strong, read)];
    }
    let mut taken = Taken { reader, pieces: Vec::new(), at: 0, whole: true };
    if strong {
        taken.open(Around::Style(Style::Strong), Bytes { start: 0, end: 0 });
    }
    taken.children(None, depth, false);
    if strong {
        let end = fragment.len();
        taken.hidden_up_to(end);
        taken.pieces.push(Piece { bytes: Bytes { start: end, end }, kind: PieceKind::Close });
    }
    taken.hidden_up_to(fragment.len());
    let pieces = taken.whole.then_some(taken.pieces);
    Some(Line { inlines: tidy::line(read), pieces, inner })
}

/// The element whose content the line is, and where that content is.
fn root(tree: &Tree<'_>, fragment: &str) -> (Option<NodeId>, Bytes) {
    let mut root = None;
    let mut inner = Bytes { start: 0, end: fragment.len() };
    let mut parent = None;
    loop {
        let mut children = tree.children(parent).filter(|&id| match tree.kind(id) {
            Some(Kind::Text(text)) => !text.trim().is_empty(),
            _ => true,
        });
        let (Some(only), None) = (children.next(), children.next()) else { return (root, inner) };
        match tree.kind(only) {
            Some(Kind::Element(element))
                if matches!(element.name, "p" | "td" | "th" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
                    && (root.is_none() || element.name == "p")
                    && tree.inner(only).start < tree.span(only).end =>
            {
                root = root.or(Some(only));
                parent = Some(only);
                inner = tree.inner(only);
            }
            _ => return (root, inner),
        }
    }
}

struct Taken<'a> {
    reader: Reader<'a>,
    pieces: Vec<Piece>,
    at: usize,
    /// Whether everything could be taken apart.
    whole: bool,
}

impl Taken<'_> {
    fn hidden_up_to(&mut self, end: usize) {
        if self.at < end {
            self.push(Bytes { start: self.at, end }, PieceKind::Hidden);
        }
    }

    fn push(&mut self, bytes: Bytes, kind: PieceKind) {
        self.at = bytes.end;
        self.pieces.push(Piece { bytes, kind });
    }

    fn open(&mut self, around: Around, tag: Bytes) {
        self.push(tag, PieceKind::Open(around));
    }

    fn whole_of(&mut self, bytes: Bytes, inlines: Inlines) {
        self.push(bytes, PieceKind::Whole(inlines));
    }

    /// Something that is shown but has no bytes.
    fn shown(&mut self, inline: Inline) {
        let bytes = Bytes { start: self.at, end: self.at };
        self.pieces.push(Piece { bytes, kind: PieceKind::Whole(vec![inline]) });
    }

    fn apart(&mut self) {
        let mut line = Inlines::new();
        for piece in self.pieces.iter().rev() {
            match &piece.kind {
                PieceKind::Whole(inlines) => line.extend(inlines.last().cloned()),
                PieceKind::Character(character, _) => line.push(Inline::Text(character.to_string())),
                _ => continue,
            }
            break;
        }
        let before = line.len();
        inlines::apart(&mut line);
        if line.len() > before && before > 0 {
            self.shown(Inline::Break);
        }
    }

    fn children(&mut self, parent: Option<NodeId>, depth: Depth, lines: bool) {
        let children: Vec<NodeId> = self.reader.tree.children(parent).collect();
        for id in children {
            let span = self.reader.tree.span(id);
            self.hidden_up_to(span.start);
            match self.reader.tree.kind(id) {
                Some(Kind::Text(_)) => self.text(span, lines),
                Some(Kind::Element(_)) if depth.elements >= MAX_ELEMENT_DEPTH => self.whole = false,
                Some(Kind::Element(element)) => self.element(id, element, depth, lines),
                None => {}
            }
        }
    }

    fn text(&mut self, span: Bytes, lines: bool) {
        let Some(raw) = self.reader.source.get(span.range()) else { return };
        let mut rest = raw;
        let mut cdata = false;
        while let Some(first) = rest.chars().next() {
            let start = span.end - rest.len();
            let (length, character) = if cdata {
                match rest.starts_with("]]>") {
                    true => (3, None),
                    false => (first.len_utf8(), Some(first)),
                }
            } else if rest.starts_with("<![CDATA[") {
                (9, None)
            } else if rest.starts_with('<') {
                let end = if rest.starts_with("<!--") { "-->" } else { "?>" };
                (rest.find(end).map_or(rest.len(), |at| at + end.len()), None)
            } else if let Some(entity) = rest.strip_prefix('&') {
                let length = entity.find(';').unwrap_or(entity.len());
                let character = entities::resolve(entity.get(..length).unwrap_or_default());
                self.whole &= character.is_some();
                (length + 2, character)
            } else {
                (first.len_utf8(), Some(first))
            };
            let bytes = Bytes { start, end: (start + length).min(span.end) };
            match character {
                None => {
                    cdata = (cdata || length == 9) && !(cdata && length == 3);
                    self.push(bytes, PieceKind::Hidden);
                }
                Some('\n') if lines => self.whole_of(bytes, vec![Inline::Break]),
                Some(character) => self.push(bytes, PieceKind::Character(character, cdata)),
            }
            rest = rest.get(length..).unwrap_or_default();
        }
    }

    /// The element's tags with what is between them.
    fn around(&mut self, id: NodeId, around: Around, content: impl FnOnce(&mut Self)) {
        let (span, inner) = (self.reader.tree.span(id), self.reader.tree.inner(id));
        if inner.start == span.end {
            return self.push(span, PieceKind::Hidden);
        }
        self.open(around, Bytes { start: span.start, end: inner.start });
        content(self);
        self.hidden_up_to(inner.end);
        self.push(Bytes { start: inner.end, end: span.end }, PieceKind::Close);
    }

    fn element(&mut self, id: NodeId, element: &Element<'_>, depth: Depth, lines: bool) {
        let inner = depth.down();
        let span = self.reader.tree.span(id);
        if let Some(style) = Style::of_tag(element.name) {
            return self.around(id, Around::Style(style), |this| this.children(Some(id), inner, lines));
        }
        match element.name {
            "code" | "kbd" | "samp" | "tt" | "var" => {
                let inner = Depth { code: true, ..inner };
                self.around(id, Around::Code, |this| this.children(Some(id), inner, lines));
            }
            "li" => self.around(id, Around::Nothing, |this| {
                this.apart();
                this.shown(Inline::Text(inlines::BULLET.to_owned()));
                this.children(Some(id), inner, lines);
                this.apart();
            }),
            "ac:task" => {
                let status = self.reader.tree.child(id, "ac:task-status");
                let status = status.map(|(id, _)| self.reader.tree.text_of(id));
                let done = status.is_some_and(|status| status.trim() == "complete");
                let mark = if done { inlines::TICKED } else { inlines::UNTICKED };
                self.around(id, Around::Nothing, |this| {
                    this.apart();
                    this.shown(Inline::Text(mark.to_owned()));
                    if let Some((body, _)) = this.reader.tree.child(id, "ac:task-body") {
                        let start = this.reader.tree.span(body).start;
                        this.hidden_up_to(start);
                        let inner = inner.down();
                        this.around(body, Around::Nothing, |this| this.children(Some(body), inner, lines));
                    }
                    this.apart();
                });
            }
            "td" | "th" => self.around(id, Around::Nothing, |this| {
                this.children(Some(id), inner, lines);
                if depth.elements > 2 {
                    this.shown(Inline::Text(" ".to_owned()));
                }
            }),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" if depth.elements > 2 => {
                self.apart();
                self.around(id, Around::Style(Style::Strong), |this| this.children(Some(id), inner, lines));
                self.apart();
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.around(id, Around::Nothing, |this| this.children(Some(id), inner, lines));
            }
            "ac:structured-macro" | "ac:macro" if macros::has_body(self.reader, id) => {
                self.bodied(id, element, inner, lines);
            }
            "a" | "ac:link" => self.link(id, element, inner, lines),
            "ac:image" => self.image(id, element, inner, lines),
            "pre" | "ac:adf-extension" => self.whole = false,
            name if super::reader::is_hidden(name) => self.push(span, PieceKind::Hidden),
            name if super::reader::is_section(name)
                || matches!(name, "ul" | "ol" | "blockquote" | "table" | "ac:task-list") =>
            {
                self.apart();
                self.around(id, Around::Nothing, |this| this.children(Some(id), inner, lines));
                self.apart();
            }
            "hr" => {
                self.apart();
                self.push(span, PieceKind::Hidden);
            }
            _ => self.other(id, element, depth, lines),
        }
    }

    /// What an element is read as.
    fn read(&self, id: NodeId, element: &Element<'_>, depth: Depth) -> Inlines {
        let mut line = Inlines::new();
        inlines::element(self.reader, id, element, depth, &mut line);
        line
    }

    fn other(&mut self, id: NodeId, element: &Element<'_>, depth: Depth, lines: bool) {
        let mut read = self.read(id, element, depth);
        let inner = depth.down();
        let mark = inlines::is_mark(element);
        let parts = super::reader::is_wrapper(element.name) || element.name.contains(':');
        match read.pop() {
            Some(Inline::Marker(marker)) if read.is_empty() => match &marker.label {
                Label::Words(_) => {
                    let around = Around::Mark(Box::new(Inline::Marker(marker)));
                    self.around(id, around, |this| this.children(Some(id), inner, lines));
                }
                Label::Note(_) if self.reader.tree.elements(id).next().is_none() || mark => {
                    self.whole_of(self.reader.tree.span(id), vec![Inline::Marker(marker)]);
                }
                Label::Note(_) => {
                    self.around(id, Around::Nothing, |this| this.children(Some(id), inner, lines));
                }
            },
            Some(last) if read.is_empty() && self.reader.tree.children(Some(id)).next().is_none() => {
                self.whole_of(self.reader.tree.span(id), vec![last]);
            }
            None if self.reader.tree.children(Some(id)).next().is_none() => {
                self.push(self.reader.tree.span(id), PieceKind::Hidden);
            }
            _ => {
                let known = matches!(element.name, "ac:link-body" | "ac:plain-text-link-body" | "ac:caption");
                let around = if mark && parts && !known {
                    Around::Unseen(element.name.to_owned())
                } else {
                    Around::Nothing
                };
                self.around(id, around, |this| this.children(Some(id), inner, lines));
            }
        }
    }

    fn link(&mut self, id: NodeId, element: &Element<'_>, inner: Depth, lines: bool) {
        let read = self.read(id, element, inner);
        let span = self.reader.tree.span(id);
        match read.as_slice() {
            [Inline::Link(link)] => {
                let within = Depth { link: true, ..inner };
                let bodies: Vec<NodeId> = self
                    .reader
                    .tree
                    .elements(id)
                    .filter(|(_, part)| matches!(part.name, "ac:link-body" | "ac:plain-text-link-body"))
                    .map(|(id, _)| id)
                    .collect();
                let shown = matches!(&link.target, Target::Resource(resource) if resource.label() == plain_text(&link.body));
                if element.name == "ac:link" && (bodies.is_empty() || shown) {
                    return self.whole_of(span, read);
                }
                let mut empty = link.clone();
                let bare = matches!(&link.target, Target::Url(url) if *url == plain_text(&link.body))
                    && link.title.is_empty();
                empty.body.clear();
                let around = if bare || inner.link {
                    Around::Nothing
                } else {
                    Around::Link(Box::new(Inline::Link(empty)))
                };
                self.around(id, around, |this| {
                    if element.name == "a" {
                        return this.children(Some(id), within, lines);
                    }
                    for body in bodies {
                        let start = this.reader.tree.span(body).start;
                        this.hidden_up_to(start);
                        this.around(body, Around::Nothing, |this| {
                            this.children(Some(body), within.down(), lines)
                        });
                    }
                });
            }
            _ if element.name == "a" && element.attribute("href").is_some() => {
                self.around(id, Around::Nothing, |this| this.children(Some(id), inner, lines));
            }
            [Inline::Marker(_)] if element.name == "ac:link" => self.whole_of(span, read),
            _ if element.name == "a" => self.other(id, element, inner, lines),
            _ => self.whole = false,
        }
    }

    fn image(&mut self, id: NodeId, element: &Element<'_>, inner: Depth, lines: bool) {
        let read = self.read(id, element, inner);
        let span = self.reader.tree.span(id);
        let source = self.reader.tree.elements(id).find(|(_, part)| part.name.starts_with("ri:"));
        let caption = self.reader.tree.child(id, "ac:caption");
        match (read.first(), source, caption) {
            (Some(first), Some((source, _)), Some((caption, _))) => {
                let first = first.clone();
                self.around(id, Around::Nothing, |this| {
                    let source = this.reader.tree.span(source);
                    this.hidden_up_to(source.start);
                    this.whole_of(source, vec![first]);
                    let start = this.reader.tree.span(caption).start;
                    this.hidden_up_to(start);
                    this.around(caption, Around::Style(Style::Emphasis), |this| {
                        this.shown(Inline::Break);
                        this.children(Some(caption), inner.down(), lines);
                    });
                });
            }
            (Some(_), _, None) => self.whole_of(span, read),
            _ => self.whole = false,
        }
    }

    fn bodied(&mut self, id: NodeId, element: &Element<'_>, inner: Depth, lines: bool) {
        let Some((content, part)) = macros::body(self.reader, id) else { return };
        let read = self.read(id, element, inner);
        let marker =
            |inline: Option<&Inline>| inline.filter(|inline| matches!(inline, Inline::Marker(_))).cloned();
        let first = marker(read.iter().find(|inline| **inline != Inline::Break));
        let last = marker(read.iter().rev().find(|inline| **inline != Inline::Break));
        let shown = !matches!(
            element.attribute("ac:name"),
            Some("code" | "noformat" | "info" | "tip" | "note" | "warning")
        );
        let plain = part == "ac:plain-text-body";
        self.apart();
        self.around(id, Around::Nothing, |this| {
            let start = this.reader.tree.span(content).start;
            this.hidden_up_to(start);
            let around = if plain { Around::Code } else { Around::Nothing };
            if let Some(first) = first.filter(|_| shown) {
                this.shown(first);
            }
            this.around(content, around, |this| {
                this.apart();
                let depth = Depth { code: plain || inner.code, ..inner.down() };
                this.children(Some(content), depth, lines || plain);
                this.apart();
            });
            if let Some(last) = last.filter(|_| shown) {
                this.apart();
                this.shown(last);
            }
        });
        self.apart();
    }
}
