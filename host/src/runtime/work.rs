//! How much work it is to hold a value against a schema: known before it is begun, since both may be a stranger's.
//!
//! A step is what one keyword of the schema takes with one part of the value. The library that does it cannot be stopped, and
//! tells of every violation or of none.

use serde_json::{Map, Value};

/// The most steps that are begun at all: about a second.
pub(super) const MOST: usize = 50_000_000;

/// The most steps in which every violation is looked for: each may become one, and is held until all are found.
pub(super) const MOST_TOLD: usize = 200_000;

/// Steps for a byte that a pattern is looked for in.
const PER_BYTE: usize = 16;

/// Bytes of a text whose letters are counted in one step.
const COUNTED: usize = 128;

/// How often the other keywords are gone through where one asks what they left.
const UNEVALUATED: usize = 3;

/// Keywords that take more than a step with a part of the value, or have others take it again.
pub(super) const DEARER: &[&str] =
    &["pattern", "patternProperties", "propertyNames", "unevaluatedItems", "unevaluatedProperties"];

/// Steps that are left.
struct Work<'a> {
    root: &'a Value,
    left: usize,
}

/// The steps that a value takes; none where there are more than are begun.
pub(super) fn of(root: &Value, value: &Value) -> Option<usize> {
    let mut work = Work { root, left: MOST };
    work.hold(root, value)?;
    Some(MOST - work.left)
}

/// The parts of a value, of long texts as many as they take steps to be counted; or more than `most`.
pub(super) fn parts(value: &Value, most: usize) -> usize {
    let mut work = Work { root: value, left: most };
    work.parts(value).map_or(most.saturating_add(1), |()| most - work.left)
}

impl<'a> Work<'a> {
    fn take(&mut self, steps: usize) -> Option<()> {
        self.left = self.left.checked_sub(steps)?;
        Some(())
    }

    /// The value against a schema. References end: that was checked when the schema was read.
    fn hold(&mut self, schema: &'a Value, value: &Value) -> Option<()> {
        self.take(1)?;
        let Value::Object(keywords) = schema else { return Some(()) };
        let asks_what_is_left =
            ["unevaluatedItems", "unevaluatedProperties"].iter().any(|name| keywords.contains_key(*name));
        for _ in 0..if asks_what_is_left { UNEVALUATED } else { 1 } {
            for (name, keyword) in keywords {
                self.keyword(keywords, name, keyword, value)?;
            }
        }
        Some(())
    }

    fn keyword(
        &mut self,
        schema: &'a Map<String, Value>,
        name: &str,
        keyword: &'a Value,
        value: &Value,
    ) -> Option<()> {
        self.take(1)?;
        match (name, keyword, value) {
            ("$ref", Value::String(reference), _) => {
                let target = reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
                target.map_or(Some(()), |target| self.hold(target, value))
            }
            ("allOf" | "anyOf" | "oneOf", Value::Array(schemas), _) => {
                schemas.iter().try_for_each(|schema| self.hold(schema, value))
            }
            ("not" | "if" | "then" | "else", schema, _) => self.hold(schema, value),
            ("dependentSchemas", Value::Object(schemas), Value::Object(_)) => {
                schemas.values().try_for_each(|schema| self.hold(schema, value))
            }
            ("properties", Value::Object(known), Value::Object(fields)) => {
                known.iter().try_for_each(|(name, schema)| match fields.get(name) {
                    Some(field) => self.hold(schema, field),
                    None => self.take(1),
                })
            }
            ("patternProperties", Value::Object(patterns), Value::Object(fields)) => {
                patterns.values().try_for_each(|schema| {
                    fields.iter().try_for_each(|(name, field)| {
                        self.take(name.len().saturating_mul(PER_BYTE))?;
                        self.hold(schema, field)
                    })
                })
            }
            ("additionalProperties", keyword, Value::Object(fields)) => {
                let known = schema.get("properties");
                let is_known = |name: &str| known.is_some_and(|known| known.get(name).is_some());
                fields.iter().try_for_each(|(name, field)| match is_known(name) {
                    true => self.take(1),
                    false => self.hold(keyword, field),
                })
            }
            ("propertyNames", keyword, Value::Object(fields)) => fields.keys().try_for_each(|name| {
                let name = Value::String(name.clone());
                self.hold(keyword, &name)
            }),
            ("unevaluatedProperties", keyword, Value::Object(fields)) => {
                fields.values().try_for_each(|field| self.hold(keyword, field))
            }
            ("items" | "contains" | "unevaluatedItems", keyword, Value::Array(items)) => {
                items.iter().try_for_each(|item| self.hold(keyword, item))
            }
            ("prefixItems", Value::Array(schemas), Value::Array(items)) => {
                schemas.iter().zip(items).try_for_each(|(schema, item)| self.hold(schema, item))
            }
            ("pattern", _, Value::String(text)) => self.take(text.len().saturating_mul(PER_BYTE)),
            ("minLength" | "maxLength", _, Value::String(text)) => self.take(text.len() / COUNTED),
            // Each name that is not there is a violation.
            ("required" | "dependentRequired", keyword, Value::Object(_)) => self.parts(keyword),
            ("enum" | "const", keyword, _) => self.parts(keyword),
            ("uniqueItems", _, Value::Array(_)) => self.parts(value),
            _ => Some(()),
        }
    }

    fn parts(&mut self, value: &Value) -> Option<()> {
        self.take(1)?;
        match value {
            Value::Array(items) => items.iter().try_for_each(|item| self.parts(item)),
            Value::Object(fields) => fields.values().try_for_each(|field| self.parts(field)),
            Value::String(text) => self.take(text.len() / COUNTED),
            _ => Some(()),
        }
    }
}

/// The parts that a JSON text has, found without reading them: read, each takes the room of many letters.
pub(super) fn parts_written(json: &str) -> usize {
    let (mut parts, mut in_text, mut is_escaped) = (1, false, false);
    for byte in json.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = in_text,
            b'"' => in_text = !in_text,
            b',' | b'[' | b'{' if !in_text => parts += 1,
            _ => {}
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn work_grows_with_both_schema_and_value_and_is_given_up_beyond_the_most() {
        let schema = json!({"items": {"allOf": vec![json!({"type": "integer"}); 100]}});
        let steps = |items: usize| of(&schema, &json!(vec![0; items]));
        assert!(steps(10).unwrap() > 1_000 && steps(100).unwrap() > 10_000);
        assert_eq!(steps(1_000_000), None);
        assert_eq!(of(&json!({"pattern": "a"}), &json!("a".repeat(MOST / PER_BYTE + 1))), None);
        assert!(of(&json!({"type": "string"}), &json!("a".repeat(MOST))).unwrap() < 10);
        let lengths = json!({"allOf": vec![json!({"maxLength": 1}); 1_000]});
        assert_eq!(of(&lengths, &json!("a".repeat(16 << 20))), None);
        assert!(parts(&json!("a".repeat(16 << 20)), MOST) > 100_000);
    }

    #[test]
    fn each_name_that_an_object_must_have_is_a_step_with_each_object() {
        let names: Vec<String> = (0..5_000).map(|name| name.to_string()).collect();
        for keyword in [json!({"required": names}), json!({"dependentRequired": {"a": names}})] {
            let steps = of(&json!({"items": keyword}), &json!(vec![json!({}); 100])).unwrap();
            assert!(steps > MOST_TOLD, "{steps}");
        }
    }

    #[test]
    fn keywords_that_ask_what_others_left_multiply_the_work_of_those_below_them() {
        let nested = |depth: usize| {
            (0..depth).fold(
                json!({"type": "object"}),
                |inner, _| json!({"allOf": [inner], "unevaluatedProperties": false}),
            )
        };
        assert!(of(&nested(3), &json!({})).is_some());
        assert_eq!(of(&nested(30), &json!({})), None);
    }

    #[test]
    fn parts_are_counted_as_far_as_anybody_wants_to_know() {
        assert_eq!(parts(&json!({"a": [1, 2], "b": "c"}), 10), 5);
        assert_eq!(parts(&json!(vec![0; 100]), 10), 11);
        assert_eq!(parts_written(r#"{"a": [1, 2], "b,\"[": "c\\", "d": {}}"#), 7);
    }
}
