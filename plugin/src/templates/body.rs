//! Bodies: from what people give to what Confluence takes, and back.

use serde::Deserialize;

use crate::confluence::errors;
use crate::content::{self, Body, BodyError, Format, StorageError};
use crate::platform::{Failure, FailureKind};

/// Confluence refuses more than 5 MB. It is said here, before the bytes are sent.
const LARGEST_BODY: usize = 5_000_000;

/// What a body may be given as.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Written {
    #[default]
    Markdown,
    Storage,
    Adf,
    Wiki,
    Plain,
}

impl From<Written> for Format {
    fn from(word: Written) -> Self {
        match word {
            Written::Markdown => Self::Markdown,
            Written::Storage => Self::Storage,
            Written::Adf => Self::Adf,
            Written::Wiki => Self::Wiki,
            Written::Plain => Self::Text,
        }
    }
}

/// The body that is sent for a text. What is in one of Confluence's own formats is not touched: only looked at.
pub(super) fn sent(format: Written, text: &str) -> Result<Body<'_>, Failure> {
    let small = |length: usize| if length > LARGEST_BODY { Err(errors::too_large(None)) } else { Ok(()) };
    small(text.len())?;
    let body = Body::new(format.into(), text).map_err(|error| match error {
        BodyError::Storage(_) => {
            Failure::invalid_input("storage-not-well-formed", format!("The body is {error}."))
                .hint("Close every tag, and write & as &amp; and < as &lt;. Or give the body as Markdown.")
        }
        _ => Failure::invalid_input("body-invalid", format!("The body is {error}."))
            .hint(r#"It looks like {"type":"doc","version":1,"content":[…]}. Or give the body as Markdown."#),
    })?;
    small(body.value.len())?;
    Ok(body)
}

/// What a body may be shown as.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Shown {
    #[default]
    Markdown,
    Storage,
    Adf,
    View,
    Plain,
}

impl Shown {
    /// The word of inputs and outputs.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Markdown => "markdown",
            Self::Storage => "storage",
            Self::Adf => "adf",
            Self::View => "view",
            Self::Plain => "plain",
        }
    }

    /// What Confluence is asked for. It has neither Markdown nor plain text.
    pub(super) fn representation(self) -> &'static str {
        match self {
            Self::Markdown | Self::Storage | Self::Plain => "storage",
            Self::Adf => "atlas_doc_format",
            Self::View => "view",
        }
    }

    /// The body as it is shown. `of` is what it is the body of, for the failure.
    pub(super) fn show(self, stored: String, of: &str) -> Result<String, Failure> {
        match self {
            Self::Markdown => markdown(&stored, of),
            Self::Plain => plain(&stored, of),
            Self::Storage | Self::Adf | Self::View => Ok(stored),
        }
    }
}

/// A body in storage format as Markdown.
pub(super) fn markdown(storage: &str, of: &str) -> Result<String, Failure> {
    content::view(storage).map(|viewed| viewed.markdown).map_err(|error| unreadable(of, ("Markdown", &error)))
}

/// A body in storage format as plain text.
pub(super) fn plain(storage: &str, of: &str) -> Result<String, Failure> {
    content::plain(storage).map_err(|error| unreadable(of, ("plain text", &error)))
}

/// The words that a body in storage format holds itself.
pub(super) fn words(storage: &str, of: &str) -> Result<String, Failure> {
    content::words(storage).map_err(|error| unreadable(of, ("plain text", &error)))
}

fn unreadable(of: &str, (format, error): (&str, &StorageError)) -> Failure {
    Failure::new(
        FailureKind::Upstream,
        "body-not-readable",
        format!("The body of {of} cannot be turned into {format}, it is {error}."),
    )
    .hint("Ask for the format `storage` or `view`.")
}
