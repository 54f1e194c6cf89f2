//! Finding words in texts, and showing where they are.

use crate::html::escape;

use super::{Expression, Field, Operator, Value};

/// What a text has to contain: words after each other. The last one may end in `*`, for whatever follows.
type Phrase = Vec<String>;

/// Whether a text contains everything that a value of `~` asks for, whatever the case.
pub(super) fn contains(text: &str, wanted: &str) -> bool {
    let words = words(text);
    phrases(wanted).iter().all(|phrase| {
        !phrase.is_empty()
            && words
                .windows(phrase.len())
                .any(|part| part.iter().zip(phrase).all(|(word, wanted)| is(word, wanted)))
    })
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

fn is(word: &str, wanted: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(start) => word.starts_with(start),
        None => word == wanted,
    }
}

/// The phrases of a value: what stands in quotes inside of it, and every other word.
fn phrases(wanted: &str) -> Vec<Phrase> {
    let mut phrases = Vec::new();
    for (number, part) in wanted.split('"').enumerate() {
        if number % 2 == 1 {
            phrases.push(words(part));
            continue;
        }
        for word in part.split(|c: char| !c.is_alphanumeric() && c != '*').filter(|word| !word.is_empty()) {
            phrases.push(vec![word.to_lowercase()]);
        }
    }
    phrases.retain(|phrase| !phrase.is_empty());
    phrases
}

/// The words that a query looks for in texts, which its results show highlighted.
pub(crate) fn terms(expression: &Expression) -> Vec<String> {
    match expression {
        Expression::All(parts) | Expression::Any(parts) => parts.iter().flat_map(terms).collect(),
        Expression::Not(_) => Vec::new(),
        Expression::Clause(clause) => {
            if clause.operator != Operator::Contains || !matches!(clause.field, Field::Text | Field::Title) {
                return Vec::new();
            }
            let texts = clause.values.iter().filter_map(|value| match value {
                Value::Text(text) => Some(text),
                Value::Function(..) => None,
            });
            texts.flat_map(|text| phrases(text)).flatten().collect()
        }
    }
}

/// A text with the terms between Confluence's markers. What is not to be escaped stays as it is.
pub(crate) fn highlight(text: &str, terms: &[String], escaped: bool) -> String {
    let shown = |part: &str| if escaped { escape(part) } else { part.to_owned() };
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let lower = word.to_lowercase();
        if !word.is_empty() && terms.iter().any(|term| is(&lower, term)) {
            out.push_str(&format!("@@@hl@@@{}@@@endhl@@@", shown(word)));
        } else {
            out.push_str(&shown(word));
        }
        let gap = after.find(char::is_alphanumeric).unwrap_or(after.len());
        let (between, next) = after.split_at(gap);
        out.push_str(&shown(between));
        rest = next;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_words_must_be_there_and_phrases_in_their_order() {
        let text = "Release notes for the spring: faster, better.";
        assert!(contains(text, "notes RELEASE"));
        assert!(contains(text, "\"release notes\" fast*"));
        assert!(!contains(text, "\"notes release\""));
        assert!(!contains(text, "release autumn"));
        assert!(!contains(text, "fast"));
        assert!(contains(text, ""));
    }

    #[test]
    fn terms_are_marked_and_the_rest_is_escaped() {
        let terms = ["a".to_owned(), "be*".to_owned()];
        assert_eq!(highlight("A < Bee", &terms, true), "@@@hl@@@A@@@endhl@@@ &lt; @@@hl@@@Bee@@@endhl@@@");
        assert_eq!(highlight("x < y", &terms, false), "x < y");
    }
}
