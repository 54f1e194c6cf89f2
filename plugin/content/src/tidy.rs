//! Brings a document to its canonical form.
//!
//! What it promises, and the writers rely on:
//!
//! - Text has no line ends, no two spaces in a row, and no character that XML forbids; neighbouring texts are one.
//! - A formatting never stands inside itself, is never empty, does not begin or end with white space or a line break
//!   (they move out of it), and does not follow its own kind directly.
//! - Paragraphs, cells and headings have no white space at their edges or around line breaks.
//! - A web address is a link.
//! - There are no empty paragraphs, headings, quotes, panels, items, lists or tables.
//! - The first block of a task is a paragraph.

use super::autolink;
use super::document::{
    Aside, Block, Blocks, Bytes, Code, Inline, Inlines, Item, Label, Link, List, Marker, Placed, Row, Style,
    Table, Task, first,
};
use super::target::{ResourceKind, Target};
use super::xml::{is_xml_char, may_be_forbidden, split_forbidden};

/// The largest number that a Markdown list may begin with has nine digits.
const MAX_LIST_NUMBER: u64 = 999_999_999;

/// Tidies the blocks of a document or container.
pub(super) fn blocks(blocks: Blocks) -> Blocks {
    blocks
        .into_iter()
        .filter_map(|placed| Some(Placed { block: block(placed.block)?, span: placed.span }))
        .collect()
}

fn block(block: Block) -> Option<Block> {
    match block {
        Block::Paragraph(body) => non_empty(line(body)).map(Block::Paragraph),
        Block::Heading(level, body) => {
            non_empty(line(body)).map(|body| Block::Heading(level.clamp(1, 6), body))
        }
        Block::Quote(body) => non_empty(blocks(body)).map(Block::Quote),
        Block::Panel(kind, body) => non_empty(blocks(body)).map(|body| Block::Panel(kind, body)),
        Block::Around(marker, body) => Some(Block::Around(marker, blocks(body))),
        Block::List(list) => {
            let items = list.items.into_iter().map(|item| Item { body: blocks(item.body), ..item });
            let items = non_empty(items.filter(|item| !item.body.is_empty()).collect())?;
            let last = MAX_LIST_NUMBER.saturating_sub(items.len() as u64);
            Some(Block::List(List { start: list.start.map(|start| start.min(last)), items, ..list }))
        }
        Block::Tasks(tasks) => non_empty(tasks.into_iter().filter_map(task).collect()).map(Block::Tasks),
        Block::Code(code) => Some(Block::Code(Box::new(self::code(*code)))),
        Block::Table(table) => self::table(*table).map(|table| Block::Table(Box::new(table))),
        Block::Rule | Block::Contents => Some(block),
    }
}

fn code(code: Code) -> Code {
    let clean = !code.text.contains('\r') && split_forbidden(&code.text).is_none();
    let text = if clean {
        code.text
    } else {
        let text = code.text.replace("\r\n", "\n").replace('\r', "\n");
        text.chars().filter(|&each| is_xml_char(each)).collect()
    };
    // What cannot stand in the title of a fence is not shown.
    let title = if code.title.contains(['"', '`', '\\', '&']) { String::new() } else { one_line(code.title) };
    Code { language: word(&code.language), title, text }
}

fn non_empty<T>(items: Vec<T>) -> Option<Vec<T>> {
    (!items.is_empty()).then_some(items)
}

fn task(task: Task) -> Option<Task> {
    let mut body = non_empty(blocks(task.body))?;
    if !matches!(first(&body), Some(Block::Paragraph(_))) {
        // Markdown knows a task by the words after its box.
        body.insert(0, Block::Paragraph(vec![Inline::Text("…".to_owned())]).into());
    }
    Some(Task { body, ..task })
}

fn table(table: Table) -> Option<Table> {
    let width = table.alignments.len();
    let row = |mut row: Row| {
        row.cells.truncate(width);
        for cell in &mut row.cells {
            cell.body = line(std::mem::take(&mut cell.body));
        }
        let filled = row.cells.iter().rposition(|cell| !cell.body.is_empty()).map_or(0, |last| last + 1);
        let empty: Vec<Bytes> = row.cells.drain(filled..).filter_map(|cell| cell.span.0).collect();
        Row { empty: Aside(empty), ..row }
    };
    let header = row(table.header);
    let rows: Vec<_> = table.rows.into_iter().map(row).collect();
    let empty = header.cells.is_empty() && rows.iter().all(|row| row.cells.is_empty());
    (!empty).then_some(Table { header, rows, ..table })
}

/// The language of code: one word that can stand after a fence.
fn word(language: &str) -> String {
    let word = language.split_whitespace().next().unwrap_or_default();
    let word: String = word.chars().filter(|&c| is_xml_char(c) && c != '`').collect();
    // Behind a fence that would be the title.
    if word.starts_with("title=") { String::new() } else { word }
}

/// Tidies what stands alone: a paragraph, a heading, a cell.
pub(super) fn line(inlines: Inlines) -> Inlines {
    link_addresses(split_edges(run(inlines, Within::default())).1)
}

/// Makes links of the addresses in a tidy run, outside of links.
fn link_addresses(inlines: Inlines) -> Inlines {
    if !inlines.iter().any(may_hold_address) {
        return inlines;
    }
    let mut out = Vec::with_capacity(inlines.len());
    for inline in inlines {
        match inline {
            Inline::Text(text) if autolink::may_hold_address(&text) => {
                autolink::link_addresses(text, &mut out)
            }
            Inline::Styled(style, body) => out.push(Inline::Styled(style, link_addresses(body))),
            _ => out.push(inline),
        }
    }
    out
}

fn may_hold_address(inline: &Inline) -> bool {
    match inline {
        Inline::Text(text) => autolink::may_hold_address(text),
        Inline::Styled(_, body) => body.iter().any(may_hold_address),
        _ => false,
    }
}

/// The formattings around a run.
#[derive(Clone, Copy, Default)]
struct Within {
    styles: u8,
    link: bool,
}

impl Within {
    fn bit(style: Style) -> u8 {
        1 << style as u8
    }
}

fn run(inlines: Inlines, within: Within) -> Inlines {
    // Most runs are a few words and nothing else.
    if let [Inline::Text(text)] = inlines.as_slice()
        && !text.is_empty()
        && is_collapsed(text)
    {
        return inlines;
    }
    let mut out = Vec::with_capacity(inlines.len());
    append(inlines, within, &mut out);
    out
}

fn append(inlines: Inlines, within: Within, out: &mut Inlines) {
    for inline in inlines {
        match inline {
            Inline::Styled(style, body) if within.styles & Within::bit(style) != 0 => {
                append(body, within, out)
            }
            Inline::Styled(style, body) => {
                let inner = Within { styles: within.styles | Within::bit(style), ..within };
                wrap(run(body, inner), out, |body| Inline::Styled(style, body));
            }
            Inline::Link(link) if within.link => append(link.body, within, out),
            Inline::Link(link) => {
                let Link { target, title, body } = *link;
                let title = one_line(title);
                // A mention shows the name of its user, and a date is its own words, whatever the author wrote.
                let body = match &target {
                    Target::Resource(resource)
                        if matches!(resource.kind, ResourceKind::User | ResourceKind::Date) =>
                    {
                        vec![Inline::Text(resource.label())]
                    }
                    _ => body,
                };
                wrap(run(body, Within { link: true, ..within }), out, |body| {
                    Inline::Link(Box::new(Link { target, title, body }))
                });
            }
            Inline::Image(mut image) => {
                image.alt = one_line(std::mem::take(&mut image.alt));
                image.title = one_line(std::mem::take(&mut image.title));
                push(Inline::Image(image), out);
            }
            Inline::Marker(marker) => match marker.label {
                // Markdown has no link in a link.
                Label::Words(words) if within.link => append(words, within, out),
                Label::Words(words) => {
                    let (kind, name, id) = (marker.kind, marker.name, marker.id);
                    wrap(run(words, Within { link: true, ..within }), out, |words| {
                        Inline::Marker(Box::new(Marker { kind, name, id, label: Label::Words(words) }))
                    });
                }
                Label::Note(note) if within.link => push(Inline::Text(format!("[{}]", note.0)), out),
                Label::Note(note) => {
                    let label = Label::note(one_line(note.0));
                    push(Inline::Marker(Box::new(Marker { label, ..*marker })), out);
                }
            },
            Inline::Text(_) | Inline::Code(_) | Inline::Break => push(inline, out),
        }
    }
}

/// Puts a formatting around a tidy body, and what its edges must not hold outside of it.
fn wrap(body: Inlines, out: &mut Inlines, make: impl FnOnce(Inlines) -> Inline) {
    let (lead, body, trail) = split_edges(body);
    lead.into_iter().for_each(|inline| push(inline, out));
    if !body.is_empty() {
        push(make(body), out);
    }
    trail.into_iter().for_each(|inline| push(inline, out));
}

/// White space and line breaks at the front, what is between, and those at the end.
fn split_edges(mut body: Inlines) -> (Inlines, Inlines, Inlines) {
    let is_edge = |inline: &Inline| match inline {
        Inline::Break => true,
        Inline::Text(text) => text.trim().is_empty(),
        _ => false,
    };
    let spaced = |inline: &Inline, at_edge: fn(&str) -> bool| match inline {
        Inline::Break => true,
        Inline::Text(text) => at_edge(text),
        _ => false,
    };
    let (first, last) = (body.first(), body.last());
    if !first.is_some_and(|first| spaced(first, |text| text.starts_with(char::is_whitespace)))
        && !last.is_some_and(|last| spaced(last, |text| text.ends_with(char::is_whitespace)))
    {
        return (Vec::new(), body, Vec::new());
    }
    let end = body.iter().rposition(|inline| !is_edge(inline)).map_or(0, |last| last + 1);
    let mut trail = body.split_off(end);
    let start = body.iter().position(|inline| !is_edge(inline)).unwrap_or(0);
    let mut rest = body.split_off(start);
    let mut lead = body;
    if let Some(Inline::Text(text)) = rest.last_mut() {
        let space = text.split_off(text.trim_end().len());
        if !space.is_empty() {
            trail.insert(0, Inline::Text(space));
        }
    }
    if let Some(Inline::Text(text)) = rest.first_mut() {
        let words = text.split_off(text.len() - text.trim_start().len());
        let space = std::mem::replace(text, words);
        if !space.is_empty() {
            lead.push(Inline::Text(space));
        }
    }
    (lead, rest, trail)
}

/// Adds a tidy inline to a tidy run, keeping it tidy.
fn push(inline: Inline, out: &mut Inlines) {
    match inline {
        Inline::Text(text) => push_text(text, out),
        Inline::Break => {
            if let Some(Inline::Text(text)) = out.last_mut() {
                text.truncate(text.trim_end().len());
                if text.is_empty() {
                    out.pop();
                }
            }
            out.push(Inline::Break);
        }
        Inline::Code(code) => {
            let code = if code.bytes().any(may_be_forbidden) { one_line_of_code(&code) } else { code };
            if let Some(Inline::Code(last)) = out.last_mut() {
                last.push_str(&code);
            } else if !code.is_empty() {
                out.push(Inline::Code(code));
            }
        }
        Inline::Styled(style, body) => {
            if let Some(Inline::Styled(last, before)) = out.last_mut()
                && *last == style
            {
                for inline in body {
                    push(inline, before);
                }
            } else {
                out.push(Inline::Styled(style, body));
            }
        }
        Inline::Link(_) | Inline::Image(_) | Inline::Marker(_) => out.push(inline),
    }
}

fn push_text(text: String, out: &mut Inlines) {
    if let Some(Inline::Text(line)) = out.last_mut() {
        collapse(&text, line);
        return;
    }
    let mut line = if is_collapsed(&text) {
        text
    } else {
        let mut line = String::with_capacity(text.len());
        collapse(&text, &mut line);
        line
    };
    if matches!(out.last(), Some(Inline::Break)) {
        line.drain(..line.len() - line.trim_start().len());
    }
    if !line.is_empty() {
        out.push(Inline::Text(line));
    }
}

/// Appends text with every run of white space as one space.
fn collapse(text: &str, line: &mut String) {
    if is_collapsed(text) && !(text.starts_with(' ') && line.ends_with(' ')) {
        line.push_str(text);
        return;
    }
    let mut words = text.split([' ', '\t', '\n', '\r']);
    append_allowed(words.next().unwrap_or_default(), line);
    for word in words {
        if !line.ends_with(' ') {
            line.push(' ');
        }
        append_allowed(word, line);
    }
}

/// Whether a text surely has nothing to collapse and nothing to leave out.
fn is_collapsed(text: &str) -> bool {
    let mut after_space = false;
    !text.bytes().any(|byte| {
        let second = after_space && byte == b' ';
        after_space = byte == b' ';
        second || may_be_forbidden(byte)
    })
}

/// Appends what XML allows. A byte order mark is no text either: parsers drop one at the start of a document.
fn append_allowed(word: &str, line: &mut String) {
    line.extend(word.split(|character| character == '\u{FEFF}' || !is_xml_char(character)));
}

fn one_line_of_code(code: &str) -> String {
    let code = code.replace("\r\n", " ");
    let allowed = code.chars().filter(|&each| is_xml_char(each));
    allowed.map(|each| if matches!(each, '\n' | '\r') { ' ' } else { each }).collect()
}

/// Text for an attribute.
fn one_line(text: String) -> String {
    if is_collapsed(&text) && text.trim().len() == text.len() {
        return text;
    }
    let mut line = String::with_capacity(text.len());
    collapse(&text, &mut line);
    line.trim().to_owned()
}
