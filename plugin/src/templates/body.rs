//! Bodies: from what people give to what Confluence takes, and back.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde::Deserialize;
use serde_json::Value;

use crate::confluence::client::SentBody;
use crate::confluence::errors;
use crate::content;
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

/// The body as Confluence takes it. What is in one of its own formats is not touched: only looked at.
pub(super) fn sent(format: Written, text: &str) -> Result<SentBody, Failure> {
    if text.len() > LARGEST_BODY {
        return Err(errors::too_large(None));
    }
    let (representation, value) = match format {
        Written::Markdown => ("storage", content::markdown_to_storage(text)),
        Written::Plain => ("storage", plain_to_storage(text)),
        Written::Storage => ("storage", checked_storage(text)?),
        Written::Adf => ("atlas_doc_format", checked_adf(text)?),
        Written::Wiki => ("wiki", text.to_owned()),
    };
    if value.len() > LARGEST_BODY {
        Err(errors::too_large(None))
    } else {
        Ok(SentBody { representation, value })
    }
}

fn checked_storage(text: &str) -> Result<String, Failure> {
    content::check_storage(text).map_err(|error| {
        Failure::invalid_input("storage-not-well-formed", format!("The body is {error}."))
            .hint("Close every tag, and write & as &amp; and < as &lt;. Or give the body as Markdown.")
    })?;
    Ok(text.to_owned())
}

/// An Atlassian document is a JSON text whose root is of the type `doc`.
fn checked_adf(text: &str) -> Result<String, Failure> {
    let invalid = |why: String| {
        Failure::invalid_input("adf-invalid", format!("The body is no Atlassian document: {why}."))
            .hint(r#"It looks like {"type":"doc","version":1,"content":[…]}. Or give the body as Markdown."#)
    };
    let document: Value =
        serde_json::from_str(text).map_err(|error| invalid(format!("it is no JSON, {error}")))?;
    let is_document = document.get("type").and_then(Value::as_str) == Some("doc")
        && document.get("version").is_some_and(Value::is_u64)
        && document.get("content").is_some_and(Value::is_array);
    if is_document {
        Ok(text.to_owned())
    } else {
        Err(invalid("its root lacks the type `doc`, a version or content".to_owned()))
    }
}

/// A paragraph for each part between empty lines. XML allows no control characters.
fn plain_to_storage(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut storage = String::new();
    for paragraph in
        text.split("\n\n").map(|part| part.trim_matches('\n')).filter(|part| !part.trim().is_empty())
    {
        storage.push_str("<p>");
        for character in paragraph.chars() {
            match character {
                '&' => storage.push_str("&amp;"),
                '<' => storage.push_str("&lt;"),
                '>' => storage.push_str("&gt;"),
                '\n' => storage.push_str("<br/>"),
                '\t' => storage.push(' '),
                '\u{fffe}' | '\u{ffff}' => {}
                other if other.is_control() => {}
                other => storage.push(other),
            }
        }
        storage.push_str("</p>");
    }
    storage
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
            Self::Plain => markdown(&stored, of).map(|markdown| plain(&markdown)),
            Self::Storage | Self::Adf | Self::View => Ok(stored),
        }
    }
}

/// A body in storage format as Markdown.
pub(super) fn markdown(storage: &str, of: &str) -> Result<String, Failure> {
    content::storage_to_markdown(storage).map_err(|error| {
        Failure::new(
            FailureKind::Upstream,
            "body-not-readable",
            format!("The body of {of} cannot be turned into Markdown, it is {error}."),
        )
        .hint("Ask for the format `storage` or `view`.")
    })
}

/// The words of Markdown, without its marks.
pub(super) fn plain(markdown: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut text = String::new();
    for event in Parser::new_ext(markdown, options) {
        match event {
            Event::Text(words) | Event::Code(words) => text.push_str(&words),
            Event::SoftBreak | Event::HardBreak | Event::Start(Tag::List(_)) => end_line(&mut text),
            Event::TaskListMarker(done) => text.push_str(if done { "[x] " } else { "[ ] " }),
            Event::End(TagEnd::TableCell) => text.push('\t'),
            Event::End(
                TagEnd::Paragraph
                | TagEnd::Heading(_)
                | TagEnd::CodeBlock
                | TagEnd::Item
                | TagEnd::TableRow
                | TagEnd::TableHead,
            ) => end_line(&mut text),
            _ => {}
        }
    }
    text
}

fn end_line(text: &mut String) {
    text.truncate(text.trim_end_matches([' ', '\t']).len());
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(format: Written, text: &str) -> String {
        sent(format, text).unwrap_err().code
    }

    /// BODY-1
    #[test]
    fn plain_text_becomes_paragraphs_and_nothing_in_it_is_markup() {
        let sent = sent(Written::Plain, "*a* <b> & \"c\"\r\nd\u{1}\n\n\n\n# e 😀 \u{202e}").unwrap();
        assert_eq!(sent.value, "<p>*a* &lt;b&gt; &amp; \"c\"<br/>d</p><p># e 😀 \u{202e}</p>");
        assert_eq!(content::check_storage(&sent.value), Ok(()));
    }

    /// BODY-5
    #[test]
    fn an_atlassian_document_is_sent_as_its_text_and_checked_before() {
        let text = "{\"type\":\"doc\", \"version\":1,\"content\":[]}";
        let expected = SentBody { representation: "atlas_doc_format", value: text.to_owned() };
        assert_eq!(sent(Written::Adf, text).unwrap(), expected);
        for bad in ["", "{", "[]", "{\"type\":\"doc\"}", "{\"type\":\"p\",\"version\":1,\"content\":[]}"] {
            assert_eq!(code(Written::Adf, bad), "adf-invalid", "{bad}");
        }
    }

    #[test]
    fn wiki_markup_is_sent_as_it_is() {
        let expected = SentBody { representation: "wiki", value: "h1. *Hi* {code}".to_owned() };
        assert_eq!(sent(Written::Wiki, "h1. *Hi* {code}").unwrap(), expected);
    }

    #[test]
    fn plain_text_is_the_words_without_the_marks() {
        let markdown = "# Hi *you*\n\nA\\*b & [link](https://e.example)\n\n- one\n- two\n  - three\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\ncode <x>\n```\n";
        assert_eq!(plain(markdown), "Hi you\nA*b & link\none\ntwo\nthree\na\tb\n1\t2\ncode <x>\n");
    }
}
