//! What an address of Confluence names: an id, or a space and a title.
//!
//! | address | names |
//! |---|---|
//! | `/wiki/spaces/DOCS/pages/123/Title`, `…/pages/edit-v2/123` | the page 123 |
//! | `/wiki/spaces/DOCS/blog/2026/11/21/123/Title` | the blog post 123 |
//! | `/wiki/x/AQAC` | the content whose id the short link holds |
//! | `/wiki/pages/viewpage.action?pageId=123` and its like | the content 123 |
//! | `/wiki/display/DOCS/Title` | what has this title in this space |
//!
//! An address is taken apart and never called. Its host only has to be that of the connection's site, so that an
//! address of another company's Confluence is not taken for one's own.

use percent_encoding::percent_decode_str;

use super::paging;
use super::paths::{Id, Kind};
use crate::platform::Failure;

/// What an address names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reference {
    /// Content by its id, and its kind where the address says it.
    Id(Id, Option<Kind>),
    /// A folder.
    Folder(Id),
    /// What has this title in the space with this key.
    Title { space: String, title: String },
}

impl Reference {
    /// Reads an address. `site_host` is the host of the connection's site, where it is known.
    pub(crate) fn of_url(url: &str, site_host: Option<&str>) -> Result<Self, Failure> {
        let url = url.trim();
        if let (Some(host), Some(site)) = (host(url), site_host)
            && !host.eq_ignore_ascii_case(site)
        {
            return Err(Failure::invalid_input(
                "other-site",
                format!("The address is on {host:?}, and the connection is for {site}."),
            )
            .hint("Use a connection for the site of the address, or give an address of this site."));
        }
        read(url).ok_or_else(|| {
            Failure::invalid_input(
                "invalid-url",
                format!("This address names no page and no blog post: {url:?}."),
            )
            .hint(
                "Take it from the browser while the page is open, such as \
                     https://your-site.atlassian.net/wiki/spaces/DOCS/pages/123/Title, or from *Copy link*.",
            )
        })
    }
}

/// The host of an address, which may go without a scheme.
fn host(url: &str) -> Option<&str> {
    paging::host(url).or_else(|| {
        let (first, _) = url.split_once('/')?;
        (!first.is_empty()).then_some(first)
    })
}

fn read(url: &str) -> Option<Reference> {
    let url = url.split('#').next()?;
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let path = path.split_once("//").map_or(path, |(_, after)| after);
    let segments: Vec<&str> = path.split('/').skip(1).filter(|segment| !segment.is_empty()).collect();
    let after_wiki = segments.iter().position(|segment| *segment == "wiki").map_or(0, |wiki| wiki + 1);
    let id = |text: &str| Id::parse(text);
    match segments.get(after_wiki..)? {
        ["spaces", _, "pages", "edit" | "edit-v2", page, ..] | ["spaces", _, "pages", page, ..] => {
            Some(Reference::Id(id(page)?, Some(Kind::Page)))
        }
        ["spaces", _, "blog", "edit" | "edit-v2", post, ..] | ["spaces", _, "blog", _, _, _, post, ..] => {
            Some(Reference::Id(id(post)?, Some(Kind::BlogPost)))
        }
        ["spaces", _, "folder", folder, ..] => Some(Reference::Folder(id(folder)?)),
        ["x", link, ..] => Some(Reference::Id(id_of_short_link(link)?, None)),
        ["pages", action] if action.ends_with(".action") => {
            let parameter = |name: &str| {
                query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).and_then(id)
            };
            Some(Reference::Id(parameter("pageId").or_else(|| parameter("draftId"))?, None))
        }
        ["display", space, title] => {
            Some(Reference::Title { space: decoded(space)?, title: decoded(title)? })
        }
        _ => None,
    }
}

/// Text of an old address, where a space is a plus.
fn decoded(text: &str) -> Option<String> {
    Some(percent_decode_str(&text.replace('+', " ")).decode_utf8().ok()?.into_owned())
}

/// The id in `/x/…`: Base64 of its bytes, the least first, with `-` for `/` and `_` for `+`, and without the `A`s at
/// its end, which stand for zeros.
fn id_of_short_link(link: &str) -> Option<Id> {
    const BYTES: usize = 8;
    let mut bits: Vec<bool> = Vec::new();
    for byte in link.bytes() {
        let sextet = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'_' | b'+' => 62,
            b'-' => 63,
            _ => return None,
        };
        bits.extend((0..6).rev().map(|bit| sextet >> bit & 1 == 1));
    }
    if bits.is_empty() || bits.iter().skip(BYTES * 8).any(|bit| *bit) {
        return None;
    }
    bits.resize(BYTES * 8, false);
    let value = bits.chunks(8).rev().flatten().fold(0u64, |value, bit| value << 1 | u64::from(*bit));
    Id::parse(&value.to_string()).filter(|_| value > 0 && value <= i64::MAX.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(url: &str) -> Option<(String, Option<Kind>)> {
        match Reference::of_url(url, Some("acme.atlassian.net")).ok()? {
            Reference::Id(id, kind) => Some((id.to_string(), kind)),
            Reference::Folder(id) => Some((format!("folder {id}"), None)),
            Reference::Title { space, title } => Some((format!("{space}: {title}"), None)),
        }
    }

    #[test]
    fn every_form_of_an_address_is_read() {
        let site = "https://acme.atlassian.net";
        for (path, name, kind) in [
            ("/wiki/spaces/DOCS/pages/123/Release+notes", "123", Some(Kind::Page)),
            ("/wiki/spaces/DOCS/pages/123", "123", Some(Kind::Page)),
            ("/wiki/spaces/DOCS/pages/123/T?focusedCommentId=9#anchor", "123", Some(Kind::Page)),
            ("/wiki/spaces/DOCS/pages/edit-v2/123", "123", Some(Kind::Page)),
            ("/site/2/wiki/spaces/DOCS/pages/123/wiki", "123", Some(Kind::Page)),
            ("/wiki/spaces/~5b10/blog/2026/11/21/123/News", "123", Some(Kind::BlogPost)),
            ("/wiki/spaces/DOCS/folder/123?atlOrigin=x", "folder 123", None),
            ("/wiki/pages/viewpage.action?x=1&pageId=123", "123", None),
            ("/wiki/pages/resumedraft.action?draftId=123", "123", None),
            ("/wiki/display/DOCS/Caf%C3%A9+menu", "DOCS: Café menu", None),
        ] {
            for url in [format!("{site}{path}"), format!("acme.atlassian.net{path}"), path.to_owned()] {
                assert_eq!(named(&url), Some((name.to_owned(), kind)), "{url}");
            }
        }
    }

    #[test]
    fn a_short_link_holds_the_id() {
        for id in
            [1u64, 63, 64, 255, 65_535, 131_073, 4_294_967_295, 1_234_567_890_123, i64::MAX.unsigned_abs()]
        {
            let link = format!("/wiki/x/{}", short_link(id));
            assert_eq!(named(&link), Some((id.to_string(), None)), "{link}");
        }
        assert_eq!(named("/wiki/x/AQAC"), Some(("131073".to_owned(), None)));
        for bad in
            ["/wiki/x/", "/wiki/x/A", "/wiki/x/a.b", "/wiki/x/%2e", "/wiki/x/__________________", "/x/é"]
        {
            assert_eq!(named(bad), None, "{bad}");
        }
    }

    /// Made as Confluence makes it, by another way than it is read.
    fn short_link(id: u64) -> String {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
        let mut link = String::new();
        for chunk in id.to_le_bytes().chunks(3) {
            let group = (0..3).fold(0usize, |group, index| {
                group << 8 | usize::from(chunk.get(index).copied().unwrap_or_default())
            });
            link.extend((0..4).rev().map(|place| char::from(ALPHABET[group >> (6 * place) & 63])));
        }
        link.trim_end_matches('A').to_owned()
    }

    #[test]
    fn an_address_of_another_site_is_refused_however_it_is_written() {
        for url in [
            "https://evil.example/wiki/spaces/DOCS/pages/123",
            "//evil.example/wiki/spaces/DOCS/pages/123",
            "https://acme.atlassian.net@evil.example/wiki/spaces/DOCS/pages/123",
            "https://acme.atlassian.net.evil.example/wiki/x/AQAC",
            "evil.example/wiki/x/AQAC",
        ] {
            let failure = Reference::of_url(url, Some("acme.atlassian.net")).unwrap_err();
            assert_eq!(failure.code, "other-site", "{url}");
            assert!(Reference::of_url(url, None).is_ok(), "no site is known: {url}");
        }
    }

    #[test]
    fn what_names_no_content_is_refused() {
        for url in [
            "",
            "/",
            "https://acme.atlassian.net",
            "https://acme.atlassian.net/wiki/spaces/DOCS/overview",
            "https://acme.atlassian.net/wiki/spaces/DOCS/pages/../admin",
            "https://acme.atlassian.net/wiki/spaces/DOCS/pages/12a",
            "/wiki/pages/viewpage.action?pageId=1%2f2",
            "\u{202e}/wiki/x/AQAC\u{0}",
            "😀",
        ] {
            assert_eq!(named(url), None, "{url:?}");
        }
    }
}
