//! Confluence's query language, as far as the plugin writes it.
//!
//! A person's words stand in it as a quoted text and nowhere else, so that no word of theirs can end the text and
//! become a condition.

/// A quoted text: the backslash is escaped before the quotation mark, or its own escape would be escaped. A control
/// character becomes a space: in a query it could only break a line.
pub(crate) fn quoted(text: &str) -> String {
    let line = text.replace(char::is_control, " ");
    format!("\"{}\"", line.replace('\\', "\\\\").replace('"', "\\\""))
}

/// `field operator "text"`.
pub(crate) fn condition(field: &str, operator: &str, text: &str) -> String {
    format!("{field} {operator} {}", quoted(text))
}

/// `field in ("a", "b")`, or `field = "a"` for one.
pub(crate) fn one_of(field: &str, texts: &[&str]) -> String {
    match texts {
        [one] => condition(field, "=", one),
        many => {
            let list: Vec<_> = many.iter().map(|text| quoted(text)).collect();
            format!("{field} in ({})", list.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// API-20
    #[test]
    fn words_never_leave_their_quotation_marks() {
        assert_eq!(quoted(r#"a" or type = "page"#), r#""a\" or type = \"page""#);
        assert_eq!(quoted(r#"\" or 1"#), r#""\\\" or 1""#);
        assert_eq!(quoted("\\"), r#""\\""#);
        assert_eq!(quoted("a\nb\u{0}"), "\"a b \"");
        assert_eq!(quoted("😀 שלום"), "\"😀 שלום\"");
    }

    #[test]
    fn a_list_of_one_is_an_equality() {
        assert_eq!(one_of("type", &["page"]), r#"type = "page""#);
        assert_eq!(one_of("type", &["page", "blogpost"]), r#"type in ("page", "blogpost")"#);
    }
}
