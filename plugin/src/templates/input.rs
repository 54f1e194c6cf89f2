//! Reading inputs, and building outputs, in the same way for every template.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Template;
use crate::confluence::model::{Space, Version};
use crate::confluence::paths::{CommentKind, Kind};
use crate::platform::{Failure, FailureKind};

/// The title's bound in Confluence, in characters.
const LONGEST_TITLE: usize = 255;

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

/// The word for a kind of comment.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum CommentType {
    Footer,
    Inline,
}

impl From<CommentType> for CommentKind {
    fn from(word: CommentType) -> Self {
        match word {
            CommentType::Footer => Self::Footer,
            CommentType::Inline => Self::Inline,
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

impl From<Space> for SpaceOut {
    fn from(space: Space) -> Self {
        Self { id: space.id.to_string(), key: space.key, name: space.name }
    }
}

/// A version in an output.
#[derive(Debug, Serialize)]
pub(super) struct VersionOut {
    number: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    minor: bool,
}

impl From<Version> for VersionOut {
    fn from(version: Version) -> Self {
        let Version { number, message, created, author, minor } = version;
        Self { number, message, created, author, minor }
    }
}

/// Refuses what the input schema does not know, for every template in the same way: a field that is misspelt must
/// not be ignored.
pub(super) fn check(template: &Template, input: &Value) -> Result<(), Failure> {
    let Some(fields) = input.as_object() else {
        return Err(invalid("it is not an object"));
    };
    let known = template.input_schema.fields();
    match fields.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(invalid(format!("`{}` has no field {name:?}", template.id))),
        None => Ok(()),
    }
}

/// What a template reads of its input. Parts that several templates have are read each on its own: to flatten one into
/// another takes code for every pair of them.
pub(super) fn read<T: DeserializeOwned>(input: &Value) -> Result<T, Failure> {
    T::deserialize(input).map_err(invalid)
}

/// The failure of an input that cannot be read.
pub(super) fn invalid(why: impl std::fmt::Display) -> Failure {
    Failure::invalid_input("invalid-input", format!("The input does not fit: {why}."))
}

/// The output of a template.
pub(super) fn write<T: Serialize>(output: &T) -> Result<Value, Failure> {
    serde_json::to_value(output).map_err(|error| {
        Failure::new(
            FailureKind::Internal,
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

/// One line of text that is not empty, without space around it: `field` is its name.
pub(super) fn line<'t>(field: &str, text: &'t str) -> Result<&'t str, Failure> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(invalid(format!("`{field}` is empty")));
    }
    if trimmed.chars().any(char::is_control) {
        return Err(invalid(format!("`{field}` contains a line break or another control character")));
    }
    Ok(trimmed)
}
