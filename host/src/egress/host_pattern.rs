//! Which hosts an operator lets be called: `https://api.example.com`, `https://*.example.com:8443`, `https://*`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::failure::{Failure, FailureKind, Result, plain_text};

/// Scheme, host and port, where the host may be every name below one (`*.example.com`, not `example.com` itself) or
/// every host there is (`*`). Whatever it matches is called at public addresses only.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostPattern {
    scheme: String,
    hosts: Hosts,
    port: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Hosts {
    All,
    /// All names that end with this, which begins with a dot.
    Below(String),
    Only(String),
}

impl HostPattern {
    /// Every host with TLS on its usual port.
    pub(super) fn every_https() -> Self {
        Self { scheme: "https".to_owned(), hosts: Hosts::All, port: 443 }
    }

    /// Whether a URL is at one of these hosts.
    pub(super) fn matches(&self, url: &Url) -> bool {
        let is_host = match (&self.hosts, url.host()) {
            (_, None) => false,
            (Hosts::All, Some(_)) => true,
            (Hosts::Below(suffix), Some(Host::Domain(name))) => {
                name.len() > suffix.len() && name.ends_with(suffix)
            }
            (Hosts::Below(_), Some(_)) => false,
            (Hosts::Only(host), Some(_)) => url.host_str() == Some(host),
        };
        is_host && url.scheme() == self.scheme && url.port_or_known_default() == Some(self.port)
    }
}

impl FromStr for HostPattern {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self> {
        let bad = |why: &str| {
            let text = plain_text(text, 200);
            Failure::new(FailureKind::InvalidInput, "bad-host-pattern", format!("\"{text}\" names no hosts: {why}."))
                .hint("Write scheme, host and perhaps a port, as in https://api.example.com or https://*.example.com:8443.")
        };
        let (scheme, host) = text.split_once("://").ok_or_else(|| bad("it has no scheme"))?;
        let is_every = host == "*" || host.starts_with("*:");
        let below = host.strip_prefix("*.");
        let is_below = below.is_some();
        // A name that stands for the star makes it a URL, and whatever else is wrong is found as in any other.
        let written = if is_every { host.replacen('*', "host", 1) } else { below.unwrap_or(host).to_owned() };
        if written.contains('*') {
            return Err(bad("a star stands for the whole host, or for what is before its first dot"));
        }
        let url = Url::parse(&format!("{scheme}://{written}")).map_err(|error| bad(&error.to_string()))?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(bad("its scheme is neither https nor http"));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() || written.contains('@') {
            return Err(bad("it has more than scheme, host and port"));
        }
        let port = url.port_or_known_default().ok_or_else(|| bad("it has no port"))?;
        let hosts = match (url.host(), is_every, is_below) {
            (_, true, _) => Hosts::All,
            (Some(Host::Domain(name)), _, true) => Hosts::Below(format!(".{name}")),
            (Some(_), _, true) => return Err(bad("nothing is below an address")),
            (Some(_), _, false) => Hosts::Only(url.host_str().unwrap_or_default().to_owned()),
            (None, ..) => return Err(bad("it has no host")),
        };
        Ok(Self { scheme: url.scheme().to_owned(), hosts, port })
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.hosts {
            Hosts::All => write!(f, "{}://*", self.scheme)?,
            Hosts::Below(suffix) => write!(f, "{}://*{suffix}", self.scheme)?,
            Hosts::Only(host) => write!(f, "{}://{host}", self.scheme)?,
        }
        match (self.scheme.as_str(), self.port) {
            ("https", 443) | ("http", 80) => Ok(()),
            (_, port) => write!(f, ":{port}"),
        }
    }
}

impl TryFrom<String> for HostPattern {
    type Error = Failure;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<HostPattern> for String {
    fn from(pattern: HostPattern) -> Self {
        pattern.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, url: &str) -> bool {
        pattern.parse::<HostPattern>().unwrap().matches(&Url::parse(url).unwrap())
    }

    #[test]
    fn a_pattern_is_of_one_host_or_of_all_below_one_or_of_all() {
        for (pattern, url, does) in [
            ("https://api.example.com", "https://api.example.com/x?y", true),
            ("https://API.example.com:443", "https://api.example.com", true),
            ("https://api.example.com", "https://api.example.com:8443", false),
            ("https://api.example.com:8443", "https://api.example.com:8443", true),
            ("https://api.example.com", "http://api.example.com:443", false),
            ("https://api.example.com", "https://api.example.com.evil.example", false),
            ("https://api.example.com", "https://x.api.example.com", false),
            ("https://*.example.com", "https://api.example.com", true),
            ("https://*.example.com", "https://a.b.example.com", true),
            ("https://*.example.com", "https://example.com", false),
            ("https://*.example.com", "https://evilexample.com", false),
            ("https://*.example.com", "https://api.example.com.", false),
            ("https://*.bücher.example", "https://a.xn--bcher-kva.example", true),
            ("https://*", "https://anywhere.example", true),
            ("https://*", "https://anywhere.example:444", false),
            ("https://*:444", "https://anywhere.example:444", true),
            ("https://93.184.216.34", "https://93.184.216.34", true),
            ("https://*.34", "https://93.184.216.34", false),
        ] {
            if let Ok(pattern) = pattern.parse::<HostPattern>() {
                assert_eq!(pattern.matches(&Url::parse(url).unwrap()), does, "{pattern} {url}");
            } else {
                assert!(!does, "{pattern}");
            }
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in [
            "",
            "*",
            "api.example.com",
            "https://",
            "ftp://a.example",
            "https://a.example/x",
            "https://a.example?",
            "https://u@a.example",
            "https://a*.example",
            "https://*.*.example",
            "https://*example.com",
            "https://*.93.184.216.34",
            "https://*.",
            "https://a.example#x",
            "https://*@a.example",
            "https://*/x",
        ] {
            let failure = text.parse::<HostPattern>().unwrap_err();
            assert_eq!(
                (failure.kind, failure.code.as_ref()),
                (FailureKind::InvalidInput, "bad-host-pattern")
            );
        }
    }

    proptest! {
        #[test]
        fn a_pattern_reads_back_as_it_is_shown(text in "(https?://)?(\\*\\.?)?[a-z*.]{0,12}(:[0-9]{1,5})?") {
            if let Ok(pattern) = text.parse::<HostPattern>() {
                prop_assert_eq!(pattern.to_string().parse::<HostPattern>().unwrap(), pattern);
            }
        }

        #[test]
        fn whatever_is_matched_below_a_name_ends_with_it(url in "https://[a-z.@%:/?#\\[\\]0-9*-]{1,40}") {
            let pattern: HostPattern = "https://*.example.com".parse().unwrap();
            if let Ok(url) = Url::parse(&url) {
                prop_assert!(!pattern.matches(&url) || url.host_str().unwrap().ends_with(".example.com"));
            }
        }
    }

    #[test]
    fn every_host_is_one_pattern() {
        assert_eq!(HostPattern::every_https(), "https://*".parse().unwrap());
        assert!(matches("http://*", "http://a.example"));
    }
}
