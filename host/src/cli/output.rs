//! All that prints. Standard output holds the result, standard error the rest.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use serde::Serialize;
use serde_json::{Value, json};
use textwrap::WordSplitter;
use textwrap::core::display_width;

use crate::failure::{Failure, FailureKind, Result, is_deceptive, plain_lines};

/// Texts longer than this, or of several lines, are printed below the others, in full.
const LONG_TEXT: usize = 100;

/// The widest cell of a table but in its last column, which nothing stands behind.
const WIDEST_CELL: usize = 100;

/// The narrowest column that text is wrapped to.
const NARROWEST: usize = 12;

/// The room between two columns.
const GAP: usize = 2;

/// Where results go, and how.
#[derive(Debug, Clone)]
pub(super) struct Output {
    json: bool,
}

impl Output {
    pub(super) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether a person watches long work.
    pub(super) fn is_watched(&self) -> bool {
        !self.json && io::stderr().is_terminal()
    }

    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    /// Prints a result: as one line of JSON, or as a person reads it.
    pub(super) fn result(&self, value: &impl Serialize, human: impl FnOnce() -> String) -> Result<()> {
        let text = if self.json { json_of(value)? } else { plain_lines(&human()) };
        print(&text)
    }

    /// Prints a line of JSON for each (JSON Lines), whoever reads it.
    pub(super) fn lines(&self, values: &[impl Serialize]) -> Result<()> {
        let lines: Vec<String> = values.iter().map(json_of).collect::<Result<_>>()?;
        print(&lines.join("\n"))
    }

    /// Says what happens meanwhile, to people only.
    pub(super) fn note(&self, text: &str) {
        if !self.json {
            let _ = writeln!(io::stderr(), "{}", plain_lines(text));
        }
    }

    /// Prints a failure and says what the process ends with.
    pub(super) fn failure(&self, failure: &Failure) -> ExitCode {
        if self.json {
            let _ = writeln!(io::stdout(), "{}", plain_json(&json!({ "error": failure }).to_string()));
        } else {
            let mut err = String::new();
            let _ = match failure.violations.as_slice() {
                [] => writeln!(err, "error: {failure}"),
                violations => {
                    // The message lists the same, in one line, after what it is about.
                    let about = failure.message.split(": ").next().unwrap_or_default();
                    let _ = writeln!(err, "error: {about}:");
                    violations.iter().try_for_each(|v| {
                        let place = if v.pointer.is_empty() { "(input)" } else { &v.pointer };
                        writeln!(err, "  {place}  {}", v.message)
                    })
                }
            };
            if let Some(answer) = &failure.answer {
                let _ = writeln!(err, "status: {}", answer.status);
                let _ =
                    answer.headers.iter().try_for_each(|(name, value)| writeln!(err, "  {name}: {value}"));
                let _ = writeln!(err, "body: {}", answer.body);
            }
            if let Some(seconds) = failure.retry_after {
                let _ = writeln!(err, "retry: after {seconds} seconds");
            }
            if let Some(link) = &failure.authorization {
                let _ = writeln!(err, "authorize: {} (until {})", link.url, time(link.expires_at));
            }
            if let Some(hint) = &failure.hint {
                let _ = writeln!(err, "hint: {hint}");
            }
            let _ = io::stderr().write_all(plain_lines(&err).as_bytes());
        }
        exit_code(failure)
    }
}

/// 2: the call was wrong; 3: authorization needed; 1: all else.
fn exit_code(failure: &Failure) -> ExitCode {
    let wrong_name = failure.code.starts_with("unknown-") && failure.kind == FailureKind::NotFound;
    ExitCode::from(match failure.kind {
        FailureKind::InvalidInput => 2,
        FailureKind::NotFound if wrong_name => 2,
        FailureKind::Conflict if failure.code.ends_with("-exists") => 2,
        FailureKind::Denied if failure.code == "system-profile" => 2,
        FailureKind::AuthorizationRequired
        | FailureKind::AccessDenied
        | FailureKind::InsufficientScope(_) => 3,
        _ => 1,
    })
}

/// The width of the terminal that the result goes to, or what `COLUMNS` says of whoever reads it. A file has none.
pub(super) fn width() -> Option<usize> {
    let terminal = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
    terminal.or_else(|| std::env::var("COLUMNS").ok()?.parse().ok()).filter(|width| *width > 0)
}

/// A table with a heading, its columns aligned, as wide as the terminal at most.
pub(super) fn table(heading: &[&str], rows: &[Vec<String>]) -> String {
    table_within(heading, rows, width())
}

/// A table of this width at most: what does not fit goes on in the next line of its column.
pub(super) fn table_within(heading: &[&str], rows: &[Vec<String>], width: Option<usize>) -> String {
    let heading: Vec<String> = heading.iter().map(|cell| cell.to_uppercase()).collect();
    let last = heading.len().saturating_sub(1);
    let cell = |(column, text): (usize, &String)| {
        crate::failure::plain_text(text, if column == last { usize::MAX - 1 } else { WIDEST_CELL })
    };
    let lines: Vec<Vec<String>> = std::iter::once(&heading)
        .chain(rows)
        .map(|line| line.iter().take(heading.len()).enumerate().map(cell).collect())
        .collect();
    let mut widths = vec![0; heading.len()];
    for line in &lines {
        for (width, text) in widths.iter_mut().zip(line) {
            *width = (*width).max(display_width(text));
        }
    }
    if let Some(width) = width {
        narrow(&mut widths, width.saturating_sub(GAP * last));
    }
    lines.iter().map(|line| row(line, &widths)).collect()
}

/// Takes from the widest column until all fit, or all are as narrow as a column can be.
fn narrow(widths: &mut [usize], room: usize) {
    while widths.iter().sum::<usize>() > room {
        match widths.iter_mut().max() {
            Some(widest) if *widest > NARROWEST => *widest -= 1,
            _ => return,
        }
    }
}

/// One row, in as many lines as its longest cell takes.
fn row(cells: &[String], widths: &[usize]) -> String {
    // Names have hyphens, and are copied.
    let whole = |width: usize| textwrap::Options::new(width).word_splitter(WordSplitter::NoHyphenation);
    let wrapped: Vec<Vec<Cow<'_, str>>> =
        cells.iter().zip(widths).map(|(cell, width)| textwrap::wrap(cell, whole((*width).max(1)))).collect();
    let height = wrapped.iter().map(Vec::len).max().unwrap_or_default();
    let mut text = String::new();
    for line in 0..height {
        let mut row = String::new();
        for (cell, width) in wrapped.iter().zip(widths) {
            let part = cell.get(line).map_or("", |part| part);
            row.push_str(part);
            row.extend(std::iter::repeat_n(' ', width.saturating_sub(display_width(part)) + GAP));
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

fn json_of(value: &impl Serialize) -> Result<String> {
    let json = serde_json::to_string(value);
    json.map(|json| plain_json(&json)).map_err(|_| Failure::internal("The result makes no JSON."))
}

/// The same JSON, with what a terminal could take for more than text escaped: outside of its texts there are only line breaks.
pub(super) fn plain_json(json: &str) -> String {
    let mut plain = String::with_capacity(json.len());
    for c in json.chars() {
        match is_deceptive(c) && c != '\n' {
            true => plain.push_str(&format!("\\u{:04x}", u32::from(c))),
            false => plain.push(c),
        }
    }
    plain
}

fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    let printed = writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush());
    match printed {
        // Whoever reads has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| Failure::internal(format!("The result cannot be printed: {error}."))),
    }
}

/// Names and values, aligned.
pub(super) fn facts(facts: &[(&str, String)]) -> String {
    let width = facts.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    let mut text = String::new();
    for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        let gap = " ".repeat(width.saturating_sub(name.chars().count()) + 2);
        text.push_str(&format!("{name}{gap}{value}\n"));
    }
    text
}

/// Seconds since 1970 as a date and time in UTC.
pub(super) fn time(seconds: u64) -> String {
    crate::clock::date(seconds)
}

/// The output of a template as a person reads it: short values in one column, lists as tables, long texts in
/// full at the end.
pub(super) fn document(value: &Value) -> String {
    let Value::Object(fields) = value else { return plain(value) };
    let (mut short, mut below) = (Vec::new(), Vec::new());
    for (name, field) in fields {
        collect(name.clone(), field, &mut short, &mut below);
    }
    let short: Vec<(&str, String)> = short.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
    let mut text = facts(&short);
    for block in below {
        text.push('\n');
        text.push_str(block.trim_end());
        text.push('\n');
    }
    text
}

fn collect(name: String, field: &Value, short: &mut Vec<(String, String)>, below: &mut Vec<String>) {
    match field {
        Value::Object(fields) => {
            for (inner, field) in fields {
                collect(
                    crate::failure::plain_text(&format!("{name}.{inner}"), LONG_TEXT),
                    field,
                    short,
                    below,
                );
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => below.push(list(items)),
        Value::String(text) if text.contains('\n') || text.chars().count() > LONG_TEXT => {
            below.push(block(text))
        }
        other => short.push((name, plain(other))),
    }
}

/// A long text in full, safe for a terminal line by line.
fn block(text: &str) -> String {
    let line = |line: &str| {
        let cells: Vec<String> =
            line.split('\t').map(|cell| crate::failure::plain_text(cell, usize::MAX - 1)).collect();
        cells.join("\t")
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Objects as a table of their plain fields.
fn list(items: &[Value]) -> String {
    let mut columns: Vec<&str> = Vec::new();
    for (name, field) in items.iter().filter_map(Value::as_object).flatten() {
        if !field.is_object() && !field.is_array() && !columns.contains(&name.as_str()) {
            columns.push(name);
        }
    }
    let row =
        |item: &Value| columns.iter().map(|name| item.get(name).map(plain).unwrap_or_default()).collect();
    table(&columns, &items.iter().map(row).collect::<Vec<_>>())
}

/// A value on one line, safe for a terminal.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => crate::failure::plain_text(text, usize::MAX - 1),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
