//! Where the next page of results is.
//!
//! Confluence says it with a URL that is relative to something else than what was asked: `/wiki/api/v2/…`,
//! without the gateway's `/ex/confluence/{site}`. Clients that resolve it lose the gateway or double the
//! `/wiki`; clients that follow it take their token wherever it points. Here a URL is never followed. Only
//! its `cursor` is taken, and the next request is the same request with that cursor.
//!
//! - A URL on another host ends the walk with a failure: it shows an answer that cannot be trusted.
//! - A cursor that comes back, or pages without end, end it too.

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;

use crate::platform::{Failure, FailureKind, Response};

/// The largest page of results that Confluence gives.
pub(crate) const LARGEST_PAGE: u32 = 250;

/// A million results, 250 at a time. Beyond it, a server that makes up cursors is likelier than a space.
const MOST_PAGES: usize = 4_000;

/// The gateway, which may name itself in full.
const GATEWAY_HOST: &str = "api.atlassian.com";

/// A walk through pages of results: remembers where it was.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    seen: BTreeSet<String>,
}

impl Walk {
    /// The cursor in the URL of the next page of results. `site_host` is the host of the connection's site.
    pub(crate) fn cursor_of(&mut self, link: &str, site_host: Option<&str>) -> Result<String, Failure> {
        if !stays_on_the_site(link, site_host) {
            return Err(failure(
                "paging-left-the-site",
                "Confluence's answer continues on another host. It was not followed.",
            ));
        }
        let Some(cursor) = cursor(link) else {
            return Err(failure(
                "paging-without-cursor",
                "Confluence's answer says that there is more, but not where.",
            ));
        };
        if self.seen.len() >= MOST_PAGES || !self.seen.insert(cursor.clone()) {
            return Err(failure(
                "paging-loop",
                "Confluence's pages of results do not come to an end: the same one was named twice, or there \
                 are too many.",
            ));
        }
        Ok(cursor)
    }
}

fn failure(code: &str, message: &str) -> Failure {
    Failure::new(FailureKind::Upstream, code, message)
}

/// The URL of the next page of results, if there is one: what the body's `_links.next` says, else the `Link`
/// header.
pub(crate) fn link<'r>(next: Option<&'r str>, response: &'r Response) -> Option<&'r str> {
    next.or_else(|| response.header("link").and_then(next_of_link_header))
}

/// The target of `rel="next"` in a `Link` header (RFC 8288). The header also carries `rel="base"`, so the
/// relation has to be read.
fn next_of_link_header(header: &str) -> Option<&str> {
    let mut rest = header;
    loop {
        let (_, after) = rest.split_once('<')?;
        let (target, after) = after.split_once('>')?;
        let parameters = after.split_once('<').map_or(after, |(parameters, _)| parameters);
        if parameters.split([';', ',']).any(is_rel_next) {
            return Some(target);
        }
        rest = after;
    }
}

fn is_rel_next(parameter: &str) -> bool {
    parameter.split_once('=').is_some_and(|(name, value)| {
        name.trim().eq_ignore_ascii_case("rel")
            && value
                .trim()
                .trim_matches('"')
                .split_ascii_whitespace()
                .any(|rel| rel.eq_ignore_ascii_case("next"))
    })
}

/// Whether the URL is relative, or absolute on the site or the gateway.
fn stays_on_the_site(url: &str, site_host: Option<&str>) -> bool {
    match host(url) {
        None => true,
        Some(host) => {
            host.eq_ignore_ascii_case(GATEWAY_HOST)
                || site_host.is_some_and(|site| site.eq_ignore_ascii_case(host))
        }
    }
}

/// The host and port of an absolute or scheme-relative URL. What stands before an `@` is not the host.
pub(crate) fn host(url: &str) -> Option<&str> {
    let before_query = url.split(['?', '#']).next()?;
    let (_, after) = before_query.split_once("//").filter(|(scheme, _)| !scheme.contains('/'))?;
    let authority = after.split(['/', '\\']).next()?;
    Some(authority.rsplit('@').next().unwrap_or(authority))
}

/// The `cursor` of the URL's query, wherever in it. `+` stays `+`: a cursor is Base64 and never has spaces.
fn cursor(url: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    let query = query.split('#').next()?;
    let value = query.split('&').find_map(|pair| pair.strip_prefix("cursor="))?;
    let value = percent_decode_str(value).decode_utf8().ok()?;
    (!value.is_empty()).then(|| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::Parameter;

    fn response(link: &str) -> Response {
        Response { status: 200, headers: vec![Parameter::new("Link", link)], body: Vec::new() }
    }

    fn code(next: &str) -> Result<String, String> {
        Walk::default().cursor_of(next, Some("acme.atlassian.net")).map_err(|failure| failure.code)
    }

    /// API-16
    #[test]
    fn the_cursor_is_found_anywhere_in_the_query() {
        let found = |text: &str| Ok(text.to_owned());
        assert_eq!(
            code("/wiki/api/v2/spaces/1/pages?cursor=eyJpZCI6Mn0%3D&limit=250"),
            found("eyJpZCI6Mn0=")
        );
        assert_eq!(code("/wiki/api/v2/pages?limit=250&cursor=eyJpZCI6Mn0="), found("eyJpZCI6Mn0="));
        assert_eq!(code("/wiki/api/v2/pages?cursor=a+b"), found("a+b"));
        assert_eq!(code("https://acme.atlassian.net/wiki/api/v2/pages?cursor=x"), found("x"));
        assert_eq!(code("https://api.atlassian.com/ex/confluence/1/wiki/api/v2/pages?cursor=x"), found("x"));
        assert_eq!(code("/wiki/api/v2/pages?prev_cursor=x"), Err("paging-without-cursor".to_owned()));
    }

    /// API-18
    #[test]
    fn another_host_is_not_followed_however_it_is_written() {
        for next in [
            "https://evil.example/wiki/api/v2/pages?cursor=x",
            "//evil.example/wiki/api/v2/pages?cursor=x",
            "https://acme.atlassian.net@evil.example/?cursor=x",
            "https://acme.atlassian.net.evil.example/?cursor=x",
            "https://evil.example\\@acme.atlassian.net/?cursor=x",
            "HTTPS://EVIL.example?cursor=x",
        ] {
            assert_eq!(code(next), Err("paging-left-the-site".to_owned()), "{next}");
        }
    }

    /// API-15
    #[test]
    fn a_link_header_is_read_by_its_relation() {
        let both = r#"<https://acme.atlassian.net/wiki>; rel="base", </wiki/api/v2/pages?cursor=abc%3D>; rel="next""#;
        let only_base = r#"<https://acme.atlassian.net/wiki?cursor=no>; rel="base""#;
        let next = |header| link(None, &response(header)).map(ToOwned::to_owned);
        assert_eq!(next(both).as_deref(), Some("/wiki/api/v2/pages?cursor=abc%3D"));
        assert_eq!(next("</x?cursor=1,2>;rel=next").as_deref(), Some("/x?cursor=1,2"));
        assert_eq!(next(only_base), None);
        assert_eq!(next("no link at all"), None);
        assert_eq!(link(Some("/from-the-body"), &response(both)), Some("/from-the-body"));
    }

    /// API-19
    #[test]
    fn a_cursor_that_comes_back_is_a_loop() {
        let mut walk = Walk::default();
        let mut step = |cursor: usize| {
            walk.cursor_of(&format!("/x?cursor={cursor}"), None).map_err(|failure| failure.code)
        };
        assert!(step(1).is_ok());
        assert!(step(2).is_ok());
        assert_eq!(step(1), Err("paging-loop".to_owned()));
    }

    /// API-19
    #[test]
    fn pages_of_results_without_end_are_a_loop() {
        let mut walk = Walk::default();
        let mut last = Ok(String::new());
        for cursor in 0..=MOST_PAGES {
            last = walk.cursor_of(&format!("/x?cursor={cursor}"), None);
        }
        assert_eq!(last.map_err(|failure| failure.code), Err("paging-loop".to_owned()));
    }
}
