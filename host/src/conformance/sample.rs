//! An input by a schema: the smallest that a person would give.

use serde_json::{Map, Value, json};

use crate::runtime::Schema;

/// How deep a sample goes: what is nested deeper is left out.
const DEEPEST: usize = 8;

/// An object with the required fields, each with its example, its default, or a value of its type; absent where that
/// breaks the schema all the same.
pub(super) fn input(schema: &Schema) -> Option<Value> {
    let sample = value(schema.json(), schema.json(), 0);
    schema.violations(&sample).is_empty().then_some(sample)
}

fn value(root: &Value, schema: &Value, depth: usize) -> Value {
    let schema = referred(root, schema);
    if let Some(known) = known(schema) {
        return known.clone();
    }
    if depth > DEEPEST {
        return Value::Null;
    }
    if let Some(first) = ["oneOf", "anyOf", "allOf"].iter().find_map(|word| schema.get(word)?.get(0)) {
        return value(root, first, depth + 1);
    }
    let kind = match schema.get("type") {
        Some(Value::String(kind)) => kind.as_str(),
        Some(Value::Array(kinds)) => kinds.first().and_then(Value::as_str).unwrap_or("object"),
        _ => "object",
    };
    match kind {
        "string" => json!("sample"),
        "integer" | "number" => schema.get("minimum").cloned().unwrap_or_else(|| json!(1)),
        "boolean" => json!(false),
        "array" => {
            let items = schema.get("items").map(|items| value(root, items, depth + 1));
            Value::Array(items.into_iter().collect())
        }
        "null" => Value::Null,
        _ => object(root, schema, depth),
    }
}

fn object(root: &Value, schema: &Value, depth: usize) -> Value {
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    let field = |name: &Value| {
        let name = name.as_str()?;
        let property = schema.get("properties")?.get(name)?;
        Some((name.to_owned(), value(root, property, depth + 1)))
    };
    Value::Object(required.filter_map(field).collect::<Map<_, _>>())
}

/// A value that the schema itself names.
fn known(schema: &Value) -> Option<&Value> {
    schema
        .pointer("/examples/0")
        .or_else(|| schema.get("const"))
        .or_else(|| schema.get("default"))
        .or_else(|| schema.pointer("/enum/0"))
}

/// What a schema refers to, if it does; references make no circles in a schema that was taken.
fn referred<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    let reference = schema.get("$ref").and_then(Value::as_str);
    let target = reference.and_then(|text| root.pointer(text.strip_prefix('#')?));
    target.map_or(schema, |target| referred(root, target))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(schema: Value) -> Option<Value> {
        input(&Schema::parse(&schema.to_string()).unwrap())
    }

    #[test]
    fn a_sample_has_the_required_fields_with_what_the_schema_names_or_its_types() {
        let schema = json!({
            "type": "object",
            "required": ["name", "kind", "size", "on", "list", "deep"],
            "properties": {
                "name": {"type": "string", "examples": ["Hello"]},
                "kind": {"enum": ["page", "blog"]},
                "size": {"type": "integer", "minimum": 5},
                "on": {"type": "boolean"},
                "list": {"type": "array", "items": {"$ref": "#/$defs/word"}, "minItems": 1},
                "deep": {"type": "object", "required": ["x"], "properties": {"x": {"type": ["string", "null"]}}},
                "optional": {"type": "string"},
            },
            "$defs": {"word": {"type": "string", "default": "w"}},
        });
        assert_eq!(
            sample(schema),
            Some(json!({
                "name": "Hello", "kind": "page", "size": 5, "on": false, "list": ["w"], "deep": {"x": "sample"},
            }))
        );
    }

    #[test]
    fn what_no_simple_value_fits_has_no_sample() {
        let schema = json!({
            "type": "object", "required": ["id"], "properties": {"id": {"type": "string", "pattern": "^[0-9]+$"}},
        });
        assert_eq!(sample(schema), None);
    }
}
