//! The JSON body of a v2 write: an object with known fields of the right types, and nothing else.

use serde_json::{Map, Value};

use crate::errors;
use crate::http::{Call, Reply};
use crate::site::body::{Body, Representation};

/// Bodies over 5 MB are refused (v2 document).
pub(crate) const LARGEST: usize = 5 * 1024 * 1024;

/// A checked object.
pub(crate) struct Fields {
    fields: Map<String, Value>,
}

impl Fields {
    /// Reads the body of a call; `known` are the fields that the operation documents.
    pub(crate) fn read(call: &Call, known: &[&str]) -> Result<Self, Reply> {
        if call.body.len() > LARGEST {
            return Err(too_large());
        }
        if call.media_type() != "application/json" {
            return Err(errors::v2(
                415,
                "UNSUPPORTED_MEDIA_TYPE",
                "The body must be application/json.",
                None,
            ));
        }
        let body = serde_json::from_slice(&call.body)
            .map_err(|error| errors::invalid(format!("The request body is not valid JSON: {error}")))?;
        let Value::Object(fields) = body else {
            return Err(errors::invalid("The request body must be a JSON object."));
        };
        Self::known(fields, known)
    }

    fn known(fields: Map<String, Value>, known: &[&str]) -> Result<Self, Reply> {
        match fields.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(errors::invalid(format!("Unrecognized field '{name}' in the request body."))),
            None => Ok(Self { fields }),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, Reply> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(errors::wrong_type(name, "String")),
        }
    }

    /// An id: a number, written as a string.
    pub(crate) fn id(&self, name: &str) -> Result<Option<u64>, Reply> {
        match self.text(name)? {
            None => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| errors::wrong_type(name, "long")),
        }
    }

    pub(crate) fn word<'a>(&'a self, name: &str, words: &[&str]) -> Result<Option<&'a str>, Reply> {
        match self.text(name)? {
            Some(word) if !words.contains(&word) => {
                Err(errors::invalid(format!("Provided value for '{name}' must be of {}.", words.join(", "))))
            }
            word => Ok(word),
        }
    }

    /// An object in a field, itself with known fields.
    pub(crate) fn object(&self, name: &str, known: &[&str]) -> Result<Option<Self>, Reply> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Object(fields)) => Self::known(fields.clone(), known).map(Some),
            Some(_) => Err(errors::wrong_type(name, "Object")),
        }
    }

    /// The field `body`, in its flat form `{representation, value}` or nested by representation.
    pub(crate) fn body(&self) -> Result<Option<Body>, Reply> {
        let known = [&["representation", "value"][..], &Representation::WRITABLE].concat();
        let Some(body) = self.object("body", &known)? else { return Ok(None) };
        let nested: Vec<_> =
            Representation::WRITABLE.iter().filter(|name| body.get(name).is_some()).copied().collect();
        let flat = body.get("representation").is_some() || body.get("value").is_some();
        let (name, value) = match (flat, &nested[..]) {
            (true, []) => {
                let name = body.word("representation", &Representation::WRITABLE)?.unwrap_or_default();
                (name, body.text("value")?.map(str::to_owned))
            }
            (false, [name]) => {
                let inner = body.object(name, &["representation", "value"])?;
                let inner = inner.ok_or_else(|| errors::wrong_type(name, "Object"))?;
                if inner
                    .word("representation", &Representation::WRITABLE)?
                    .is_some_and(|other| other != *name)
                {
                    return Err(errors::invalid(format!(
                        "The body under '{name}' names another representation."
                    )));
                }
                (*name, inner.text("value")?.map(str::to_owned))
            }
            _ => return Err(errors::invalid("Exactly one body representation must be given.")),
        };
        let (Some(representation), Some(value)) = (Representation::named(name), value) else {
            return Err(errors::invalid("A body needs a representation and a value."));
        };
        let body = Body { representation, value };
        body.check().map_err(errors::invalid)?;
        Ok(Some(body))
    }
}

/// The answer to a body over the limit.
pub(crate) fn too_large() -> Reply {
    errors::v2(413, "PAYLOAD_TOO_LARGE", "The request is too large in size (over 5 MB).", None)
}
