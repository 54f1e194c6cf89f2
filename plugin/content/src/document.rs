//! What Markdown and storage format have in common: a tree of blocks and inlines.
//!
//! Both readers make it and both writers take it, so that each format is known in one place and a property that
//! holds for the tree holds for every pair of formats. [`super::tidy`] brings a tree to its canonical form; the
//! writers rely on that form (no empty containers, no white space at the edges of a formatting, and so on).

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Range;

use super::target::{Source, Target};

/// How deep block containers (quotes, panels, list items) nest before their content is put into the parent.
/// A page nested 40 levels deep is not readable, and the readers, the writers and `Drop` recurse this deep on the
/// small stack of a component.
pub(super) const MAX_BLOCK_DEPTH: usize = 40;

/// How deep inline formatting nests before it is left out. No formatting nests in itself, so that seven levels can
/// be told apart; the rest is room for redundant nesting that tidying removes.
pub(super) const MAX_INLINE_DEPTH: usize = 24;

/// A run of inline content.
pub(super) type Inlines = Vec<Inline>;

/// Carried along with the content and no part of it: it is equal to any other.
#[derive(Clone, Copy, Default)]
pub(super) struct Aside<T>(pub(super) T);

impl<T> PartialEq for Aside<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<T> Eq for Aside<T> {}

impl<T> Hash for Aside<T> {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl<T: fmt::Debug> fmt::Debug for Aside<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// The bytes of storage format that something was read from; nothing of what was read from Markdown.
pub(super) type Span = Aside<Option<Bytes>>;

/// A range of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bytes {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Bytes {
    pub(super) fn range(self) -> Range<usize> {
        self.start..self.end
    }

    /// From the beginning of the one to the end of the other.
    pub(super) fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// A block and where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Placed {
    pub(super) block: Block,
    pub(super) span: Span,
}

impl From<Block> for Placed {
    fn from(block: Block) -> Self {
        Self { block, span: Aside(None) }
    }
}

/// Blocks, one below the other.
pub(super) type Blocks = Vec<Placed>;

/// A part of a page that stands on its own lines. It is moved often, so that what is large in it is boxed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Block {
    Paragraph(Inlines),
    /// Level 1 to 6.
    Heading(u8, Inlines),
    Quote(Blocks),
    Panel(Panel, Blocks),
    List(List),
    Tasks(Vec<Task>),
    Code(Box<Code>),
    Table(Box<Table>),
    Rule,
    /// The table of contents. Never inside a block that Markdown indents.
    Contents,
    /// A macro or another element that Markdown has no construct for, around blocks: they stand between two markers.
    Around(Box<Marker>, Blocks),
}

/// The four coloured boxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Panel {
    Info,
    Tip,
    Note,
    Warning,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct List {
    /// The first number of an ordered list; `None` for a bullet list.
    pub(super) start: Option<u64>,
    /// Whether Markdown had blank lines between the items, or an item holds more than a paragraph and lists.
    pub(super) loose: Aside<bool>,
    pub(super) items: Vec<Item>,
}

/// One entry of a list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Item {
    pub(super) body: Blocks,
    pub(super) span: Span,
}

/// One entry of a task list. Its first block is always a paragraph.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Task {
    pub(super) done: bool,
    pub(super) body: Blocks,
    pub(super) span: Span,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Code {
    /// A single word, or nothing.
    pub(super) language: String,
    /// What stands above it, or nothing. One line without quotes and backticks.
    pub(super) title: String,
    /// The lines, without a line end after the last one.
    pub(super) text: String,
}

/// A table. Its width is the number of alignments; rows may be shorter, never longer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Table {
    pub(super) alignments: Vec<Alignment>,
    /// Without cells: the table has no heading row.
    pub(super) header: Row,
    pub(super) rows: Vec<Row>,
}

/// A row of a table, without the empty cells at its end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Row {
    pub(super) cells: Vec<Cell>,
    pub(super) span: Span,
    /// The places of the empty cells at its end.
    pub(super) empty: Aside<Vec<Bytes>>,
}

/// A cell of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Cell {
    pub(super) body: Inlines,
    /// Nothing for a place that another cell reaches into.
    pub(super) span: Span,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) enum Alignment {
    #[default]
    None,
    Left,
    Center,
    Right,
}

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Inline {
    Text(String),
    Code(String),
    /// A line break that the author asked for.
    Break,
    Styled(Style, Inlines),
    Link(Box<Link>),
    Image(Box<Image>),
    Marker(Box<Marker>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Style {
    Strong,
    Emphasis,
    Strike,
    Underline,
    Subscript,
    Superscript,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Link {
    pub(super) target: Target,
    pub(super) title: String,
    pub(super) body: Inlines,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Image {
    pub(super) source: Source,
    pub(super) alt: String,
    pub(super) title: String,
}

/// Stands for something that Markdown has no construct for. See the module documentation of [`super`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Marker {
    pub(super) kind: MarkerKind,
    pub(super) name: String,
    /// Finds the element again in the version it came from. Empty where there is none.
    pub(super) id: MarkerId,
    /// What a reader sees, such as `macro: jira: DOC-1`; of a [`MarkerKind::Mark`], what it is around.
    pub(super) label: Label,
}

/// The words of a marker.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Label {
    /// Says what stands there, and changes nothing.
    Note(Aside<String>),
    /// Content of the page.
    Words(Inlines),
}

impl Label {
    pub(super) fn note(note: impl Into<String>) -> Self {
        Self::Note(Aside(note.into()))
    }

    /// As text.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Note(note) => note.0.clone(),
            Self::Words(words) => plain_text(words),
        }
    }
}

/// An id such as `3f2a91`, or `3f2a91-2` for the second element that reads the same. Which of the two is which is no
/// part of the content: they are equal.
#[derive(Debug, Clone, Default)]
pub(super) struct MarkerId(pub(super) String);

impl MarkerId {
    fn alike(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }
}

impl PartialEq for MarkerId {
    fn eq(&self, other: &Self) -> bool {
        self.alike() == other.alike()
    }
}

impl Eq for MarkerId {}

impl Hash for MarkerId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.alike().hash(state);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum MarkerKind {
    Macro,
    Element,
    /// Formatting around words.
    Mark,
    /// The end of a macro or an element that is around blocks.
    End,
}

impl MarkerKind {
    pub(super) const ALL: [Self; 4] = [Self::Macro, Self::Element, Self::Mark, Self::End];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Macro => "macro",
            Self::Element => "element",
            Self::Mark => "mark",
            Self::End => "end",
        }
    }
}

impl Style {
    /// The element of storage format, which is also the HTML tag that Markdown falls back to.
    pub(super) fn tag(self) -> &'static str {
        match self {
            Self::Strong => "strong",
            Self::Emphasis => "em",
            Self::Strike => "del",
            Self::Underline => "u",
            Self::Subscript => "sub",
            Self::Superscript => "sup",
        }
    }

    /// The style of an HTML element, also under its other names.
    pub(super) fn of_tag(name: &str) -> Option<Self> {
        Some(match name {
            "strong" | "b" => Self::Strong,
            "em" | "i" => Self::Emphasis,
            "del" | "s" | "strike" => Self::Strike,
            "u" | "ins" => Self::Underline,
            "sub" => Self::Subscript,
            "sup" => Self::Superscript,
            _ => return None,
        })
    }
}

impl List {
    /// Whether the items can follow each other without blank lines, in either format: each is a paragraph, then
    /// nothing but lists that may interrupt a paragraph (a bullet list, or an ordered one that starts at 1).
    pub(super) fn is_compact(&self) -> bool {
        self.items
            .iter()
            .all(|item| matches!(first(&item.body), Some(Block::Paragraph(_))) && compact_rest(&item.body))
    }
}

/// The same question as [`List::is_compact`] for a task list.
pub(super) fn compact_tasks(tasks: &[Task]) -> bool {
    tasks.iter().all(|task| compact_rest(&task.body))
}

fn compact_rest(body: &[Placed]) -> bool {
    body.iter().skip(1).all(|placed| match &placed.block {
        Block::List(list) => matches!(list.start, None | Some(1)) && list.is_compact(),
        Block::Tasks(tasks) => compact_tasks(tasks),
        _ => false,
    })
}

/// The first of some blocks.
pub(super) fn first(blocks: &[Placed]) -> Option<&Block> {
    blocks.first().map(|placed| &placed.block)
}

/// The words of inline content, without formatting.
pub(super) fn plain_text(inlines: &[Inline]) -> String {
    let mut text = String::new();
    append_plain_text(inlines, &mut text);
    text
}

fn append_plain_text(inlines: &[Inline], text: &mut String) {
    for inline in inlines {
        match inline {
            Inline::Text(words) | Inline::Code(words) => text.push_str(words),
            Inline::Break => text.push(' '),
            Inline::Styled(_, body) => append_plain_text(body, text),
            Inline::Link(link) => append_plain_text(&link.body, text),
            Inline::Image(image) => text.push_str(&image.alt),
            Inline::Marker(marker) => match &marker.label {
                Label::Note(note) => {
                    text.push('[');
                    text.push_str(&note.0);
                    text.push(']');
                }
                Label::Words(words) => append_plain_text(words, text),
            },
        }
    }
}
