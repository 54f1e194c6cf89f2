//! JSON Schema 2020-12, of inputs and outputs.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, PatternOptions, Validator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::failure::{Failure, FailureKind, Result, Violation, plain_text};

/// The most violations that are reported: what a person reads.
const MOST: usize = 50;

/// The longest sentence of a violation: a wrong value may be a whole page.
const LONGEST: usize = 300;

/// The largest schema in bytes: an action with a hundred fields has a fifth of it.
const LARGEST: usize = 64 << 10;

/// The most subschemas once every reference is replaced by what it refers to.
const MOST_NODES: usize = 10_000;

/// The deepest nesting once every reference is replaced by what it refers to.
const DEEPEST: usize = 64;

/// Keywords by which a schema could be reached otherwise than by a pointer from its root, and so grow unseen.
const INDIRECT: &[&str] = &["$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$anchor"];

/// How large a schema is with its references replaced. Validating takes time and stack by this size, and both are
/// the host's.
struct Size<'a> {
    root: &'a Value,
    nodes: usize,
}

impl<'a> Size<'a> {
    /// Whether the schema is within bounds.
    fn check(root: &'a Value) -> std::result::Result<(), String> {
        Self { root, nodes: 0 }.walk(root, 0)
    }

    fn walk(&mut self, node: &'a Value, depth: usize) -> std::result::Result<(), String> {
        self.nodes += 1;
        if self.nodes > MOST_NODES {
            return Err(format!("it has more than {MOST_NODES} parts once its references are followed"));
        }
        if depth > DEEPEST {
            return Err(format!("it is deeper than {DEEPEST} levels, or refers to itself"));
        }
        match node {
            Value::Array(items) => items.iter().try_for_each(|item| self.walk(item, depth + 1)),
            Value::Object(fields) => {
                fields.iter().try_for_each(|(name, field)| match (name.as_str(), field) {
                    ("$ref", Value::String(reference)) => {
                        let target =
                            reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
                        let target =
                            target.ok_or_else(|| format!("\"{reference}\" refers to nothing in it"))?;
                        self.walk(target, depth + 1)
                    }
                    (name, _) if INDIRECT.contains(&name) => Err(format!("{name} is not taken")),
                    _ => self.walk(field, depth + 1),
                })
            }
            _ => Ok(()),
        }
    }
}

/// A schema that was found valid. It refers to nothing outside itself.
///
/// It is made ready to validate when it is first used, since few of a component's schemas are by one process.
#[derive(Debug, Clone)]
pub struct Schema {
    text: String,
    json: OnceLock<Value>,
    /// None where it cannot be made of a text that was valid once: then nothing fits.
    validator: OnceLock<Option<Validator>>,
    has_files: OnceLock<bool>,
}

impl Schema {
    /// Reads a schema.
    ///
    /// # Errors
    /// `BadPlugin` where it is no valid schema.
    pub fn parse(text: &str) -> Result<Self> {
        let bad = |why: String| {
            Failure::new(FailureKind::BadPlugin, "bad-schema", format!("It is no JSON Schema: {why}."))
        };
        if text.len() > LARGEST {
            return Err(bad(format!("it has more than {LARGEST} bytes")));
        }
        let json: Value = serde_json::from_str(text).map_err(|error| bad(error.to_string()))?;
        Size::check(&json).map_err(bad)?;
        let validator = validator(&json).map_err(bad)?;
        let schema = Self::valid(text.to_owned());
        let _ = (schema.json.set(json), schema.validator.set(Some(validator)));
        Ok(schema)
    }

    /// A schema of a text that was read before.
    fn valid(text: String) -> Self {
        Self { text, json: OnceLock::new(), validator: OnceLock::new(), has_files: OnceLock::new() }
    }

    /// The schema itself.
    pub fn json(&self) -> &Value {
        // `false` is the schema that nothing fits.
        self.json.get_or_init(|| serde_json::from_str(&self.text).unwrap_or(Value::Bool(false)))
    }

    /// Every place where the value breaks the schema; empty where it is valid.
    pub fn violations(&self, value: &Value) -> Vec<Violation> {
        let validator = self.validator.get_or_init(|| validator(self.json()).ok());
        let Some(validator) = validator else {
            return vec![violation(
                String::new(),
                "is nothing that the schema can be held against.".to_owned(),
            )];
        };
        let mut found = Vec::new();
        for error in validator.iter_errors(value).take(MOST) {
            let pointer = error.instance_path().to_string();
            match error.kind() {
                ValidationErrorKind::Required { property } => {
                    let name = property.as_str().unwrap_or_default();
                    found.push(violation(
                        format!("{pointer}/{}", escaped(name)),
                        format!("{name} is required."),
                    ));
                }
                ValidationErrorKind::AdditionalProperties { unexpected } => {
                    for name in unexpected {
                        found.push(violation(
                            format!("{pointer}/{}", escaped(name)),
                            format!("{name} is not known here. Known: {}.", self.properties().join(", ")),
                        ));
                    }
                }
                _ => found.push(violation(pointer, format!("{error}."))),
            }
        }
        found.truncate(MOST);
        found
    }

    /// Whether the property of this name, at the top of the schema, is the name of a file.
    pub fn is_file(&self, property: &str) -> bool {
        self.json().get("properties").and_then(|known| known.get(property)).is_some_and(marks_file)
    }

    /// The places of the schema that mark the name of a file, as JSON Pointers.
    pub(crate) fn files(&self) -> Vec<String> {
        fn collect(node: &Value, place: &str, found: &mut Vec<String>) {
            match node {
                Value::Array(items) => {
                    for (index, item) in items.iter().enumerate() {
                        collect(item, &format!("{place}/{index}"), found);
                    }
                }
                Value::Object(fields) => {
                    if marks_file(node) {
                        found.push(place.to_owned());
                    }
                    for (name, field) in fields {
                        collect(field, &format!("{place}/{}", escaped(name)), found);
                    }
                }
                _ => {}
            }
        }
        let mut found = Vec::new();
        collect(self.json(), "", &mut found);
        found
    }

    /// Whether a value of it may name files.
    pub(super) fn has_files(&self) -> bool {
        fn any(node: &Value) -> bool {
            match node {
                Value::Array(items) => items.iter().any(any),
                Value::Object(fields) => marks_file(node) || fields.values().any(any),
                _ => false,
            }
        }
        *self.has_files.get_or_init(|| any(self.json()))
    }

    /// The names of files in a value: the strings at the places that the schema marks, in properties and items.
    pub(super) fn files_in(&self, value: &Value) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        self.collect_files(self.json(), value, &mut names);
        names
    }

    fn collect_files(&self, schema: &Value, value: &Value, names: &mut BTreeSet<String>) {
        if let Value::String(name) = value
            && marks_file(schema)
        {
            names.insert(name.clone());
        }
        // References end: that was checked when the schema was read.
        let referred =
            schema.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
        if let Some(target) = referred.and_then(|pointer| self.json().pointer(pointer)) {
            self.collect_files(target, value, names);
        }
        match value {
            Value::Object(fields) => {
                for (name, field) in fields {
                    if let Some(property) = schema.get("properties").and_then(|known| known.get(name)) {
                        self.collect_files(property, field, names);
                    }
                }
            }
            Value::Array(items) => {
                if let Some(schema) = schema.get("items") {
                    items.iter().for_each(|item| self.collect_files(schema, item, names));
                }
            }
            _ => {}
        }
    }

    /// The names of the properties at the top of the schema, in its order.
    pub fn properties(&self) -> Vec<&str> {
        let properties = self.json().get("properties").and_then(Value::as_object);
        properties.into_iter().flatten().map(|(name, _)| name.as_str()).collect()
    }
}

/// As a text within what a program keeps for itself, and as what it is in JSON that people read.
impl Serialize for Schema {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match serializer.is_human_readable() {
            true => self.json().serialize(serializer),
            false => self.text.serialize(serializer),
        }
    }
}

/// Reads what was kept: a text that was found valid.
impl<'de> Deserialize<'de> for Schema {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::valid)
    }
}

fn validator(json: &Value) -> std::result::Result<Validator, String> {
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        // Patterns without backtracking: the time they take is in proportion to the text.
        .with_pattern_options(PatternOptions::regex())
        .build(json)
        .map_err(|error| error.to_string())
}

/// Whether what the schema describes is the name of a file.
pub(crate) fn marks_file(schema: &Value) -> bool {
    schema.get("format").is_some_and(|format| format == "file")
}

fn violation(pointer: String, message: String) -> Violation {
    Violation { pointer: plain_text(&pointer, LONGEST), message: plain_text(&message, LONGEST) }
}

/// A name as a part of a JSON pointer (RFC 6901 section 3).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Schema {
        Schema::parse(
            r#"{"type": "object", "required": ["space", "a/b"], "additionalProperties": false,
                "properties": {"space": {"type": "string", "minLength": 1}, "a/b": {}, "limit": {"type": "integer"}}}"#,
        )
        .unwrap()
    }

    #[test]
    fn every_field_that_breaks_the_schema_is_named_by_its_pointer() {
        let violations = schema().violations(&json!({"space": "", "limit": "many", "colour": 1}));
        let pointers: Vec<&str> = violations.iter().map(|v| v.pointer.as_str()).collect();
        for pointer in ["/space", "/limit", "/colour", "/a~1b"] {
            assert!(pointers.contains(&pointer), "{pointer} in {violations:?}");
        }
        assert!(
            violations.iter().any(|v| v.message == "colour is not known here. Known: space, a/b, limit.")
        );
    }

    #[test]
    fn a_schema_that_is_none_is_refused() {
        assert_eq!(Schema::parse("{").unwrap_err().kind, FailureKind::BadPlugin);
        assert_eq!(Schema::parse(r#"{"type": 7}"#).unwrap_err().kind, FailureKind::BadPlugin);
    }

    #[test]
    fn a_schema_that_grows_without_end_once_its_references_are_followed_is_refused() {
        let doubling: serde_json::Map<String, Value> = (0..24)
            .map(|n| {
                let next = format!("#/$defs/d{}", n + 1);
                (format!("d{n}"), json!({"allOf": [{"$ref": next}, {"$ref": next}]}))
            })
            .chain([("d24".to_owned(), json!(true))])
            .collect();
        let chain: serde_json::Map<String, Value> = (0..200)
            .map(|n| (format!("d{n}"), json!({"$ref": format!("#/$defs/d{}", n + 1)})))
            .chain([("d200".to_owned(), json!(true))])
            .collect();
        for schema in [
            json!({"$ref": "#/$defs/d0", "$defs": doubling}),
            json!({"$ref": "#/$defs/d0", "$defs": chain}),
            json!({"$ref": "#"}),
            json!({"description": "x".repeat(LARGEST)}),
            json!({"$dynamicRef": "#a"}),
        ] {
            assert_eq!(Schema::parse(&schema.to_string()).unwrap_err().code, "bad-schema");
        }
    }

    #[test]
    fn a_thousand_unknown_fields_are_not_all_told() {
        let many: Value =
            (0..1000).map(|n| (format!("f{n}"), Value::Null)).collect::<serde_json::Map<_, _>>().into();
        assert_eq!(schema().violations(&many).len(), MOST);
    }

    #[test]
    fn a_schema_that_points_outside_itself_is_refused_and_nothing_is_fetched() {
        let text = r#"{"$ref": "http://127.0.0.1:1/schema.json"}"#;
        assert_eq!(Schema::parse(text).unwrap_err().kind, FailureKind::BadPlugin);
        assert_eq!(
            Schema::parse(r#"{"$ref": "file:///etc/passwd"}"#).unwrap_err().kind,
            FailureKind::BadPlugin
        );
    }
}
