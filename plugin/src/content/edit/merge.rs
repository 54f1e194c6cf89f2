//! Puts an edit into a page: what did not change keeps its bytes, what changed is edited in place, and what stands
//! between the blocks is never touched.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;

use super::super::document::{
    Aside, Block, Bytes, Cell, Code, Inline, Item, List, Marker, MarkerKind, Panel, Placed, Row, Style,
    Table, Task, plain_text,
};
use super::super::storage::{self, Elements, Restore};
use super::super::xml::XmlWriter;
use super::align::{self, Step, align};
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
        let steps = align(base, edited, &|old, new| alike(&old.block, &new.block));
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
            &|old: &Item, new: &Item| Some(shared(&words_of(&old.body), &words_of(&new.body))),
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
            &|old: &Task, new: &Task| Some(shared(&words_of(&old.body), &words_of(&new.body))),
            &|place, old, new| {
                let bytes = self.blocks(&old.body, &new.body, place, inside(self.bytes(place), place));
                if old.done == new.done { bytes } else { with_status(&bytes, new.done) }
            },
            &|task| storage::write_task(task, self),
        )
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one place for what lists, tasks and tables have in common"
    )]
    fn parts<T: Hash>(
        &self,
        before: &[T],
        after: &[T],
        container: Bytes,
        place: &dyn Fn(&T) -> Option<Bytes>,
        alike: &dyn Fn(&T, &T) -> Option<u32>,
        change: &dyn Fn(Bytes, &T, &T) -> String,
        insert: &dyn Fn(&T) -> String,
    ) -> String {
        let steps = align(before, after, alike);
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
        if before.alignments.get(..after.alignments.len().min(before.alignments.len()))
            != after.alignments.get(..after.alignments.len().min(before.alignments.len()))
            || headed(before) != headed(after)
        {
            return None;
        }
        let rows = |table: &Table| -> Vec<(bool, Row)> {
            let header = headed(table).then(|| (true, table.header.clone()));
            header.into_iter().chain(table.rows.iter().map(|row| (false, row.clone()))).collect()
        };
        let failed = RefCell::new(false);
        let bytes = self.parts(
            &rows(before),
            &rows(after),
            span,
            &|(_, row)| row.span.0,
            &|old: &(bool, Row), new: &(bool, Row)| {
                (old.0 == new.0).then(|| shared(&row_words(&old.1), &row_words(&new.1)))
            },
            &|place, old, new| {
                self.row(place, old, new, after).unwrap_or_else(|| {
                    *failed.borrow_mut() = true;
                    String::new()
                })
            },
            &|(header, row)| storage::write_row(row, *header, after, self),
        );
        // A cell that reaches into others may have moved them.
        let read = storage::read(&bytes).ok().map(|(blocks, _)| super::super::tidy::blocks(blocks));
        let says =
            matches!(read.as_deref(), Some([Placed { block: Block::Table(table), .. }]) if table == after);
        (says && !failed.into_inner()).then_some(bytes)
    }

    fn row(&self, place: Bytes, old: &(bool, Row), new: &(bool, Row), table: &Table) -> Option<String> {
        let cells = |row: &Row| -> Vec<Cell> {
            let empty = row.empty.0.iter().map(|span| Cell { span: Aside(Some(*span)), ..Cell::default() });
            row.cells.iter().cloned().chain(empty).collect()
        };
        let before = cells(&old.1);
        let mut after = new.1.cells.clone();
        // Empty cells at the end are not in the text.
        let before_wide = old.1.cells.len();
        after.resize_with(after.len().max(before.len().min(table.alignments.len())), Cell::default);
        if before.len() == after.len()
            || before_wide == after.len()
            || before.len() < after.len() && before.len() == table.alignments.len()
        {
            after.truncate(before.len().max(new.1.cells.len()));
        }
        if before.len() != after.len() {
            return Some(self.parts(
                &before,
                &after,
                place,
                &|cell| cell.span.0,
                &|old: &Cell, new: &Cell| {
                    Some(shared(&split(&plain_text(&old.body)), &split(&plain_text(&new.body))))
                },
                &|place, _, cell| self.cell(place, cell, new.0).unwrap_or_default(),
                &|cell| {
                    let row = Row { cells: vec![cell.clone()], ..Row::default() };
                    let narrow = Table { alignments: vec![Default::default()], ..table.clone() };
                    let row = storage::write_row(&row, new.0, &narrow, self);
                    row.replace("<tr>", "").replace("</tr>", "")
                },
            ));
        }
        let mut out = String::new();
        let mut at = place.start;
        for (old, cell) in before.iter().zip(&after) {
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
                out.push_str(&self.cell(span, cell, new.0)?);
            }
            at = span.end;
        }
        out.push_str(self.bytes(Bytes { start: at, end: place.end }));
        Some(out)
    }

    fn cell(&self, span: Bytes, cell: &Cell, header: bool) -> Option<String> {
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

/// How well a block may take the place of another.
fn alike(old: &Block, new: &Block) -> Option<u32> {
    if std::mem::discriminant(old) != std::mem::discriminant(new) {
        return None;
    }
    if let (Block::Around(old, _), Block::Around(new, _)) = (old, new) {
        return (old.id.0 == new.id.0).then_some(1_000);
    }
    Some(shared(&words_of_block(old), &words_of_block(new)))
}

/// How many of a hundred words two texts have in common.
fn shared(a: &[String], b: &[String]) -> u32 {
    let mut count: HashMap<&str, usize> = HashMap::new();
    for word in a {
        *count.entry(word).or_default() += 1;
    }
    let mut common = 0;
    for word in b {
        if let Some(left) = count.get_mut(word.as_str()).filter(|left| **left > 0) {
            *left -= 1;
            common += 1;
        }
    }
    let all = a.len().max(b.len()).max(1);
    u32::try_from(common * 100 / all).unwrap_or(100)
}

fn split(text: &str) -> Vec<String> {
    text.split_whitespace().map(ToOwned::to_owned).collect()
}

fn words_of(blocks: &[Placed]) -> Vec<String> {
    blocks.iter().flat_map(|placed| words_of_block(&placed.block)).collect()
}

fn row_words(row: &Row) -> Vec<String> {
    row.cells.iter().flat_map(|cell| split(&plain_text(&cell.body))).collect()
}

fn words_of_block(block: &Block) -> Vec<String> {
    match block {
        Block::Paragraph(line) | Block::Heading(_, line) => split(&plain_text(line)),
        Block::Quote(body) | Block::Panel(_, body) | Block::Around(_, body) => words_of(body),
        Block::List(list) => list.items.iter().flat_map(|item| words_of(&item.body)).collect(),
        Block::Tasks(tasks) => tasks.iter().flat_map(|task| words_of(&task.body)).collect(),
        Block::Code(code) => split(&code.text),
        Block::Table(table) => {
            row_words(&table.header).into_iter().chain(table.rows.iter().flat_map(row_words)).collect()
        }
        Block::Rule | Block::Contents => Vec::new(),
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
