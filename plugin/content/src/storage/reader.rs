//! Reads the elements of storage format into a document.
//!
//! Two contexts: where blocks may stand (this module), and inside a line ([`super::inlines`]), where a block becomes a
//! part of the line. Elements that mean nothing here (layouts, `div`, `span`) are read as what they hold.

use std::cell::RefCell;

use super::super::document::{
    Aside, Block, Blocks, Bytes, Inlines, Item, List, MAX_BLOCK_DEPTH, Placed, Task,
};
use super::elements::Elements;
use super::inlines;
use super::macros;
use super::tables;
use super::tree::{Element, Kind, NodeId, Tree};

/// How deep elements are followed before their text is taken without them. A list item, the most common block, is
/// two elements and a task is three, so that this leaves room for every depth of blocks that a document keeps.
pub(super) const MAX_ELEMENT_DEPTH: usize = 3 * MAX_BLOCK_DEPTH + 40;

/// Reads a fragment.
pub(super) fn read(source: &str, tree: &Tree<'_>) -> (Blocks, Elements) {
    let elements = RefCell::new(Elements::default());
    let mut flow = Flow::default();
    Reader { tree, source, elements: &elements }.children(None, Depth::default(), &mut flow);
    (flow.finish(), elements.into_inner())
}

/// How far down an element is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Depth {
    pub(super) elements: usize,
    /// Containers of the document.
    pub(super) blocks: usize,
    /// Whether one of them is indented in Markdown.
    pub(super) indented: bool,
    /// Whether text is code.
    pub(super) code: bool,
    /// Whether it is in a link.
    pub(super) link: bool,
}

impl Depth {
    pub(super) fn down(self) -> Self {
        Self { elements: self.elements + 1, ..self }
    }

    /// One container deeper, unless there are too many.
    pub(super) fn container(self) -> Option<Self> {
        self.around().map(|depth| Self { indented: true, ..depth })
    }

    /// One container deeper that Markdown does not indent.
    pub(super) fn around(self) -> Option<Self> {
        (self.blocks < MAX_BLOCK_DEPTH).then_some(Self { blocks: self.blocks + 1, ..self.down() })
    }
}

/// Blocks, and the line that is being collected.
#[derive(Debug, Default)]
pub(super) struct Flow {
    blocks: Blocks,
    pub(super) line: Inlines,
    /// Where the line comes from.
    place: Option<Bytes>,
}

impl Flow {
    /// Says that the line goes on with these bytes.
    pub(super) fn reach(&mut self, span: Bytes) {
        self.place = Some(self.place.map_or(span, |place| place.to(span)));
    }

    /// Ends the line.
    pub(super) fn flush(&mut self) {
        let span = Aside(self.place.take());
        if !self.line.is_empty() {
            let block = Block::Paragraph(std::mem::take(&mut self.line));
            self.blocks.push(Placed { block, span });
        }
    }

    pub(super) fn push(&mut self, block: Block, span: Bytes) {
        self.flush();
        self.blocks.push(Placed { block, span: Aside(Some(span)) });
    }

    pub(super) fn finish(mut self) -> Blocks {
        self.flush();
        self.blocks
    }
}

/// Reads nodes of a tree.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) tree: &'a Tree<'a>,
    pub(super) source: &'a str,
    pub(super) elements: &'a RefCell<Elements>,
}

impl Reader<'_> {
    /// Reads what a node holds, where blocks may stand.
    pub(super) fn children(self, parent: Option<NodeId>, depth: Depth, flow: &mut Flow) {
        for id in self.tree.children(parent) {
            match self.tree.kind(id) {
                Some(Kind::Text(text)) => {
                    if !text.trim_matches([' ', '\t', '\r', '\n']).is_empty() {
                        flow.reach(self.tree.span(id));
                    }
                    inlines::text(text, depth, &mut flow.line);
                }
                Some(Kind::Element(_)) if depth.elements >= MAX_ELEMENT_DEPTH => {
                    flow.reach(self.tree.span(id));
                    inlines::text(&self.tree.text_of(id), depth, &mut flow.line);
                }
                Some(Kind::Element(element)) => self.element(id, element, depth, flow),
                None => {}
            }
        }
    }

    /// The blocks that a node holds.
    pub(super) fn blocks(self, parent: NodeId, depth: Depth) -> Blocks {
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

    fn paragraph(self, id: NodeId, depth: Depth, flow: &mut Flow) {
        flow.flush();
        let before = flow.blocks.len();
        self.children(Some(id), depth.down(), flow);
        flow.flush();
        if let Some([Placed { block: Block::Paragraph(_), span }]) = flow.blocks.get_mut(before..) {
            *span = Aside(Some(self.tree.span(id)));
        }
    }

    fn element(self, id: NodeId, element: &Element<'_>, depth: Depth, flow: &mut Flow) {
        let span = self.tree.span(id);
        match element.name {
            "p" => self.paragraph(id, depth, flow),
            "h1" => self.heading(1, id, depth, flow),
            "h2" => self.heading(2, id, depth, flow),
            "h3" => self.heading(3, id, depth, flow),
            "h4" => self.heading(4, id, depth, flow),
            "h5" => self.heading(5, id, depth, flow),
            "h6" => self.heading(6, id, depth, flow),
            "hr" => flow.push(Block::Rule, span),
            "pre" => flow.push(macros::plain_code(self.tree.text_of(id)), span),
            "blockquote" => match depth.container() {
                Some(inner) => flow.push(Block::Quote(self.blocks(id, inner)), span),
                None => self.section(id, depth, flow),
            },
            "ul" | "ol" => match depth.container() {
                Some(inner) => flow.push(Block::List(self.list(id, element, inner)), span),
                None => self.section(id, depth, flow),
            },
            "ac:task-list" => match depth.container() {
                Some(inner) => flow.push(Block::Tasks(self.tasks(id, inner)), span),
                None => self.section(id, depth, flow),
            },
            "table" => match depth.container() {
                Some(inner) => flow.push(Block::Table(Box::new(tables::table(self, id, inner))), span),
                None => self.section(id, depth, flow),
            },
            "ac:structured-macro" | "ac:macro" => macros::block(self, id, element, depth, flow),
            "ac:adf-extension" => macros::extension(self, id, depth, flow),
            "ac:layout" | "ac:layout-section" | "ac:layout-cell" => {
                macros::layout(self, id, element, depth, flow)
            }
            name if is_hidden(name) => {}
            name if is_section(name) => self.section(id, depth, flow),
            name if (is_wrapper(name) || name.contains(':'))
                && !inlines::is_known(name)
                && self.has_blocks(id) =>
            {
                match depth.around().filter(|_| name.contains(':')) {
                    Some(inner) => macros::element_around(self, id, name, inner, flow),
                    None => self.children(Some(id), depth.down(), flow),
                }
            }
            _ => {
                flow.reach(span);
                inlines::element(self, id, element, depth, &mut flow.line);
            }
        }
    }

    /// Whether something under a node stands on its own lines.
    fn has_blocks(self, id: NodeId) -> bool {
        let mut pending: Vec<NodeId> = self.tree.elements(id).map(|(id, _)| id).collect();
        while let Some(id) = pending.pop() {
            let Some(Kind::Element(element)) = self.tree.kind(id) else { continue };
            let block = match element.name {
                "ac:structured-macro" | "ac:macro" => macros::has_body(self, id),
                "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "hr" | "pre" | "blockquote" | "ul" | "ol"
                | "table" | "ac:task-list" | "ac:adf-extension" | "ac:layout" | "ac:layout-section"
                | "ac:layout-cell" => true,
                name => is_section(name),
            };
            if block {
                return true;
            }
            if !inlines::is_known(element.name) {
                pending.extend(self.tree.elements(id).map(|(id, _)| id));
            }
        }
        false
    }

    fn heading(self, level: u8, id: NodeId, depth: Depth, flow: &mut Flow) {
        let body = inlines::of(self, id, depth.down());
        flow.push(Block::Heading(level, body), self.tree.span(id));
    }

    fn list(self, id: NodeId, element: &Element<'_>, depth: Depth) -> List {
        let start = (element.name == "ol")
            .then(|| element.attribute("start").and_then(|start| start.trim().parse().ok()).unwrap_or(1));
        let mut items: Vec<Item> = Vec::new();
        for child in self.tree.children(Some(id)) {
            let span = self.tree.span(child);
            match self.tree.kind(child) {
                Some(Kind::Element(item)) if item.name == "li" => {
                    items.push(Item { body: self.blocks(child, depth.down()), span: Aside(Some(span)) });
                }
                // Older pages have lists directly in lists: they belong to the item before.
                Some(Kind::Element(other)) => {
                    let mut flow = Flow::default();
                    self.element(child, other, depth, &mut flow);
                    let body = flow.finish();
                    match items.last_mut() {
                        Some(_) if body.is_empty() => {}
                        Some(item) => {
                            item.body.extend(body);
                            item.span.0 = item.span.0.map(|before| before.to(span));
                        }
                        None => items.push(Item { body, span: Aside(Some(span)) }),
                    }
                }
                Some(Kind::Text(text)) if !text.trim().is_empty() => {
                    let mut flow = Flow::default();
                    flow.reach(span);
                    inlines::text(text, depth, &mut flow.line);
                    items.push(Item { body: flow.finish(), span: Aside(Some(span)) });
                }
                _ => {}
            }
        }
        // Confluence puts a paragraph into every item: that alone is no reason for blank lines.
        List { start, loose: Aside(false), items }
    }

    fn tasks(self, id: NodeId, depth: Depth) -> Vec<Task> {
        let mut tasks: Vec<Task> = Vec::new();
        for (child, element) in self.tree.elements(id) {
            let span = self.tree.span(child);
            if element.name == "ac:task" {
                let status = self.tree.child(child, "ac:task-status").map(|(id, _)| self.tree.text_of(id));
                let done = status.is_some_and(|status| status.trim() == "complete");
                let body = self.tree.child(child, "ac:task-body");
                let body = body.map(|(id, _)| self.blocks(id, depth.down().down())).unwrap_or_default();
                tasks.push(Task { done, body, span: Aside(Some(span)) });
                continue;
            }
            let mut flow = Flow::default();
            self.element(child, element, depth, &mut flow);
            let body = flow.finish();
            match tasks.last_mut() {
                Some(_) if body.is_empty() => {}
                Some(task) => {
                    task.body.extend(body);
                    task.span.0 = task.span.0.map(|before| before.to(span));
                }
                None => tasks.push(Task { done: false, body, span: Aside(Some(span)) }),
            }
        }
        tasks
    }
}

/// Elements that readers of a page do not see.
pub(super) fn is_hidden(name: &str) -> bool {
    matches!(
        name,
        "ac:parameter"
            | "ac:task-id"
            | "ac:task-uuid"
            | "ac:task-status"
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

/// Elements that stand in a line and may hold anything.
pub(super) fn is_wrapper(name: &str) -> bool {
    matches!(name, "span" | "font" | "small" | "big" | "label" | "ac:inline-comment-marker" | "ac:link-body")
}
