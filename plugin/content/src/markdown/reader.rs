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

/// The address of what ends an element around blocks.
const END: &str = "confluence:end/";

/// Reads a whole text.
pub(crate) fn read(markdown: &str) -> Blocks {
    let mut reader = Reader::new(markdown);
    for (event, range) in parser(markdown) {
        reader.event(event, range);
    }
    reader.finish();
    let most = MAX_BLOCK_DEPTH.saturating_sub(reader.page.height);
    let (mut blocks, _) = pairs::nest(reader.blocks, most);
    blocks.extend(reader.footnotes.into_blocks());
    blocks
}

/// Reads a whole text and gives its blocks as they end, so that a long page is never there as a whole. Only where a page
/// ends elements has it to be: their begins may stand anywhere above.
pub(crate) fn read_in_parts(markdown: &str, mut take: impl FnMut(Blocks)) {
    if markdown.contains(END) {
        return take(read(markdown));
    }
    let mut reader = Reader::new(markdown);
    for (event, range) in parser(markdown) {
        reader.event(event, range);
        if reader.open.is_empty() && !reader.blocks.is_empty() {
            take(std::mem::take(&mut reader.blocks));
        }
    }
    reader.finish();
    take(reader.blocks);
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
    /// The blocks and inlines of all that is open. Those of what began last are at their ends, where they are added and
    /// taken off: lists of their own would be grown, moved and dropped for every word.
    blocks: Blocks,
    inlines: Inlines,
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
    /// Where its blocks and inlines begin among those of all that is open.
    first_block: usize,
    first_inline: usize,
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
    Code(Box<Code>),
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

impl<'a> Reader<'a> {
    fn new(source: &'a str) -> Self {
        Self {
            source,
            open: Vec::new(),
            page: Open {
                kind: Kind::Paragraph { contents: false },
                dissolved: 0,
                height: 0,
                first_block: 0,
                first_inline: 0,
            },
            blocks: Vec::new(),
            inlines: Vec::new(),
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
        self.flush();
    }

    fn top(&mut self) -> &mut Open {
        self.open.last_mut().unwrap_or(&mut self.page)
    }

    /// Ends a paragraph that has no mark of its own, as in the items of a tight list.
    fn flush(&mut self) {
        while self.unclosed() {}
        let first = self.top().first_inline;
        self.flush_from(first);
    }

    fn flush_from(&mut self, first: usize) {
        if self.inlines.len() > first {
            let line = self.line(first);
            self.blocks.push(Block::Paragraph(line).into());
        }
    }

    fn push(&mut self, block: Block) {
        self.flush();
        self.blocks.push(block.into());
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
                Kind::Code(code) => code.text.push_str(&text),
                Kind::Html(html) => html.push_str(&text),
                _ => self.text(&text),
            },
            Event::Html(html) => match &mut self.top().kind {
                Kind::Html(block) => block.push_str(&html),
                _ => self.html(&html),
            },
            Event::InlineHtml(html) => self.html(&html),
            Event::Code(code) => self.inlines.push(Inline::Code(code.into_string())),
            Event::SoftBreak => self.text(" "),
            Event::HardBreak => self.inlines.push(Inline::Break),
            Event::Rule => self.push(Block::Rule),
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
                self.inlines.push(Inline::Styled(Style::Superscript, vec![number]));
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
                Kind::Code(Box::new(Code { language, title, text: String::new() }))
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
            Some(kind) if kind.nests_inlines() => self.inline_depth >= MAX_INLINE_DEPTH,
            Some(kind) => {
                self.flush();
                kind.nests_blocks() && self.block_depth >= MAX_BLOCK_DEPTH
            }
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
        let (first_block, first_inline) = (self.blocks.len(), self.inlines.len());
        self.open.push(Open { kind, dissolved: 0, height: 0, first_block, first_inline });
    }

    /// Ends what began last in Markdown.
    fn end(&mut self, block: bool) {
        loop {
            let top = self.top();
            if top.dissolved > 0 {
                top.dissolved -= 1;
                if block {
                    self.flush();
                }
                return;
            }
            if !self.unclosed() {
                if let Some(open) = self.take() {
                    self.close(open);
                }
                return;
            }
        }
    }

    /// Makes text of what began last, if it is a tag of raw HTML: nothing but its own end tag ends it.
    fn unclosed(&mut self) -> bool {
        if !matches!(self.top().kind, Kind::Tag(..)) {
            return false;
        }
        let Some(Open { kind: Kind::Tag(_, tag), dissolved, first_inline, .. }) = self.take() else {
            return false;
        };
        let body = self.line(first_inline);
        self.text(&tag);
        self.inlines.extend(body);
        self.top().dissolved += dissolved;
        true
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

    fn close(&mut self, open: Open) {
        let Open { kind, height, first_block, first_inline, .. } = open;
        match kind {
            Kind::Paragraph { contents: true } => {
                self.inlines.truncate(first_inline);
                self.push(Block::Contents);
            }
            Kind::Paragraph { contents: false } => {
                let line = self.line(first_inline);
                self.push(Block::Paragraph(line));
            }
            Kind::Heading(level) => {
                let line = self.line(first_inline);
                self.push(Block::Heading(level, line));
            }
            Kind::Quote(panel) => {
                let body = self.body(first_block, first_inline, height, 1);
                self.push(match panel {
                    Some(panel) => Block::Panel(panel, body),
                    None => Block::Quote(body),
                });
            }
            Kind::List { start, loose, items } => {
                // Items that were dissolved left their blocks here.
                let blocks = self.body(first_block, first_inline, height, 0);
                self.blocks.extend(blocks);
                lists::split(start, loose, items, &mut self.blocks);
            }
            Kind::Item { done } => {
                let body = self.body(first_block, first_inline, height, 1);
                match &mut self.top().kind {
                    Kind::List { items, .. } => items.push(Entry { done, body }),
                    _ => self.blocks.extend(body),
                }
            }
            Kind::Footnote(label) => {
                let body = self.body(first_block, first_inline, height, 1);
                self.footnotes.define(&label, body);
            }
            Kind::Code(mut code) => {
                if code.text.ends_with('\n') {
                    code.text.pop();
                }
                self.push(Block::Code(code));
            }
            Kind::Html(html) => {
                self.begin(Some(Kind::Paragraph { contents: false }));
                self.html(&html);
                self.end(true);
            }
            Kind::Table(table) => self.push(Block::Table(table)),
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
                let body = self.line(first_inline);
                if let Kind::Row { cells, .. } = &mut self.top().kind {
                    cells.push(Cell { body, span: Aside(None) });
                }
            }
            Kind::Styled(style) | Kind::Tag(Formatting::Styled(style), _) => {
                let body = self.line(first_inline);
                self.inlines.push(Inline::Styled(style, body));
            }
            Kind::Tag(Formatting::Code, _) => {}
            Kind::Link { destination, title } => self.link(&destination, title, first_inline),
            Kind::Image { destination, title } => {
                let alt = plain_text(self.inlines.get(first_inline..).unwrap_or_default());
                self.inlines.truncate(first_inline);
                self.inlines.push(match Source::parse(&destination) {
                    Some(source) => Inline::Image(Box::new(Image { source, alt, title })),
                    None => Inline::Text(alt),
                });
            }
        }
    }

    /// Takes the inlines from this one on, into a list that has room for no more than them.
    fn line(&mut self, first: usize) -> Inlines {
        self.inlines.drain(first..).collect()
    }

    /// Takes the blocks from this one on, which nest `height` levels deep in what has `levels` of its own.
    fn body(&mut self, first_block: usize, first_inline: usize, height: usize, levels: usize) -> Blocks {
        self.flush_from(first_inline);
        let blocks = self.blocks.drain(first_block..).collect();
        let most = MAX_BLOCK_DEPTH.saturating_sub(self.block_depth + levels + height);
        let (blocks, pairs) = pairs::nest(blocks, most);
        let outer = self.top();
        outer.height = outer.height.max(height + pairs + levels);
        blocks
    }

    fn link(&mut self, destination: &str, title: String, first: usize) {
        if let Some((kind, name, id)) = marker_of_url(destination) {
            let body = self.line(first);
            let label = match kind {
                MarkerKind::Mark => Label::Words(body),
                _ => Label::note(plain_text(&body)),
            };
            self.inlines.push(Inline::Marker(Box::new(Marker { kind, name, id, label })));
        } else if let Some(target) = Target::parse(destination) {
            let body = self.line(first);
            self.inlines.push(Inline::Link(Box::new(Link { target, title, body })));
        }
    }

    fn text(&mut self, text: &str) {
        let code = self.code_tags > 0;
        let first = self.top().first_inline;
        match self.inlines.get_mut(first..).and_then(<[_]>::last_mut) {
            Some(Inline::Code(last)) if code => last.push_str(text),
            Some(Inline::Text(last)) if !code => last.push_str(text),
            _ if code => self.inlines.push(Inline::Code(text.to_owned())),
            _ => self.inlines.push(Inline::Text(text.to_owned())),
        }
    }

    fn html(&mut self, html: &str) {
        for piece in html::pieces(html) {
            match piece {
                Piece::Text(text) => {
                    for (number, line) in text.split('\n').enumerate() {
                        if number > 0 {
                            self.inlines.push(Inline::Break);
                        }
                        self.text(line);
                    }
                }
                Piece::Break => self.inlines.push(Inline::Break),
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
