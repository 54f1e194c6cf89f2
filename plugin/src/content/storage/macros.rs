//! Reads macros: those with a construct of their own in Markdown, and all others as markers.

use super::super::document::{Block, Code, Inline, Inlines, Marker, MarkerKind, Panel, Style};
use super::inlines;
use super::reader::{Depth, Flow, Reader};
use super::tree::{Element, NodeId};

/// The parameters that say what a macro shows, best first. The one without a name is that of `anchor` and others.
const TELLING: [&str; 6] = ["title", "key", "name", "jqlQuery", "cql", ""];

/// How much of a parameter a marker shows.
const MAX_LABEL: usize = 80;

/// A macro, where blocks may stand.
pub(super) fn block(reader: Reader<'_>, id: NodeId, element: &Element<'_>, depth: Depth, flow: &mut Flow) {
    let name = element.attribute("ac:name").unwrap_or_default();
    let inner = depth.down();
    match name {
        // Markdown has it between the other blocks of a page, not inside of them.
        "toc" if depth.blocks == 0 => return flow.push(Block::Contents),
        "code" | "noformat" => {
            if let Some(title) = parameter(reader, id, "title") {
                flow.push(Block::Paragraph(vec![strong(title)]));
            }
            let language = parameter(reader, id, "language").filter(|_| name == "code").unwrap_or_default();
            let text = body_text(reader, id).unwrap_or_default();
            return flow.push(Block::Code(Code { language, text }));
        }
        _ => {}
    }
    if let (Some(panel), Some(deeper)) = (panel(name), inner.container()) {
        let mut body = Flow::default();
        if let Some(title) = parameter(reader, id, "title") {
            body.push(Block::Paragraph(vec![strong(title)]));
        }
        bodies(reader, id, deeper, &mut body);
        return flow.push(Block::Panel(panel, body.finish()));
    }
    let marker = marker(reader, id, name);
    if has_body(reader, id) {
        flow.push(Block::Paragraph(vec![marker]));
        bodies(reader, id, inner, flow);
    } else {
        flow.line.push(marker);
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
    let plain = matches!(name, "code" | "noformat");
    if !plain && panel(name).is_none() {
        if has_body(reader, id) {
            inlines::apart(line);
        }
        line.push(marker(reader, id, name));
    }
    for (child, part) in reader.tree.elements(id) {
        match part.name {
            "ac:plain-text-body" => inlines::code_lines(&reader.tree.text_of(child), line),
            "ac:rich-text-body" => {
                inlines::apart(line);
                inlines::children(reader, child, depth.down(), line);
                inlines::apart(line);
            }
            _ => {}
        }
    }
}

/// A node of the new editor that storage format can only carry along. It brings a rendering of its own.
pub(super) fn extension(reader: Reader<'_>, id: NodeId, depth: Depth, flow: &mut Flow) {
    let node = reader.tree.child(id, "ac:adf-node");
    if let Some((node, kind)) = node
        && kind.attribute("type") == Some("panel")
        && let Some((content, _)) = reader.tree.child(node, "ac:adf-content")
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
        return flow.push(Block::Panel(panel, reader.blocks(content, deeper)));
    }
    match reader.tree.child(id, "ac:adf-fallback") {
        Some((fallback, _)) => reader.section(fallback, depth.down(), flow),
        None => {
            let name = node.and_then(|(_, node)| node.attribute("type")).unwrap_or("extension");
            let label = format!("macro: {name}");
            let marker = Marker { kind: MarkerKind::Macro, name: name.to_owned(), label };
            flow.push(Block::Paragraph(vec![Inline::Marker(Box::new(marker))]));
            reader.section(id, depth, flow);
        }
    }
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

fn strong(text: String) -> Inline {
    Inline::Styled(Style::Strong, vec![Inline::Text(text)])
}

/// What a macro holds, as blocks.
fn bodies(reader: Reader<'_>, id: NodeId, depth: Depth, flow: &mut Flow) {
    for (child, part) in reader.tree.elements(id) {
        match part.name {
            "ac:rich-text-body" => reader.section(child, depth, flow),
            "ac:plain-text-body" => {
                let text = reader.tree.text_of(child);
                flow.push(Block::Code(Code { language: String::new(), text }));
            }
            _ => {}
        }
    }
}

fn has_body(reader: Reader<'_>, id: NodeId) -> bool {
    reader.tree.elements(id).any(|(_, part)| matches!(part.name, "ac:rich-text-body" | "ac:plain-text-body"))
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

fn marker(reader: Reader<'_>, id: NodeId, name: &str) -> Inline {
    let mut label = format!("macro: {name}");
    if let Some(value) = TELLING.iter().find_map(|parameter| self::parameter(reader, id, parameter)) {
        label.push_str(": ");
        label.extend(value.chars().take(MAX_LABEL));
    }
    Inline::Marker(Box::new(Marker { kind: MarkerKind::Macro, name: name.to_owned(), label }))
}
