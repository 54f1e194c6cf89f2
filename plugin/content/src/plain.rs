//! Writes a document as plain text: the words that a reader sees, without a mark of Markdown.
//!
//! Paragraphs, entries and rows have lines of their own, and tabs stand between cells. Numbers and the boxes of tasks
//! stay, since they say something; what is known by its marker only stands in brackets.

use super::document::{Block, Inline, Label, Marker, MarkerKind, Placed, Row};

/// Writes tidy blocks.
pub(super) fn write(blocks: &[Placed]) -> String {
    let mut text = String::new();
    append(blocks, &mut text);
    text
}

fn append(blocks: &[Placed], text: &mut String) {
    for placed in blocks {
        match &placed.block {
            Block::Paragraph(line) | Block::Heading(_, line) => {
                words(line, '\n', text);
                end_line(text);
            }
            Block::Quote(body) | Block::Panel(_, body) => append(body, text),
            Block::Around(marker, body) => {
                // A layout and its columns are places, and no words of the page.
                if marker.kind == MarkerKind::Macro {
                    note(marker, text);
                    end_line(text);
                }
                append(body, text);
            }
            Block::List(list) => {
                for (number, item) in (list.start.unwrap_or_default()..).zip(&list.items) {
                    if list.start.is_some() {
                        text.push_str(&number.to_string());
                        text.push_str(". ");
                    }
                    append(&item.body, text);
                }
            }
            Block::Tasks(tasks) => {
                for task in tasks {
                    text.push_str(if task.done { "[x] " } else { "[ ] " });
                    append(&task.body, text);
                }
            }
            Block::Code(code) => {
                text.push_str(&code.text);
                end_line(text);
            }
            Block::Table(table) => {
                row(&table.header, text);
                table.rows.iter().for_each(|each| row(each, text));
            }
            Block::Rule | Block::Contents => {}
        }
    }
}

fn row(row: &Row, text: &mut String) {
    for cell in &row.cells {
        words(&cell.body, ' ', text);
        text.push('\t');
    }
    end_line(text);
}

/// Adds the words of a line, with this where its author broke it.
fn words(line: &[Inline], line_break: char, text: &mut String) {
    for inline in line {
        match inline {
            Inline::Text(said) | Inline::Code(said) => text.push_str(said),
            Inline::Break => text.push(line_break),
            Inline::Styled(_, body) => words(body, line_break, text),
            Inline::Link(link) => words(&link.body, line_break, text),
            Inline::Image(image) => text.push_str(&image.alt),
            Inline::Marker(marker) => match &marker.label {
                Label::Words(body) => words(body, line_break, text),
                Label::Note(_) => note(marker, text),
            },
        }
    }
}

fn note(marker: &Marker, text: &mut String) {
    text.push('[');
    text.push_str(&marker.label.text());
    text.push(']');
}

fn end_line(text: &mut String) {
    text.truncate(text.trim_end_matches([' ', '\t']).len());
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
}
