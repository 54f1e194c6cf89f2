//! Finds what two sequences have in common, in order.
//!
//! An edit changes little: what is equal at both ends is taken off first. What remains is compared cell by cell while
//! it is small; where it is large, items that occur once on either side cut it into small pieces.

use std::collections::HashMap;

/// The largest table of comparisons.
const MAX_CELLS: usize = 1 << 20;

/// Pairs of positions with equal items, both strictly increasing.
pub(crate) fn matches(a: &[u64], b: &[u64]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    let mut pending = vec![((0, a.len()), (0, b.len()))];
    while let Some(((mut from_a, mut to_a), (mut from_b, mut to_b))) = pending.pop() {
        while from_a < to_a && from_b < to_b && a.get(from_a) == b.get(from_b) {
            pairs.push((from_a, from_b));
            from_a += 1;
            from_b += 1;
        }
        while from_a < to_a && from_b < to_b && a.get(to_a - 1) == b.get(to_b - 1) {
            to_a -= 1;
            to_b -= 1;
            pairs.push((to_a, to_b));
        }
        let (left, right) =
            (a.get(from_a..to_a).unwrap_or_default(), b.get(from_b..to_b).unwrap_or_default());
        if left.is_empty() || right.is_empty() {
            continue;
        }
        if left.len().saturating_mul(right.len()) <= MAX_CELLS {
            pairs.extend(longest(left, right).into_iter().map(|(i, j)| (from_a + i, from_b + j)));
            continue;
        }
        let (mut last_a, mut last_b) = (from_a, from_b);
        for (i, j) in anchors(left, right) {
            let (i, j) = (from_a + i, from_b + j);
            pending.push(((last_a, i), (last_b, j)));
            pairs.push((i, j));
            (last_a, last_b) = (i + 1, j + 1);
        }
        if (last_a, last_b) != (from_a, from_b) {
            pending.push(((last_a, to_a), (last_b, to_b)));
        }
    }
    pairs.sort_unstable();
    pairs
}

/// The longest common subsequence.
fn longest(a: &[u64], b: &[u64]) -> Vec<(usize, usize)> {
    let width = b.len() + 1;
    // For every pair of ends, how many items the rests have in common.
    let mut table = vec![0_u32; (a.len() + 1) * width];
    let at = |table: &[u32], i: usize, j: usize| table.get(i * width + j).copied().unwrap_or_default();
    for (i, left) in a.iter().enumerate().rev() {
        for (j, right) in b.iter().enumerate().rev() {
            let best = if left == right {
                at(&table, i + 1, j + 1) + 1
            } else {
                at(&table, i + 1, j).max(at(&table, i, j + 1))
            };
            if let Some(cell) = table.get_mut(i * width + j) {
                *cell = best;
            }
        }
    }
    let mut pairs = Vec::new();
    let (mut i, mut j) = (0, 0);
    while let (Some(left), Some(right)) = (a.get(i), b.get(j)) {
        if left == right {
            pairs.push((i, j));
            i += 1;
            j += 1;
        } else if at(&table, i + 1, j) >= at(&table, i, j + 1) {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

/// Items that occur once on both sides, the longest run of them that is in order.
fn anchors(a: &[u64], b: &[u64]) -> Vec<(usize, usize)> {
    let mut once: HashMap<u64, (usize, usize, usize, usize)> = HashMap::new();
    for (i, item) in a.iter().enumerate() {
        let entry = once.entry(*item).or_default();
        entry.0 += 1;
        entry.1 = i;
    }
    for (j, item) in b.iter().enumerate() {
        let entry = once.entry(*item).or_default();
        entry.2 += 1;
        entry.3 = j;
    }
    let mut unique: Vec<(usize, usize)> = once
        .into_values()
        .filter(|entry| entry.0 == 1 && entry.2 == 1)
        .map(|entry| (entry.1, entry.3))
        .collect();
    unique.sort_unstable();
    // The longest increasing subsequence, by piles whose tops are kept in order.
    let mut tops: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(unique.len());
    let second = |index: &usize| unique.get(*index).map_or(0, |pair| pair.1);
    for (index, pair) in unique.iter().enumerate() {
        let pile = tops.partition_point(|top| second(top) < pair.1);
        before.push(pile.checked_sub(1).and_then(|pile| tops.get(pile).copied()));
        match tops.get_mut(pile) {
            Some(top) => *top = index,
            None => tops.push(index),
        }
    }
    let mut run: Vec<(usize, usize)> =
        std::iter::successors(tops.last().copied(), |index| before.get(*index).copied().flatten())
            .filter_map(|index| unique.get(index).copied())
            .collect();
    run.reverse();
    run
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_common_is_found_in_order() {
        assert_eq!(matches(&[1, 2, 3, 4], &[1, 3, 5, 4]), [(0, 0), (2, 1), (3, 3)]);
        assert_eq!(matches(&[], &[1]), []);
        assert_eq!(matches(&[1, 2], &[2, 1]).len(), 1);
    }

    #[test]
    fn long_sequences_are_cut_at_what_occurs_once() {
        let a: Vec<u64> = (0..5_000).collect();
        let b: Vec<u64> = (0..5_000).map(|item| if item % 7 == 0 { item + 100_000 } else { item }).collect();
        assert_eq!(matches(&a, &b).len(), b.iter().filter(|item| **item < 5_000).count());
    }
}
