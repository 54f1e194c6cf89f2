//! What an input cannot go without, and what one looks like: for help texts.

use serde_json::{Map, Value};

use crate::failure::plain_text;
pub(super) use crate::fields::LONGEST;
use crate::fields::required;
pub(super) use crate::fields::{Choice, Field, Kind, of};
use crate::runtime::{Schema, Template};

/// What an input cannot go without, in words: `body; id or url or space + title`.
pub(super) fn needs(schema: &Schema) -> String {
    let mut parts: Vec<Need<'_>> = Vec::new();
    for part in Need::of(schema.json()).flat() {
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    let alone = parts.iter().all(|part| matches!(part, Need::Field(_)));
    parts.iter().map(Need::words).collect::<Vec<_>>().join(if alone { ", " } else { "; " })
}

/// What must be in an input.
#[derive(Debug, PartialEq)]
enum Need<'a> {
    Field(&'a str),
    All(Vec<Need<'a>>),
    Any(Vec<Need<'a>>),
}

impl<'a> Need<'a> {
    fn of(schema: &'a Value) -> Self {
        let mut all: Vec<Self> = required(schema).into_iter().map(Self::Field).collect();
        let list = |keyword: &str| schema.get(keyword).and_then(Value::as_array);
        all.extend(list("allOf").into_iter().flatten().map(Self::of));
        for several in ["oneOf", "anyOf"].into_iter().filter_map(list) {
            // One that needs nothing would make the others needless.
            let several: Vec<Self> = several.iter().map(Self::of).collect();
            if several.iter().all(|one| !one.is_nothing()) {
                all.push(Self::Any(several));
            }
        }
        // A condition on a field is not met by an input that has only what it must have.
        let asks = schema.get("if").is_some_and(|condition| !required(condition).is_empty());
        let branch = schema.get(if asks { "else" } else { "then" });
        all.extend(schema.get("if").and(branch).map(Self::of));
        Self::All(all)
    }

    fn is_nothing(&self) -> bool {
        match self {
            Self::Field(_) => false,
            Self::All(parts) | Self::Any(parts) => parts.iter().all(Self::is_nothing),
        }
    }

    /// The parts that are all needed.
    fn flat(self) -> Vec<Self> {
        match self {
            Self::All(parts) => parts.into_iter().flat_map(Self::flat).collect(),
            Self::Any(parts) => vec![Self::Any(parts.into_iter().flat_map(Self::alternatives).collect())],
            field => vec![field],
        }
    }

    /// The parts one of which is needed.
    fn alternatives(self) -> Vec<Self> {
        let mut parts = self.flat();
        match (parts.pop(), parts.is_empty()) {
            (Some(Self::Any(inner)), true) => inner,
            (Some(only), true) => vec![only],
            (last, _) => vec![Self::All(parts.into_iter().chain(last).collect())],
        }
    }

    fn words(&self) -> String {
        let joined = |parts: &[Self], by: &str| parts.iter().map(Self::words).collect::<Vec<_>>().join(by);
        match self {
            Self::Field(name) => plain_text(name, LONGEST),
            Self::All(parts) => joined(parts, " + "),
            Self::Any(parts) => joined(parts, " or "),
        }
    }
}

/// An input to show how a template is run: the schema's own example, else what is required.
pub(super) fn example(template: &Template) -> Map<String, Value> {
    if let Some(Value::Object(example)) = template.input.json().pointer("/examples/0") {
        return example.clone();
    }
    let missing = || Value::String("…".to_owned());
    of(template)
        .into_iter()
        .filter(|field| field.required)
        .map(|field| (field.name.to_owned(), field.example.cloned().unwrap_or_else(missing)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn needed(schema: Value) -> String {
        needs(&Schema::parse(&schema.to_string()).unwrap())
    }

    #[test]
    fn what_an_input_needs_is_said_in_words() {
        let target = json!({"oneOf": [{"required": ["id"]}, {"required": ["space", "title"]}]});
        for (schema, words) in [
            (json!({}), ""),
            (json!({"required": ["a", "b"]}), "a, b"),
            (target.clone(), "id or space + title"),
            (json!({"required": ["body"], "allOf": [target]}), "body; id or space + title"),
            (
                json!({"anyOf": [{"required": ["a"]}, {"anyOf": [{"required": ["b"]}, {"required": ["c"]}]}]}),
                "a or b or c",
            ),
            (json!({"anyOf": [{"required": ["a"]}, {}]}), ""),
            (
                json!({"required": ["a"], "if": {"required": ["draft"]}, "then": {}, "else": {"required": ["a", "title"]}}),
                "a, title",
            ),
            (json!({"not": {"required": ["a"]}}), ""),
        ] {
            assert_eq!(needed(schema.clone()), words, "{schema}");
        }
    }
}
