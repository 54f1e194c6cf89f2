//! What a person answered, as a value of the field it was asked for.

use serde_json::{Map, Value};

use super::responses::Responses;
use crate::fields::{Choice, Kind};
use crate::runtime::Template;

/// What an answer comes to.
#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    /// A value that the field's schema takes.
    Value(Value),
    /// One of several that there are.
    Ambiguous(Vec<Choice>),
    /// Nothing that the schema takes, and why.
    Invalid(String),
}

/// What may be answered, where there are a few things only.
pub(super) fn choices(template: &Template, field: &str, responses: &Responses) -> Vec<Choice> {
    match Kind::named(&template.input, field) {
        Some(Kind::Choice(choices)) => choices,
        Some(Kind::Boolean) => [("yes", true), ("no", false)]
            .into_iter()
            .map(|(key, value)| {
                let word = responses.text(key).split(',').next().unwrap_or(key).trim();
                Choice { text: word.to_owned(), value: value.into(), about: None }
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// The value that an answer is.
pub(super) fn read(template: &Template, field: &str, text: &str, responses: &Responses) -> Answer {
    let text = text.trim();
    let value = match Kind::named(&template.input, field) {
        Some(Kind::Choice(choices)) => match chosen(&choices, text) {
            Ok(value) => value,
            Err(several) => return several,
        },
        Some(Kind::Boolean) if responses.is("yes", text) => true.into(),
        Some(Kind::Boolean) if responses.is("no", text) => false.into(),
        Some(Kind::List(item)) => listed(&item, text),
        Some(kind) => kind.read(text.to_owned()),
        None => Value::String(text.to_owned()),
    };
    match reason(template, field, &value) {
        Some(reason) => Answer::Invalid(reason),
        None => Answer::Value(value),
    }
}

/// Several values, as JSON or with commas between them.
fn listed(item: &Kind, text: &str) -> Value {
    if let Ok(Value::Array(items)) = serde_json::from_str(text) {
        return Value::Array(items);
    }
    let parts = text.split([',', '\n']).map(str::trim).filter(|part| !part.is_empty());
    Value::Array(parts.map(|part| item.read(part.to_owned())).collect())
}

/// Why the field's schema does not take a value, whatever the others are.
fn reason(template: &Template, field: &str, value: &Value) -> Option<String> {
    let input = Map::from_iter([(field.to_owned(), value.clone())]);
    let pointer = format!("/{}", field.replace('~', "~0").replace('/', "~1"));
    let violations = template.input.violations(&Value::Object(input));
    let of_field =
        |at: &str| at == pointer || at.strip_prefix(&pointer).is_some_and(|rest| rest.starts_with('/'));
    violations.into_iter().find(|violation| of_field(&violation.pointer)).map(|violation| violation.message)
}

/// The one of several that is meant: by its number, its word, or what it is.
fn chosen(choices: &[Choice], text: &str) -> Result<Value, Answer> {
    if let Some(choice) = choices.iter().find(|choice| choice.text == text) {
        return Ok(choice.value.clone());
    }
    let wanted = plain(text);
    let named = |choice: &&Choice| {
        plain(&choice.text) == wanted || choice.about.as_deref().is_some_and(|about| plain(about) == wanted)
    };
    let by_number = text.trim_end_matches('.').parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    if let Some(choice) = choices.iter().find(named).or_else(|| choices.get(by_number?)) {
        return Ok(choice.value.clone());
    }
    let mut alike: Vec<&Choice> = choices
        .iter()
        .filter(|choice| {
            !wanted.is_empty()
                && (plain(&choice.text).contains(&wanted) || wanted.contains(&plain(&choice.text)))
        })
        .collect();
    match (alike.pop(), alike.is_empty()) {
        (Some(only), true) => Ok(only.value.clone()),
        (Some(last), false) => Err(Answer::Ambiguous(alike.into_iter().chain([last]).cloned().collect())),
        (None, _) => {
            let words: Vec<&str> = choices.iter().map(|choice| choice.text.as_str()).collect();
            Err(Answer::Invalid(words.join(", ")))
        }
    }
}

/// A text as it is compared: letters and digits, in lower case.
pub(super) fn plain(text: &str) -> String {
    text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn choice(text: &str) -> Choice {
        Choice { text: text.to_owned(), value: text.into(), about: None }
    }

    #[test]
    fn one_of_several_is_known_by_number_word_and_part_and_what_fits_two_is_asked_again() {
        let choices = [choice("page"), choice("blogpost"), choice("root page")];
        for (said, value) in [
            ("2", "blogpost"),
            ("Blog post", "blogpost"),
            ("blog", "blogpost"),
            ("PAGE", "page"),
            ("a blogpost please", "blogpost"),
        ] {
            assert_eq!(chosen(&choices, said).unwrap(), json!(value), "{said}");
        }
        assert!(matches!(chosen(&choices, "pag"), Err(Answer::Ambiguous(two)) if two.len() == 2));
        for said in ["4", "0", "", "?", "99999999999999999999999", "whiteboard"] {
            assert_eq!(
                chosen(&choices, said),
                Err(Answer::Invalid("page, blogpost, root page".to_owned())),
                "{said}"
            );
        }
    }

    #[test]
    fn several_values_are_written_with_commas_or_as_json() {
        assert_eq!(listed(&Kind::Text, "a, b\nc,"), json!(["a", "b", "c"]));
        assert_eq!(listed(&Kind::Text, "[\"a, b\"]"), json!(["a, b"]));
        assert_eq!(listed(&Kind::Integer { least: None, most: None }, "1,2"), json!([1, 2]));
    }
}
