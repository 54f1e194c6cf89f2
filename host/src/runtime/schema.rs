//! JSON Schema 2020-12, of inputs and outputs.

use std::collections::BTreeSet;
use std::fmt::{self, Display, Write};
use std::sync::OnceLock;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, PatternOptions, Validator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::work;
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

/// The most patterns once every reference is followed, and the most bytes that each may take when it is made ready.
const MOST_PATTERNS: usize = 64;
const LARGEST_PATTERN: usize = 1 << 20;

/// Keywords by which a schema could be reached otherwise than by a pointer from its root, and so grow unseen.
const INDIRECT: &[&str] = &["$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$anchor"];

/// How large a schema is with its references replaced. Validating takes time and stack by this size, and both are
/// the host's.
struct Size<'a> {
    root: &'a Value,
    nodes: usize,
    patterns: usize,
    /// Whether each part of it takes one step with each part of a value.
    is_plain: bool,
}

impl<'a> Size<'a> {
    /// The size of a schema that is within bounds.
    fn of(root: &'a Value) -> std::result::Result<Self, String> {
        let mut size = Self { root, nodes: 0, patterns: 0, is_plain: true };
        size.walk(root, 0)?;
        Ok(size)
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
            Value::Object(fields) => fields.iter().try_for_each(|(name, field)| {
                self.is_plain &= !work::DEARER.contains(&name.as_str());
                self.patterns += match (name.as_str(), field) {
                    ("pattern", Value::String(_)) => 1,
                    ("patternProperties", Value::Object(patterns)) => patterns.len(),
                    _ => 0,
                };
                if self.patterns > MOST_PATTERNS {
                    return Err(format!("it has more than {MOST_PATTERNS} patterns"));
                }
                match (name.as_str(), field) {
                    ("$ref", Value::String(reference)) => {
                        let target =
                            reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
                        let target =
                            target.ok_or_else(|| format!("\"{reference}\" refers to nothing in it"))?;
                        self.walk(target, depth + 1)
                    }
                    (name, _) if INDIRECT.contains(&name) => Err(format!("{name} is not taken")),
                    _ => self.walk(field, depth + 1),
                }
            }),
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
    ready: OnceLock<Option<Box<Ready>>>,
    has_files: OnceLock<bool>,
}

/// What a schema is held against values with.
#[derive(Debug, Clone)]
struct Ready {
    validator: Validator,
    /// The most steps that a value of one part takes; none where they depend on what stands in it.
    weight: Option<usize>,
}

impl Ready {
    fn of(json: &Value) -> std::result::Result<Self, String> {
        let size = Size::of(json)?;
        Ok(Self { validator: validator(json)?, weight: size.is_plain.then_some(size.nodes) })
    }

    /// The steps that it takes to hold a value against the schema; none where they are more than are begun.
    fn work(&self, schema: &Value, value: &Value) -> Option<usize> {
        let most = self.weight.and_then(|weight| {
            let parts = work::parts(value, work::MOST_TOLD / weight.max(1));
            weight.checked_mul(parts).filter(|most| *most <= work::MOST_TOLD)
        });
        most.or_else(|| work::of(schema, value))
    }
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
        // It is not kept: a stranger's schemas may be many, and large when they are ready.
        Ready::of(&json).map_err(bad)?;
        let schema = Self::valid(text.to_owned());
        let _ = schema.json.set(json);
        Ok(schema)
    }

    /// A schema of a text that was read before.
    fn valid(text: String) -> Self {
        Self { text, json: OnceLock::new(), ready: OnceLock::new(), has_files: OnceLock::new() }
    }

    /// The schema itself.
    pub fn json(&self) -> &Value {
        // `false` is the schema that nothing fits.
        self.json.get_or_init(|| serde_json::from_str(&self.text).unwrap_or(Value::Bool(false)))
    }

    /// Every place where the value breaks the schema, at most fifty; empty where it is valid. Of a value of very many
    /// parts only that it does.
    pub fn violations(&self, value: &Value) -> Vec<Violation> {
        let whole = |why: &str| vec![violation(String::new(), why.to_owned())];
        let Some(ready) = self.ready.get_or_init(|| Ready::of(self.json()).ok().map(Box::new)) else {
            return whole("is nothing that the schema can be held against.");
        };
        let Some(work) = ready.work(self.json(), value) else {
            return whole("has more parts than can be held against the schema.");
        };
        if ready.validator.is_valid(value) {
            return Vec::new();
        }
        if work > work::MOST_TOLD {
            return whole("does not fit the schema, and has too many parts to say where.");
        }
        let mut found = Vec::new();
        for error in ready.validator.iter_errors(value).take(MOST) {
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
                    for name in unexpected.iter().take(MOST) {
                        found.push(violation(
                            format!("{pointer}/{}", escaped(name)),
                            format!("{name} is not known here. Known: {}.", self.properties().join(", ")),
                        ));
                    }
                }
                _ => found.push(violation(pointer, format!("{}.", beginning(&error)))),
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
        .with_pattern_options(PatternOptions::regex().size_limit(LARGEST_PATTERN))
        .build(json)
        .map_err(|error| error.to_string())
}

/// Whether what the schema describes is the name of a file.
pub(crate) fn marks_file(schema: &Value) -> bool {
    schema.get("format").is_some_and(|format| format == "file")
}

/// The beginning of what an error says, which quotes a value that may be long.
fn beginning(error: &impl Display) -> String {
    struct Beginning(String);
    impl Write for Beginning {
        fn write_str(&mut self, part: &str) -> fmt::Result {
            self.0.push_str(part);
            if self.0.len() > 4 * LONGEST { Err(fmt::Error) } else { Ok(()) }
        }
    }
    let mut text = Beginning(String::new());
    // It fails where there is enough of it.
    let _ = write!(text, "{error}");
    text.0
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
            json!({"allOf": vec![json!({"pattern": "a"}); MOST_PATTERNS + 1]}),
            json!({"pattern": "(a{1,1000}){1,1000}"}),
            json!({"pattern": r"(a)\1"}),
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
    fn a_value_of_very_many_parts_is_held_against_the_schema_within_bounds() {
        let wrong = |words: &str| [Violation { pointer: String::new(), message: words.to_owned() }];
        let words = Schema::parse(r#"{"items": {"type": "string"}}"#).unwrap();
        let many = json!(vec![0; 1_000_000]);
        assert_eq!(
            words.violations(&many),
            wrong("does not fit the schema, and has too many parts to say where.")
        );
        let text = json!({"items": {"allOf": vec![json!({"type": "integer"}); 1_000]}}).to_string();
        let heavy = Schema::parse(&text).unwrap();
        assert_eq!(heavy.violations(&many), wrong("has more parts than can be held against the schema."));
        assert_eq!(heavy.violations(&json!([1, 2, 3])), []);
        assert_eq!(heavy.violations(&json!(vec!["x"; 5])).len(), MOST);
    }

    #[test]
    fn a_long_value_is_not_repeated_whole() {
        let schema = Schema::parse(r#"{"type": "integer"}"#).unwrap();
        let found = schema.violations(&json!("x".repeat(1_000_000)));
        assert!(found[0].message.starts_with("\"xxx") && found[0].message.chars().count() <= LONGEST + 1);
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
