//! Writes a document as storage format.

use super::super::document::{
    Alignment, Block, Image, Inline, Item, Label, Link, List, Marker, Panel, Placed, Row, Table, Task, first,
};
use super::super::target::{Resource, ResourceKind, Source, Target};
use super::super::xml::{Attribute, XmlWriter};

/// As in Markdown: beyond this, rows are written without the empty cells at their ends.
const MAX_PADDED_CELLS: usize = 20_000;

/// Knows the bytes of what is not written anew.
pub(crate) trait Restore {
    /// The bytes of a block.
    fn block(&self, block: &Placed) -> Option<String>;

    /// The bytes of what an inline marker stands for: before its words and after them.
    fn marker(&self, marker: &Marker) -> Option<(&str, &str)>;
}

/// Nothing to restore.
struct Anew;

impl Restore for Anew {
    fn block(&self, _: &Placed) -> Option<String> {
        None
    }

    fn marker(&self, _: &Marker) -> Option<(&str, &str)> {
        None
    }
}

/// Writes tidy blocks behind what is written already.
pub(crate) fn append(blocks: &[Placed], xml: &mut XmlWriter) {
    Writer { restore: &Anew }.blocks(blocks, xml);
}

/// Writes tidy blocks, and what is known of them as it was.
pub(crate) fn write_with(document: &[Placed], restore: &dyn Restore) -> String {
    // A page of many blocks is long: growing it again and again would copy it every time.
    let mut xml = XmlWriter::with_capacity(document.len().saturating_mul(128).clamp(64, 1 << 22));
    Writer { restore }.blocks(document, &mut xml);
    xml.finish()
}

/// Writes tidy inlines.
pub(crate) fn write_inlines(line: &[Inline], restore: &dyn Restore) -> String {
    let mut xml = XmlWriter::default();
    Writer { restore }.inlines(line, &mut xml);
    xml.finish()
}

/// Writes an entry of a list of this kind. `compact`: without a paragraph around its first words.
pub(crate) fn write_item(item: &Item, compact: bool, restore: &dyn Restore) -> String {
    let mut xml = XmlWriter::default();
    Writer { restore }.item(item, compact, &mut xml);
    xml.finish()
}

/// Writes a task, and the tasks below it.
pub(crate) fn write_task(task: &Task, restore: &dyn Restore) -> String {
    let mut xml = XmlWriter::default();
    Writer { restore }.task(task, &mut xml);
    xml.finish()
}

/// Writes a row of a table.
pub(crate) fn write_row(row: &Row, header: bool, table: &Table, restore: &dyn Restore) -> String {
    let mut xml = XmlWriter::default();
    let name = if header { "th" } else { "td" };
    Writer { restore }.row(name, row, table.alignments.len(), table, &mut xml);
    xml.finish()
}

#[derive(Clone, Copy)]
struct Writer<'a> {
    restore: &'a dyn Restore,
}

impl Writer<'_> {
    fn blocks(self, blocks: &[Placed], xml: &mut XmlWriter) {
        for each in blocks {
            match self.restore.block(each) {
                Some(bytes) => xml.raw(&bytes),
                None => self.block(&each.block, xml),
            }
        }
    }

    fn block(self, block: &Block, xml: &mut XmlWriter) {
        match block {
            Block::Paragraph(body) => xml.element("p", &[], |xml| self.inlines(body, xml)),
            Block::Heading(level, body) => {
                let name = match level {
                    ..=1 => "h1",
                    2 => "h2",
                    3 => "h3",
                    4 => "h4",
                    5 => "h5",
                    6.. => "h6",
                };
                xml.element(name, &[], |xml| self.inlines(body, xml));
            }
            Block::Quote(body) => xml.element("blockquote", &[], |xml| self.blocks(body, xml)),
            Block::Panel(panel, body) => {
                let name = match panel {
                    Panel::Info => "info",
                    Panel::Tip => "tip",
                    Panel::Note => "note",
                    Panel::Warning => "warning",
                };
                xml.element("ac:structured-macro", &[("ac:name", name)], |xml| {
                    xml.element("ac:rich-text-body", &[], |xml| self.blocks(body, xml));
                });
            }
            Block::List(list) => self.list(list, xml),
            Block::Tasks(tasks) => self.tasks(tasks, xml),
            Block::Code(code) => xml.element("ac:structured-macro", &[("ac:name", "code")], |xml| {
                if !code.title.is_empty() {
                    xml.element("ac:parameter", &[("ac:name", "title")], |xml| xml.text(&code.title));
                }
                if !code.language.is_empty() {
                    xml.element("ac:parameter", &[("ac:name", "language")], |xml| xml.text(&code.language));
                }
                xml.element("ac:plain-text-body", &[], |xml| xml.cdata(&code.text));
            }),
            Block::Table(table) => self.table(table, xml),
            Block::Rule => xml.empty("hr", &[]),
            Block::Contents => xml.empty("ac:structured-macro", &[("ac:name", "toc")]),
            Block::Around(marker, body) => {
                xml.element("p", &[], |xml| self.marker(marker, xml));
                self.blocks(body, xml);
            }
        }
    }

    fn list(self, list: &List, xml: &mut XmlWriter) {
        let start = list.start.filter(|&start| start != 1).map(|start| start.to_string());
        let attributes: Vec<Attribute<'_>> = start.iter().map(|start| ("start", start.as_str())).collect();
        let name = if list.start.is_some() { "ol" } else { "ul" };
        let compact = !list.loose.0 && list.is_compact();
        xml.element(name, &attributes, |xml| {
            for item in &list.items {
                self.item(item, compact, xml);
            }
        });
    }

    fn item(self, item: &Item, compact: bool, xml: &mut XmlWriter) {
        xml.element("li", &[], |xml| match item.body.split_first() {
            Some((Placed { block: Block::Paragraph(words), .. }, rest)) if compact => {
                self.inlines(words, xml);
                self.blocks(rest, xml);
            }
            _ => self.blocks(&item.body, xml),
        });
    }

    fn tasks(self, tasks: &[Task], xml: &mut XmlWriter) {
        xml.element("ac:task-list", &[], |xml| {
            for task in tasks {
                self.task(task, xml);
            }
        });
    }

    fn task(self, task: &Task, xml: &mut XmlWriter) {
        let (words, rest) = match (first(&task.body), task.body.split_first()) {
            (Some(Block::Paragraph(words)), Some((_, rest))) => (words.as_slice(), rest),
            _ => (&[][..], task.body.as_slice()),
        };
        // Confluence puts the tasks below a task next to it, not into its body.
        let nested = rest.iter().all(|placed| matches!(placed.block, Block::Tasks(_)));
        xml.element("ac:task", &[], |xml| {
            let status = if task.done { "complete" } else { "incomplete" };
            xml.element("ac:task-status", &[], |xml| xml.text(status));
            xml.element("ac:task-body", &[], |xml| {
                self.inlines(words, xml);
                if !nested {
                    self.blocks(rest, xml);
                }
            });
        });
        if nested {
            self.blocks(rest, xml);
        }
    }

    fn table(self, table: &Table, xml: &mut XmlWriter) {
        let width = table.alignments.len();
        let padded = (table.rows.len() + 1).saturating_mul(width) <= MAX_PADDED_CELLS;
        xml.element("table", &[], |xml| {
            let headed = !table.header.cells.is_empty();
            if headed {
                xml.element("thead", &[], |xml| self.row("th", &table.header, width, table, xml));
            }
            if !table.rows.is_empty() {
                xml.element("tbody", &[], |xml| {
                    for (index, row) in table.rows.iter().enumerate() {
                        // The first row says how wide the table is.
                        let full = padded || (index == 0 && !headed);
                        self.row("td", row, if full { width } else { 1 }, table, xml);
                    }
                });
            }
        });
    }

    fn row(self, name: &'static str, row: &Row, width: usize, table: &Table, xml: &mut XmlWriter) {
        xml.element("tr", &[], |xml| {
            for column in 0..row.cells.len().max(width) {
                let body = row.cells.get(column).map(|cell| cell.body.as_slice()).unwrap_or_default();
                let style = match table.alignments.get(column).copied().unwrap_or_default() {
                    Alignment::None => None,
                    Alignment::Left => Some("text-align: left;"),
                    Alignment::Center => Some("text-align: center;"),
                    Alignment::Right => Some("text-align: right;"),
                };
                xml.element(name, &[], |xml| match style {
                    Some(style) => xml.element("p", &[("style", style)], |xml| self.inlines(body, xml)),
                    None => self.inlines(body, xml),
                });
            }
        });
    }

    fn inlines(self, inlines: &[Inline], xml: &mut XmlWriter) {
        for inline in inlines {
            match inline {
                Inline::Text(text) => xml.text(text),
                Inline::Code(code) => xml.element("code", &[], |xml| xml.text(code)),
                Inline::Break => xml.empty("br", &[]),
                Inline::Styled(style, body) => xml.element(style.tag(), &[], |xml| self.inlines(body, xml)),
                Inline::Link(link) => self.link(link, xml),
                Inline::Image(image) => self::image(image, xml),
                Inline::Marker(marker) => self.marker(marker, xml),
            }
        }
    }

    /// What a marker stands for. Where that is not known, its words stay.
    fn marker(self, marker: &Marker, xml: &mut XmlWriter) {
        let restored = self.restore.marker(marker);
        match (&marker.label, restored) {
            (Label::Words(words), Some((before, after))) => {
                xml.raw(before);
                self.inlines(words, xml);
                xml.raw(after);
            }
            (Label::Words(words), None) => self.inlines(words, xml),
            (Label::Note(_), Some((before, after))) => {
                xml.raw(before);
                xml.raw(after);
            }
            (Label::Note(note), None) => {
                xml.text("[");
                xml.text(&note.0);
                xml.text("]");
            }
        }
    }

    fn link(self, link: &Link, xml: &mut XmlWriter) {
        match &link.target {
            Target::Url(url) => {
                let attributes = [("href", url.as_str()), ("title", link.title.as_str())];
                let count = if link.title.is_empty() { 1 } else { 2 };
                xml.element("a", attributes.get(..count).unwrap_or(&attributes), |xml| {
                    self.inlines(&link.body, xml)
                });
            }
            Target::Resource(resource) if resource.kind == ResourceKind::Date => {
                self::resource(resource, xml)
            }
            Target::Resource(resource) => {
                let anchor = resource.anchor.as_deref();
                let attributes: Vec<Attribute<'_>> =
                    anchor.map(|anchor| ("ac:anchor", anchor)).into_iter().collect();
                xml.element("ac:link", &attributes, |xml| {
                    self::resource(resource, xml);
                    // A mention shows the name of its user, which only Confluence knows.
                    if resource.kind != ResourceKind::User {
                        xml.element("ac:link-body", &[], |xml| self.inlines(&link.body, xml));
                    }
                });
            }
        }
    }
}

fn image(image: &Image, xml: &mut XmlWriter) {
    let attributes = [("ac:alt", image.alt.as_str()), ("ac:title", image.title.as_str())];
    let attributes: Vec<Attribute<'_>> = attributes.into_iter().filter(|each| !each.1.is_empty()).collect();
    xml.element("ac:image", &attributes, |xml| match &image.source {
        Source::Url(url) => xml.empty("ri:url", &[("ri:value", url)]),
        Source::Attachment(resource) => self::resource(resource, xml),
    });
}

fn resource(resource: &Resource, xml: &mut XmlWriter) {
    let (element, name) = resource.kind.element();
    let mut attributes: Vec<Attribute<'_>> = vec![(name, &resource.name)];
    match (resource.kind, &resource.page) {
        (ResourceKind::Attachment, Some(page)) => {
            let mut holder = Resource::new(ResourceKind::Page, page.clone());
            holder.space.clone_from(&resource.space);
            xml.element(element, &attributes, |xml| self::resource(&holder, xml));
            return;
        }
        (ResourceKind::Page | ResourceKind::Blog, _) => {
            attributes.extend(resource.space.as_deref().map(|space| ("ri:space-key", space)));
            attributes.extend(resource.day.as_deref().map(|day| ("ri:posting-day", day)));
        }
        _ => {}
    }
    xml.empty(element, &attributes);
}
