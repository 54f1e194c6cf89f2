//! Edits a page by its Markdown, without losing what Markdown cannot say.
//!
//! ```text
//! storage ── read ──▶ blocks with their bytes ─┐
//!                                              ├─ align ──▶ merge ──▶ storage
//! edited Markdown ── read ──▶ blocks ──────────┘
//! ```
//!
//! - Blocks that the edit did not change keep their bytes, and so does whatever stands between blocks: `align`, `merge`.
//! - In a line that changed, words that did not change keep their bytes, and so do the tags around them: `line`.
//! - A marker brings the bytes of its element to where it stands now.
//! - What would be lost all the same is listed, and the edit refused, unless it is allowed: `losses`.

mod align;
mod line;
mod losses;
mod merge;
mod source;
mod tokens;

use std::collections::HashMap;
use std::error::Error;
use std::fmt;

use super::document::{Block, Blocks, Bytes, Inline, Label, Marker, MarkerKind, Placed, plain_text};
use super::error::StorageError;
use super::storage::Elements;
use super::{markdown, storage, tidy};
pub use losses::Loss;

/// What an edit does to a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change<'a> {
    /// The whole page says this.
    Replace(&'a str),
    /// This stands below what is there.
    Append(&'a str),
    /// This stands above what is there.
    Prepend(&'a str),
    /// What stands under a heading, up to the next one of its level or above, says this.
    Section {
        /// The words of the heading.
        heading: &'a str,
        /// What stands under it now.
        markdown: &'a str,
    },
}

/// How an edit is taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// Whether elements may go or change that Markdown has no construct for.
    pub allow_loss: bool,
}

/// An edited page.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Edited {
    /// The page in storage format.
    pub storage: String,
    /// How many elements with markers are in it as they were.
    pub restored: usize,
    /// What is not in it any more; empty unless loss was allowed.
    pub lost: Vec<Loss>,
}

/// Why a page was not edited.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// The page itself cannot be read.
    Unreadable(StorageError),
    /// Elements would be lost.
    Loss(Vec<Loss>),
    /// Markers have ids that the page does not have: they come from another version or another page.
    UnknownMarkers(Vec<String>),
    /// Markers of a begin stand without their end, or the other way round.
    UnpairedMarkers(Vec<String>),
    /// No heading, or more than one, has these words. The headings there are, in order.
    Heading(Vec<String>),
    /// The edit cannot be put into the page without breaking it.
    Impossible,
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => write!(formatter, "the page is {error}"),
            Self::Loss(losses) => {
                let losses: Vec<_> = losses.iter().map(|loss| loss.what.as_str()).collect();
                write!(formatter, "the edit would lose: {}", losses.join("; "))
            }
            Self::UnknownMarkers(ids) => write!(formatter, "the page has no element {}", ids.join(", ")),
            Self::UnpairedMarkers(ids) => write!(formatter, "begin or end is missing of {}", ids.join(", ")),
            Self::Heading(headings) => {
                write!(formatter, "the section must name one heading of: {}", headings.join("; "))
            }
            Self::Impossible => formatter.write_str("the edit cannot be put into the page"),
        }
    }
}

impl Error for Refused {}

/// Puts an edit into a page.
///
/// ```
/// use actionbay_confluence_content::{Change, EditOptions, edit, view};
///
/// let page = "<p local-id=\"7\">See <ac:emoticon ac:name=\"star\"/>&nbsp;here</p>";
/// let markdown = view(page)?.markdown.replace("here", "there");
/// let edited = edit(page, Change::Replace(&markdown), EditOptions::default())?;
/// assert_eq!(edited.storage, page.replace("here", "there"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// If something would be lost and that is not allowed, or if the edit does not fit the page.
pub fn edit(base: &str, change: Change<'_>, options: Options) -> Result<Edited, Refused> {
    let (blocks, elements) = storage::read(base).map_err(Refused::Unreadable)?;
    let blocks = tidy::blocks(blocks);
    let read = |text: &str| tidy::blocks(markdown::read(text));
    let edited = match change {
        Change::Replace(text) => read(text),
        Change::Append(text) => blocks.iter().cloned().chain(read(text)).collect(),
        Change::Prepend(text) => read(text).into_iter().chain(blocks.iter().cloned()).collect(),
        Change::Section { heading, markdown } => section(&blocks, heading, read(markdown))?,
    };
    let lost = check(&blocks, &edited, &elements)?;
    let merge = merge::Merge::new(base, &blocks, &elements);
    let all = Bytes { start: 0, end: base.len() };
    let storage = merge.blocks(&blocks, &edited, all, base.len());
    let restored = elements.iter().count() - lost.len();
    let mut lost = lost;
    lost.extend(merge.into_losses());
    if !lost.is_empty() && !options.allow_loss {
        return Err(Refused::Loss(lost));
    }
    if storage != base && storage::read(&storage).is_err() {
        return Err(Refused::Impossible);
    }
    Ok(Edited { storage, restored, lost })
}

/// The markers of an edit against those of the page: what is gone.
fn check(base: &[Placed], edited: &[Placed], elements: &Elements) -> Result<Vec<Loss>, Refused> {
    let mut before = Markers::default();
    before.blocks(base);
    let mut after = Markers::default();
    after.blocks(edited);
    let mut unknown: Vec<String> =
        after.ids.iter().filter(|(id, _)| !known(elements, id)).map(|(_, name)| name.clone()).collect();
    unknown.sort_unstable();
    if !unknown.is_empty() {
        return Err(Refused::UnknownMarkers(unknown));
    }
    let mut unpaired: Vec<String> = Vec::new();
    for (id, known) in elements.iter() {
        let (begins, ends) = after.lines.get(id).copied().unwrap_or_default();
        if known.close.is_some() && begins != ends {
            unpaired.push(format!("{} ({id})", known.label));
        }
    }
    if !unpaired.is_empty() {
        return Err(Refused::UnpairedMarkers(unpaired));
    }
    let gone = elements.iter().filter(|(id, _)| before.ids.contains_key(*id) && !after.ids.contains_key(*id));
    Ok(gone.map(|(id, known)| Loss::marker(id, &known.label)).collect())
}

fn known(elements: &Elements, id: &str) -> bool {
    elements.get(&super::document::MarkerId(id.to_owned())).is_some()
}

/// The markers of a page.
#[derive(Default)]
struct Markers {
    /// Ids, with what to call them.
    ids: HashMap<String, String>,
    /// How often a begin and an end stand in lines.
    lines: HashMap<String, (usize, usize)>,
}

impl Markers {
    fn add(&mut self, marker: &Marker) {
        let name = || format!("{}/{}?{}", marker.kind.name(), marker.name, marker.id.0);
        self.ids.entry(marker.id.0.clone()).or_insert_with(name);
    }

    fn blocks(&mut self, blocks: &[Placed]) {
        for placed in blocks {
            match &placed.block {
                Block::Paragraph(line) | Block::Heading(_, line) => self.line(line),
                Block::Quote(body) | Block::Panel(_, body) => self.blocks(body),
                Block::Around(marker, body) => {
                    self.add(marker);
                    self.blocks(body);
                }
                Block::List(list) => list.items.iter().for_each(|item| self.blocks(&item.body)),
                Block::Tasks(tasks) => tasks.iter().for_each(|task| self.blocks(&task.body)),
                Block::Table(table) => {
                    let rows = std::iter::once(&table.header).chain(&table.rows);
                    rows.flat_map(|row| &row.cells).for_each(|cell| self.line(&cell.body));
                }
                Block::Code(_) | Block::Rule | Block::Contents => {}
            }
        }
    }

    fn line(&mut self, line: &[Inline]) {
        for inline in line {
            match inline {
                Inline::Styled(_, body) => self.line(body),
                Inline::Link(link) => self.line(&link.body),
                Inline::Marker(marker) => {
                    self.add(marker);
                    let count = self.lines.entry(marker.id.0.clone()).or_default();
                    match (&marker.label, marker.kind) {
                        (Label::Words(words), _) => self.line(words),
                        (Label::Note(_), MarkerKind::End) => count.1 += 1,
                        (Label::Note(_), _) => count.0 += 1,
                    }
                }
                _ => {}
            }
        }
    }
}

/// The page with other blocks under one heading.
fn section(blocks: &[Placed], heading: &str, under: Blocks) -> Result<Blocks, Refused> {
    let mut headings = Vec::new();
    all_headings(blocks, &mut headings);
    let wanted = heading.trim().trim_start_matches('#').trim();
    let mut same = headings.iter().enumerate().filter(|(_, text)| text.trim() == wanted).map(|(at, _)| at);
    match (same.next(), same.next()) {
        (Some(mut left), None) => Ok(replaced(blocks, &mut left, &mut Some(under))),
        _ => Err(Refused::Heading(headings)),
    }
}

fn all_headings(blocks: &[Placed], headings: &mut Vec<String>) {
    for placed in blocks {
        match &placed.block {
            Block::Heading(_, line) => headings.push(plain_text(line)),
            Block::Around(_, body) | Block::Panel(_, body) | Block::Quote(body) => {
                all_headings(body, headings)
            }
            _ => {}
        }
    }
}

/// The blocks, with those under the heading that `left` headings stand before replaced.
fn replaced(blocks: &[Placed], left: &mut usize, under: &mut Option<Blocks>) -> Blocks {
    let mut out = Blocks::with_capacity(blocks.len());
    let mut replacing: Option<u8> = None;
    for placed in blocks {
        if let (Some(level), Block::Heading(next, _)) = (replacing, &placed.block)
            && *next <= level
        {
            replacing = None;
        }
        if replacing.is_some() {
            continue;
        }
        let mut placed = placed.clone();
        match &mut placed.block {
            Block::Heading(level, _) if under.is_some() => {
                if *left == 0 {
                    replacing = Some(*level);
                } else {
                    *left -= 1;
                }
            }
            Block::Around(_, body) | Block::Panel(_, body) | Block::Quote(body) if under.is_some() => {
                *body = replaced(body, left, under);
            }
            _ => {}
        }
        out.push(placed);
        if replacing.is_some() {
            out.extend(under.take().unwrap_or_default());
        }
    }
    out
}
