//! Writes a document as Markdown.

use super::super::document::{
    Alignment, Block, Code, Inline, Label, List, Marker, MarkerKind, Panel, Placed, Row, Table, Task,
    compact_tasks, first,
};
use super::escape;
use super::inline::{InlineWriter, Line, longest_run};

/// A table with more cells than this is written without the empty cells at the end of its rows, which readers add.
/// Otherwise one long row would make every row as long.
const MAX_PADDED_CELLS: usize = 20_000;

/// Writes tidy blocks.
pub(crate) fn write(blocks: &[Placed]) -> String {
    let mut writer = Writer { out: String::new(), prefix: String::new(), depth: 0 };
    writer.blocks(blocks, Spacing::Loose);
    if !writer.out.is_empty() {
        writer.out.push('\n');
    }
    writer.out
}

struct Writer {
    out: String,
    /// Stands at the beginning of every line: marks of quotes, indentation of items.
    prefix: String,
    depth: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Spacing {
    /// Blank lines between blocks.
    Loose,
    /// None.
    Compact,
}

impl Writer {
    fn blocks(&mut self, blocks: &[Placed], spacing: Spacing) {
        let mut previous: Option<Mark> = None;
        for (index, Placed { block, .. }) in blocks.iter().enumerate() {
            if index > 0 {
                if spacing == Spacing::Loose {
                    self.blank_line();
                }
                self.line();
            }
            // Lists that follow each other are told apart by their marks alone.
            let mark = Mark::of(block).map(|mark| match previous {
                Some(before) if before.ordered == mark.ordered => Mark { second: !before.second, ..mark },
                _ => mark,
            });
            previous = mark;
            self.block(block, mark);
        }
    }

    fn line(&mut self) {
        self.out.push('\n');
        self.out.push_str(&self.prefix);
    }

    /// An empty line, without white space at its end.
    fn blank_line(&mut self) {
        self.out.push('\n');
        self.out.push_str(self.prefix.trim_end());
    }

    fn inlines(&mut self, inlines: &[Inline], line: Line) {
        InlineWriter::new(&mut self.out, &self.prefix, line).write(inlines, None);
    }

    fn block(&mut self, block: &Block, mark: Option<Mark>) {
        match block {
            Block::Paragraph(body) => self.inlines(body, Line::Paragraph),
            Block::Heading(level, body) => {
                self.out.extend(std::iter::repeat_n('#', usize::from(*level)));
                self.out.push(' ');
                self.inlines(body, Line::Heading);
                // A number sign at the end would be taken for the closing mark of the heading.
                if self.out.ends_with('#') {
                    self.out.pop();
                    self.out.push_str("\\#");
                }
            }
            Block::Quote(body) => self.container("> ", "> ", body, Spacing::Loose),
            Block::Panel(panel, body) => {
                let name = match panel {
                    Panel::Info => "NOTE",
                    Panel::Tip => "TIP",
                    Panel::Note => "IMPORTANT",
                    Panel::Warning => "WARNING",
                };
                self.out.push_str("> [!");
                self.out.push_str(name);
                self.out.push(']');
                if !matches!(first(body), Some(Block::Paragraph(_))) {
                    // What cannot interrupt a paragraph would not begin right after the mark.
                    self.line();
                    self.out.push('>');
                }
                self.line();
                self.container("> ", "> ", body, Spacing::Loose);
            }
            Block::List(list) => self.list(list, mark.unwrap_or_default()),
            Block::Tasks(tasks) => self.tasks(tasks, mark.unwrap_or_default()),
            Block::Code(code) => self.code(code),
            Block::Table(table) => self.table(table),
            // In an item, hyphens after a hyphen would be one rule together.
            Block::Rule => self.out.push_str(if self.depth == 0 { "---" } else { "___" }),
            Block::Contents => self.out.push_str("[TOC]"),
            Block::Around(marker, body) => self.around(marker, body),
        }
    }

    /// Blocks behind a mark: the first line begins with `first`, the others with `others`.
    fn container(&mut self, first: &str, others: &str, body: &[Placed], spacing: Spacing) {
        let outer = self.prefix.len();
        self.out.push_str(first);
        self.prefix.push_str(others);
        self.depth += 1;
        self.blocks(body, spacing);
        self.depth -= 1;
        self.prefix.truncate(outer);
    }

    fn around(&mut self, marker: &Marker, body: &[Placed]) {
        let end = Marker {
            kind: MarkerKind::End,
            label: Label::note(match marker.kind {
                MarkerKind::Macro => format!("/macro: {}", marker.name),
                _ => format!("/{}", marker.label.text()),
            }),
            ..marker.clone()
        };
        self.inlines(&[Inline::Marker(Box::new(marker.clone()))], Line::Paragraph);
        self.blank_line();
        self.line();
        if !body.is_empty() {
            self.blocks(body, Spacing::Loose);
            self.blank_line();
            self.line();
        }
        self.inlines(&[Inline::Marker(Box::new(end))], Line::Paragraph);
    }

    fn list(&mut self, list: &List, mark: Mark) {
        let spacing = if list.is_compact() { Spacing::Compact } else { Spacing::Loose };
        for (index, item) in list.items.iter().enumerate() {
            let first = match list.start {
                Some(start) => {
                    let number = start.saturating_add(index as u64);
                    format!("{number}{} ", if mark.second { ')' } else { '.' })
                }
                None => mark.bullet().to_owned(),
            };
            self.item(index, &first, first.len(), &item.body, spacing);
        }
    }

    fn tasks(&mut self, tasks: &[Task], mark: Mark) {
        let spacing = if compact_tasks(tasks) { Spacing::Compact } else { Spacing::Loose };
        for (index, task) in tasks.iter().enumerate() {
            let first = format!("{}[{}] ", mark.bullet(), if task.done { 'x' } else { ' ' });
            self.item(index, &first, mark.bullet().len(), &task.body, spacing);
        }
    }

    fn item(&mut self, index: usize, first: &str, indent: usize, body: &[Placed], spacing: Spacing) {
        if index > 0 {
            if spacing == Spacing::Loose {
                self.blank_line();
            }
            self.line();
        }
        self.container(first, &" ".repeat(indent), body, spacing);
    }

    fn code(&mut self, code: &Code) {
        let fence = "`".repeat(longest_run(&code.text, '`').max(2) + 1);
        self.out.push_str(&fence);
        escape::info(&code.language, &mut self.out);
        if !code.title.is_empty() {
            if !code.language.is_empty() {
                self.out.push(' ');
            }
            self.out.push_str("title=\"");
            self.out.push_str(&code.title);
            self.out.push('"');
        }
        if !code.text.is_empty() {
            for line in code.text.split('\n') {
                if line.is_empty() {
                    self.blank_line();
                } else {
                    self.line();
                    self.out.push_str(line);
                }
            }
        }
        self.line();
        self.out.push_str(&fence);
    }

    fn table(&mut self, table: &Table) {
        let width = table.alignments.len();
        let padded = (table.rows.len() + 1).saturating_mul(width) <= MAX_PADDED_CELLS;
        self.row(&table.header, width);
        self.line();
        self.out.push('|');
        for alignment in &table.alignments {
            self.out.push_str(match alignment {
                Alignment::None => " --- |",
                Alignment::Left => " :-- |",
                Alignment::Center => " :-: |",
                Alignment::Right => " --: |",
            });
        }
        for row in &table.rows {
            self.line();
            self.row(row, if padded { width } else { 1 });
        }
    }

    fn row(&mut self, row: &Row, width: usize) {
        self.out.push('|');
        for cell in &row.cells {
            self.out.push(' ');
            self.inlines(&cell.body, Line::Cell);
            self.out.push_str(" |");
        }
        for _ in row.cells.len()..width {
            self.out.push_str("  |");
        }
    }
}

/// Which mark the items of a list have.
#[derive(Clone, Copy, Default)]
struct Mark {
    ordered: bool,
    /// The other one of the two marks of its kind.
    second: bool,
}

impl Mark {
    fn of(block: &Block) -> Option<Self> {
        let ordered = match block {
            Block::List(list) => list.start.is_some(),
            Block::Tasks(_) => false,
            _ => return None,
        };
        Some(Self { ordered, second: false })
    }

    fn bullet(self) -> &'static str {
        if self.second { "* " } else { "- " }
    }
}
