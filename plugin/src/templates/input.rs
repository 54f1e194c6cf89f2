//! Reading inputs, and building outputs, in the same way for every template.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::confluence::errors;
use crate::confluence::paths::Kind;
use crate::content::{self, Body, BodyError};
use crate::platform::Failure;

/// The title's bound in Confluence, in characters.
const LONGEST_TITLE: usize = 255;

/// Confluence refuses more than 5 MB. It is said here, before the bytes are sent.
const LARGEST_BODY: usize = 5_000_000;

/// The word for a format of a body.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    #[default]
    Markdown,
    Storage,
    Adf,
    Wiki,
    Text,
}

impl From<Format> for content::Format {
    fn from(word: Format) -> Self {
        match word {
            Format::Markdown => Self::Markdown,
            Format::Storage => Self::Storage,
            Format::Adf => Self::Adf,
            Format::Wiki => Self::Wiki,
            Format::Text => Self::Text,
        }
    }
}

/// The body that is sent for a text. What is storage format already is not touched: only looked at.
pub(super) fn body(format: Format, text: &str) -> Result<Body<'_>, Failure> {
    let small = |length: usize| if length > LARGEST_BODY { Err(errors::too_large(None)) } else { Ok(()) };
    small(text.len())?;
    let body = Body::new(format.into(), text).map_err(|error| match error {
        BodyError::Storage(_) => {
            Failure::invalid_input("storage-not-well-formed", format!("The body is {error}."))
                .hint("Close every tag, and write & as &amp; and < as &lt;. Or give the body as Markdown.")
        }
        _ => Failure::invalid_input("body-invalid", format!("The body is {error}.")),
    })?;
    small(body.value.len())?;
    Ok(body)
}

/// The word for a kind of content.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Type {
    Page,
    BlogPost,
}

impl From<Type> for Kind {
    fn from(word: Type) -> Self {
        match word {
            Type::Page => Self::Page,
            Type::BlogPost => Self::BlogPost,
        }
    }
}

/// A space in an output.
#[derive(Debug, Serialize)]
pub(super) struct SpaceOut {
    pub(super) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
}

/// The input as a template reads it.
pub(super) fn read<T: DeserializeOwned>(input: Value) -> Result<T, Failure> {
    T::deserialize(input)
        .map_err(|error| Failure::invalid_input("invalid-input", format!("The input does not fit: {error}.")))
}

/// The output of a template.
pub(super) fn write<T: Serialize>(output: &T) -> Result<Value, Failure> {
    serde_json::to_value(output).map_err(|error| {
        Failure::new(
            crate::platform::FailureKind::Internal,
            "output-not-json",
            format!("The output cannot be written: {error}."),
        )
    })
}

/// A title that Confluence can have, without space around it.
pub(super) fn title(title: &str) -> Result<&str, Failure> {
    let trimmed = title.trim();
    if trimmed.is_empty() {
        return Err(Failure::invalid_input("title-required", "The title is empty.").hint("Give a title."));
    }
    let length = trimmed.chars().count();
    if length > LONGEST_TITLE {
        return Err(Failure::invalid_input(
            "title-too-long",
            format!("The title has {length} characters; Confluence takes at most {LONGEST_TITLE}."),
        ));
    }
    if trimmed.chars().any(char::is_control) {
        return Err(Failure::invalid_input(
            "title-invalid",
            "The title contains a line break or another control character.",
        ));
    }
    Ok(trimmed)
}
