//! What a person said before being asked: `name: value`, words as in the sample utterances, names of choices.

use super::answers::plain;
use super::model::{Dialog, Entity, EntityType};
use crate::fields::{Choice, Kind};
use crate::runtime::Template;

/// The shortest word before a value by which the value is found: "space DOCS", and not "a DOCS".
const SHORTEST_ANCHOR: usize = 4;

/// The most words that one choice is written with.
const MOST_WORDS: usize = 3;

/// What of a first message is said of which entity, as it was written. An entity comes once.
pub(super) fn in_first_message(dialog: &Dialog, template: &Template, text: &str) -> Vec<(String, String)> {
    let (head, mut said) = labelled(dialog, template, text);
    for entity in dialog.entities() {
        if said.iter().any(|(name, _)| *name == entity.name) {
            continue;
        }
        let found = match entity.entity_type {
            EntityType::List => chosen(template, entity, head),
            EntityType::String | EntityType::Number => anchored(dialog, template, entity, head),
            _ => None,
        };
        said.extend(found.map(|value| (entity.name.clone(), value)));
    }
    said
}

/// What an answer says of entities by name, where it begins with such a name; else it is an answer as a whole.
pub(super) fn in_answer(dialog: &Dialog, template: &Template, text: &str) -> Vec<(String, String)> {
    match labelled(dialog, template, text) {
        (head, said) if head.trim().is_empty() => said,
        _ => Vec::new(),
    }
}

/// The parts of a text that follow `name:` or `name =`, and what stands before the first.
fn labelled<'t>(dialog: &Dialog, template: &Template, text: &'t str) -> (&'t str, Vec<(String, String)>) {
    let labels = labels(dialog, template);
    // Where a label begins, where its value does, and whose it is.
    let mut marks: Vec<(usize, usize, &Entity)> = Vec::new();
    let mut before = ' ';
    for (at, letter) in text.char_indices() {
        let is_inside = marks.last().is_some_and(|(_, value, _)| at < *value);
        // Not in the middle of an address.
        if (before.is_whitespace() || ",;.!?(".contains(before)) && !is_inside {
            marks.extend(label_at(text, at, &labels));
        }
        before = letter;
    }
    let head = marks.first().and_then(|(begin, _, _)| text.get(..*begin)).unwrap_or(text);
    let mut said: Vec<(String, String)> = Vec::new();
    for (index, (_, begin, entity)) in marks.iter().enumerate() {
        let end = marks.get(index + 1).map_or(text.len(), |(next, _, _)| *next);
        let value = text.get(*begin..end).unwrap_or_default();
        // A line ends with the line; a text goes on to the next name.
        let value = match entity.entity_type {
            EntityType::Description | EntityType::Json | EntityType::Several => value,
            _ => value.trim_start().lines().next().unwrap_or_default(),
        };
        let value = unquoted(value.trim().trim_end_matches([',', ';']).trim());
        if !value.is_empty() && !said.iter().any(|(name, _)| *name == entity.name) {
            said.push((entity.name.clone(), value.to_owned()));
        }
    }
    (head, said)
}

/// What entities are called: their own names, the names of their fields, and what the schema calls them.
fn labels<'d>(dialog: &'d Dialog, template: &Template) -> Vec<(String, &'d Entity)> {
    let mut labels: Vec<(String, &Entity)> = dialog
        .entities()
        .flat_map(|entity| {
            let title =
                property(template, &entity.field).and_then(|property| property.get("title")?.as_str());
            [Some(entity.name.as_str()), Some(entity.field.as_str()), title]
                .into_iter()
                .flatten()
                .map(move |label| (label.to_owned(), entity))
        })
        .collect();
    // "new title" before "title".
    labels.sort_by_key(|(label, _)| std::cmp::Reverse(label.len()));
    labels
}

fn label_at<'d>(
    text: &str,
    at: usize,
    labels: &[(String, &'d Entity)],
) -> Option<(usize, usize, &'d Entity)> {
    labels.iter().find_map(|(label, entity)| {
        let end = at + label.len();
        if !text.get(at..end)?.eq_ignore_ascii_case(label) {
            return None;
        }
        let rest = text.get(end..)?;
        let sign = rest.trim_start_matches(' ');
        if !sign.starts_with([':', '=']) || sign.starts_with("://") {
            return None;
        }
        Some((at, end + (rest.len() - sign.len()) + 1, *entity))
    })
}

fn unquoted(text: &str) -> &str {
    [('"', '"'), ('\'', '\''), ('“', '”'), ('„', '“')]
        .into_iter()
        .find_map(|(open, close)| text.strip_prefix(open)?.strip_suffix(close))
        .unwrap_or(text)
}

/// The one choice whose words are in a text.
fn chosen(template: &Template, entity: &Entity, text: &str) -> Option<String> {
    let Some(Kind::Choice(choices)) = Kind::named(&template.input, &entity.field) else { return None };
    // An address says nothing of what is wanted.
    let plain_words = text.split_whitespace().filter(|word| !word.contains('/'));
    let words: Vec<String> = plain_words
        .flat_map(|word| word.split(|c: char| !c.is_alphanumeric()))
        .map(plain)
        .filter(|word| !word.is_empty())
        .collect();
    let is_said = |choice: &&Choice| {
        let name = plain(&choice.text);
        (1..=MOST_WORDS).any(|count| words.windows(count).any(|some| some.concat() == name))
    };
    let mut said = choices.iter().filter(is_said);
    match (said.next(), said.next()) {
        (Some(only), None) => Some(only.text.clone()),
        _ => None,
    }
}

/// The word that stands where, in a sample utterance, an example of the entity's values stands: after the same word, and of
/// the same look.
fn anchored(dialog: &Dialog, template: &Template, entity: &Entity, text: &str) -> Option<String> {
    let examples = property(template, &entity.field)?.get("examples")?.as_array()?;
    let examples: Vec<&str> = examples.iter().filter_map(|example| example.as_str()).collect();
    dialog.utterances().find_map(|utterance| {
        let words: Vec<&str> = utterance.split_whitespace().collect();
        words.windows(2).find_map(|pair| {
            let [anchor, value] = pair else { return None };
            let example = examples.iter().find(|example| **example == trimmed(value))?;
            if anchor.len() < SHORTEST_ANCHOR {
                return None;
            }
            after(text, anchor).filter(|word| looks_like(word, example)).map(str::to_owned)
        })
    })
}

/// The word after a word, without what ends a sentence.
fn after<'t>(text: &'t str, anchor: &str) -> Option<&'t str> {
    let mut words = text.split_whitespace();
    words.find(|word| trimmed(word).eq_ignore_ascii_case(anchor))?;
    words.next().map(trimmed).filter(|word| !word.is_empty())
}

fn trimmed(word: &str) -> &str {
    word.trim_matches(['.', ',', ';', '!', '?', '"', '\'', '“', '”'])
}

/// A key is written in capitals; an ordinary word after "space" is none.
fn looks_like(word: &str, example: &str) -> bool {
    let has_small = |text: &str| text.chars().any(char::is_lowercase);
    has_small(example) || !has_small(word)
}

fn property<'t>(template: &'t Template, field: &str) -> Option<&'t serde_json::Value> {
    template.input.json().get("properties")?.get(field)
}
