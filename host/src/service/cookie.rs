//! The cookie by which a browser is told from others.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::authorization::{Browser, PublicUrl};
use crate::failure::{Failure, Result};
use crate::secret::ExposeSecret as _;

/// How the cookie is called and kept at a public URL.
#[derive(Debug, Clone)]
pub(super) struct BrowserCookie {
    name: &'static str,
    /// All attributes but its age.
    attributes: String,
}

impl BrowserCookie {
    /// With https it is bound to the very host by its name (RFC 6265bis section 4.1.3), so that no page of a neighbouring
    /// name can plant one.
    pub(super) fn of(public: &PublicUrl) -> Self {
        Self::called(public, "__Host-actionbay-browser", "actionbay-browser")
    }

    /// The same by another name, one for https and one for http.
    pub(super) fn called(public: &PublicUrl, bound: &'static str, plain: &'static str) -> Self {
        let (name, secure) = if public.origin().is_https() { (bound, "; Secure") } else { (plain, "") };
        Self { name, attributes: format!("Path=/; HttpOnly; SameSite=Lax{secure}") }
    }

    /// The browser that sends these headers, if it has the cookie, and one only: of two, somebody else made one.
    pub(super) fn read(&self, headers: &HeaderMap) -> Option<Browser> {
        let mut found = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(name, _)| *name == self.name)
            .filter_map(|(_, value)| Browser::from_cookie(value));
        match (found.next(), found.next()) {
            (Some(browser), None) => Some(browser),
            _ => None,
        }
    }

    /// The header that has a browser keep the cookie for so many seconds.
    pub(super) fn set(&self, browser: &Browser, seconds: u64) -> Result<HeaderValue> {
        self.line(browser.cookie().expose_secret(), seconds)
    }

    /// The header that has a browser forget it.
    pub(super) fn clear(&self) -> Result<HeaderValue> {
        self.line("", 0)
    }

    fn line(&self, value: &str, seconds: u64) -> Result<HeaderValue> {
        let line = format!("{}={value}; {}; Max-Age={seconds}", self.name, self.attributes);
        let mut line =
            HeaderValue::from_str(&line).map_err(|_| Failure::internal("A cookie cannot be written."))?;
        line.set_sensitive(true);
        Ok(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(public: &str) -> String {
        let cookie = BrowserCookie::of(&PublicUrl::new(public).unwrap());
        let browser = Browser::new().unwrap();
        let line = cookie.set(&browser, 60).unwrap().to_str().unwrap().to_owned();
        line.replace(browser.cookie().expose_secret(), "SECRET")
    }

    #[test]
    fn the_cookie_is_bound_to_host_and_path_as_far_as_the_public_url_allows() {
        assert_eq!(
            set("https://a.example"),
            "__Host-actionbay-browser=SECRET; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=60"
        );
        assert_eq!(
            set("https://a.example/x"),
            "__Host-actionbay-browser=SECRET; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=60"
        );
        assert_eq!(
            set("http://localhost:1"),
            "actionbay-browser=SECRET; Path=/; HttpOnly; SameSite=Lax; Max-Age=60"
        );
    }

    #[test]
    fn the_cookie_is_found_among_others_and_what_no_host_made_is_none() {
        let cookie = BrowserCookie::of(&PublicUrl::new("http://localhost:1").unwrap());
        let browser = Browser::new().unwrap();
        let value = browser.cookie().expose_secret();
        let read = |line: &str| {
            let mut headers = HeaderMap::new();
            headers.append(header::COOKIE, HeaderValue::from_static("first=1"));
            headers.append(header::COOKIE, HeaderValue::from_str(line).unwrap());
            cookie.read(&headers).map(|read| read.cookie().expose_secret().to_owned())
        };
        assert_eq!(read(&format!("a=b; actionbay-browser={value};c=d")).as_deref(), Some(value));
        let two = Browser::new().unwrap();
        let planted =
            format!("actionbay-browser={value}; actionbay-browser={}", two.cookie().expose_secret());
        assert_eq!(read(&planted), None, "one of the two is somebody else's");
        for line in
            ["", "actionbay-browser", "actionbay-browser=", "actionbay-browser=short", &format!("x{value}")]
        {
            assert_eq!(read(line), None, "{line}");
        }
    }
}
