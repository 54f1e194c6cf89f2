//! Reads Markdown into a document.
//!
//! The parser tells what begins and what ends; the reader keeps what is open in a list of its own instead of calling
//! itself, and stops opening containers at a depth that the tree's own recursion can bear.

use std::ops::Range;

use pulldown_cmark::{
    Alignment as Align, BlockQuoteKind, CodeBlockKind, Event, LinkType, Options, Parser, Tag, TagEnd,
};

use super::super::document::{
    Alignment, Aside, Block, Blocks, Cell, Code, Image, Inline, Inlines, Label, Link, MAX_BLOCK_DEPTH,
    MAX_INLINE_DEPTH, Marker, MarkerKind, Panel, Row, Style, Table, plain_text,
};
use super::super::target::{Source, Target, marker_of_url};
use super::footnotes::Footnotes;
use super::html::{self, Formatting, Piece};
use super::lists::{self, Entry};
use super::pairs;

/// How many blocks of a page are given at a time.
const PART: usize = 64;

/// The address of what ends an element around blocks.
const END: &str = "confluence:end/";

/// Reads a whole text.
pub(in crate::content) fn read(markdown: &str) -> Blocks {
    let mut reader = Reader::new(markdown);
    for (event, range) in parser(markdown) {
        reader.event(event, range);
    }
    reader.finish();
    let most = MAX_BLOCK_DEPTH.saturating_sub(reader.page.height);
    let (mut blocks, _) = pairs::nest(reader.page.blocks, most);
    blocks.extend(reader.footnotes.into_blocks());
    blocks
}

/// Reads a whole text and gives its blocks a few at a time, so that a long page is never there as a whole. Only where a
/// page ends elements has it to be: their begins may stand anywhere above.
pub(in crate::content) fn read_in_parts(markdown: &str, mut take: impl FnMut(Blocks)) {
    if markdown.contains(END) {
        return take(read(markdown));
    }
    let mut reader = Reader::new(markdown);
    for (event, range) in parser(markdown) {
        reader.event(event, range);
        if reader.page.blocks.len() >= PART && reader.open.is_empty() {
            take(std::mem::take(&mut reader.page.blocks));
        }
    }
    reader.finish();
    take(reader.page.blocks);
    take(reader.footnotes.into_blocks());
}

fn parser(markdown: &str) -> impl Iterator<Item = (Event<'_>, Range<usize>)> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_GFM;
    Parser::new_ext(markdown, options).into_offset_iter()
}

struct Reader<'a> {
    source: &'a str,
    /// What has begun and not ended, outermost first.
    open: Vec<Open>,
    /// The bottom of it, which is always open.
    page: Open,
    block_depth: usize,
    inline_depth: usize,
    /// How many `<code>` tags are open: text in them is code.
    code_tags: usize,
    footnotes: Footnotes,
}

struct Open {
    kind: Kind,
    /// How many containers began in it that are nested too deep to be kept: what they hold is put here directly. A
    /// list of their own would be moved up once per level.
    dissolved: usize,
    /// How deep containers nest in it.
    height: usize,
    blocks: Blocks,
    inlines: Inlines,
}

enum Kind {
    Paragraph {
        contents: bool,
    },
    Heading(u8),
    Quote(Option<Panel>),
    List {
        start: Option<u64>,
        loose: bool,
        items: Vec<Entry>,
    },
    Item {
        done: Option<bool>,
    },
    Footnote(String),
    Code {
        language: String,
        title: String,
        text: String,
    },
    Html(String),
    Table(Box<Table>),
    Row {
        header: bool,
        cells: Vec<Cell>,
    },
    Cell,
    Styled(Style),
    Link {
        destination: String,
        title: String,
    },
    Image {
        destination: String,
        title: String,
    },
    /// A formatting that raw HTML began, with its tag as written.
    Tag(Formatting, String),
}

impl Kind {
    fn nests_blocks(&self) -> bool {
        matches!(self, Self::Quote(_) | Self::Item { .. } | Self::Footnote(_))
    }

    fn nests_inlines(&self) -> bool {
        matches!(self, Self::Styled(_) | Self::Link { .. } | Self::Image { .. } | Self::Tag(..))
    }
}

impl Open {
    fn new(kind: Kind) -> Self {
        Self { kind, dissolved: 0, height: 0, blocks: Vec::new(), inlines: Vec::new() }
    }

    /// Ends a paragraph that has no mark of its own, as in the items of a tight list.
    fn flush(&mut self) {
        if !self.inlines.is_empty() {
            self.blocks.push(Block::Paragraph(std::mem::take(&mut self.inlines)).into());
        }
    }

    fn push(&mut self, block: Block) {
        self.flush();
        self.blocks.push(block.into());
    }
}

impl<'a> Reader<'a> {
    fn new(source: &'a str) -> Self {
        Self {
            source,
            open: Vec::new(),
            page: Open::new(Kind::Paragraph { contents: false }),
            block_depth: 0,
            inline_depth: 0,
            code_tags: 0,
            footnotes: Footnotes::default(),
        }
    }

    fn finish(&mut self) {
        while !self.open.is_empty() {
            self.end(true);
        }
        self.page.flush();
    }

    fn top(&mut self) -> &mut Open {
        self.open.last_mut().unwrap_or(&mut self.page)
    }

    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(tag) => {
                let kind = self.kind(tag, range);
                self.begin(kind);
            }
            Event::End(end) => {
                self.end(matches!(end, TagEnd::BlockQuote(_) | TagEnd::Item | TagEnd::FootnoteDefinition));
            }
            Event::Text(text) => match &mut self.top().kind {
                Kind::Code { text: code, .. } | Kind::Html(code) => code.push_str(&text),
                _ => self.text(&text),
            },
            Event::Html(html) => match &mut self.top().kind {
                Kind::Html(block) => block.push_str(&html),
                _ => self.html(&html),
            },
            Event::InlineHtml(html) => self.html(&html),
            Event::Code(code) => self.inline(Inline::Code(code.into_string())),
            Event::SoftBreak => self.text(" "),
            Event::HardBreak => self.inline(Inline::Break),
            Event::Rule => self.top().push(Block::Rule),
            Event::TaskListMarker(checked) => {
                if let Some(Open { kind: Kind::Item { done }, .. }) =
                    self.open.iter_mut().rev().find(|open| matches!(open.kind, Kind::Item { .. }))
                {
                    *done = Some(checked);
                }
            }
            Event::FootnoteReference(label) => {
                let number = self.footnotes.refer(&label);
                let number = Inline::Text(number.to_string());
                self.inline(Inline::Styled(Style::Superscript, vec![number]));
            }
            Event::InlineMath(text) | Event::DisplayMath(text) => self.text(&text),
        }
    }

    /// What a tag opens; `None` for what the options rule out.
    fn kind(&self, tag: Tag<'_>, range: Range<usize>) -> Option<Kind> {
        Some(match tag {
            Tag::Paragraph => {
                // `\[TOC]` has the same events: only the text itself tells the words from the mark.
                let words = self.source.get(range).unwrap_or_default().trim();
                Kind::Paragraph { contents: self.block_depth == 0 && words.eq_ignore_ascii_case("[toc]") }
            }
            Tag::Heading { level, .. } => Kind::Heading(level as u8),
            Tag::BlockQuote(kind) => Kind::Quote(kind.map(|kind| match kind {
                BlockQuoteKind::Note => Panel::Info,
                BlockQuoteKind::Tip => Panel::Tip,
                BlockQuoteKind::Important => Panel::Note,
                BlockQuoteKind::Warning | BlockQuoteKind::Caution => Panel::Warning,
            })),
            Tag::CodeBlock(kind) => {
                let (language, title) = match kind {
                    CodeBlockKind::Fenced(info) => fence_info(&info),
                    CodeBlockKind::Indented => (String::new(), String::new()),
                };
                Kind::Code { language, title, text: String::new() }
            }
            Tag::HtmlBlock => Kind::Html(String::new()),
            Tag::List(start) => Kind::List { start, loose: false, items: Vec::new() },
            Tag::Item => Kind::Item { done: None },
            Tag::FootnoteDefinition(label) => Kind::Footnote(label.into_string()),
            Tag::Table(alignments) => Kind::Table(Box::new(Table {
                alignments: alignments.into_iter().map(alignment).collect(),
                header: Row::default(),
                rows: Vec::new(),
            })),
            Tag::TableHead => Kind::Row { header: true, cells: Vec::new() },
            Tag::TableRow => Kind::Row { header: false, cells: Vec::new() },
            Tag::TableCell => Kind::Cell,
            Tag::Emphasis => Kind::Styled(Style::Emphasis),
            Tag::Strong => Kind::Styled(Style::Strong),
            Tag::Strikethrough => Kind::Styled(Style::Strike),
            Tag::Superscript => Kind::Styled(Style::Superscript),
            Tag::Subscript => Kind::Styled(Style::Subscript),
            Tag::Link { link_type, dest_url, title, .. } => {
                let destination = match link_type {
                    LinkType::Email => format!("mailto:{dest_url}"),
                    _ => dest_url.into_string(),
                };
                Kind::Link { destination, title: title.into_string() }
            }
            Tag::Image { dest_url, title, .. } => {
                Kind::Image { destination: dest_url.into_string(), title: title.into_string() }
            }
            Tag::MetadataBlock(_)
            | Tag::DefinitionList
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition => return None,
        })
    }

    fn begin(&mut self, kind: Option<Kind>) {
        let dissolved = match &kind {
            Some(kind) if kind.nests_blocks() && self.block_depth >= MAX_BLOCK_DEPTH => {
                self.top().flush();
                true
            }
            Some(kind) => kind.nests_inlines() && self.inline_depth >= MAX_INLINE_DEPTH,
            None => true,
        };
        let Some(kind) = kind.filter(|_| !dissolved) else {
            self.top().dissolved += 1;
            return;
        };
        self.block_depth += usize::from(kind.nests_blocks());
        self.inline_depth += usize::from(kind.nests_inlines());
        if matches!(kind, Kind::Tag(Formatting::Code, _)) {
            self.code_tags += 1;
        }
        if let (Kind::Paragraph { .. }, Some(open)) = (&kind, self.open.iter_mut().rev().nth(1))
            && let Kind::List { loose, .. } = &mut open.kind
        {
            *loose = true;
        }
        self.open.push(Open::new(kind));
    }

    /// Ends what began last in Markdown. Tags of raw HTML that were not closed before it become text.
    fn end(&mut self, block: bool) {
        loop {
            let top = self.top();
            if top.dissolved > 0 {
                top.dissolved -= 1;
                if block {
                    top.flush();
                }
                return;
            }
            let Some(open) = self.take() else { return };
            match open.kind {
                Kind::Tag(_, tag) => {
                    self.text(&tag);
                    self.top().inlines.extend(open.inlines);
                }
                _ => return self.close(open),
            }
        }
    }

    fn take(&mut self) -> Option<Open> {
        let open = self.open.pop()?;
        self.block_depth -= usize::from(open.kind.nests_blocks());
        self.inline_depth -= usize::from(open.kind.nests_inlines());
        if matches!(open.kind, Kind::Tag(Formatting::Code, _)) {
            self.code_tags -= 1;
        }
        Some(open)
    }

    fn close(&mut self, mut open: Open) {
        if open.kind.nests_blocks() || matches!(open.kind, Kind::List { .. }) {
            open.flush();
        }
        let nests = usize::from(open.kind.nests_blocks());
        let Open { kind, blocks, inlines, height, .. } = open;
        let most = MAX_BLOCK_DEPTH.saturating_sub(self.block_depth + nests + height);
        let (blocks, pairs) = pairs::nest(blocks, most);
        let outer = self.top();
        outer.height = outer.height.max(height + pairs + nests);
        match kind {
            Kind::Paragraph { contents: true } => self.top().push(Block::Contents),
            Kind::Paragraph { contents: false } => self.top().push(Block::Paragraph(inlines)),
            Kind::Heading(level) => self.top().push(Block::Heading(level, inlines)),
            Kind::Quote(None) => self.top().push(Block::Quote(blocks)),
            Kind::Quote(Some(panel)) => self.top().push(Block::Panel(panel, blocks)),
            Kind::List { start, loose, items } => {
                let parent = self.top();
                parent.flush();
                // Items that were dissolved left their blocks here.
                parent.blocks.extend(blocks);
                lists::split(start, loose, items, &mut parent.blocks);
            }
            Kind::Item { done } => match &mut self.top().kind {
                Kind::List { items, .. } => items.push(Entry { done, body: blocks }),
                _ => self.top().blocks.extend(blocks),
            },
            Kind::Footnote(label) => self.footnotes.define(&label, blocks),
            Kind::Code { language, title, mut text } => {
                if text.ends_with('\n') {
                    text.pop();
                }
                self.top().push(Block::Code(Box::new(Code { language, title, text })));
            }
            Kind::Html(html) => {
                self.begin(Some(Kind::Paragraph { contents: false }));
                self.html(&html);
                self.end(true);
            }
            Kind::Table(table) => self.top().push(Block::Table(table)),
            Kind::Row { header, cells } => {
                if let Kind::Table(table) = &mut self.top().kind {
                    let row = Row { cells, ..Row::default() };
                    if header {
                        table.header = row;
                    } else {
                        table.rows.push(row);
                    }
                }
            }
            Kind::Cell => {
                if let Kind::Row { cells, .. } = &mut self.top().kind {
                    cells.push(Cell { body: inlines, span: Aside(None) });
                }
            }
            Kind::Styled(style) | Kind::Tag(Formatting::Styled(style), _) => {
                self.top().inlines.push(Inline::Styled(style, inlines));
            }
            Kind::Tag(Formatting::Code, _) => self.top().inlines.extend(inlines),
            Kind::Link { destination, title } => self.link(&destination, title, inlines),
            Kind::Image { destination, title } => {
                let alt = plain_text(&inlines);
                self.inline(match Source::parse(&destination) {
                    Some(source) => Inline::Image(Box::new(Image { source, alt, title })),
                    None => Inline::Text(alt),
                });
            }
        }
    }

    fn link(&mut self, destination: &str, title: String, body: Inlines) {
        let inlines = &mut self.top().inlines;
        if let Some((kind, name, id)) = marker_of_url(destination) {
            let label = match kind {
                MarkerKind::Mark => Label::Words(body),
                _ => Label::note(plain_text(&body)),
            };
            inlines.push(Inline::Marker(Box::new(Marker { kind, name, id, label })));
        } else if let Some(target) = Target::parse(destination) {
            inlines.push(Inline::Link(Box::new(Link { target, title, body })));
        } else {
            inlines.extend(body);
        }
    }

    fn inline(&mut self, inline: Inline) {
        self.top().inlines.push(inline);
    }

    fn text(&mut self, text: &str) {
        let code = self.code_tags > 0;
        let inlines = &mut self.top().inlines;
        match inlines.last_mut() {
            Some(Inline::Code(last)) if code => last.push_str(text),
            Some(Inline::Text(last)) if !code => last.push_str(text),
            _ if code => inlines.push(Inline::Code(text.to_owned())),
            _ => inlines.push(Inline::Text(text.to_owned())),
        }
    }

    fn html(&mut self, html: &str) {
        for piece in html::pieces(html) {
            match piece {
                Piece::Text(text) => {
                    for (number, line) in text.split('\n').enumerate() {
                        if number > 0 {
                            self.inline(Inline::Break);
                        }
                        self.text(line);
                    }
                }
                Piece::Break => self.inline(Inline::Break),
                Piece::Open(formatting, tag) if self.inline_depth < MAX_INLINE_DEPTH => {
                    self.begin(Some(Kind::Tag(formatting, tag.to_owned())));
                }
                Piece::Open(_, tag) => self.text(tag),
                Piece::Close(formatting, tag) => match self.open.last() {
                    Some(Open { kind: Kind::Tag(begun, _), dissolved: 0, .. }) if *begun == formatting => {
                        if let Some(open) = self.take() {
                            self.close(open);
                        }
                    }
                    _ => self.text(tag),
                },
            }
        }
    }
}

/// Language and title of `rust title="main.rs"`.
fn fence_info(info: &str) -> (String, String) {
    let (language, rest) = match info.trim_start() {
        titled if titled.starts_with("title=") => ("", titled),
        info => info.split_once(char::is_whitespace).unwrap_or((info, "")),
    };
    let title = rest.split_once("title=").map(|(_, title)| title).unwrap_or_default();
    let title = match title.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => title.split_whitespace().next(),
    };
    (language.to_owned(), title.unwrap_or_default().to_owned())
}

fn alignment(alignment: Align) -> Alignment {
    match alignment {
        Align::None => Alignment::None,
        Align::Left => Alignment::Left,
        Align::Center => Alignment::Center,
        Align::Right => Alignment::Right,
    }
}
