//! Places in JSON, and JSON that can be read in one way only.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The longest pointer of a manifest.
const LONGEST: usize = 200;

/// A JSON Pointer (RFC 6901) in which `*` as a whole token stands for each element of an array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    text: String,
    tokens: Vec<Token>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Each,
    Name(String),
}

/// Why JSON cannot be read as a pointer wants it, as the end of a sentence.
pub(super) type Unclear = String;

impl Pointer {
    /// The pointer that a text is.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let tokens = match text.strip_prefix('/') {
            None if text.is_empty() => Vec::new(),
            None => return None,
            Some(rest) => rest.split('/').map(Token::parse).collect::<Option<_>>()?,
        };
        Some(Self { text: text.to_owned(), tokens })
    }

    /// How often it says `*`.
    pub(super) fn stars(&self) -> usize {
        self.tokens.iter().filter(|token| **token == Token::Each).count()
    }

    /// The pointer to the array, and the one from each of its elements on, where it says `*`.
    pub(super) fn at_star(&self) -> Option<(Self, Self)> {
        let at = self.tokens.iter().position(|token| *token == Token::Each)?;
        Some((Self::of(self.tokens.get(..at)?), Self::of(self.tokens.get(at + 1..)?)))
    }

    /// The pointer to what it points into.
    pub(super) fn parent(&self) -> Self {
        Self::of(self.tokens.split_last().map(|(_, before)| before).unwrap_or_default())
    }

    fn of(tokens: &[Token]) -> Self {
        let text = tokens.iter().map(|token| format!("/{token}")).collect();
        Self { text, tokens: tokens.to_vec() }
    }

    /// The value there, if there is one.
    pub(super) fn get<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        value.pointer(&self.text).filter(|found| !found.is_null())
    }

    /// The same, to be changed.
    pub(super) fn get_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
        value.pointer_mut(&self.text)
    }

    /// All values there. What is not there is none; what another reader could find there is unclear.
    pub(super) fn all<'v>(&self, value: &'v Value) -> Result<Vec<&'v Value>, Unclear> {
        let mut found = vec![value];
        let mut each = false;
        for token in &self.tokens {
            let mut next = Vec::with_capacity(found.len());
            for value in found {
                match (token, value) {
                    (Token::Each, Value::Array(elements)) => next.extend(elements),
                    (Token::Name(name), Value::Object(fields)) => match field(fields, name)? {
                        Some(value) => next.push(value),
                        None if each => return Err(format!("an element has nothing at {self}")),
                        None => {}
                    },
                    _ => return Err(format!("there is something else than expected on the way to {self}")),
                }
            }
            each |= *token == Token::Each;
            found = next;
        }
        Ok(found)
    }

    /// Puts a value there, in objects that are made for it.
    pub(super) fn put(&self, into: &mut Value, value: Value) {
        let mut place = into;
        for token in &self.tokens {
            let Token::Name(name) = token else { return };
            if !place.is_object() {
                *place = Value::Object(Map::new());
            }
            let Value::Object(fields) = place else { return };
            place = fields.entry(name.clone()).or_insert(Value::Null);
        }
        *place = value;
    }
}

/// A field by its exact name. A reader that takes names without their case could find another one.
fn field<'v>(fields: &'v Map<String, Value>, name: &str) -> Result<Option<&'v Value>, Unclear> {
    match fields.keys().find(|key| key.eq_ignore_ascii_case(name) && *key != name) {
        Some(similar) => Err(format!("\"{similar}\" could be read as \"{name}\"")),
        None => Ok(fields.get(name).filter(|value| !value.is_null())),
    }
}

impl Token {
    fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Each);
        }
        // Hardly any name has a mark, and a manifest has thousands.
        if !text.is_empty() && !text.contains(['~', '*']) {
            return Some(Self::Name(text.to_owned()));
        }
        let bare = text.replace("~0", "").replace("~1", "");
        (!text.is_empty() && !bare.contains(['~', '*']))
            .then(|| Self::Name(text.replace("~1", "/").replace("~0", "~")))
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Each => f.write_str("*"),
            Self::Name(name) => f.write_str(&name.replace('~', "~0").replace('/', "~1")),
        }
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Pointer {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Pointer {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("is none"))
    }
}

/// An id or a key: a string, or a whole number, which is written in one way.
pub(super) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => number.as_u64().map(|number| number.to_string()),
        _ => None,
    }
}

/// Reads JSON in which no name of an object comes twice: of two, one reader takes the first and another the last.
pub(super) fn parse_strictly(text: &str) -> Result<Value, Unclear> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Strict.deserialize(&mut deserializer).and_then(|value| {
        deserializer.end()?;
        Ok(value)
    });
    value.map_err(|error| format!("the body is no JSON that can be read in one way only: {error}"))
}

struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(element) = elements.next_element_seed(Strict)? {
            array.push(element);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            let value = fields.next_value_seed(Strict)?;
            if object.insert(name, value).is_some() {
                return Err(de::Error::custom("a name comes twice in an object"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn all(pointer: &str, value: &Value) -> Result<Vec<Value>, Unclear> {
        Pointer::parse(pointer).unwrap().all(value).map(|found| found.into_iter().cloned().collect())
    }

    #[test]
    fn a_star_stands_for_each_element_and_what_is_not_there_is_none() {
        let body = json!({"pages": [{"id": 1}, {"id": "2"}], "space": null});
        assert_eq!(all("/pages/*/id", &body), Ok(vec![json!(1), json!("2")]));
        assert_eq!(all("/space", &body), Ok(vec![]));
        assert_eq!(all("/other/id", &body), Ok(vec![]));
    }

    #[test]
    fn what_another_reader_could_find_is_unclear() {
        for (pointer, body) in [
            ("/spaceId", json!({"SpaceId": "1"})),
            ("/pages/*/id", json!({"pages": [{"id": 1}, {}]})),
            ("/pages/*/id", json!({"pages": {"id": 1}})),
            ("/a/b", json!({"a": "text"})),
            ("/a", json!(["a"])),
        ] {
            assert!(all(pointer, &body).is_err(), "{pointer} {body}");
        }
    }

    #[test]
    fn json_in_which_a_name_comes_twice_is_refused_however_it_is_written() {
        assert_eq!(parse_strictly(r#"{"a": [1, {"b": null}]}"#), Ok(json!({"a": [1, {"b": null}]})));
        for text in [
            r#"{"spaceId":"1","spaceId":"2"}"#,
            r#"{"spaceId":"1","\u0073paceId":"2"}"#,
            r#"{"a":{"b":1,"b":1}}"#,
            r#"{"a":1} {"a":2}"#,
            "\u{feff}{}",
            "{'a':1}",
            "",
        ] {
            assert!(parse_strictly(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_number_counts_as_the_text_that_it_is_written_with_and_only_whole_ones_do() {
        assert_eq!(text_of(&json!(131_073)).as_deref(), Some("131073"));
        for value in [json!(1.5), json!(-1), json!(true), json!(["1"]), json!({"id": 1}), json!(1e30)] {
            assert_eq!(text_of(&value), None, "{value}");
        }
    }

    #[test]
    fn only_pointers_are_pointers() {
        for text in ["", "/a", "/a/*/b", "/a~1b/~0", "/results/0/id"] {
            assert!(Pointer::parse(text).is_some(), "{text}");
        }
        for text in ["a", "/a//b", "/~2", "/a*"] {
            assert!(Pointer::parse(text).is_none(), "{text}");
        }
    }
}
