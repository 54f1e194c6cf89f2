//! Shows what differs between two texts.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::edit::matches;

/// How many unchanged lines are shown around a change.
const CONTEXT: usize = 3;

/// The difference of two texts, as unified diffs show it. Empty if there is none.
///
/// ```
/// use actionbay_confluence::content::unified_diff;
///
/// assert_eq!(unified_diff("a\nb\n", "a\nc\n"), "@@ -1,2 +1,2 @@\n a\n-b\n+c\n");
/// ```
#[must_use]
pub fn unified_diff(before: &str, after: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let pairs = matches(&hashes(&old), &hashes(&new));
    // Every line with its sign, and the numbers of the lines before it.
    let mut lines: Vec<(char, &str, usize, usize)> = Vec::with_capacity(old.len() + new.len());
    let (mut i, mut k) = (0, 0);
    for (to_i, to_k) in pairs.into_iter().chain([(old.len(), new.len())]) {
        while let Some(line) = old.get(i).filter(|_| i < to_i) {
            lines.push(('-', line, i, k));
            i += 1;
        }
        while let Some(line) = new.get(k).filter(|_| k < to_k) {
            lines.push(('+', line, i, k));
            k += 1;
        }
        if let Some(line) = old.get(i) {
            lines.push((' ', line, i, k));
            i += 1;
            k += 1;
        }
    }
    let mut out = String::new();
    let mut at = 0;
    while let Some(change) = lines.iter().skip(at).position(|line| line.0 != ' ').map(|found| at + found) {
        let start = change.saturating_sub(CONTEXT).max(at);
        let mut end = change;
        while let Some(more) = lines.iter().skip(end).take(2 * CONTEXT + 1).position(|line| line.0 != ' ') {
            end += more + 1;
        }
        let end = (end + CONTEXT).min(lines.len());
        let hunk = lines.get(start..end).unwrap_or_default();
        let count = |sign: char| hunk.iter().filter(|line| line.0 == sign || line.0 == ' ').count();
        let (from, to) = hunk.first().map_or((0, 0), |line| (line.2 + 1, line.3 + 1));
        out.push_str(&format!("@@ -{from},{} +{to},{} @@\n", count('-'), count('+')));
        for (sign, line, ..) in hunk {
            out.push(*sign);
            out.push_str(line);
            out.push('\n');
        }
        at = end;
    }
    out
}

fn hashes(lines: &[&str]) -> Vec<u64> {
    lines
        .iter()
        .map(|line| {
            let mut hasher = DefaultHasher::new();
            line.hash(&mut hasher);
            hasher.finish()
        })
        .collect()
}
