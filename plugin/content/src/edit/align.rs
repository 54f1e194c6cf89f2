//! Says which parts of a page an edit kept, changed, took away and added.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::super::diff;

/// What became of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The same, by position before and after.
    Keep(usize),
    /// Another in its place.
    Change(usize, usize),
    Delete(usize),
    Insert(usize),
}

/// Gaps with more comparisons than this are paired in order.
const MAX_COMPARED: usize = 4_096;

/// How many words of a part are compared.
const MAX_WORDS: usize = 200;

/// What parts are paired by.
pub(super) trait Alike: Hash {
    /// Whether one may take the place of the other.
    fn fits(&self, other: &Self) -> bool;

    /// Its words.
    fn words(&self, each: &mut dyn FnMut(&str));
}

/// The steps from one sequence to another.
pub(super) fn align<T: Alike>(base: &[T], edited: &[T]) -> Vec<Step> {
    let hashes = |items: &[T]| items.iter().map(hash).collect::<Vec<_>>();
    let pairs = diff::matches(&hashes(base), &hashes(edited));
    let mut steps = Vec::with_capacity(base.len().max(edited.len()));
    let (mut i, mut k) = (0, 0);
    for (to_i, to_k) in pairs.into_iter().chain([(base.len(), edited.len())]) {
        let gap = (base.get(i..to_i).unwrap_or_default(), edited.get(k..to_k).unwrap_or_default());
        for step in pair(gap.0, gap.1) {
            steps.push(match step {
                Step::Keep(at) => Step::Keep(i + at),
                Step::Change(at, by) => Step::Change(i + at, k + by),
                Step::Delete(at) => Step::Delete(i + at),
                Step::Insert(by) => Step::Insert(k + by),
            });
        }
        if to_i < base.len() {
            steps.push(Step::Keep(to_i));
        }
        (i, k) = (to_i + 1, to_k + 1);
    }
    steps
}

/// A hash of the content.
pub(super) fn hash<T: Hash>(item: &T) -> u64 {
    let mut hasher = DefaultHasher::new();
    item.hash(&mut hasher);
    hasher.finish()
}

/// Pairs what is different on both sides, as well as can be.
fn pair<T: Alike>(base: &[T], edited: &[T]) -> Vec<Step> {
    let mut steps = Vec::new();
    if base.len().saturating_mul(edited.len()) > MAX_COMPARED {
        for at in 0..base.len().max(edited.len()) {
            match (base.get(at), edited.get(at)) {
                (Some(old), Some(new)) if old.fits(new) => steps.push(Step::Change(at, at)),
                (old, new) => {
                    steps.extend(old.map(|_| Step::Delete(at)));
                    steps.extend(new.map(|_| Step::Insert(at)));
                }
            }
        }
        return steps;
    }
    let width = edited.len() + 1;
    let mut best = vec![0_u32; (base.len() + 1) * width];
    let at = |best: &[u32], i: usize, k: usize| best.get(i * width + k).copied().unwrap_or_default();
    let words: (Vec<_>, Vec<_>) = (base.iter().map(words).collect(), edited.iter().map(words).collect());
    let mut scores: Vec<Option<u32>> = Vec::with_capacity(base.len() * edited.len());
    for (old, old_words) in base.iter().zip(&words.0) {
        for (new, new_words) in edited.iter().zip(&words.1) {
            scores.push(old.fits(new).then(|| shared(old_words, new_words)));
        }
    }
    let score = |i: usize, k: usize| scores.get(i * edited.len() + k).copied().flatten();
    for i in (0..base.len()).rev() {
        for k in (0..edited.len()).rev() {
            let both = score(i, k).map_or(0, |score| 1 + score + at(&best, i + 1, k + 1));
            let value = both.max(at(&best, i + 1, k)).max(at(&best, i, k + 1));
            if let Some(cell) = best.get_mut(i * width + k) {
                *cell = value;
            }
        }
    }
    let (mut i, mut k) = (0, 0);
    while i < base.len() || k < edited.len() {
        let here = at(&best, i, k);
        let paired = (i < base.len() && k < edited.len())
            .then(|| score(i, k).map(|score| 1 + score + at(&best, i + 1, k + 1)))
            .flatten();
        if paired == Some(here) {
            steps.push(Step::Change(i, k));
            i += 1;
            k += 1;
        } else if i < base.len() && (k >= edited.len() || at(&best, i + 1, k) == here) {
            steps.push(Step::Delete(i));
            i += 1;
        } else {
            steps.push(Step::Insert(k));
            k += 1;
        }
    }
    steps
}

/// The first words of a part, sorted.
fn words<T: Alike>(item: &T) -> Vec<u64> {
    let mut words = Vec::new();
    item.words(&mut |text| {
        let left = MAX_WORDS.saturating_sub(words.len());
        words.extend(text.split_whitespace().take(left).map(|word| hash(&word)));
    });
    words.sort_unstable();
    words
}

/// How many of a hundred words two parts have in common.
fn shared(a: &[u64], b: &[u64]) -> u32 {
    let (mut a_rest, mut b_rest) = (a, b);
    let mut common = 0;
    while let (Some((left, a_next)), Some((right, b_next))) = (a_rest.split_first(), b_rest.split_first()) {
        if left == right {
            common += 1;
        }
        if left <= right {
            a_rest = a_next;
        }
        if right <= left {
            b_rest = b_next;
        }
    }
    u32::try_from(common * 100 / a.len().max(b.len()).max(1)).unwrap_or(100)
}
