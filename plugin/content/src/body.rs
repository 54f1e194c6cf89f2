//! Bodies in every format that authors give them in.
//!
//! | format | what is sent | representation |
//! |---|---|---|
//! | Markdown | what [`markdown_to_storage`](super::markdown_to_storage) makes of it | `storage` |
//! | storage | the text byte for byte, once it is known to be well-formed | `storage` |
//! | Atlassian Document Format | the JSON as it is, a text in JSON, once it is known to be a tree of nodes | `atlas_doc_format` |
//! | wiki markup | the text as it is; Confluence converts it | `wiki` |
//! | plain text | a paragraph for every blank line, a line break for every line | `storage` |

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use serde_json::Value;

use super::error::StorageError;
use super::xml::XmlWriter;

/// The format of a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// CommonMark with GitHub's extensions.
    #[default]
    Markdown,
    /// Confluence's storage format.
    Storage,
    /// The Atlassian Document Format, as JSON.
    Adf,
    /// Confluence's old wiki markup.
    Wiki,
    /// Text that is nothing but text.
    Text,
}

/// What is sent to Confluence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body<'a> {
    /// Confluence's name of the format.
    pub representation: &'static str,
    /// The body.
    pub value: Cow<'a, str>,
}

/// Why a text is not what its format says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BodyError {
    /// It is not well-formed storage format.
    Storage(StorageError),
    /// It is not a document of the Atlassian Document Format: what is wrong, as the rest of a sentence.
    Adf(String),
}

impl fmt::Display for BodyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Storage(error) => error.fmt(formatter),
            Self::Adf(message) => write!(formatter, "not an Atlassian document: {message}"),
        }
    }
}

impl Error for BodyError {}

impl<'a> Body<'a> {
    /// The body that a text in a format stands for.
    ///
    /// ```
    /// use actionbay_confluence_content::{Body, Format};
    ///
    /// let body = Body::new(Format::Text, "a < b\n\nc")?;
    /// assert_eq!((body.representation, &*body.value), ("storage", "<p>a &lt; b</p><p>c</p>"));
    /// # Ok::<(), actionbay_confluence_content::BodyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the text is not of the format. Any text is Markdown, wiki markup and plain text.
    pub fn new(format: Format, text: &'a str) -> Result<Self, BodyError> {
        let storage = |value| Self { representation: "storage", value };
        Ok(match format {
            Format::Markdown => storage(Cow::Owned(super::markdown_to_storage(text))),
            Format::Storage => {
                super::check_storage(text).map_err(BodyError::Storage)?;
                storage(Cow::Borrowed(text))
            }
            Format::Text => storage(Cow::Owned(paragraphs(text))),
            Format::Wiki => Self { representation: "wiki", value: Cow::Borrowed(text) },
            Format::Adf => {
                check_adf(text).map_err(BodyError::Adf)?;
                Self { representation: "atlas_doc_format", value: Cow::Borrowed(text) }
            }
        })
    }
}

fn check_adf(text: &str) -> Result<(), String> {
    let root: Value = serde_json::from_str(text).map_err(|error| format!("it is not JSON, {error}"))?;
    if root.get("type").and_then(Value::as_str) != Some("doc") {
        return Err("the `type` of its root is not \"doc\"".to_owned());
    }
    if root.get("version").and_then(Value::as_u64) != Some(1) {
        return Err("the `version` of its root is not 1".to_owned());
    }
    let Some(nodes) = root.get("content").and_then(Value::as_array) else {
        return Err("the `content` of its root is not a list".to_owned());
    };
    let mut place = String::from("/content");
    nodes.iter().enumerate().try_for_each(|(index, node)| check_node(node, index, &mut place))
}

/// Checks one node of a list, and all below it. What each kind may hold is Confluence's to say; that it is a tree of
/// nodes at all is said here, with the place, which Confluence does not tell. JSON is read 128 levels deep at most.
fn check_node(node: &Value, index: usize, place: &mut String) -> Result<(), String> {
    let outer = place.len();
    place.push('/');
    place.push_str(&index.to_string());
    let Some(kind) = node.get("type").and_then(Value::as_str) else {
        return Err(format!("the node at {place} has no `type`"));
    };
    if kind == "text" && node.get("text").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err(format!("the text at {place} has no words in `text`"));
    }
    for name in ["content", "marks"] {
        let Some(list) = node.get(name) else { continue };
        let Some(list) = list.as_array() else {
            return Err(format!("the `{name}` of the node at {place} is not a list"));
        };
        let inner = place.len();
        place.push('/');
        place.push_str(name);
        list.iter().enumerate().try_for_each(|(index, node)| check_node(node, index, place))?;
        place.truncate(inner);
    }
    place.truncate(outer);
    Ok(())
}

fn paragraphs(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut xml = XmlWriter::with_capacity(text.len());
    let mut lines = text.lines().peekable();
    while lines.peek().is_some() {
        let paragraph: Vec<&str> = lines.by_ref().take_while(|line| !line.trim().is_empty()).collect();
        if paragraph.is_empty() {
            continue;
        }
        xml.element("p", &[], |xml| {
            for (index, line) in paragraph.iter().enumerate() {
                if index > 0 {
                    xml.empty("br", &[]);
                }
                xml.text(line);
            }
        });
    }
    xml.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// BODY-5, BODY-6
    #[test]
    fn every_format_has_its_representation() {
        let body =
            |format, text| Body::new(format, text).map(|body| (body.representation, body.value.into_owned()));
        assert_eq!(body(Format::Markdown, "*a*"), Ok(("storage", "<p><em>a</em></p>".to_owned())));
        assert_eq!(body(Format::Storage, "<p >a</p>"), Ok(("storage", "<p >a</p>".to_owned())));
        assert_eq!(body(Format::Wiki, "h1. a"), Ok(("wiki", "h1. a".to_owned())));
        assert_eq!(
            body(Format::Text, "*a*\nb\n\n\nc"),
            Ok(("storage", "<p>*a*<br/>b</p><p>c</p>".to_owned()))
        );
        let adf = "{\"type\": \"doc\", \"version\": 1, \"content\": []}";
        assert_eq!(body(Format::Adf, adf), Ok(("atlas_doc_format", adf.to_owned())));
    }

    /// BODY-5
    #[test]
    fn what_is_no_document_is_refused_with_its_reason() {
        for (text, reason) in [
            ("{", "not JSON"),
            ("[]", "`type`"),
            ("{\"type\":\"paragraph\"}", "`type`"),
            ("{\"type\":\"doc\",\"version\":2,\"content\":[]}", "`version`"),
            ("{\"type\":\"doc\",\"version\":1}", "`content`"),
            (r#"{"type":"doc","version":1,"content":{}}"#, "`content`"),
            (r#"{"type":"doc","version":1,"content":["a"]}"#, "/content/0 has no `type`"),
            (
                r#"{"type":"doc","version":1,"content":[{"type":"rule"},{"type":"paragraph","content":[{"text":"a"}]}]}"#,
                "/content/1/content/0 has no `type`",
            ),
            (
                r#"{"type":"doc","version":1,"content":[{"type":"paragraph","content":[{"type":"text","text":""}]}]}"#,
                "the text at /content/0/content/0",
            ),
            (
                r#"{"type":"doc","version":1,"content":[{"type":"paragraph","marks":{}}]}"#,
                "the `marks` of the node at /content/0",
            ),
            (&format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)), "not JSON"),
        ] {
            let error = Body::new(Format::Adf, text).unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
        assert!(matches!(Body::new(Format::Storage, "<p>"), Err(BodyError::Storage(_))));
    }
}
