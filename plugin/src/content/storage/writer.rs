//! Writes a document as storage format.

use super::super::document::{Alignment, Block, Image, Inline, Link, List, Panel, Table, Task};
use super::super::target::{Resource, ResourceKind, Source, Target};
use super::super::xml::{Attribute, XmlWriter};

/// As in Markdown: beyond this, rows are written without the empty cells at their ends.
const MAX_PADDED_CELLS: usize = 20_000;

/// Writes tidy blocks.
pub(in crate::content) fn write(document: &[Block]) -> String {
    let mut xml = XmlWriter::with_capacity(1024);
    blocks(document, &mut xml);
    xml.finish()
}

fn blocks(blocks: &[Block], xml: &mut XmlWriter) {
    for each in blocks {
        block(each, xml);
    }
}

fn block(block: &Block, xml: &mut XmlWriter) {
    match block {
        Block::Paragraph(body) => xml.element("p", &[], |xml| inlines(body, xml)),
        Block::Heading(level, body) => {
            let name = match level {
                ..=1 => "h1",
                2 => "h2",
                3 => "h3",
                4 => "h4",
                5 => "h5",
                6.. => "h6",
            };
            xml.element(name, &[], |xml| inlines(body, xml));
        }
        Block::Quote(body) => xml.element("blockquote", &[], |xml| blocks(body, xml)),
        Block::Panel(panel, body) => {
            let name = match panel {
                Panel::Info => "info",
                Panel::Tip => "tip",
                Panel::Note => "note",
                Panel::Warning => "warning",
            };
            xml.element("ac:structured-macro", &[("ac:name", name)], |xml| {
                xml.element("ac:rich-text-body", &[], |xml| blocks(body, xml));
            });
        }
        Block::List(list) => self::list(list, xml),
        Block::Tasks(tasks) => self::tasks(tasks, xml),
        Block::Code(code) => xml.element("ac:structured-macro", &[("ac:name", "code")], |xml| {
            if !code.language.is_empty() {
                xml.element("ac:parameter", &[("ac:name", "language")], |xml| xml.text(&code.language));
            }
            xml.element("ac:plain-text-body", &[], |xml| xml.cdata(&code.text));
        }),
        Block::Table(table) => self::table(table, xml),
        Block::Rule => xml.empty("hr", &[]),
        Block::Contents => xml.empty("ac:structured-macro", &[("ac:name", "toc")]),
    }
}

fn list(list: &List, xml: &mut XmlWriter) {
    let start = list.start.filter(|&start| start != 1).map(|start| start.to_string());
    let attributes: Vec<Attribute<'_>> = start.iter().map(|start| ("start", start.as_str())).collect();
    let name = if list.start.is_some() { "ol" } else { "ul" };
    let compact = !list.loose && list.is_compact();
    xml.element(name, &attributes, |xml| {
        for item in &list.items {
            xml.element("li", &[], |xml| match item.split_first() {
                Some((Block::Paragraph(words), rest)) if compact => {
                    inlines(words, xml);
                    blocks(rest, xml);
                }
                _ => blocks(item, xml),
            });
        }
    });
}

fn tasks(tasks: &[Task], xml: &mut XmlWriter) {
    xml.element("ac:task-list", &[], |xml| {
        for task in tasks {
            let (words, rest) = match task.body.split_first() {
                Some((Block::Paragraph(words), rest)) => (words.as_slice(), rest),
                _ => (&[][..], task.body.as_slice()),
            };
            // Confluence puts the tasks below a task next to it, not into its body.
            let nested = rest.iter().all(|block| matches!(block, Block::Tasks(_)));
            xml.element("ac:task", &[], |xml| {
                let status = if task.done { "complete" } else { "incomplete" };
                xml.element("ac:task-status", &[], |xml| xml.text(status));
                xml.element("ac:task-body", &[], |xml| {
                    inlines(words, xml);
                    if !nested {
                        blocks(rest, xml);
                    }
                });
            });
            if nested {
                blocks(rest, xml);
            }
        }
    });
}

fn table(table: &Table, xml: &mut XmlWriter) {
    let width = table.alignments.len();
    let padded = (table.rows.len() + 1).saturating_mul(width) <= MAX_PADDED_CELLS;
    xml.element("table", &[], |xml| {
        let headed = !table.header.is_empty();
        if headed {
            xml.element("thead", &[], |xml| row("th", &table.header, width, table, xml));
        }
        if !table.rows.is_empty() {
            xml.element("tbody", &[], |xml| {
                for (index, cells) in table.rows.iter().enumerate() {
                    // The first row says how wide the table is.
                    let full = padded || (index == 0 && !headed);
                    row("td", cells, if full { width } else { 1 }, table, xml);
                }
            });
        }
    });
}

fn row(name: &'static str, cells: &[Vec<Inline>], width: usize, table: &Table, xml: &mut XmlWriter) {
    xml.element("tr", &[], |xml| {
        for column in 0..cells.len().max(width) {
            let body = cells.get(column).map(Vec::as_slice).unwrap_or_default();
            let style = match table.alignments.get(column).copied().unwrap_or_default() {
                Alignment::None => None,
                Alignment::Left => Some("text-align: left;"),
                Alignment::Center => Some("text-align: center;"),
                Alignment::Right => Some("text-align: right;"),
            };
            xml.element(name, &[], |xml| match style {
                Some(style) => xml.element("p", &[("style", style)], |xml| inlines(body, xml)),
                None => inlines(body, xml),
            });
        }
    });
}

fn inlines(inlines: &[Inline], xml: &mut XmlWriter) {
    for inline in inlines {
        match inline {
            Inline::Text(text) => xml.text(text),
            Inline::Code(code) => xml.element("code", &[], |xml| xml.text(code)),
            Inline::Break => xml.empty("br", &[]),
            Inline::Styled(style, body) => xml.element(style.tag(), &[], |xml| self::inlines(body, xml)),
            Inline::Link(link) => self::link(link, xml),
            Inline::Image(image) => self::image(image, xml),
            Inline::Marker(marker) => {
                xml.text("[");
                xml.text(&marker.label);
                xml.text("]");
            }
        }
    }
}

fn link(link: &Link, xml: &mut XmlWriter) {
    match &link.target {
        Target::Url(url) => {
            let attributes = [("href", url.as_str()), ("title", link.title.as_str())];
            let count = if link.title.is_empty() { 1 } else { 2 };
            xml.element("a", attributes.get(..count).unwrap_or(&attributes), |xml| inlines(&link.body, xml));
        }
        Target::Resource(resource) => {
            let anchor = resource.anchor.as_deref();
            let attributes: Vec<Attribute<'_>> =
                anchor.map(|anchor| ("ac:anchor", anchor)).into_iter().collect();
            xml.element("ac:link", &attributes, |xml| {
                self::resource(resource, xml);
                // A mention shows the name of its user, which only Confluence knows.
                if resource.kind != ResourceKind::User {
                    xml.element("ac:link-body", &[], |xml| inlines(&link.body, xml));
                }
            });
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
