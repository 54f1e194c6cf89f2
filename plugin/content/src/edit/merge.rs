//! Puts an edit into a page: what did not change keeps its bytes, what changed is edited in place, and what stands
//! between the blocks is never touched.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use super::super::document::{
    Aside, Block, Bytes, Cell as TableCell, Code, Inline, Item, List, Marker, MarkerKind, Panel, Placed, Row,
    Style, Table, Task, plain_text,
};
use super::super::storage::{self, Elements, Restore};
use super::super::xml::XmlWriter;
use super::align::{self, Alike, Step, align};
use super::{Loss, line, losses};

/// The page that is edited.
pub(super) struct Merge<'a> {
    base: &'a str,
    elements: &'a Elements,
    /// Where blocks are, by their content.
    known: HashMap<u64, Bytes>,
    /// Elements around blocks, by the ids of their markers.
    around: HashMap<&'a str, &'a Placed>,
    losses: RefCell<Vec<Loss>>,
}

impl<'a> Merge<'a> {
    pub(super) fn new(base: &'a str, blocks: &'a [Placed], elements: &'a Elements) -> Self {
        let mut merge = Self {
            base,
            elements,
            known: HashMap::new(),
            around: HashMap::new(),
            losses: RefCell::default(),
        };
        merge.collect(blocks);
        merge
    }

    fn collect(&mut self, blocks: &'a [Placed]) {
        for placed in blocks {
            if let Some(span) = placed.span.0
                && matches!(
                    placed.block,
                    Block::Code(_)
                        | Block::Table(_)
                        | Block::Panel(..)
                        | Block::Around(..)
                        | Block::Paragraph(_)
                )
                && self.bytes(span).starts_with('<')
                && (!matches!(placed.block, Block::Paragraph(_)) || self.bytes(span).starts_with("<p"))
            {
                self.known.entry(align::hash(&placed.block)).or_insert(span);
            }
            match &placed.block {
                Block::Quote(body) | Block::Panel(_, body) => self.collect(body),
                Block::Around(marker, body) => {
                    self.around.insert(&marker.id.0, placed);
                    self.collect(body);
                }
                Block::List(list) => list.items.iter().for_each(|item| self.collect(&item.body)),
                Block::Tasks(tasks) => tasks.iter().for_each(|task| self.collect(&task.body)),
                _ => {}
            }
        }
    }

    pub(super) fn into_losses(self) -> Vec<Loss> {
        self.losses.into_inner()
    }

    fn bytes(&self, span: Bytes) -> &'a str {
        self.base.get(span.range()).unwrap_or_default()
    }

    fn lose(&self, loss: Loss) {
        self.losses.borrow_mut().push(loss);
    }

    /// The blocks of a container, with everything between them. `first`: where a block is put if there is none yet.
    pub(super) fn blocks(
        &self,
        base: &[Placed],
        edited: &[Placed],
        container: Bytes,
        first: usize,
    ) -> String {
        let steps = align(base, edited);
        self.walk(
            &steps,
            container,
            first,
            &|at| base.get(at).and_then(|placed| placed.span.0),
            &|at, by| match (base.get(at), edited.get(by)) {
                (Some(old), Some(new)) => self.change(old, new),
                _ => String::new(),
            },
            &|by| storage::write_with(edited.get(by..=by).unwrap_or_default(), self),
        )
    }

    /// Goes over the parts of a container. Whatever is between them stays.
    fn walk(
        &self,
        steps: &[Step],
        container: Bytes,
        first: usize,
        place: &dyn Fn(usize) -> Option<Bytes>,
        change: &dyn Fn(usize, usize) -> String,
        insert: &dyn Fn(usize) -> String,
    ) -> String {
        let mut out = String::with_capacity(container.end - container.start);
        let mut at = container.start;
        // Where the first part begins, if there is one: what is new stands behind the tags before it.
        let begin = steps.iter().find_map(|step| match step {
            Step::Keep(i) | Step::Change(i, _) | Step::Delete(i) => place(*i),
            Step::Insert(_) => None,
        });
        let begin = begin.map_or(first, |span| span.start);
        for step in steps {
            match *step {
                Step::Insert(by) => {
                    if at < begin {
                        out.push_str(self.bytes(Bytes { start: at, end: begin }));
                        at = begin;
                    }
                    out.push_str(&insert(by));
                }
                Step::Keep(i) | Step::Change(i, _) | Step::Delete(i) => {
                    let Some(span) = place(i).filter(|span| span.start >= at) else { continue };
                    out.push_str(self.bytes(Bytes { start: at, end: span.start }));
                    match *step {
                        Step::Keep(_) => out.push_str(self.bytes(span)),
                        Step::Change(_, by) => out.push_str(&change(i, by)),
                        _ => {}
                    }
                    at = span.end;
                }
            }
        }
        out.push_str(self.bytes(Bytes { start: at, end: container.end }));
        out
    }

    /// A block in the place of another.
    fn change(&self, old: &Placed, new: &Placed) -> String {
        let Some(span) = old.span.0 else { return storage::write_with(std::slice::from_ref(new), self) };
        if old.block == new.block {
            return self.bytes(span).to_owned();
        }
        let changed = match (&old.block, &new.block) {
            (Block::Paragraph(_), Block::Paragraph(line)) => self.line(span, line, false),
            (Block::Heading(before, _), Block::Heading(after, line)) => {
                let changed = self.line(span, line, false);
                changed.and_then(|bytes| renamed(&bytes, &format!("h{before}"), &format!("h{after}")))
            }
            (Block::Quote(before), Block::Quote(after)) => Some(self.blocks(before, after, span, span.end)),
            (Block::Panel(was, before), Block::Panel(is, after)) => {
                let bytes = self.blocks(before, after, span, span.end);
                if was == is { Some(bytes) } else { panel_renamed(&bytes, *was, *is) }
            }
            (Block::Around(marker, before), Block::Around(_, after)) => {
                Some(self.blocks(before, after, span, self.content(marker).unwrap_or(span.end)))
            }
            (Block::List(before), Block::List(after)) => self.list(span, before, after),
            (Block::Tasks(before), Block::Tasks(after)) => Some(self.tasks(span, before, after)),
            (Block::Code(before), Block::Code(after)) => self.code(span, before, after),
            (Block::Table(before), Block::Table(after)) => self.table(span, before, after),
            _ => None,
        };
        changed.unwrap_or_else(|| {
            let bytes = storage::write_with(std::slice::from_ref(new), self);
            self.losses.borrow_mut().extend(losses::altered(self.bytes(span), &bytes));
            bytes
        })
    }

    /// Where the content of an element begins.
    fn content(&self, marker: &Marker) -> Option<usize> {
        let known = self.elements.get(&marker.id)?;
        known.close.map(|close| known.open.end.min(close.start))
    }

    fn line(&self, span: Bytes, line: &[Inline], strong: bool) -> Option<String> {
        let base = self.bytes(span);
        let edited = line::edit(base, strong, line, self)?;
        for name in edited.gone {
            self.lose(Loss::unseen(&name));
        }
        if !edited.in_place {
            self.losses.borrow_mut().extend(losses::altered(base, &edited.bytes));
        }
        Some(edited.bytes)
    }

    fn list(&self, span: Bytes, before: &List, after: &List) -> Option<String> {
        let bytes = self.bytes(span);
        let compact = after.is_compact() && !bytes.contains("<li><p") && !bytes.contains("\"><p");
        let items = self.parts(
            &before.items,
            &after.items,
            span,
            &|item| item.span.0,
            &|place, old, new| self.blocks(&old.body, &new.body, place, inside(self.bytes(place), place)),
            &|item| storage::write_item(item, compact, self),
        );
        if before.start == after.start {
            return Some(items);
        }
        let (was, is) = (before.start.map_or("ul", |_| "ol"), after.start.map_or("ul", |_| "ol"));
        let renamed = renamed(&items, was, is)?;
        let tag_end = renamed.find('>')?;
        let (tag, rest) = renamed.split_at(tag_end);
        let start = after.start.filter(|start| *start != 1).map(|start| format!(" start=\"{start}\""));
        Some(format!("{}{}{rest}", without_attribute(tag, "start"), start.unwrap_or_default()))
    }

    fn tasks(&self, span: Bytes, before: &[Task], after: &[Task]) -> String {
        self.parts(
            before,
            after,
            span,
            &|task| task.span.0,
            &|place, old, new| {
                let bytes = self.blocks(&old.body, &new.body, place, inside(self.bytes(place), place));
                if old.done == new.done { bytes } else { with_status(&bytes, new.done) }
            },
            &|task| storage::write_task(task, self),
        )
    }

    /// The parts of a list, of a table or of a row.
    fn parts<T: Alike>(
        &self,
        before: &[T],
        after: &[T],
        container: Bytes,
        place: &dyn Fn(&T) -> Option<Bytes>,
        change: &dyn Fn(Bytes, &T, &T) -> String,
        insert: &dyn Fn(&T) -> String,
    ) -> String {
        let steps = align(before, after);
        self.walk(
            &steps,
            container,
            container.end,
            &|at| before.get(at).and_then(place),
            &|at, by| match (before.get(at), after.get(by)) {
                (Some(old), Some(new)) => {
                    place(old).map_or_else(|| insert(new), |place| change(place, old, new))
                }
                _ => String::new(),
            },
            &|by| after.get(by).map(insert).unwrap_or_default(),
        )
    }

    fn code(&self, span: Bytes, before: &Code, after: &Code) -> Option<String> {
        if (&before.language, &before.title) != (&after.language, &after.title) {
            return self.code_with_parameters(span, before, after);
        }
        code_text(self.bytes(span), &after.text)
    }

    /// Code whose language or title is another: its parameters are written anew, and those it has besides stay.
    fn code_with_parameters(&self, span: Bytes, before: &Code, after: &Code) -> Option<String> {
        let mut bytes = code_text(self.bytes(span), &after.text)?;
        for (name, was, is) in
            [("language", &before.language, &after.language), ("title", &before.title, &after.title)]
        {
            if was != is {
                bytes = with_parameter(&bytes, name, is)?;
            }
        }
        Some(bytes)
    }

    fn table(&self, span: Bytes, before: &Table, after: &Table) -> Option<String> {
        let headed = |table: &Table| !table.header.cells.is_empty();
        let width = before.alignments.len().min(after.alignments.len());
        if before.alignments.get(..width) != after.alignments.get(..width) || headed(before) != headed(after)
        {
            return None;
        }
        let rows = |table: &Table| -> Vec<Line> {
            let header = headed(table).then(|| Line { header: true, row: table.header.clone() });
            let rows = table.rows.iter().map(|row| Line { header: false, row: row.clone() });
            header.into_iter().chain(rows).collect()
        };
        let same_width = before.alignments.len() == after.alignments.len();
        let failed = Cell::new(false);
        let bytes = self.parts(
            &rows(before),
            &rows(after),
            span,
            &|line| line.row.span.0,
            &|place, old, new| {
                let row = if same_width {
                    self.row(place, old, new)
                } else {
                    self.row_of_other_width(place, old, new)
                };
                row.unwrap_or_else(|| {
                    failed.set(true);
                    String::new()
                })
            },
            &|line| storage::write_row(&line.row, line.header, after, self),
        );
        // A cell that reaches into others may have moved them.
        let read = storage::read(&bytes).ok().map(|(blocks, _)| super::super::tidy::blocks(blocks));
        let says =
            matches!(read.as_deref(), Some([Placed { block: Block::Table(table), .. }]) if **table == *after);
        (says && !failed.get()).then_some(bytes)
    }

    /// A row of as many cells as before, with the empty ones at its end that Markdown does not tell.
    fn row(&self, place: Bytes, old: &Line, new: &Line) -> Option<String> {
        let mut out = String::new();
        let mut at = place.start;
        let empty = TableCell::default();
        let before = old.cells();
        if new.row.cells.len() > before.len() {
            return self.row_of_other_width(place, old, new);
        }
        for (index, old) in before.iter().enumerate() {
            let cell = new.row.cells.get(index).unwrap_or(&empty);
            let Some(span) = old.span.0 else {
                // Another cell reaches into this place.
                if old.body != cell.body {
                    return None;
                }
                continue;
            };
            out.push_str(self.bytes(Bytes { start: at, end: span.start }));
            if old.body == cell.body {
                out.push_str(self.bytes(span));
            } else {
                out.push_str(&self.cell(span, cell, new.header)?);
            }
            at = span.end;
        }
        out.push_str(self.bytes(Bytes { start: at, end: place.end }));
        Some(out)
    }

    /// A row that has lost cells, or has new ones.
    fn row_of_other_width(&self, place: Bytes, old: &Line, new: &Line) -> Option<String> {
        let failed = Cell::new(false);
        let row = self.parts(
            &old.cells(),
            &new.row.cells,
            place,
            &|cell| cell.span.0,
            &|place, _, cell| {
                self.cell(place, cell, new.header).unwrap_or_else(|| {
                    failed.set(true);
                    String::new()
                })
            },
            &|cell| {
                let name = if new.header { "th" } else { "td" };
                format!("<{name}>{}</{name}>", storage::write_inlines(&cell.body, self))
            },
        );
        (!failed.get()).then_some(row)
    }

    fn cell(&self, span: Bytes, cell: &TableCell, header: bool) -> Option<String> {
        let strong = !header && self.bytes(span).starts_with("<th");
        // What is not bold in a cell that is a heading cannot be said there.
        if strong && !matches!(cell.body.as_slice(), [] | [Inline::Styled(Style::Strong, _)]) {
            return None;
        }
        self.line(span, &cell.body, strong)
    }
}

impl Restore for Merge<'_> {
    fn block(&self, placed: &Placed) -> Option<String> {
        if let Block::Around(marker, body) = &placed.block
            && let Some(old) = self.around.get(marker.id.0.as_str())
            && let (Some(span), Block::Around(_, before)) = (old.span.0, &old.block)
        {
            return Some(self.blocks(before, body, span, self.content(marker).unwrap_or(span.end)));
        }
        let span = self.known.get(&align::hash(&placed.block))?;
        Some(self.bytes(*span).to_owned())
    }

    fn marker(&self, marker: &Marker) -> Option<(&str, &str)> {
        let known = self.elements.get(&marker.id)?;
        let open = self.bytes(known.open);
        let close = known.close.map(|close| self.bytes(close)).unwrap_or_default();
        Some(match marker.kind {
            MarkerKind::End => ("", close),
            MarkerKind::Mark => (open, close),
            MarkerKind::Macro | MarkerKind::Element => (open, ""),
        })
    }
}

/// A row, and whether it is the heading of its table.
#[derive(Hash)]
struct Line {
    header: bool,
    row: Row,
}

impl Line {
    /// All its cells, also the empty ones at its end.
    fn cells(&self) -> Vec<TableCell> {
        let empty = self
            .row
            .empty
            .0
            .iter()
            .map(|span| TableCell { span: Aside(Some(*span)), ..TableCell::default() });
        self.row.cells.iter().cloned().chain(empty).collect()
    }
}

impl Alike for Placed {
    fn fits(&self, other: &Self) -> bool {
        match (&self.block, &other.block) {
            (Block::Around(old, _), Block::Around(new, _)) => old.id.0 == new.id.0,
            (old, new) => std::mem::discriminant(old) == std::mem::discriminant(new),
        }
    }

    fn words(&self, each: &mut dyn FnMut(&str)) {
        match &self.block {
            Block::Paragraph(line) | Block::Heading(_, line) => each(&plain_text(line)),
            Block::Quote(body) | Block::Panel(_, body) | Block::Around(_, body) => {
                body.iter().for_each(|placed| placed.words(each));
            }
            Block::List(list) => list.items.iter().for_each(|item| item.words(each)),
            Block::Tasks(tasks) => tasks.iter().for_each(|task| task.words(each)),
            Block::Code(code) => each(&code.text),
            Block::Table(table) => {
                let rows = std::iter::once(&table.header).chain(&table.rows);
                rows.flat_map(|row| &row.cells).for_each(|cell| cell.words(each));
            }
            Block::Rule | Block::Contents => {}
        }
    }
}

impl Alike for Item {
    fn fits(&self, _: &Self) -> bool {
        true
    }

    fn words(&self, each: &mut dyn FnMut(&str)) {
        self.body.iter().for_each(|placed| placed.words(each));
    }
}

impl Alike for Task {
    fn fits(&self, _: &Self) -> bool {
        true
    }

    fn words(&self, each: &mut dyn FnMut(&str)) {
        self.body.iter().for_each(|placed| placed.words(each));
    }
}

impl Alike for Line {
    fn fits(&self, other: &Self) -> bool {
        self.header == other.header
    }

    fn words(&self, each: &mut dyn FnMut(&str)) {
        self.row.cells.iter().for_each(|cell| cell.words(each));
    }
}

impl Alike for TableCell {
    fn fits(&self, _: &Self) -> bool {
        true
    }

    fn words(&self, each: &mut dyn FnMut(&str)) {
        each(&plain_text(&self.body));
    }
}

/// Where the content of an element begins, whose first tag the bytes begin with.
fn inside(bytes: &str, span: Bytes) -> usize {
    bytes.find('>').map_or(span.end, |end| span.start + end + 1)
}

/// The element of another name.
fn renamed(bytes: &str, was: &str, is: &str) -> Option<String> {
    let rest = bytes.strip_prefix('<')?.strip_prefix(was)?;
    let body = rest.trim_end().strip_suffix('>')?.trim_end().strip_suffix(was)?.strip_suffix("</")?;
    Some(format!("<{is}{body}</{is}>"))
}

fn panel_name(panel: Panel) -> &'static str {
    match panel {
        Panel::Info => "info",
        Panel::Tip => "tip",
        Panel::Note => "note",
        Panel::Warning => "warning",
    }
}

fn panel_renamed(bytes: &str, was: Panel, is: Panel) -> Option<String> {
    let (tag, rest) = bytes.split_once('>')?;
    let name = format!("ac:name=\"{}\"", panel_name(was));
    tag.contains(&name)
        .then(|| format!("{}>{rest}", tag.replacen(&name, &format!("ac:name=\"{}\"", panel_name(is)), 1)))
}

fn with_status(bytes: &str, done: bool) -> String {
    let status = if done { "complete" } else { "incomplete" };
    let change = || {
        let (before, rest) = bytes.split_once("<ac:task-status>")?;
        let (_, after) = rest.split_once("</ac:task-status>")?;
        Some(format!("{before}<ac:task-status>{status}</ac:task-status>{after}"))
    };
    change().unwrap_or_else(|| {
        let (tag, rest) = bytes.split_once('>').unwrap_or(("", bytes));
        format!("{tag}><ac:task-status>{status}</ac:task-status>{rest}")
    })
}

fn without_attribute(tag: &str, name: &str) -> String {
    let find = || {
        let start = tag.find(&format!(" {name}="))?;
        let value = start + name.len() + 2;
        let quote = tag.get(value..)?.chars().next()?;
        let end = value + 1 + tag.get(value + 1..)?.find(quote)? + 1;
        Some(format!("{}{}", tag.get(..start)?, tag.get(end..)?))
    };
    find().unwrap_or_else(|| tag.to_owned())
}

/// The macro with another text.
fn code_text(bytes: &str, text: &str) -> Option<String> {
    let (start, end) = ["ac:plain-text-body", "ac:rich-text-body", "pre"].iter().find_map(|name| {
        let open = bytes.find(&format!("<{name}"))?;
        let start = open + bytes.get(open..)?.find('>')? + 1;
        let end = bytes.rfind(&format!("</{name}"))?;
        (start <= end).then_some((start, end))
    })?;
    let body = bytes.get(start..end)?;
    let plain = body.starts_with("<![CDATA[") || bytes.contains("<ac:plain-text-body");
    let mut xml = XmlWriter::default();
    if plain {
        xml.cdata(text);
    } else {
        xml.text(text);
    }
    let (before, after) = (bytes.get(..start)?, bytes.get(end..)?);
    Some(format!("{before}{}{after}", xml.finish()))
}

/// The macro with another value of a parameter.
fn with_parameter(bytes: &str, name: &str, value: &str) -> Option<String> {
    let mark = format!("<ac:parameter ac:name=\"{name}\">");
    let mut xml = XmlWriter::default();
    xml.text(value);
    let value = xml.finish();
    if let Some((before, rest)) = bytes.split_once(&mark) {
        let (_, after) = rest.split_once("</ac:parameter>")?;
        return Some(if value.is_empty() {
            format!("{before}{after}")
        } else {
            format!("{before}{mark}{value}</ac:parameter>{after}")
        });
    }
    let (tag, rest) = bytes.strip_prefix("<ac:structured-macro")?.split_once('>')?;
    Some(format!("<ac:structured-macro{tag}>{mark}{value}</ac:parameter>{rest}"))
}
