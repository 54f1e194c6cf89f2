//! Makes text stay text in Markdown. This is the only place that escapes Markdown.
//!
//! What could be markup gets a backslash, and only that: `snake_case`, `2 * 3`, `AT&T` and `a < b` stay readable.

/// Where a text stands.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    /// Nothing stands before it on its line, so that it could begin a block.
    pub(super) line_start: bool,
    /// A pipe would end the cell.
    pub(super) table: bool,
    /// A bracket would end the words of the link.
    pub(super) link: bool,
}

/// Appends a tidy text (one line, no white space at the start of a line).
pub(super) fn text(text: &str, place: Place, out: &mut String) {
    let line_mark = if place.line_start { line_mark(text) } else { None };
    let mut previous = out.chars().next_back();
    for (index, character) in text.char_indices() {
        let rest = text.get(index + character.len_utf8()..).unwrap_or_default();
        let next = rest.chars().next();
        let escaped = line_mark == Some(index)
            || match character {
                '\\' | '`' | '~' | '[' => true,
                ']' => place.link,
                // Between white space it opens and closes nothing. What follows a text is not known here.
                '*' => !(previous.is_none_or(char::is_whitespace) && next.is_some_and(char::is_whitespace)),
                '_' => {
                    !(previous.is_some_and(char::is_alphanumeric) && next.is_some_and(char::is_alphanumeric))
                }
                '<' => {
                    next.is_none_or(|next| next.is_ascii_alphabetic() || matches!(next, '/' | '!' | '?'))
                        || may_be_address(rest)
                }
                '&' => is_entity(rest),
                _ => false,
            };
        if character == '|' && place.table {
            // The table takes the backslash before it looks at anything else, and two of them confuse it.
            out.push_str(if out.ends_with('\\') { "&#124;" } else { "\\|" });
        } else {
            if escaped {
                out.push('\\');
            }
            out.push(character);
        }
        previous = Some(character);
    }
}

/// Appends a title, to stand in double quotes.
pub(super) fn title(title: &str, table: bool, out: &mut String) {
    for (index, character) in title.char_indices() {
        let escaped = match character {
            '"' | '\\' => true,
            '&' => is_entity(title.get(index + 1..).unwrap_or_default()),
            _ => false,
        };
        if character == '|' && table {
            out.push_str("&#124;");
            continue;
        }
        if escaped {
            out.push('\\');
        }
        out.push(character);
    }
}

/// Appends a clean URL, to stand in parentheses.
pub(super) fn destination(url: &str, out: &mut String) {
    // Brackets of any kind could end it too soon; angle brackets around it settle that, and a clean URL has none.
    let bracketed = url.contains(['(', ')', '[', ']']);
    if bracketed {
        out.push('<');
    }
    for (index, character) in url.char_indices() {
        if character == '&' && is_entity(url.get(index + 1..).unwrap_or_default()) {
            out.push('\\');
        }
        out.push(character);
    }
    if bracketed {
        out.push('>');
    }
}

/// Appends the word after a fence.
pub(super) fn info(language: &str, out: &mut String) {
    for (index, character) in language.char_indices() {
        let entity = character == '&' && is_entity(language.get(index + 1..).unwrap_or_default());
        if character == '\\' || entity {
            out.push('\\');
        }
        out.push(character);
    }
}

/// Whether what follows an ampersand makes it an entity.
fn is_entity(after: &str) -> bool {
    // The longest name has 31 letters.
    let end = after.bytes().take(40).position(|byte| !(byte.is_ascii_alphanumeric() || byte == b'#'));
    end.is_some_and(|end| end > 0 && after.as_bytes().get(end) == Some(&b';'))
}

/// Whether what follows `<` may make it an e-mail address. Where the text ends before that is known, it may.
fn may_be_address(after: &str) -> bool {
    let is_local = |byte: u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte);
    after.bytes().find(|&byte| !is_local(byte)).is_none_or(|byte| byte == b'@')
}

/// The offset of the character that would make a line beginning with this text the beginning of a block.
fn line_mark(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    let next = text.chars().nth(1);
    match first {
        '#' => {
            let level = text.bytes().take_while(|&byte| byte == b'#').count();
            let after = text.as_bytes().get(level);
            (level <= 6 && matches!(after, None | Some(b' '))).then_some(0)
        }
        '>' | '|' => Some(0),
        // Items, rules, underlines of headings, the second line of a table. A letter or digit rules all out.
        '-' | '+' | '=' | ':' => (!next.is_some_and(char::is_alphanumeric)).then_some(0),
        '*' => Some(0),
        '0'..='9' => {
            let digits = text.bytes().take_while(u8::is_ascii_digit).count();
            let mark = matches!(text.as_bytes().get(digits), Some(b'.' | b')'));
            let space = matches!(text.as_bytes().get(digits + 1), None | Some(b' '));
            (mark && space && digits <= 9).then_some(digits)
        }
        _ => None,
    }
}
