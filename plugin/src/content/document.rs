//! What Markdown and storage format have in common: a tree of blocks and inlines.
//!
//! Both readers make it and both writers take it, so that each format is known in one place and a property that
//! holds for the tree holds for every pair of formats. [`super::tidy`] brings a tree to its canonical form; the
//! writers rely on that form (no empty containers, no white space at the edges of a formatting, and so on).

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

/// A part of a page that stands on its own lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Block {
    Paragraph(Inlines),
    /// Level 1 to 6.
    Heading(u8, Inlines),
    Quote(Vec<Block>),
    Panel(Panel, Vec<Block>),
    List(List),
    Tasks(Vec<Task>),
    Code(Code),
    Table(Table),
    Rule,
    /// The table of contents. Never inside another block.
    Contents,
}

/// The four coloured boxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Panel {
    Info,
    Tip,
    Note,
    Warning,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct List {
    /// The first number of an ordered list; `None` for a bullet list.
    pub(super) start: Option<u64>,
    /// Whether Markdown had blank lines between the items, or an item holds more than a paragraph and lists.
    pub(super) loose: bool,
    pub(super) items: Vec<Vec<Block>>,
}

/// One entry of a task list. Its first block is always a paragraph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Task {
    pub(super) done: bool,
    pub(super) body: Vec<Block>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Code {
    /// A single word, or nothing.
    pub(super) language: String,
    /// The lines, without a line end after the last one.
    pub(super) text: String,
}

/// A table. Its width is the number of alignments; rows may be shorter, never longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) alignments: Vec<Alignment>,
    /// Without cells: the table has no heading row.
    pub(super) header: Vec<Inlines>,
    pub(super) rows: Vec<Vec<Inlines>>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Alignment {
    #[default]
    None,
    Left,
    Center,
    Right,
}

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Strong,
    Emphasis,
    Strike,
    Underline,
    Subscript,
    Superscript,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) target: Target,
    pub(super) title: String,
    pub(super) body: Inlines,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Image {
    pub(super) source: Source,
    pub(super) alt: String,
    pub(super) title: String,
}

/// Stands for something that Markdown has no construct for. See the module documentation of [`super`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marker {
    /// `macro` or `element`.
    pub(super) kind: MarkerKind,
    pub(super) name: String,
    /// What a reader sees, such as `macro: jira: DOC-1`.
    pub(super) label: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MarkerKind {
    Macro,
    Element,
}

impl MarkerKind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Macro => "macro",
            Self::Element => "element",
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
        self.items.iter().all(|item| {
            matches!(item.first(), Some(Block::Paragraph(_)))
                && item.iter().skip(1).all(|block| match block {
                    Block::List(list) => matches!(list.start, None | Some(1)) && list.is_compact(),
                    Block::Tasks(tasks) => compact_tasks(tasks),
                    _ => false,
                })
        })
    }
}

/// The same question as [`List::is_compact`] for a task list.
pub(super) fn compact_tasks(tasks: &[Task]) -> bool {
    tasks.iter().all(|task| {
        task.body.iter().skip(1).all(|block| match block {
            Block::List(list) => matches!(list.start, None | Some(1)) && list.is_compact(),
            Block::Tasks(tasks) => compact_tasks(tasks),
            _ => false,
        })
    })
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
            Inline::Marker(marker) => {
                text.push('[');
                text.push_str(&marker.label);
                text.push(']');
            }
        }
    }
}
