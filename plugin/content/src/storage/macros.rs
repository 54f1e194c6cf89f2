//! Reads macros: those with a construct of their own in Markdown, and all others as markers. Layouts are markers too.

use super::super::document::{
    Block, Bytes, Code, Inline, Inlines, Label, Marker, MarkerId, MarkerKind, Panel,
};
use super::elements::Known;
use super::inlines;
use super::reader::{Depth, Flow, Reader};
use super::tree::{Element, NodeId, Tree};

/// The parameters that say what a macro shows, best first. The one without a name is that of `anchor` and others.
const TELLING: [&str; 6] = ["title", "key", "name", "jqlQuery", "cql", ""];

/// How much of a parameter a marker shows.
const MAX_LABEL: usize = 80;

/// A macro, where blocks may stand.
pub(super) fn block(reader: Reader<'_>, id: NodeId, element: &Element<'_>, depth: Depth, flow: &mut Flow) {
    let name = element.attribute("ac:name").unwrap_or_default();
    let span = reader.tree.span(id);
    let inner = depth.down();
    let title = parameter(reader, id, "title");
    match name {
        // Markdown has it between the other blocks of a page, not inside of them.
        "toc" if !depth.indented => return flow.push(Block::Contents, span),
        "code" | "noformat" => {
            let language = parameter(reader, id, "language").filter(|_| name == "code").unwrap_or_default();
            let text = body_text(reader, id).unwrap_or_default();
            return flow.push(
                Block::Code(Box::new(Code { language, title: title.unwrap_or_default(), text })),
                span,
            );
        }
        _ => {}
    }
    let body = body(reader, id);
    if let (Some(panel), Some(deeper), None, Some((content, "ac:rich-text-body"))) =
        (panel(name), inner.container(), &title, body)
    {
        let mut body = Flow::default();
        reader.section(content, deeper, &mut body);
        return flow.push(Block::Panel(panel, body.finish()), span);
    }
    match (body, inner.around()) {
        (Some((content, part)), Some(deeper)) => {
            let marker = around(reader, id, content, MarkerKind::Macro, name, label(reader, id, name));
            let mut body = Flow::default();
            if part == "ac:plain-text-body" {
                body.push(plain_code(reader.tree.text_of(content)), reader.tree.span(content));
            } else {
                reader.section(content, deeper, &mut body);
            }
            flow.push(Block::Around(Box::new(marker), body.finish()), span);
        }
        (Some((content, _)), None) => reader.section(content, inner, flow),
        (None, _) => {
            flow.reach(span);
            flow.line.push(alone(reader, id, MarkerKind::Macro, name, label(reader, id, name)));
        }
    }
}

/// A macro, in a line.
pub(super) fn inline(
    reader: Reader<'_>,
    id: NodeId,
    element: &Element<'_>,
    depth: Depth,
    line: &mut Inlines,
) {
    let name = element.attribute("ac:name").unwrap_or_default();
    let Some((content, part)) = body(reader, id) else {
        line.push(alone(reader, id, MarkerKind::Macro, name, label(reader, id, name)));
        return;
    };
    let known = matches!(name, "code" | "noformat") || panel(name).is_some();
    let marker =
        (!known).then(|| around(reader, id, content, MarkerKind::Macro, name, label(reader, id, name)));
    inlines::apart(line);
    line.extend(marker.clone().map(|marker| Inline::Marker(Box::new(marker))));
    if part == "ac:plain-text-body" {
        inlines::code_lines(&reader.tree.text_of(content), line);
    } else {
        inlines::apart(line);
        inlines::children(reader, content, depth.down(), line);
        inlines::apart(line);
    }
    if let Some(marker) = marker {
        let label = Label::note(format!("/macro: {name}"));
        inlines::apart(line);
        line.push(Inline::Marker(Box::new(Marker { kind: MarkerKind::End, label, ..marker })));
        inlines::apart(line);
    }
}

/// A layout, one of its sections, or one of their columns.
pub(super) fn layout(reader: Reader<'_>, id: NodeId, element: &Element<'_>, depth: Depth, flow: &mut Flow) {
    let Some(inner) = depth.around() else { return reader.section(id, depth, flow) };
    let label = match (element.name, element.attribute("ac:type")) {
        ("ac:layout", _) => "layout".to_owned(),
        ("ac:layout-section", Some(kind)) => format!("section: {kind}"),
        ("ac:layout-section", None) => "section".to_owned(),
        _ => "column".to_owned(),
    };
    let marker = around(reader, id, id, MarkerKind::Element, element.name, label);
    let mut body = Flow::default();
    reader.section(id, inner, &mut body);
    flow.push(Block::Around(Box::new(marker), body.finish()), reader.tree.span(id));
}

/// An element that is not known, around blocks.
pub(super) fn element_around(reader: Reader<'_>, id: NodeId, name: &str, inner: Depth, flow: &mut Flow) {
    let marker = around(reader, id, id, MarkerKind::Element, name, format!("element: {name}"));
    let mut body = Flow::default();
    reader.section(id, inner, &mut body);
    flow.push(Block::Around(Box::new(marker), body.finish()), reader.tree.span(id));
}

/// A node of the new editor that storage format can only carry along. It brings a rendering of its own.
pub(super) fn extension(reader: Reader<'_>, id: NodeId, depth: Depth, flow: &mut Flow) {
    let span = reader.tree.span(id);
    let node = reader.tree.child(id, "ac:adf-node");
    let kind = node.and_then(|(_, node)| node.attribute("type")).unwrap_or("extension");
    let contents = contents(reader.tree, id);
    if let Some((node, _)) = node
        && kind == "panel"
        && let [content] = contents.as_slice()
        && let Some(deeper) = depth.down().down().container()
    {
        let kind = reader.tree.elements(node).find(|(_, part)| part.attribute("key") == Some("panel-type"));
        let kind = kind.map(|(id, _)| reader.tree.text_of(id)).unwrap_or_default();
        let panel = match kind.trim() {
            "note" => Panel::Note,
            "success" => Panel::Tip,
            "warning" | "error" => Panel::Warning,
            _ => Panel::Info,
        };
        return flow.push(Block::Panel(panel, reader.blocks(*content, deeper)), span);
    }
    let name = if kind.is_empty() { "extension" } else { kind };
    let label = format!("macro: {name}");
    match (contents.as_slice(), depth.around()) {
        ([], _) => {
            flow.reach(span);
            flow.line.push(alone(reader, id, MarkerKind::Macro, name, label));
        }
        (contents, Some(inner)) => {
            let content = contents.first().copied().unwrap_or(id);
            let mut marker = around(reader, id, content, MarkerKind::Macro, name, label);
            marker.label = Label::note(marker.label.text());
            let mut body = Flow::default();
            for content in contents {
                reader.section(*content, inner.down(), &mut body);
            }
            flow.push(Block::Around(Box::new(marker), body.finish()), span);
        }
        (contents, None) => {
            for content in contents {
                reader.section(*content, depth.down(), flow);
            }
        }
    }
}

/// Where the words of an extension are: in its nodes, or else in its own rendering.
pub(super) fn contents(tree: &Tree<'_>, id: NodeId) -> Vec<NodeId> {
    let mut found = Vec::new();
    let mut pending: Vec<(NodeId, bool)> = vec![(id, false)];
    while let Some((id, is_content)) = pending.pop() {
        if is_content {
            found.push(id);
            continue;
        }
        let parts = tree.elements(id).filter_map(|(part, element)| match element.name {
            "ac:adf-content" => Some((part, true)),
            "ac:adf-node" => Some((part, false)),
            _ => None,
        });
        let from = pending.len();
        pending.extend(parts);
        pending.get_mut(from..).unwrap_or_default().reverse();
    }
    if found.is_empty() {
        found.extend(tree.child(id, "ac:adf-fallback").map(|(id, _)| id));
    }
    found
}

/// The marker of an element whose content is not shown.
pub(super) fn alone(reader: Reader<'_>, id: NodeId, kind: MarkerKind, name: &str, label: String) -> Inline {
    let open = reader.tree.span(id);
    let id = register(reader, Known { label: label.clone(), open, close: None });
    Inline::Marker(Box::new(Marker { kind, name: name.to_owned(), id, label: Label::note(label) }))
}

/// The marker of an element around the content of a node, which is itself or something in it.
pub(super) fn around(
    reader: Reader<'_>,
    id: NodeId,
    content: NodeId,
    kind: MarkerKind,
    name: &str,
    label: String,
) -> Marker {
    let (span, inner) = (reader.tree.span(id), reader.tree.inner(content));
    let open = Bytes { start: span.start, end: inner.start };
    let close = Some(Bytes { start: inner.end, end: span.end });
    let id = register(reader, Known { label: label.clone(), open, close });
    Marker { kind, name: name.to_owned(), id, label: Label::note(label) }
}

fn register(reader: Reader<'_>, known: Known) -> MarkerId {
    reader.elements.borrow_mut().add(reader.source, known)
}

/// Code that has nothing but its text.
pub(super) fn plain_code(text: String) -> Block {
    Block::Code(Box::new(Code { language: String::new(), title: String::new(), text }))
}

fn panel(name: &str) -> Option<Panel> {
    Some(match name {
        "info" => Panel::Info,
        "tip" => Panel::Tip,
        "note" => Panel::Note,
        "warning" => Panel::Warning,
        _ => return None,
    })
}

/// What a macro holds, and whether that is text or blocks.
pub(super) fn body<'a>(reader: Reader<'a>, id: NodeId) -> Option<(NodeId, &'a str)> {
    let is_body = |name: &str| matches!(name, "ac:rich-text-body" | "ac:plain-text-body");
    reader.tree.elements(id).find(|(_, part)| is_body(part.name)).map(|(id, part)| (id, part.name))
}

pub(super) fn has_body(reader: Reader<'_>, id: NodeId) -> bool {
    body(reader, id).is_some()
}

fn body_text(reader: Reader<'_>, id: NodeId) -> Option<String> {
    let (body, _) = reader.tree.elements(id).find(|(_, part)| part.name.ends_with("-body"))?;
    Some(reader.tree.text_of(body))
}

fn parameter(reader: Reader<'_>, id: NodeId, name: &str) -> Option<String> {
    let mut parameters = reader.tree.elements(id).filter(|(_, part)| part.name == "ac:parameter");
    let (id, _) = parameters.find(|(_, part)| part.attribute("ac:name").unwrap_or_default() == name)?;
    Some(reader.tree.text_of(id)).filter(|value| !value.trim().is_empty())
}

/// What the marker of a macro says.
fn label(reader: Reader<'_>, id: NodeId, name: &str) -> String {
    let mut label = format!("macro: {name}");
    if let Some(value) = TELLING.iter().find_map(|parameter| self::parameter(reader, id, parameter)) {
        label.push_str(": ");
        label.extend(value.chars().take(MAX_LABEL));
    }
    label
}
