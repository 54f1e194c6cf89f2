//! The little HTML that Markdown may hold.
//!
//! Nothing of it is passed on as it is. A tag that means one of our own constructs is taken as that construct, its
//! attributes forgotten; a comment is left out; everything else is text.

use super::super::document::Style;

/// A part of raw HTML.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    Break,
    /// The tag as written, in case it is never closed.
    Open(Formatting, &'a str),
    Close(Formatting, &'a str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Formatting {
    Styled(Style),
    Code,
}

/// Takes raw HTML apart.
pub(super) fn pieces(html: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = html;
    // Once no end mark follows, none ever will: without this, `<!-- <!-- <!--` is searched over and over.
    let mut comments_end = true;
    while let Some(start) = rest.find('<') {
        let (text, tag) = rest.split_at(start);
        push_text(&mut pieces, text);
        if let Some(after) = tag.strip_prefix("<!--").filter(|_| comments_end) {
            if let Some((_, after)) = after.split_once("-->") {
                rest = after;
                continue;
            }
            comments_end = false;
        }
        let end = tag_end(tag);
        let (tag, after) = tag.split_at(end);
        match known_tag(tag) {
            Some(piece) => pieces.push(piece),
            None => push_text(&mut pieces, tag),
        }
        rest = after;
    }
    push_text(&mut pieces, rest);
    pieces
}

fn push_text<'a>(pieces: &mut Vec<Piece<'a>>, text: &'a str) {
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
}

/// The length of what starts with `<`: a whole tag, or what stands before the next `<`.
fn tag_end(tag: &str) -> usize {
    let after = tag.get(1..).unwrap_or_default();
    match after.find(['<', '>']) {
        Some(end) if after.get(end..).is_some_and(|rest| rest.starts_with('>')) => end + 2,
        Some(end) => end + 1,
        None => tag.len(),
    }
}

fn known_tag(tag: &str) -> Option<Piece<'_>> {
    let inner = tag.strip_prefix('<')?.strip_suffix('>')?;
    let (closing, inner) = inner.strip_prefix('/').map_or((false, inner), |inner| (true, inner));
    let length = inner.find(|each: char| !each.is_ascii_alphanumeric()).unwrap_or(inner.len());
    let (name, attributes) = inner.split_at(length);
    if !(attributes.is_empty() || attributes.starts_with([' ', '\t', '\r', '\n', '/'])) {
        return None;
    }
    let name = name.to_ascii_lowercase();
    if name == "br" {
        return Some(Piece::Break);
    }
    let formatting = match Style::of_tag(&name) {
        Some(style) => Formatting::Styled(style),
        None if name == "code" || name == "kbd" => Formatting::Code,
        None => return None,
    };
    Some(if closing { Piece::Close(formatting, tag) } else { Piece::Open(formatting, tag) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tags_of_our_own_constructs_are_taken_as_tags() {
        let strong = Formatting::Styled(Style::Strong);
        assert_eq!(
            pieces("a<B class='x'>b</b><br /><i"),
            [
                Piece::Text("a"),
                Piece::Open(strong, "<B class='x'>"),
                Piece::Text("b"),
                Piece::Close(strong, "</b>"),
                Piece::Break,
                Piece::Text("<i"),
            ]
        );
        assert_eq!(pieces("<script>"), [Piece::Text("<script>")]);
        assert_eq!(pieces("<u-x>"), [Piece::Text("<u-x>")]);
        assert_eq!(pieces("a <!-- <b> -->c"), [Piece::Text("a "), Piece::Text("c")]);
    }
}
