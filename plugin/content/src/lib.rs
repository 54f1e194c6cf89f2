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
//! plain text   ◀── plain ───────── document, tidied ◀── storage::reader ── storage format
//! words        ◀── storage::words ────────────────────────────────────── storage format
//! storage format + edited Markdown ── edit ──▶ storage format
//! ```
//!
//! # Promises
//!
//! 1. Any text given as Markdown becomes well-formed storage format.
//! 2. What [`check_storage`] accepts, [`view`] converts.
//! 3. Code comes back as it was, whatever it holds.
//! 4. Markdown that came out of [`view`] does not change on further round trips, but for its markers.
//! 5. A page that is viewed and put back by [`edit`] without a change keeps every byte. A change of words changes those
//!    words; what Markdown has no construct for stays, or the edit is refused.
//! 6. Stack does not grow with the nesting of a text: containers nested deeper than 40 levels are dissolved into the
//!    one around them.
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
//! | `> [!NOTE]`, `[!TIP]`, `[!IMPORTANT]`, `[!WARNING]` | the macros `info`, `tip`, `note`, `warning` without a title (`[!CAUTION]` also becomes `warning`) |
//! | fenced and indented code | the macro `code`, its text in CDATA |
//! | `title="…"` behind the language of a fence | the parameter `title` |
//! | table, with alignment | `<table>`, with `text-align` on the paragraphs of its cells |
//! | `---` | `<hr/>` |
//! | backslash or two spaces at a line's end, `<br>` | `<br/>` |
//! | `[…](https://…)`, `<https://…>`, a bare `https://…` | `<a href="…">` |
//! | `[…](confluence:page/Title?space=KEY)` | `<ac:link>` with `<ri:page>`; more kinds in `target` |
//! | `[@Name](confluence:user/ID)` | `<ac:link>` with `<ri:user>`: a mention |
//! | `[2026-01-31](confluence:date/2026-01-31)` | `<time>` |
//! | `![alt](https://…)` | `<ac:image>` with `<ri:url>` |
//! | `![alt](folder/file.png)` | `<ac:image>` with `<ri:attachment ri:filename="file.png">` |
//! | a line of emphasis below an image | its `<ac:caption>` (one way only) |
//! | `[TOC]` alone | the macro `toc` |
//! | footnotes | a raised number, and a numbered list at the end of the page (one way only) |
//! | other HTML | its text, escaped; comments are left out |
//!
//! Links whose scheme could run a script (`javascript:` and its like) keep only their words.
//!
//! # Markers
//!
//! What Markdown has no construct for is shown as a link to `confluence:…` with the id of the element:
//!
//! | Markdown | what it stands for |
//! |---|---|
//! | `[macro: jira: DOC-1](confluence:macro/jira?3f2a91)` | a macro without a body |
//! | `[😀](confluence:element/ac%3Aemoticon?3f2a91)` | another element whose content is not shown |
//! | `[red words](confluence:mark/span?3f2a91)` | an element around words, which can be edited |
//! | `[macro: expand: More](confluence:macro/expand?3f2a91)` … `[/macro: expand](confluence:end/expand?3f2a91)` | a macro around blocks, which can be edited: each marker in a paragraph of its own |
//! | `[layout](confluence:element/ac%3Alayout?3f2a91)` … `[/layout](confluence:end/ac%3Alayout?3f2a91)` | a layout, a section, a column, or an unknown element around blocks |
//!
//! The id is made of the element's own bytes; equal elements are counted (`3f2a91-2`). So [`edit`] finds the element
//! again in the version that was viewed, and puts its bytes where its marker stands. Without that version, as in
//! [`markdown_to_storage`], a marker becomes its words, since a macro without its parameters would be broken.
//!
//! Attributes, `<div>`, comments, empty elements and what stands around links have no marker: an edit leaves them where
//! they are, and names them where it cannot.

mod autolink;
mod body;
mod diff;
mod document;
mod edit;
mod entities;
mod error;
mod markdown;
mod plain;
mod storage;
mod target;
mod tidy;
mod unified;
mod xml;

pub use body::{Body, BodyError, Format};
pub use edit::{Change, Edited, Loss, Options as EditOptions, Refused, edit};
pub use error::StorageError;
pub use unified::{LineDiff, unified_diff};
use xml::XmlWriter;

/// Makes storage format of Markdown (CommonMark with GitHub's tables, task lists, strikethrough, footnotes and alerts).
///
/// Any text is Markdown, and the result is always well-formed as the content of an element that declares the
/// prefixes `ac` and `ri`.
///
/// ```
/// use actionbay_confluence_content::markdown_to_storage;
///
/// assert_eq!(
///     markdown_to_storage("# Release *2.0*\n\nFast & small: `List<T>`"),
///     "<h1>Release <em>2.0</em></h1><p>Fast &amp; small: <code>List&lt;T&gt;</code></p>",
/// );
/// ```
#[must_use]
pub fn markdown_to_storage(markdown: &str) -> String {
    // Markup grows on the way: tags take more room than marks.
    let mut xml = XmlWriter::with_capacity(markdown.len().saturating_mul(2));
    markdown::read_in_parts(markdown, |blocks| storage::append(&tidy::blocks(blocks), &mut xml));
    xml.finish()
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
/// use actionbay_confluence_content::view;
///
/// let storage = "<p>It&rsquo;s <strong>done</strong></p><ul><li><p>1 * 2</p></li></ul>";
/// assert_eq!(view(storage)?.markdown, "It’s **done**\n\n- 1 * 2\n");
/// # Ok::<(), actionbay_confluence_content::StorageError>(())
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

/// The words of storage format, as plain text.
///
/// ```
/// use actionbay_confluence_content::plain;
///
/// let storage = "<h2>Steps</h2><ol><li><p>Stop &amp; <em>look</em></p></li></ol>";
/// assert_eq!(plain(storage)?, "Steps\n1. Stop & look\n");
/// # Ok::<(), actionbay_confluence_content::StorageError>(())
/// ```
///
/// # Errors
///
/// If the text is not well-formed XML, as with [`view`].
pub fn plain(storage: &str) -> Result<String, StorageError> {
    let (blocks, _) = storage::read(storage)?;
    Ok(plain::write(&tidy::blocks(blocks)))
}

/// The words that storage format holds itself, as readers of the page can select them: no number of a list, no text of
/// an image, nothing of what a macro or a mention shows. Every block has lines of its own.
///
/// ```
/// use actionbay_confluence_content::words;
///
/// let storage = "<ol><li><p>Stop &amp; l<em>oo</em>k</p></li></ol>";
/// assert_eq!(words(storage)?.trim(), "Stop & look");
/// # Ok::<(), actionbay_confluence_content::StorageError>(())
/// ```
///
/// # Errors
///
/// If the text is not well-formed XML, as with [`view`].
pub fn words(storage: &str) -> Result<String, StorageError> {
    storage::words(storage)
}

/// Checks that a text is storage format that Confluence can parse, so that a mistake is told before anything is sent.
///
/// # Errors
///
/// If the text is not well-formed XML, or uses an entity or a prefix that Confluence does not declare.
pub fn check_storage(storage: &str) -> Result<(), StorageError> {
    storage::check(storage)
}
