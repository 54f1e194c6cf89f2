//! Markdown and Confluence's *storage format*, each made from the other.
//!
//! Storage format is XML with elements of HTML and of Confluence's own (`ac:`, `ri:`). Confluence refuses a page whose
//! body is not well-formed, and a page that was sent through an HTML parser loses its code. So nothing here replaces
//! strings: both formats are read into one tree (`document`), brought to a canonical form (`tidy`), and written by
//! writers of which only one place each knows how to escape (`xml`, `markdown::escape`).
//!
//! ```text
//! Markdown ── markdown::reader ──▶ document, tidied ──▶ storage::writer ──▶ storage format
//! Markdown ◀── markdown::writer ── document, tidied ◀── storage::reader ── storage format
//! ```
//!
//! # Promises
//!
//! 1. Any text given as Markdown becomes well-formed storage format.
//! 2. What [`check_storage`] accepts, [`view`] converts.
//! 3. Code comes back as it was, whatever it holds.
//! 4. Markdown that came out of [`view`] does not change on further round trips.
//! 5. Time grows with the length of the text and stack does not grow with its nesting: containers nested deeper than
//!    40 levels are dissolved into the one around them.
//!
//! # Mapping
//!
//! | Markdown | storage format |
//! |---|---|
//! | `# …` to `###### …` | `<h1>` to `<h6>` |
//! | `**…**`, `_…_`, `~~…~~` | `<strong>`, `<em>`, `<del>` (`<b>`, `<i>`, `<s>` are read too) |
//! | `<u>…</u>`, `<sub>…</sub>`, `<sup>…</sup>` | the same elements |
//! | inline code | `<code>` |
//! | lists, nested lists, `3.` | `<ul>`, `<ol>`, `<ol start="3">` |
//! | `- [ ] …`, `- [x] …` | `<ac:task-list>`; a list with both kinds of items is split |
//! | `> …` | `<blockquote>` |
//! | `> [!NOTE]`, `[!TIP]`, `[!IMPORTANT]`, `[!WARNING]` | the macros `info`, `tip`, `note`, `warning` (`[!CAUTION]` also becomes `warning`) |
//! | fenced and indented code | the macro `code`, its text in CDATA |
//! | table, with alignment | `<table>`, with `text-align` on the paragraphs of its cells |
//! | `---` | `<hr/>` |
//! | backslash or two spaces at a line's end, `<br>` | `<br/>` |
//! | `[…](https://…)`, `<https://…>`, a bare `https://…` | `<a href="…">` |
//! | `[…](confluence:page/Title?space=KEY)` | `<ac:link>` with `<ri:page>`; more kinds in `target` |
//! | `![alt](https://…)` | `<ac:image>` with `<ri:url>` |
//! | `![alt](folder/file.png)` | `<ac:image>` with `<ri:attachment ri:filename="file.png">` |
//! | `[TOC]` alone | the macro `toc` |
//! | footnotes | a raised number, and a numbered list at the end of the page (one way only) |
//! | other HTML | its text, escaped; comments are left out |
//!
//! Links whose scheme could run a script (`javascript:` and its like) keep only their words.
//!
//! # Markers
//!
//! What Markdown has no construct for is shown as a link to `confluence:macro/NAME` (or `confluence:element/NAME`)
//! that says what stood there: `[macro: jira: DOC-1](confluence:macro/jira)`. The body of an unknown macro follows its
//! marker. Written back, a marker becomes its words in brackets, since a macro without its parameters would be
//! broken. The URL has room for an id (`?…`), which readers already skip.

mod autolink;
mod body;
mod document;
mod edit;
mod entities;
mod error;
mod markdown;
mod storage;
mod target;
mod tidy;
mod unified;
mod xml;

pub use body::{Body, BodyError, Format};
pub use edit::{Change, Edited, Loss, Options as EditOptions, Refused, edit};
pub use error::StorageError;
pub use unified::unified_diff;

/// Makes storage format of Markdown (CommonMark with GitHub's tables, task lists, strikethrough, footnotes and alerts).
///
/// Any text is Markdown, and the result is always well-formed as the content of an element that declares the
/// prefixes `ac` and `ri`.
///
/// ```
/// use actionbay_confluence::content::markdown_to_storage;
///
/// assert_eq!(
///     markdown_to_storage("# Release *2.0*\n\nFast & small: `List<T>`"),
///     "<h1>Release <em>2.0</em></h1><p>Fast &amp; small: <code>List&lt;T&gt;</code></p>",
/// );
/// ```
#[must_use]
pub fn markdown_to_storage(markdown: &str) -> String {
    storage::write(&tidy::blocks(markdown::read(markdown)))
}

/// A page as Markdown.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Viewed {
    /// The Markdown.
    pub markdown: String,
    /// The elements that are markers in it.
    pub markers: Vec<Marked>,
}

/// An element that Markdown has no construct for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Marked {
    /// The id in its marker's address.
    pub id: String,
    /// What it is, such as `macro: jira: DOC-1`.
    pub what: String,
}

/// Makes Markdown of storage format. [`edit`] takes it back.
///
/// ```
/// use actionbay_confluence::content::view;
///
/// let storage = "<p>It&rsquo;s <strong>done</strong></p><ul><li><p>1 * 2</p></li></ul>";
/// assert_eq!(view(storage)?.markdown, "It’s **done**\n\n- 1 * 2\n");
/// # Ok::<(), actionbay_confluence::content::StorageError>(())
/// ```
///
/// # Errors
///
/// If the text is not well-formed XML. Elements, macros, prefixes and entities it does not know are no error.
pub fn view(storage: &str) -> Result<Viewed, StorageError> {
    let (blocks, elements) = storage::read(storage)?;
    let markers = elements.iter().map(|(id, known)| Marked { id: id.clone(), what: known.label.clone() });
    Ok(Viewed { markdown: markdown::write(&tidy::blocks(blocks)), markers: markers.collect() })
}

/// Checks that a text is storage format that Confluence can parse, so that a mistake is told before anything is sent.
///
/// # Errors
///
/// If the text is not well-formed XML, or uses an entity or a prefix that Confluence does not declare.
pub fn check_storage(storage: &str) -> Result<(), StorageError> {
    storage::check(storage)
}
