//! Bodies: the representation that was written, and the ones that can be read.
//!
//! Confluence converts between storage, ADF and rendered HTML. The sandbox keeps what was written and converts
//! only as far as a reader needs to see the text: reading another representation than the written one gives
//! paragraphs.

use serde_json::{Value, json};

use crate::html::escape;
use crate::{adf, render, storage};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Representation {
    Storage,
    AtlasDocFormat,
    Wiki,
}

impl Representation {
    pub(crate) const WRITABLE: [&'static str; 3] = ["storage", "atlas_doc_format", "wiki"];

    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "storage" => Some(Self::Storage),
            "atlas_doc_format" => Some(Self::AtlasDocFormat),
            "wiki" => Some(Self::Wiki),
            _ => None,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Storage => "storage",
            Self::AtlasDocFormat => "atlas_doc_format",
            Self::Wiki => "wiki",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Body {
    pub(crate) representation: Representation,
    pub(crate) value: String,
}

impl Body {
    pub(crate) fn storage(value: impl Into<String>) -> Self {
        Self { representation: Representation::Storage, value: value.into() }
    }

    /// Whether Confluence would take the body; the error is its title.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self.representation {
            Representation::Storage => storage::check(&self.value).map_err(|error| error.to_string()),
            Representation::Wiki => Ok(()),
            Representation::AtlasDocFormat => {
                let document: Value = serde_json::from_str(&self.value).map_err(
                    |_| "The body in atlas_doc_format must be a JSON document, encoded as a string.",
                )?;
                if adf::is_valid(&document) {
                    Ok(())
                } else {
                    Err("The body is not a valid atlas_doc_format document.".to_owned())
                }
            }
        }
    }

    /// The `body` object of an answer, for one of the documented names of formats.
    pub(crate) fn read(&self, format: &str) -> Value {
        let value = match format {
            "storage" => self.as_storage(),
            "atlas_doc_format" => self.as_adf(),
            _ => self.as_html(),
        };
        json!({format: {"representation": format, "value": value}})
    }

    /// The format that answers to writes show it in. Wiki markup is shown as storage: it cannot be read.
    pub(crate) fn shown_as(&self) -> &'static str {
        match self.representation {
            Representation::AtlasDocFormat => "atlas_doc_format",
            Representation::Storage | Representation::Wiki => "storage",
        }
    }

    /// The body as lines of text, one for each block.
    pub(crate) fn lines(&self) -> Vec<String> {
        render::lines(&self.as_storage())
    }

    /// The body as safe HTML.
    pub(crate) fn as_html(&self) -> String {
        render::html(&self.as_storage())
    }

    fn as_storage(&self) -> String {
        let paragraphs = |lines: Vec<String>| -> String {
            lines.iter().map(|line| format!("<p>{}</p>", escape(line))).collect()
        };
        match self.representation {
            Representation::Storage => self.value.clone(),
            Representation::AtlasDocFormat => paragraphs(adf_lines(&self.value)),
            Representation::Wiki => {
                let lines = self.value.lines().filter(|line| !line.trim().is_empty());
                paragraphs(lines.map(str::to_owned).collect())
            }
        }
    }

    fn as_adf(&self) -> String {
        if self.representation == Representation::AtlasDocFormat {
            return self.value.clone();
        }
        let paragraphs: Vec<_> = render::lines(&self.as_storage())
            .into_iter()
            .map(|line| json!({"type": "paragraph", "content": [{"type": "text", "text": line}]}))
            .collect();
        json!({"type": "doc", "version": 1, "content": paragraphs}).to_string()
    }
}

/// The text of every block of a document.
fn adf_lines(document: &str) -> Vec<String> {
    fn text(node: &Value, out: &mut String) {
        if let Some(words) = node.get("text").and_then(Value::as_str) {
            out.push_str(words);
        }
        for child in node.get("content").and_then(Value::as_array).into_iter().flatten() {
            text(child, out);
        }
    }
    let document: Value = serde_json::from_str(document).unwrap_or_default();
    let blocks = document.get("content").and_then(Value::as_array).cloned().unwrap_or_default();
    blocks
        .iter()
        .map(|block| {
            let mut line = String::new();
            text(block, &mut line);
            line
        })
        .collect()
}
