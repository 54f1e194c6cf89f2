//! The words and signs of a query.

/// A piece of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Word(String),
    /// In single or double quotes, without them and without their escapes.
    Quoted(String),
    Sign(&'static str),
}

/// Longer signs first: `>` must not be read where `>=` stands.
const SIGNS: [&str; 11] = ["!=", "!~", ">=", "<=", "=", "~", ">", "<", "(", ")", ","];

/// Cuts a query into tokens; `None` where a quotation does not end or a character belongs to nothing.
pub(super) fn tokens(query: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = query.trim_start();
    while let Some(first) = rest.chars().next() {
        if matches!(first, '"' | '\'') {
            let (text, after) = quoted(rest, first)?;
            tokens.push(Token::Quoted(text));
            rest = after;
        } else if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            tokens.push(Token::Sign(sign));
            rest = rest.strip_prefix(sign)?;
        } else {
            let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            if word.is_empty() {
                return None;
            }
            tokens.push(Token::Word(word.to_owned()));
            rest = after;
        }
        rest = rest.trim_start();
    }
    Some(tokens)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':' | '*' | '@' | '+')
}

fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut inner = String::new();
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => {
                inner.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            c if c == quote => return Some((inner, text.get(at + c.len_utf8()..)?)),
            c => inner.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_keep_quotes_and_backslashes_inside_of_a_text() {
        let found = tokens(r#"title = "a \"b\" \\ c""#).unwrap();
        assert_eq!(found[2], Token::Quoted(r#"a "b" \ c"#.to_owned()));
        assert_eq!(tokens("title = \"open"), None);
        assert_eq!(tokens("a & b"), None);
    }
}
