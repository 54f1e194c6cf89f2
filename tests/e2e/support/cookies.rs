//! The cookies of a browser (RFC 6265), as far as servers on one machine need them.

use url::Url;

/// A cookie, and where it goes back to: to its origin, at its path and below.
struct Cookie {
    origin: url::Origin,
    path: String,
    name: String,
    value: String,
}

/// Cookies by origin, path and name.
#[derive(Default)]
pub(super) struct Cookies(Vec<Cookie>);

impl Cookies {
    /// Takes a `set-cookie` header of an answer from this URL.
    pub(super) fn take(&mut self, url: &Url, header: &str) {
        let mut parts = header.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
        let attributes: Vec<(String, &str)> = parts
            .map(|part| part.split_once('=').unwrap_or((part, "")))
            .map(|(name, value)| (name.to_ascii_lowercase(), value))
            .collect();
        let attribute =
            |wanted: &str| attributes.iter().find(|(name, _)| name == wanted).map(|(_, value)| *value);
        let path = attribute("path").filter(|path| path.starts_with('/')).unwrap_or_else(|| folder(url));
        self.0.retain(|old| !(old.origin == url.origin() && old.path == path && old.name == name));
        // Servers take a cookie back by a date long gone; no other dates matter while a test lasts.
        let is_over = attribute("max-age").is_some_and(|seconds| seconds.parse().unwrap_or(1_i64) <= 0)
            || attribute("expires").is_some_and(|date| date.contains(" 1970 "));
        if !is_over {
            let (path, name, value) = (path.to_owned(), name.to_owned(), value.to_owned());
            self.0.push(Cookie { origin: url.origin(), path, name, value });
        }
    }

    /// The `cookie` header of a request to this URL, if there is anything to send.
    pub(super) fn header(&self, url: &Url) -> Option<String> {
        let fits = |cookie: &&Cookie| cookie.origin == url.origin() && is_below(url.path(), &cookie.path);
        let pairs = self.0.iter().filter(fits).map(|cookie| format!("{}={}", cookie.name, cookie.value));
        Some(pairs.collect::<Vec<_>>().join("; ")).filter(|header| !header.is_empty())
    }
}

/// The path of a cookie that names none (RFC 6265 section 5.1.4).
fn folder(url: &Url) -> &str {
    match url.path().rsplit_once('/') {
        None | Some(("", _)) => "/",
        Some((folder, _)) => folder,
    }
}

/// Whether a path is a cookie's own or below it (RFC 6265 section 5.1.4).
fn is_below(path: &str, own: &str) -> bool {
    path.strip_prefix(own).is_some_and(|rest| rest.is_empty() || own.ends_with('/') || rest.starts_with('/'))
}

#[test]
fn a_cookie_goes_back_to_its_origin_and_path_until_it_is_taken_back() {
    let url = |text: &str| Url::parse(text).unwrap();
    let mut cookies = Cookies::default();
    cookies.take(&url("http://a.test/login/form"), "id=1; HttpOnly");
    cookies.take(&url("http://a.test/login/form"), "all=2; path=/; SameSite=Lax");
    cookies.take(&url("http://a.test:8080/"), "other=3");
    assert_eq!(cookies.header(&url("http://a.test/login")).as_deref(), Some("id=1; all=2"));
    assert_eq!(cookies.header(&url("http://a.test/logins")).as_deref(), Some("all=2"));
    assert_eq!(cookies.header(&url("https://a.test/")), None);
    cookies.take(&url("http://a.test/x"), "all=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT");
    cookies.take(&url("http://a.test/login/form"), "id=; Max-Age=0");
    assert_eq!(cookies.header(&url("http://a.test/login")), None);
}
