//! A profile's URLs, in which placeholders stand for what is known later.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::failure::{Failure, FailureKind, Result};

/// The placeholder of the tenant, which the person who authorizes gives.
pub(super) const TENANT: &str = "tenant";

/// The longest URL, in characters.
pub(super) const MAX_URL: usize = 3_000;

/// All that is not unreserved (RFC 3986 section 2.3): a value can neither leave its segment nor be a placeholder.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A URL in which `{tenant}` stands for the tenant, and `{name}` in path or query for the path field of that name.
///
/// It is text until all of its placeholders are filled, since a URL's parser would escape them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UrlTemplate(String);

impl UrlTemplate {
    /// A URL as a person writes it. Whether it is one shows when its profile is stored.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self(text.as_ref().trim().to_owned())
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The names of its placeholders.
    pub fn placeholders(&self) -> Vec<&str> {
        self.0.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect()
    }

    /// The URL itself, of a template without placeholders.
    ///
    /// # Errors
    /// `InvalidInput` where there are some, or it is no URL.
    pub(super) fn url(&self) -> Result<Url> {
        self.fill(None, &[]).map_err(|why| {
            Failure::new(
                FailureKind::InvalidInput,
                "bad-profile-url",
                format!("The profile's URL \"{}\" {why}.", self.0),
            )
            .hint("Correct the profile with: actionbay profiles edit")
        })
    }

    /// The URL with its placeholders filled, checked as a whole; or what is wrong with it.
    pub(super) fn fill(&self, tenant: Option<&str>, path: &[(&str, &str)]) -> Result<Url, String> {
        if self.0.is_empty() {
            return Err("is missing".to_owned());
        }
        if self.0.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err("holds a space or a control character".to_owned());
        }
        let (authority, rest) = self.0.split_at(self.authority_end());
        if authority.rsplit_once('}').is_some_and(|(_, after)| !after.contains('.')) {
            return Err("must name a domain after its placeholder".to_owned());
        }
        let tenant_of = |name: &str| tenant.filter(|_| name == TENANT).map(str::to_owned);
        let path_of = |name: &str| {
            let (_, value) = path.iter().find(|(key, _)| *key == name)?;
            Some(utf8_percent_encode(value, SEGMENT).to_string())
        };
        let authority = replaced(authority, tenant_of)?;
        let rest = replaced(rest, |name| tenant_of(name).or_else(|| path_of(name)))?;
        let url = Url::parse(&format!("{authority}{rest}")).map_err(|error| format!("is no URL: {error}"))?;
        check(&url)?;
        Ok(url)
    }

    /// Where scheme, host and port end.
    fn authority_end(&self) -> usize {
        let start = self.0.find("://").map_or(0, |at| at + 3);
        let rest = self.0.get(start..).unwrap_or_default();
        start + rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len())
    }
}

impl From<&Url> for UrlTemplate {
    fn from(url: &Url) -> Self {
        Self(url.to_string())
    }
}

impl std::fmt::Display for UrlTemplate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn replaced(text: &str, value: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut parts = text.split('{');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, after) = part.split_once('}').ok_or("has a { without its }")?;
        filled.push_str(&value(name).ok_or_else(|| format!("has no value for its {{{name}}}"))?);
        filled.push_str(after);
    }
    if filled.contains('}') { Err("has a } without its {".to_owned()) } else { Ok(filled) }
}

fn check(url: &Url) -> Result<(), String> {
    let why = if !matches!(url.scheme(), "https" | "http") || url.host().is_none() {
        "is not an https URL"
    } else if !url.username().is_empty() || url.password().is_some() {
        "names a user"
    } else if url.fragment().is_some() {
        // RFC 6749 sections 3.1 and 3.2.
        "has a fragment"
    } else if url.as_str().chars().count() > MAX_URL {
        "is longer than 3000 characters"
    } else {
        return Ok(());
    };
    Err(why.to_owned())
}

/// Whether this can be a tenant: one DNS label (RFC 1123 section 2.1), so that it adds neither a domain nor a path.
///
/// # Errors
/// `InvalidInput`.
pub(super) fn check_tenant(tenant: &str) -> Result<()> {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_label = (1..=63).contains(&tenant.len())
        && tenant.bytes().all(inner)
        && !tenant.starts_with('-')
        && !tenant.ends_with('-');
    if is_label {
        return Ok(());
    }
    Err(Failure::new(
        FailureKind::InvalidInput,
        "bad-tenant",
        format!("\"{tenant}\" cannot be a tenant: it is not one label of a domain name."),
    )
    .hint("Give 1 to 63 letters, digits and dashes, as in acme for acme.example.com."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(text: &str, tenant: Option<&str>, path: &[(&str, &str)]) -> Result<String, String> {
        UrlTemplate::new(text).fill(tenant, path).map(|url| url.to_string())
    }

    /// Row 18
    #[test]
    fn the_tenant_is_filled_in_as_one_label_of_the_host_or_one_segment_of_the_path() {
        assert_eq!(
            fill("https://{tenant}.example.com/{tenant}/a?t={tenant}", Some("acme"), &[]).unwrap(),
            "https://acme.example.com/acme/a?t=acme"
        );
        for tenant in ["", "a.b", "a/b", "a@b", "-a", "a-", "a:1", "ä", "a%2e", &"a".repeat(64)] {
            assert_eq!(check_tenant(tenant).unwrap_err().code, "bad-tenant", "{tenant}");
        }
        assert!(check_tenant("acme-2").is_ok());
        assert!(fill("https://{tenant}.example.com", None, &[]).unwrap_err().contains("{tenant}"));
    }

    /// Row 18
    #[test]
    fn a_tenant_cannot_be_the_whole_host_its_end_its_port_or_its_user() {
        for text in [
            "https://{tenant}",
            "https://{tenant}/x",
            "https://example.{tenant}/x",
            "https://{tenant}@example.com/x",
            "https://example.com:{tenant}/x",
            "{tenant}://example.com/x",
        ] {
            assert!(fill(text, Some("acme"), &[]).is_err(), "{text}");
        }
    }

    /// Row 20
    #[test]
    fn a_path_field_cannot_leave_its_segment_or_be_in_the_host() {
        assert_eq!(
            fill("https://a.example/{org}/token", None, &[("org", "x/../{y}?z")]).unwrap(),
            "https://a.example/x%2F..%2F%7By%7D%3Fz/token"
        );
        assert!(fill("https://{org}.a.example/", None, &[("org", "x")]).is_err());
        assert!(fill("https://a.example/{other}", None, &[("org", "x")]).is_err());
        assert!(fill("https://a.example/{org", None, &[("org", "x")]).is_err());
        assert!(fill("https://a.example/org}", None, &[("org", "x")]).is_err());
    }

    /// Row 14
    #[test]
    fn what_is_no_url_or_too_long_or_names_a_user_is_refused() {
        for (text, why) in [
            ("", "missing"),
            ("nonsense", "no URL"),
            ("ftp://a.example/", "not an https URL"),
            ("https://u:p@a.example/", "user"),
            ("https://a.example/#x", "fragment"),
            ("https://a.example/a b", "space"),
            ("https://a.exa\tmple/", "control"),
        ] {
            let told = fill(text, None, &[]).unwrap_err();
            assert!(told.contains(why), "{text}: {told}");
        }
        let of_length = |length: usize| format!("https://a.example/{}", "x".repeat(length - 18));
        assert!(fill(&of_length(3_000), None, &[]).is_ok());
        assert!(fill(&of_length(3_001), None, &[]).is_err());
    }
}
