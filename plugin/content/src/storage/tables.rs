//! Reads tables. Markdown's have one heading row, no spans, and cells of one line.

use super::super::document::{Alignment, Aside, Cell, Inline, Row, Style, Table};
use super::inlines;
use super::reader::{Depth, Reader};
use super::tree::{Element, NodeId};

/// How many cells a span counts for. More is a mistake or an attack: a few bytes would make a large table.
const MAX_SPAN: usize = 64;

/// Spans over rows are kept up to this width of a table, since every row has to pass them.
const MAX_SPANNED_WIDTH: usize = 64;

pub(super) fn table(reader: Reader<'_>, id: NodeId, depth: Depth) -> Table {
    let mut builder = Builder { reader, depth, rows: Vec::new(), spans: Vec::new(), alignments: Vec::new() };
    for (child, part) in reader.tree.elements(id) {
        match part.name {
            "tr" => builder.row(child, false),
            "thead" | "tbody" | "tfoot" => {
                for (row, element) in reader.tree.elements(child) {
                    if element.name == "tr" {
                        builder.row(row, part.name == "thead");
                    }
                }
            }
            _ => {}
        }
    }
    builder.finish()
}

struct Builder<'a> {
    reader: Reader<'a>,
    depth: Depth,
    rows: Vec<Line>,
    /// For every column, how many further rows a cell above reaches into.
    spans: Vec<usize>,
    alignments: Vec<Alignment>,
}

struct Line {
    heading: bool,
    row: Row,
}

impl Builder<'_> {
    fn row(&mut self, id: NodeId, head: bool) {
        let first = self.rows.is_empty();
        let tree = self.reader.tree;
        let is_cell = |element: &Element<'_>| matches!(element.name, "td" | "th");
        let heading = first
            && tree.elements(id).any(|(_, cell)| is_cell(cell))
            && (head || tree.elements(id).all(|(_, cell)| cell.name == "th"));
        let mut cells: Vec<Cell> = Vec::new();
        for (cell, element) in tree.elements(id).filter(|(_, element)| is_cell(element)) {
            while let Some(rows) = self.spans.get_mut(cells.len()).filter(|rows| **rows > 0) {
                *rows -= 1;
                cells.push(Cell::default());
            }
            let body = inlines::of(self.reader, cell, self.depth.down().down());
            // Markdown has headings in the first row only.
            let body = if element.name == "th" && !heading {
                vec![Inline::Styled(Style::Strong, body)]
            } else {
                body
            };
            let column = cells.len();
            cells.push(Cell { body, span: Aside(Some(tree.span(cell))) });
            let across = span(element, "colspan");
            cells.extend(std::iter::repeat_n(Cell::default(), across - 1));
            let down = span(element, "rowspan");
            if cells.len() <= MAX_SPANNED_WIDTH && (down > 1 || self.spans.len() > column) {
                self.spans.resize(self.spans.len().max(cells.len()), 0);
                for rows in self.spans.iter_mut().skip(column).take(across) {
                    *rows = (*rows).max(down - 1);
                }
            }
            if first {
                self.alignments.push(self.alignment(cell, element));
                self.alignments.resize(cells.len(), Alignment::None);
            }
        }
        let span = Aside(Some(tree.span(id)));
        self.rows.push(Line { heading, row: Row { cells, span, ..Row::default() } });
    }

    /// The alignment of a cell, which Confluence keeps on the paragraph in it.
    fn alignment(&self, id: NodeId, element: &Element<'_>) -> Alignment {
        let paragraph = self.reader.tree.child(id, "p").map(|(_, paragraph)| paragraph);
        [Some(element), paragraph]
            .into_iter()
            .flatten()
            .map(text_align)
            .find(|each| *each != Alignment::None)
            .unwrap_or_default()
    }

    fn finish(self) -> Table {
        let width = self.rows.iter().map(|line| line.row.cells.len()).max().unwrap_or(0);
        let mut alignments = self.alignments;
        alignments.resize(width, Alignment::None);
        let mut rows = self.rows.into_iter().peekable();
        let header = rows.next_if(|line| line.heading).map(|line| line.row).unwrap_or_default();
        Table { alignments, header, rows: rows.map(|line| line.row).collect() }
    }
}

fn span(element: &Element<'_>, name: &str) -> usize {
    let span = element.attribute(name).and_then(|span| span.trim().parse().ok());
    span.unwrap_or(1).clamp(1, MAX_SPAN)
}

fn text_align(element: &Element<'_>) -> Alignment {
    let style = element.attribute("style").unwrap_or_default();
    let mut declarations = style.rsplit(';').filter_map(|declaration| declaration.split_once(':'));
    let align = declarations.find(|(property, _)| property.trim() == "text-align");
    match align.map(|(_, value)| value.trim()) {
        Some("left" | "start") => Alignment::Left,
        Some("center") => Alignment::Center,
        Some("right" | "end") => Alignment::Right,
        _ => Alignment::None,
    }
}
