//! JSON Schema 2020-12, of inputs and outputs.

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, Validator};
use serde_json::Value;

use crate::failure::{Failure, FailureKind, Result, Violation, plain_text};

/// The most violations that are reported: what a person reads.
const MOST: usize = 50;

/// The longest sentence of a violation: a wrong value may be a whole page.
const LONGEST: usize = 300;

/// A schema, as text and ready to validate. It refers to nothing outside itself.
#[derive(Debug, Clone)]
pub struct Schema {
    json: Value,
    validator: Validator,
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
        let json: Value = serde_json::from_str(text).map_err(|error| bad(error.to_string()))?;
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .build(&json)
            .map_err(|error| bad(error.to_string()))?;
        Ok(Self { json, validator })
    }

    /// The schema itself.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// Every place where the value breaks the schema; empty where it is valid.
    pub fn violations(&self, value: &Value) -> Vec<Violation> {
        let mut found = Vec::new();
        for error in self.validator.iter_errors(value).take(MOST) {
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
        found
    }

    /// The names of the properties at the top of the schema, in its order.
    pub fn properties(&self) -> Vec<&str> {
        let properties = self.json.get("properties").and_then(Value::as_object);
        properties.into_iter().flatten().map(|(name, _)| name.as_str()).collect()
    }
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
    fn a_schema_that_points_outside_itself_is_refused_and_nothing_is_fetched() {
        let text = r#"{"$ref": "http://127.0.0.1:1/schema.json"}"#;
        assert_eq!(Schema::parse(text).unwrap_err().kind, FailureKind::BadPlugin);
        assert_eq!(
            Schema::parse(r#"{"$ref": "file:///etc/passwd"}"#).unwrap_err().kind,
            FailureKind::BadPlugin
        );
    }
}
