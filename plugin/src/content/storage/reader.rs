//! Reads the elements of storage format into a document.
//!
//! Two contexts: where blocks may stand (this module), and inside a line ([`super::inlines`]), where a block becomes a
//! part of the line. Elements that mean nothing here (layouts, `div`, `span`) are read as what they hold.

use super::super::document::{Block, Code, Inline, Inlines, List, MAX_BLOCK_DEPTH, Marker, MarkerKind, Task};
use super::inlines;
use super::macros;
use super::tables;
use super::tree::{Element, Kind, NodeId, Tree};

/// How deep elements are followed before their text is taken without them. A list item, the most common block, is
/// two elements and a task is three, so that this leaves room for every depth of blocks that a document keeps.
pub(super) const MAX_ELEMENT_DEPTH: usize = 3 * MAX_BLOCK_DEPTH + 40;

/// Reads a fragment.
pub(super) fn read(tree: &Tree<'_>) -> Vec<Block> {
    let mut flow = Flow::default();
    Reader { tree }.children(None, Depth::default(), &mut flow);
    flow.finish()
}

/// How far down an element is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Depth {
    pub(super) elements: usize,
    /// Containers of the document.
    pub(super) blocks: usize,
    /// Whether text is code.
    pub(super) code: bool,
}

impl Depth {
    pub(super) fn down(self) -> Self {
        Self { elements: self.elements + 1, ..self }
    }

    /// One container deeper, unless there are too many.
    pub(super) fn container(self) -> Option<Self> {
        (self.blocks < MAX_BLOCK_DEPTH).then_some(Self { blocks: self.blocks + 1, ..self.down() })
    }
}

/// Blocks, and the line that is being collected.
#[derive(Debug, Default)]
pub(super) struct Flow {
    blocks: Vec<Block>,
    pub(super) line: Inlines,
}

impl Flow {
    /// Ends the line.
    pub(super) fn flush(&mut self) {
        if !self.line.is_empty() {
            self.blocks.push(Block::Paragraph(std::mem::take(&mut self.line)));
        }
    }

    pub(super) fn push(&mut self, block: Block) {
        self.flush();
        self.blocks.push(block);
    }

    pub(super) fn finish(mut self) -> Vec<Block> {
        self.flush();
        self.blocks
    }
}

/// Reads nodes of a tree.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) tree: &'a Tree<'a>,
}

impl Reader<'_> {
    /// Reads what a node holds, where blocks may stand.
    pub(super) fn children(self, parent: Option<NodeId>, depth: Depth, flow: &mut Flow) {
        for id in self.tree.children(parent) {
            match self.tree.kind(id) {
                Some(Kind::Text(text)) => inlines::text(text, depth, &mut flow.line),
                Some(Kind::Element(_)) if depth.elements >= MAX_ELEMENT_DEPTH => {
                    inlines::text(&self.tree.text_of(id), depth, &mut flow.line);
                }
                Some(Kind::Element(element)) => self.element(id, element, depth, flow),
                None => {}
            }
        }
    }

    /// The blocks that a node holds.
    pub(super) fn blocks(self, parent: NodeId, depth: Depth) -> Vec<Block> {
        let mut flow = Flow::default();
        self.children(Some(parent), depth, &mut flow);
        flow.finish()
    }

    /// Reads what a node holds as paragraphs of their own.
    pub(super) fn section(self, id: NodeId, depth: Depth, flow: &mut Flow) {
        flow.flush();
        self.children(Some(id), depth.down(), flow);
        flow.flush();
    }

    fn element(self, id: NodeId, element: &Element<'_>, depth: Depth, flow: &mut Flow) {
        match element.name {
            "h1" => self.heading(1, id, depth, flow),
            "h2" => self.heading(2, id, depth, flow),
            "h3" => self.heading(3, id, depth, flow),
            "h4" => self.heading(4, id, depth, flow),
            "h5" => self.heading(5, id, depth, flow),
            "h6" => self.heading(6, id, depth, flow),
            "hr" => flow.push(Block::Rule),
            "pre" => {
                let text = self.tree.text_of(id);
                flow.push(Block::Code(Code { language: String::new(), text }));
            }
            "blockquote" => match depth.container() {
                Some(inner) => flow.push(Block::Quote(self.blocks(id, inner))),
                None => self.section(id, depth, flow),
            },
            "ul" | "ol" => match depth.container() {
                Some(inner) => {
                    let list = self.list(id, element, inner);
                    flow.push(Block::List(list));
                }
                None => self.section(id, depth, flow),
            },
            "ac:task-list" => match depth.container() {
                Some(inner) => {
                    let tasks = self.tasks(id, inner);
                    flow.push(Block::Tasks(tasks));
                }
                None => self.section(id, depth, flow),
            },
            "table" => match depth.container() {
                Some(inner) => {
                    let table = tables::table(self, id, inner);
                    flow.push(Block::Table(table));
                }
                None => self.section(id, depth, flow),
            },
            "ac:structured-macro" | "ac:macro" => macros::block(self, id, element, depth, flow),
            "ac:adf-extension" => macros::extension(self, id, depth, flow),
            name if is_hidden(name) => {}
            name if is_section(name) => self.section(id, depth, flow),
            name if is_wrapper(name) => self.children(Some(id), depth.down(), flow),
            name if name.contains(':') && !inlines::is_known(name) => {
                flow.line.push(unknown(name));
                self.children(Some(id), depth.down(), flow);
            }
            _ => inlines::element(self, id, element, depth, &mut flow.line),
        }
    }

    fn heading(self, level: u8, id: NodeId, depth: Depth, flow: &mut Flow) {
        let body = inlines::of(self, id, depth.down());
        flow.push(Block::Heading(level, body));
    }

    fn list(self, id: NodeId, element: &Element<'_>, depth: Depth) -> List {
        let start = (element.name == "ol")
            .then(|| element.attribute("start").and_then(|start| start.trim().parse().ok()).unwrap_or(1));
        let mut items: Vec<Vec<Block>> = Vec::new();
        for child in self.tree.children(Some(id)) {
            match self.tree.kind(child) {
                Some(Kind::Element(item)) if item.name == "li" => {
                    items.push(self.blocks(child, depth.down()))
                }
                // Older pages have lists directly in lists: they belong to the item before.
                Some(Kind::Element(other)) => {
                    let mut flow = Flow::default();
                    self.element(child, other, depth, &mut flow);
                    match items.last_mut() {
                        Some(item) => item.extend(flow.finish()),
                        None => items.push(flow.finish()),
                    }
                }
                Some(Kind::Text(text)) if !text.trim().is_empty() => {
                    items.push(vec![Block::Paragraph(vec![Inline::Text(text.clone())])]);
                }
                _ => {}
            }
        }
        // Confluence puts a paragraph into every item: that alone is no reason for blank lines.
        List { start, loose: false, items }
    }

    fn tasks(self, id: NodeId, depth: Depth) -> Vec<Task> {
        let mut tasks: Vec<Task> = Vec::new();
        for (child, element) in self.tree.elements(id) {
            if element.name == "ac:task" {
                let status = self.tree.child(child, "ac:task-status").map(|(id, _)| self.tree.text_of(id));
                let done = status.is_some_and(|status| status.trim() == "complete");
                let body = self.tree.child(child, "ac:task-body");
                let body = body.map(|(id, _)| self.blocks(id, depth.down().down())).unwrap_or_default();
                tasks.push(Task { done, body });
                continue;
            }
            let mut flow = Flow::default();
            self.element(child, element, depth, &mut flow);
            match tasks.last_mut() {
                Some(task) => task.body.extend(flow.finish()),
                None => tasks.push(Task { done: false, body: flow.finish() }),
            }
        }
        tasks
    }
}

/// The marker of an element that is not known.
pub(super) fn unknown(name: &str) -> Inline {
    let label = format!("element: {name}");
    Inline::Marker(Box::new(Marker { kind: MarkerKind::Element, name: name.to_owned(), label }))
}

/// Elements that readers of a page do not see.
pub(super) fn is_hidden(name: &str) -> bool {
    matches!(
        name,
        "ac:parameter"
            | "ac:task-id"
            | "ac:task-uuid"
            | "ac:task-status"
            | "ac:placeholder"
            | "ac:adf-attribute"
            | "ac:adf-parameter"
            | "colgroup"
            | "col"
            | "style"
            | "script"
    )
}

/// Elements that stand on their own lines and mean nothing else here.
pub(super) fn is_section(name: &str) -> bool {
    matches!(
        name,
        "p" | "div"
            | "ac:layout"
            | "ac:layout-section"
            | "ac:layout-cell"
            | "ac:rich-text-body"
            | "ac:task"
            | "ac:task-body"
            | "ac:adf-node"
            | "ac:adf-content"
            | "ac:adf-fallback"
            | "li"
            | "tr"
            | "thead"
            | "tbody"
            | "tfoot"
            | "td"
            | "th"
            | "caption"
            | "section"
            | "article"
            | "header"
            | "footer"
            | "main"
            | "aside"
            | "nav"
            | "address"
            | "center"
            | "dl"
            | "dt"
            | "dd"
            | "figure"
            | "figcaption"
            | "details"
            | "summary"
            | "fieldset"
            | "form"
    )
}

/// Elements that stand in a line, may hold anything, and mean nothing else here.
fn is_wrapper(name: &str) -> bool {
    matches!(name, "span" | "font" | "small" | "big" | "label" | "ac:inline-comment-marker" | "ac:link-body")
}
