//! The fields of a template, as its JSON Schema says them: the one reading that flags, tables, dialogs and forms come from.
//!
//! Only the faces live by this. Whether an input is right, the schema itself decides.

use serde_json::Value;

use crate::failure::plain_text;
use crate::runtime::{Schema, Template, marks_file};

/// The longest description that is shown, in characters.
pub(crate) const LONGEST: usize = 1_000;

/// One field of an input.
#[derive(Debug)]
pub(crate) struct Field<'a> {
    pub(crate) name: &'a str,
    pub(crate) kind: Kind,
    /// Whether no input goes without it.
    pub(crate) required: bool,
    pub(crate) default: Option<&'a Value>,
    pub(crate) example: Option<&'a Value>,
    pub(crate) description: String,
}

/// What a field takes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    /// Any text.
    Text,
    /// A file, by its name.
    File,
    /// One of these.
    Choice(Vec<Choice>),
    /// Yes or no.
    Boolean,
    /// A whole number, of these bounds.
    Integer { least: Option<f64>, most: Option<f64> },
    /// A number.
    Number,
    /// Several of a simple kind.
    List(Box<Kind>),
    /// Anything that has to be written as JSON.
    Json,
}

/// One of the values that a field may have.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Choice {
    /// What is written for it.
    pub(crate) text: String,
    /// What stands in the input.
    pub(crate) value: Value,
    /// What it is, where the schema says that.
    pub(crate) about: Option<String>,
}

/// The fields of a template: those that every input has first, otherwise in the schema's order.
pub(crate) fn of<'a>(template: &'a Template) -> Vec<Field<'a>> {
    let root = template.input.json();
    let required = required(root);
    let read = |(name, property): (&'a String, &'a Value)| Field {
        name,
        kind: Kind::of(root, property),
        required: required.contains(&name.as_str()),
        default: property.get("default"),
        example: property.pointer("/examples/0"),
        description: property
            .get("description")
            .or_else(|| property.get("title"))
            .and_then(Value::as_str)
            .map(|text| plain_text(text, LONGEST))
            .unwrap_or_default(),
    };
    let mut fields: Vec<Field<'_>> = properties(root).map(read).collect();
    fields.sort_by_key(|field| !field.required);
    fields
}

fn properties(root: &Value) -> impl Iterator<Item = (&String, &Value)> {
    root.get("properties").and_then(Value::as_object).into_iter().flatten()
}

pub(crate) fn required(schema: &Value) -> Vec<&str> {
    let names = schema.get("required").and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str).collect()
}

impl Kind {
    /// The kind of one field, by the schema's own name of it.
    pub(crate) fn named(schema: &Schema, name: &str) -> Option<Self> {
        let root = schema.json();
        root.get("properties")?.get(name).map(|property| Self::of(root, property))
    }

    fn of(root: &Value, property: &Value) -> Self {
        let property = resolved(root, property);
        if let Some(choices) = choices(root, property) {
            return Self::Choice(choices);
        }
        match types(property).as_slice() {
            [] => Self::of_branches(root, property),
            types if types.contains(&"string") && marks_file(property) => Self::File,
            types if types.contains(&"string") => Self::Text,
            ["boolean"] => Self::Boolean,
            ["integer"] => Self::Integer {
                least: property.get("minimum").and_then(Value::as_f64),
                most: property.get("maximum").and_then(Value::as_f64),
            },
            ["number"] | ["integer", "number"] | ["number", "integer"] => Self::Number,
            ["array"] => match property.get("items").map(|items| Self::of(root, items)) {
                None | Some(Self::List(_) | Self::Json) => Self::Json,
                Some(item) => Self::List(Box::new(item)),
            },
            _ => Self::Json,
        }
    }

    /// The kind of what may be one of several things: theirs, where they are of one; text, where it may be text.
    fn of_branches(root: &Value, property: &Value) -> Self {
        let mut kinds: Vec<Self> = branches(property)
            .filter(|branch| !is_null(branch))
            .map(|branch| Self::of(root, branch))
            .collect();
        kinds.dedup();
        match (kinds.pop(), kinds.as_slice()) {
            (None, _) => Self::Text,
            (Some(only), []) => only,
            (Some(last), others) if last == Self::Text || others.contains(&Self::Text) => Self::Text,
            _ => Self::Json,
        }
    }

    /// What is written for it, in a word, or the values that there are.
    #[cfg(any(test, feature = "cli"))]
    pub(crate) fn label(&self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::File => "file".to_owned(),
            Self::Choice(choices) => {
                choices.iter().map(|choice| choice.text.as_str()).collect::<Vec<_>>().join("|")
            }
            Self::Boolean => "true|false".to_owned(),
            Self::Integer { .. } => "integer".to_owned(),
            Self::Number => "number".to_owned(),
            Self::List(item) => format!("{}, …", item.label()),
            Self::Json => "JSON".to_owned(),
        }
    }

    /// A value of this kind from what is written for it. What cannot be one stays text, and the schema's check says what
    /// it should be.
    pub(crate) fn read(&self, text: String) -> Value {
        let json = |text: String| serde_json::from_str(&text).unwrap_or(Value::String(text));
        match self {
            Self::Text | Self::File => Value::String(text),
            Self::Choice(choices) => match choices.iter().find(|choice| choice.text == text) {
                Some(choice) => choice.value.clone(),
                None => Value::String(text),
            },
            Self::Boolean | Self::Integer { .. } | Self::Number | Self::List(_) | Self::Json => json(text),
        }
    }
}

/// What a property says, through its references. A schema that refers to itself is not accepted, so this ends.
pub(crate) fn resolved<'a>(root: &'a Value, property: &'a Value) -> &'a Value {
    let target =
        property.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
    match target.and_then(|pointer| root.pointer(pointer)) {
        Some(target) => resolved(root, target),
        None => property,
    }
}

fn branches(property: &Value) -> impl Iterator<Item = &Value> {
    ["oneOf", "anyOf", "allOf"]
        .into_iter()
        .filter_map(|keyword| property.get(keyword).and_then(Value::as_array))
        .flatten()
}

/// The types of a property but null: that a field may be absent is what people mean by it.
fn types(property: &Value) -> Vec<&str> {
    let types = match property.get("type") {
        Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => vec![one.as_str()],
        _ => Vec::new(),
    };
    types.into_iter().filter(|known| *known != "null").collect()
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").is_some_and(|only| only == "null") || schema.get("const").is_some_and(Value::is_null)
}

/// The values that a property may have, where the schema lists them.
fn choices(root: &Value, property: &Value) -> Option<Vec<Choice>> {
    let about = ["description", "title"].into_iter().find_map(|name| property.get(name)?.as_str());
    let choice = |value: &Value, about: Option<&str>| Choice {
        text: value.as_str().map_or_else(|| value.to_string(), |text| plain_text(text, LONGEST)),
        value: value.clone(),
        about: about.map(|text| plain_text(text, LONGEST)),
    };
    if let Some(values) = property.get("enum").and_then(Value::as_array) {
        return Some(values.iter().map(|value| choice(value, None)).collect());
    }
    if let Some(value) = property.get("const") {
        return Some(vec![choice(value, about)]);
    }
    let several = ["oneOf", "anyOf"].into_iter().find_map(|keyword| property.get(keyword)?.as_array())?;
    let several = several.iter().filter(|branch| !is_null(branch));
    let listed: Option<Vec<Vec<Choice>>> =
        several.map(|branch| choices(root, resolved(root, branch))).collect();
    listed.map(|listed| listed.concat()).filter(|choices| !choices.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kind(property: Value) -> Kind {
        let schema =
            json!({"type": "object", "properties": {"f": property}, "$defs": {"n": {"type": "integer"}}});
        Kind::named(&Schema::parse(&schema.to_string()).unwrap(), "f").unwrap()
    }

    #[test]
    fn a_field_is_of_the_kind_that_its_schema_says_in_whatever_way() {
        let integer = Kind::Integer { least: None, most: None };
        for (property, expected) in [
            (json!({"type": "string"}), Kind::Text),
            (json!({}), Kind::Text),
            (json!(true), Kind::Text),
            (json!({"type": ["string", "null"]}), Kind::Text),
            (json!({"type": ["string", "integer"]}), Kind::Text),
            (json!({"type": ["boolean", "null"]}), Kind::Boolean),
            (json!({"$ref": "#/$defs/n"}), integer.clone()),
            (json!({"anyOf": [{"$ref": "#/$defs/n"}, {"type": "null"}]}), integer.clone()),
            (json!({"allOf": [{"type": "integer"}]}), integer.clone()),
            (json!({"oneOf": [{"type": "integer"}, {"type": "boolean"}]}), Kind::Json),
            (json!({"oneOf": [{"type": "integer"}, {"type": "string"}]}), Kind::Text),
            (json!({"type": "integer", "minimum": 1}), Kind::Integer { least: Some(1.0), most: None }),
            (json!({"type": "number"}), Kind::Number),
            (json!({"type": "object"}), Kind::Json),
            (json!({"type": "array"}), Kind::Json),
            (json!({"type": "array", "items": {"type": "object"}}), Kind::Json),
            (json!({"type": "array", "items": {"type": "string"}}), Kind::List(Box::new(Kind::Text))),
        ] {
            assert_eq!(kind(property.clone()), expected, "{property}");
        }
    }

    #[test]
    fn the_values_of_a_field_are_listed_however_the_schema_lists_them() {
        for (property, label) in [
            (json!({"enum": ["a", "b"]}), "a|b"),
            (json!({"enum": [1, null, "x"]}), "1|null|x"),
            (json!({"const": "a"}), "a"),
            (json!({"oneOf": [{"const": "a", "title": "The first"}, {"const": "b"}]}), "a|b"),
            (json!({"anyOf": [{"enum": ["a"]}, {"type": "null"}]}), "a"),
        ] {
            assert_eq!(kind(property.clone()).label(), label, "{property}");
        }
        let Kind::Choice(choices) = kind(json!({"oneOf": [{"const": "a", "title": "The first"}]})) else {
            panic!("no choice");
        };
        assert_eq!(choices[0].about.as_deref(), Some("The first"));
        assert_eq!(kind(json!({"enum": [1, "x"]})).read("1".to_owned()), json!(1));
    }
}
