//! What differs between two texts, as people know it from `diff -u`.

use std::collections::BTreeMap;
use std::ops::Range;

use super::diff;

/// How many unchanged lines are shown around a change.
const CONTEXT: usize = 3;

/// The difference of two texts, as unified diffs show it. Empty if there is none.
///
/// ```
/// use actionbay_confluence_content::unified_diff;
///
/// assert_eq!(unified_diff("a\nb\n", "a\nc\n"), "@@ -1,2 +1,2 @@\n a\n-b\n+c\n");
/// ```
#[must_use]
pub fn unified_diff(before: &str, after: &str) -> String {
    LineDiff::new(before, after).unified(CONTEXT)
}

/// Two texts, and the lines that differ.
#[derive(Debug)]
pub struct LineDiff<'a> {
    before: Vec<&'a str>,
    after: Vec<&'a str>,
    changes: Vec<Change>,
}

/// Lines that stand in the place of others; of one of the two there may be none.
#[derive(Debug)]
struct Change {
    before: Range<usize>,
    after: Range<usize>,
}

impl<'a> LineDiff<'a> {
    /// Compares two texts.
    #[must_use]
    pub fn new(before: &'a str, after: &'a str) -> Self {
        let before: Vec<&str> = before.split_inclusive('\n').collect();
        let after: Vec<&str> = after.split_inclusive('\n').collect();
        // Lines are compared by a number that equal ones share.
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        let mut numbered = |lines: &[&'a str]| -> Vec<u64> {
            let number = |line: &&'a str| {
                let next = numbers.len();
                let number = numbers.get(line).copied().unwrap_or(next);
                if number == next {
                    numbers.insert(line, next);
                }
                number as u64
            };
            lines.iter().map(number).collect()
        };
        let alike = diff::matches(&numbered(&before), &numbered(&after));

        let mut changes = Vec::new();
        let (mut old, mut new) = (0, 0);
        for (i, j) in alike.into_iter().chain([(before.len(), after.len())]) {
            if (old, new) != (i, j) {
                changes.push(Change { before: old..i, after: new..j });
            }
            (old, new) = (i + 1, j + 1);
        }
        Self { before, after, changes }
    }

    /// How many lines came.
    #[must_use]
    pub fn added(&self) -> usize {
        self.changes.iter().map(|change| change.after.len()).sum()
    }

    /// How many lines went.
    #[must_use]
    pub fn removed(&self) -> usize {
        self.changes.iter().map(|change| change.before.len()).sum()
    }

    /// Shows every change with so many lines around it. Changes that are nearer to each other are shown together.
    #[must_use]
    pub fn unified(&self, context: usize) -> String {
        let mut out = String::new();
        let near = |one: &Change, next: &Change| next.before.start - one.before.end <= 2 * context;
        for hunk in self.changes.chunk_by(near) {
            let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else { continue };
            let lead = context.min(first.before.start);
            let trail = context.min(self.before.len() - last.before.end);
            let shown = |one: &Range<usize>, other: &Range<usize>| one.start - lead..other.end + trail;
            let before = shown(&first.before, &last.before);
            out.push_str(&format!(
                "@@ -{} +{} @@\n",
                place(&before),
                place(&shown(&first.after, &last.after))
            ));
            let mut seen = before.start;
            for change in hunk {
                append(' ', &self.before, seen..change.before.start, &mut out);
                append('-', &self.before, change.before.clone(), &mut out);
                append('+', &self.after, change.after.clone(), &mut out);
                seen = change.before.end;
            }
            append(' ', &self.before, seen..before.end, &mut out);
        }
        out
    }
}

/// Lines as the head of a hunk names them: nothing is said to be where the line before it is.
fn place(lines: &Range<usize>) -> String {
    match lines.len() {
        0 => format!("{},0", lines.start),
        1 => (lines.start + 1).to_string(),
        length => format!("{},{length}", lines.start + 1),
    }
}

fn append(mark: char, lines: &[&str], range: Range<usize>, out: &mut String) {
    for line in lines.get(range).unwrap_or_default() {
        out.push(mark);
        out.push_str(line);
        if !line.ends_with('\n') {
            out.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(lines: Range<u32>) -> String {
        lines.map(|line| format!("{line}\n")).collect()
    }

    #[test]
    fn changes_that_are_near_are_one_hunk_and_far_ones_are_two() {
        let before = numbered(1..31);
        let after = before.replace("\n5\n", "\nfive\n").replace("\n25\n", "\n");
        let diff = LineDiff::new(&before, &after);
        assert_eq!((diff.added(), diff.removed()), (1, 2));
        assert_eq!(
            diff.unified(2),
            "@@ -3,5 +3,5 @@\n 3\n 4\n-5\n+five\n 6\n 7\n@@ -23,5 +23,4 @@\n 23\n 24\n-25\n 26\n 27\n"
        );
        assert_eq!(diff.unified(10).matches("@@ -").count(), 1);
        assert_eq!(diff.unified(0), "@@ -5 +5 @@\n-5\n+five\n@@ -25 +24,0 @@\n-25\n");
    }

    #[test]
    fn edges_and_last_lines_without_an_end_are_shown() {
        assert_eq!(unified_diff("", "a\nb\n"), "@@ -0,0 +1,2 @@\n+a\n+b\n");
        assert_eq!(unified_diff("a\nb\n", ""), "@@ -1,2 +0,0 @@\n-a\n-b\n");
        assert_eq!(unified_diff("a", "b"), "@@ -1 +1 @@\n-a\n+b\n");
        assert_eq!(unified_diff("a\n", "a\nb"), "@@ -1 +1,2 @@\n a\n+b\n");
        assert_eq!(unified_diff("a\n", "a\n"), "");
    }
}
