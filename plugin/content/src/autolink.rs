//! Web addresses in plain text, which GitHub's Markdown makes links of.
//!
//! It is done to the document, whichever format it came from: a bare address and a link that says nothing but its
//! address are the same thing, so that neither turns into the other on a round trip.

use super::document::{Inline, Inlines, Link};
use super::target::Target;

/// Whether there may be an address in a text: all of them have these characters.
pub(super) fn may_hold_address(text: &str) -> bool {
    text.as_bytes().contains(&b':') && text.contains("://")
}

/// Adds a text with the addresses in it as links.
pub(super) fn link_addresses(text: String, out: &mut Inlines) {
    let mut done = 0;
    let mut search = 0;
    while let Some(found) = text.get(search..).and_then(|rest| rest.find("http")) {
        let start = search + found;
        let rest = text.get(start..).unwrap_or_default();
        let before = text.get(..start).and_then(|before| before.chars().next_back());
        let apart =
            before.is_none_or(|before| before.is_whitespace() || matches!(before, '*' | '_' | '~' | '('));
        // Where no address can begin, none is measured: it might go on to the end of the text every time.
        let length = if apart { address(rest) } else { 0 };
        let address = rest.get(..length).filter(|address| !address.is_empty());
        let Some((address, target)) = address.and_then(|address| Some((address, Target::parse(address)?)))
        else {
            search = start + "http".len();
            continue;
        };
        if start > done {
            out.push(Inline::Text(text.get(done..start).unwrap_or_default().to_owned()));
        }
        let body = vec![Inline::Text(address.to_owned())];
        out.push(Inline::Link(Box::new(Link { target, title: String::new(), body })));
        done = start + length;
        search = done;
    }
    if done == 0 {
        out.push(Inline::Text(text));
    } else if done < text.len() {
        out.push(Inline::Text(text.get(done..).unwrap_or_default().to_owned()));
    }
}

/// How much of a text is an address that stands at its beginning.
fn address(text: &str) -> usize {
    let Some(rest) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else { return 0 };
    if !rest.starts_with(char::is_alphanumeric) {
        return 0;
    }
    let scheme = text.len() - rest.len();
    let end = rest.find(|each: char| {
        each.is_whitespace() || each.is_control() || matches!(each, '<' | '>' | '"' | '`')
    });
    let mut address = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
    // Punctuation at the end belongs to the sentence, and so does a parenthesis that was not opened in the address.
    let mut unopened = address.matches(')').count().saturating_sub(address.matches('(').count());
    while let Some(last) = address.chars().next_back() {
        let sentence = match last {
            '?' | '!' | '.' | ',' | ':' | ';' | '*' | '_' | '~' | '\'' | ']' | '}' | '|' | '\\' => true,
            ')' if unopened > 0 => {
                unopened -= 1;
                true
            }
            _ => false,
        };
        if !sentence {
            break;
        }
        address = address.get(..address.len() - last.len_utf8()).unwrap_or_default();
    }
    scheme + address.len()
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn an_address_ends_where_its_sentence_goes_on() {
        for (text, expected) in [
            ("https://a.b/c?d=e#f g", "https://a.b/c?d=e#f"),
            ("http://a.b.", "http://a.b"),
            ("https://a.b/c_(d)), e", "https://a.b/c_(d)"),
            ("https://a.b?!</p>", "https://a.b"),
            ("https://ä.de/ß…", "https://ä.de/ß…"),
            ("https://", ""),
            ("https://.", ""),
            ("httpsx://a", ""),
        ] {
            assert_eq!(text.get(..address(text)), Some(expected), "{text}");
        }
    }
}
