//! Edits one line (a paragraph, a heading, a cell) in place: only the words that changed are written anew, and every
//! tag, entity and attribute around the others stays as it is.
//!
//! Whatever is done here is read again afterwards: where it does not say what the edit says, the whole line is written
//! anew between the tags it had.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::super::diff;
use super::super::document::{Inline, Label, Style};
use super::super::storage::{self, Restore};
use super::super::xml::XmlWriter;
use super::source::{Part, PartKind, Source};
use super::tokens::{self, Context, Key, Token};

/// The most work that goes into putting new words between old ones. Beyond it the line is written anew.
const MAX_INSERTED: usize = 10_000_000;

/// An edited line.
pub(super) struct Edited {
    pub(super) bytes: String,
    /// Elements that are not shown and went with their words.
    pub(super) gone: Vec<String>,
    /// Whether the line could be edited in place.
    pub(super) in_place: bool,
}

/// Makes a line say what it should. `strong`: it is a cell that is shown as a heading.
pub(super) fn edit(base: &str, strong: bool, line: &[Inline], restore: &dyn Restore) -> Option<Edited> {
    let before = storage::line(base, strong)?;
    if let Some(pieces) = before.pieces {
        let source = Source::of(pieces);
        let same = tokens::of(&before.inlines);
        if same == source.tokens
            && let Some((bytes, gone)) = splice(base, &source, line, restore)
            && says(&bytes, strong, line)
        {
            return Some(Edited { bytes, gone, in_place: true });
        }
    }
    // Between the tags it had.
    let words = match line {
        [Inline::Styled(Style::Strong, body)] if strong => body.as_slice(),
        _ => line,
    };
    let (open, close) = (base.get(..before.inner.start)?, base.get(before.inner.end..)?);
    let bytes = format!("{open}{}{close}", storage::write_inlines(words, restore));
    says(&bytes, strong, line).then_some(Edited { bytes, gone: Vec::new(), in_place: false })
}

fn says(bytes: &str, strong: bool, line: &[Inline]) -> bool {
    storage::line(bytes, strong).is_some_and(|read| read.inlines == line)
}

/// What becomes of the parts of a line.
enum Out {
    /// As it was.
    Part(Part),
    /// The word of a token that stays.
    Kept(usize, Part),
    /// A word of the edit.
    New(usize, String),
    /// Where the last of several new words is.
    Last(usize),
    /// Where a word was that is not in the edit.
    Gone,
}

fn hash(token: &Token) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&token.key, &token.context).hash(&mut hasher);
    hasher.finish()
}

fn splice(
    base: &str,
    source: &Source,
    line: &[Inline],
    restore: &dyn Restore,
) -> Option<(String, Vec<String>)> {
    let wanted = tokens::of(line);
    let old: Vec<u64> = source.tokens.iter().map(hash).collect();
    let new: Vec<u64> = wanted.iter().map(hash).collect();
    let mut kept: HashMap<usize, usize> = HashMap::new();
    let mut replaced: HashMap<usize, usize> = HashMap::new();
    let mut added: Vec<usize> = Vec::new();
    let (mut i, mut k) = (0, 0);
    let pairs = diff::matches(&old, &new);
    for (to_i, to_k) in pairs.into_iter().chain([(old.len(), new.len())]) {
        while k < to_k {
            let context = wanted.get(k).map(|token| &token.context);
            if i < to_i && source.tokens.get(i).map(|token| &token.context) == context {
                replaced.insert(i, k);
                i += 1;
            } else if i < to_i && to_k - k <= to_i - i {
                // There are enough old words for all new ones: this one goes.
                i += 1;
                continue;
            } else {
                added.push(k);
            }
            k += 1;
        }
        kept.insert(to_i, to_k);
        (i, k) = (to_i + 1, to_k + 1);
    }
    let mut words = Words { base, source, wanted: &wanted, restore, line };
    let mut out = words.in_place(&kept, &replaced);
    let groups = groups(&added, &wanted);
    if groups.len().saturating_mul(out.len()) > MAX_INSERTED {
        return None;
    }
    for group in groups {
        words.insert(&mut out, group)?;
    }
    let gone = drop_empty(&mut out);
    space(&mut out, &wanted);
    let mut bytes = String::with_capacity(base.len() + 64);
    for part in &out {
        match part {
            Out::Part(part) | Out::Kept(_, part) => bytes.push_str(base.get(part.bytes.range())?),
            Out::New(_, text) => bytes.push_str(text),
            Out::Last(_) | Out::Gone => {}
        }
    }
    Some((bytes, gone))
}

/// Neighbours with the same formatting.
fn groups<'a>(added: &'a [usize], wanted: &[Token]) -> Vec<&'a [usize]> {
    let context = |token: &usize| wanted.get(*token).map(|token| &token.context);
    added.chunk_by(|a, b| a + 1 == *b && context(a) == context(b)).collect()
}

struct Words<'a> {
    base: &'a str,
    source: &'a Source,
    wanted: &'a [Token],
    restore: &'a dyn Restore,
    line: &'a [Inline],
}

impl Words<'_> {
    fn in_place(&self, kept: &HashMap<usize, usize>, replaced: &HashMap<usize, usize>) -> Vec<Out> {
        let mut out = Vec::with_capacity(self.source.parts.len());
        let mut last = None;
        for part in &self.source.parts {
            let PartKind::Token(token, cdata) = part.kind else {
                out.push(Out::Part(part.clone()));
                continue;
            };
            let first = last.replace(token) != Some(token);
            if let Some(&new) = kept.get(&token) {
                out.push(Out::Kept(new, part.clone()));
            } else if let Some(&new) = replaced.get(&token).filter(|_| first) {
                out.push(Out::New(new, self.written(new, cdata)));
            } else {
                out.push(Out::Gone);
            }
        }
        out
    }

    /// What a token is written as.
    fn written(&self, token: usize, cdata: bool) -> String {
        let Some(Token { key, .. }) = self.wanted.get(token) else { return String::new() };
        if let Key::Text(word) = key {
            if cdata && !word.contains(['>', ']']) {
                return word.clone();
            }
            let mut xml = XmlWriter::default();
            xml.text(word);
            return xml.finish();
        }
        // What stood elsewhere in the line brings its bytes.
        let moved = self.source.tokens.iter().position(|token| token.key == *key);
        let moved = moved.and_then(|moved| {
            self.source
                .parts
                .iter()
                .find(|part| matches!(part.kind, PartKind::Token(token, _) if token == moved))
        });
        if let Some(bytes) = moved.and_then(|part| self.base.get(part.bytes.range()))
            && !bytes.is_empty()
            && (bytes.starts_with("<ac:") || bytes.starts_with("<time") || bytes.starts_with("<br"))
        {
            return bytes.to_owned();
        }
        let mut found = None;
        find(self.line, key, &mut found);
        match (found, key) {
            (Some(inline), _) => storage::write_inlines(&[inline], self.restore),
            (None, Key::Break) => "<br/>".to_owned(),
            (None, _) => String::new(),
        }
    }

    /// Puts new words behind the word before them, where the formatting is theirs or less.
    fn insert(&mut self, out: &mut Vec<Out>, group: &[usize]) -> Option<()> {
        let first = *group.first()?;
        let context = &self.wanted.get(first)?.context;
        let is = |part: &Out, token: usize| matches!(part, Out::Kept(at, _) | Out::New(at, _) | Out::Last(at) if *at == token);
        let start = match first.checked_sub(1) {
            Some(before) => out.iter().rposition(|part| is(part, before))? + 1,
            None => 0,
        };
        let mut around = self.context_at(out, start);
        // At the begin of the line, inside of the tags it begins with.
        let mut depth = 0_usize;
        let mut best: Option<(usize, (usize, usize), Context)> = None;
        for at in start..=out.len() {
            let rank = (around.size(), if start == 0 { depth } else { 0 });
            if around.is_within(context) && best.as_ref().is_none_or(|(_, best, _)| rank > *best) {
                best = Some((at, rank, around.clone()));
            }
            match out.get(at) {
                Some(Out::Part(Part { kind, .. })) => match kind {
                    PartKind::Open { context, unseen, .. } => {
                        around = context.clone();
                        depth += usize::from(unseen.is_none());
                    }
                    PartKind::Close { context, .. } => {
                        around = context.clone();
                        depth = depth.saturating_sub(1);
                    }
                    _ => {}
                },
                Some(Out::Gone) => {}
                _ => break,
            }
        }
        let (at, _, around) = best?;
        let cdata = self.is_cdata(out, at);
        let mut text = String::new();
        for token in group {
            if *token != first && self.wanted.get(*token).is_some_and(|token| token.spaced) {
                text.push(' ');
            }
            text.push_str(&self.written(*token, cdata));
        }
        let text = self.wrapped(text, context, &around)?;
        // The words of a group are one part: what follows looks for the last of them.
        out.insert(at, Out::Last(*group.last()?));
        out.insert(at, Out::New(first, text));
        Some(())
    }

    /// Whether a place is in CDATA.
    fn is_cdata(&self, out: &[Out], end: usize) -> bool {
        let before = out.get(..end).unwrap_or_default().iter().rev();
        let mut marks = before.filter_map(|part| match part {
            Out::Part(part) => self.base.get(part.bytes.range()).filter(|bytes| !bytes.trim().is_empty()),
            _ => None,
        });
        marks.next() == Some("<![CDATA[")
    }

    fn context_at(&self, out: &[Out], end: usize) -> Context {
        out.get(..end)
            .unwrap_or_default()
            .iter()
            .rev()
            .find_map(|part| match part {
                Out::Part(Part {
                    kind: PartKind::Open { context, .. } | PartKind::Close { context, .. },
                    ..
                }) => Some(context.clone()),
                _ => None,
            })
            .unwrap_or_default()
    }

    /// The formatting that is lacking, around words.
    fn wrapped(&self, mut text: String, context: &Context, around: &Context) -> Option<String> {
        if context.code && !around.code {
            text = format!("<code>{text}</code>");
        }
        for style in context.styles.iter().filter(|style| !around.styles.contains(style)) {
            text = format!("<{0}>{text}</{0}>", style.tag());
        }
        if context.link != around.link || context.mark != around.mark {
            let marked = |inline: &Inline| match inline {
                Inline::Marker(marker) => context.mark == Some(tokens::stem(marker)),
                Inline::Link(link) => context.link == Some((link.target.to_url(), link.title.clone())),
                _ => false,
            };
            let mut found = None;
            find_by(self.line, &marked, &mut found);
            let (before, after) = match found? {
                Inline::Marker(marker) => {
                    let (before, after) = self.restore.marker(&marker)?;
                    (before.to_owned(), after.to_owned())
                }
                Inline::Link(mut link) => {
                    link.body = vec![Inline::Text("\u{E000}".to_owned())];
                    let written = storage::write_inlines(&[Inline::Link(link)], self.restore);
                    let (before, after) = written.split_once('\u{E000}')?;
                    (before.to_owned(), after.to_owned())
                }
                _ => return None,
            };
            text = format!("{before}{text}{after}");
        }
        Some(text)
    }
}

/// The inline that a token is made of.
fn find(line: &[Inline], key: &Key, found: &mut Option<Inline>) {
    let is = |inline: &Inline| match inline {
        Inline::Image(image) => tokens::image(image) == *key,
        Inline::Link(link) => tokens::resource(&link.target, &link.body).as_ref() == Some(key),
        Inline::Marker(marker) => *key == Key::Marker(marker.kind, tokens::stem(marker)),
        _ => false,
    };
    find_by(line, &is, found);
}

fn find_by(line: &[Inline], is: &dyn Fn(&Inline) -> bool, found: &mut Option<Inline>) {
    for inline in line {
        if found.is_some() {
            return;
        }
        if is(inline) {
            *found = Some(inline.clone());
            return;
        }
        match inline {
            Inline::Styled(_, body) => find_by(body, is, found),
            Inline::Link(link) => find_by(&link.body, is, found),
            Inline::Marker(marker) => {
                if let Label::Words(words) = &marker.label {
                    find_by(words, is, found);
                }
            }
            _ => {}
        }
    }
}

/// Takes out elements that have lost all their words, and names those that are not shown.
fn drop_empty(out: &mut Vec<Out>) -> Vec<String> {
    let mut gone = Vec::new();
    // Where it begins, whether it has words, whether it had others, and what it is.
    let mut open: Vec<(usize, bool, bool, Option<String>)> = Vec::new();
    let mut remove = vec![false; out.len()];
    let count = |part: &Part| part.bytes.start < part.bytes.end;
    for (index, part) in out.iter().enumerate() {
        match part {
            Out::Kept(..) | Out::New(..) | Out::Last(_) => {
                open.iter_mut().for_each(|(_, filled, ..)| *filled = true)
            }
            Out::Gone => open.iter_mut().for_each(|(_, _, emptied, _)| *emptied = true),
            Out::Part(part) => match &part.kind {
                PartKind::Open { unseen, .. } if count(part) => {
                    open.push((index, false, false, unseen.clone()));
                }
                PartKind::Close { .. } if count(part) => {
                    let Some((start, false, true, unseen)) = open.pop() else { continue };
                    if open.is_empty() {
                        continue;
                    }
                    for (at, flag) in remove.iter_mut().enumerate().take(index + 1).skip(start) {
                        let space =
                            matches!(out.get(at), Some(Out::Part(Part { kind: PartKind::Space, .. })));
                        *flag |= !space;
                    }
                    gone.extend(unseen);
                }
                _ => {}
            },
        }
    }
    let mut removed = remove.into_iter();
    out.retain(|_| !removed.next().unwrap_or_default());
    gone
}

/// Puts white space between words where the edit has it, and takes it away where it has none.
fn space(out: &mut Vec<Out>, wanted: &[Token]) {
    let mut spaced = Vec::with_capacity(out.len());
    // White space since the last word, and how much of it stood before a word that is gone.
    let mut spaces: Vec<usize> = Vec::new();
    let mut first_run: Option<usize> = None;
    // The last word, and whether it is shown without having bytes.
    let mut last: Option<(usize, bool)> = None;
    for part in out.drain(..) {
        let token = match &part {
            Out::Part(Part { kind: PartKind::Space, .. }) => {
                spaces.push(spaced.len());
                None
            }
            Out::Gone => {
                if !spaces.is_empty() {
                    first_run.get_or_insert(spaces.len());
                }
                None
            }
            Out::Kept(token, part) => Some((*token, part.bytes.start == part.bytes.end)),
            Out::New(token, _) => Some((*token, false)),
            Out::Last(token) => {
                last = Some((*token, false));
                None
            }
            Out::Part(_) => None,
        };
        if let Some((token, empty)) = token {
            let is_break = |at: usize| wanted.get(at).is_none_or(|token| token.key == Key::Break);
            let inner = last.is_some_and(|(last, _)| last != token && !is_break(last)) && !is_break(token);
            let wants = wanted.get(token).is_some_and(|token| token.spaced);
            let unneeded = match (inner, wants) {
                (false, _) => Vec::new(),
                (true, true) => spaces.split_off(first_run.unwrap_or(spaces.len())),
                (true, false) => std::mem::take(&mut spaces),
            };
            for at in unneeded {
                if let Some(part) = spaced.get_mut(at) {
                    *part = Out::Gone;
                }
            }
            if inner && wants && spaces.is_empty() && last.is_some_and(|(_, empty)| !empty) {
                spaced.push(Out::New(token, " ".to_owned()));
            }
            last = Some((token, empty));
            spaces.clear();
            first_run = None;
        }
        spaced.push(part);
    }
    *out = spaced;
}
