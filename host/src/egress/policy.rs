//! Origins, audiences, and what the operator allows.
//!
//! Three hands decide where a request may go, and each can only narrow what the one before allowed, but for
//! the operator: the manifest names audiences, the guest picks one, and the operator says which hosts are called at all.
//! The operator alone may put another origin in an audience's place for one profile, or list an origin that is not https
//! or not public.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::address::{Reach, is_refused_literal};
use super::host_pattern::HostPattern;
use super::path;
use crate::failure::{Failure, FailureKind, Result};

/// Scheme, host and port of a URL, and nothing else (RFC 6454).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(String);

impl Origin {
    /// The origin that this text is: `https://api.example.com`, `http://127.0.0.1:8080`.
    ///
    /// # Errors
    /// `InvalidInput` where it is no http or https URL, or more than an origin: a user, a path, a query.
    pub fn parse(text: &str) -> Result<Self> {
        let bad = |why: &str| {
            Failure::new(FailureKind::InvalidInput, "bad-origin", format!("\"{text}\" is no origin: {why}."))
                .hint("Write scheme, host and port only, as in https://api.example.com.")
        };
        let url = Url::parse(text).map_err(|error| bad(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(bad("its scheme is neither https nor http"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("it names a user"));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(bad("it has a path, a query or a fragment"));
        }
        Ok(Self(url.origin().ascii_serialization()))
    }

    /// The origin of a URL.
    pub fn of(url: &Url) -> Self {
        Self(url.origin().ascii_serialization())
    }

    /// As text, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the connection is encrypted.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// Whether it can only be this machine.
    pub fn is_loopback(&self) -> bool {
        match Url::parse(&self.0).ok().as_ref().and_then(Url::host) {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }

    /// The URL of a checked path at this origin.
    pub(super) fn url_with_path(&self, path: &str) -> Result<Url> {
        let url = Url::parse(&format!("{}{path}", self.0))
            .map_err(|_| Failure::internal("A checked path makes no URL."))?;
        // A last check on the result itself: whatever was overlooked must not leave the origin or the path.
        if url.path() == path && Self::of(&url) == *self {
            Ok(url)
        } else {
            Err(Failure::new(
                FailureKind::Denied,
                "path-changed",
                "The path reads otherwise once it is a URL.",
            ))
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Origin {
    type Error = Failure;

    fn try_from(text: String) -> Result<Self> {
        Self::parse(&text)
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.0
    }
}

/// A place that a plugin may send requests to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Audience {
    /// Its name in the manifest.
    pub name: String,
    /// Where it is.
    pub origin: Origin,
    /// What every path begins with; `{site}` stands for the connection's site.
    pub path_prefix: String,
    /// Whether it may be used only while authorizing and refreshing.
    pub authorization_only: bool,
}

impl Audience {
    /// Checks the parts that a manifest gives.
    ///
    /// # Errors
    /// `BadPlugin` with what is wrong.
    pub fn new(name: String, origin: &str, path_prefix: String, authorization_only: bool) -> Result<Self> {
        let bad = |why: String| {
            Failure::new(FailureKind::BadPlugin, "bad-audience", format!("The audience \"{name}\" {why}."))
                .hint("Tell the author of the component.")
        };
        if !crate::ids::is_id(&name) {
            return Err(bad("has a name that is none".to_owned()));
        }
        let origin =
            Origin::parse(origin).map_err(|failure| bad(format!("is refused: {}", failure.message)))?;
        if !path::is_prefix(&path_prefix) {
            return Err(bad(format!("has a path prefix that is none: \"{path_prefix}\"")));
        }
        Ok(Self { name, origin, path_prefix, authorization_only })
    }
}

/// What the operator of this host allows, which by default is nothing.
///
/// Nobody else can: neither a manifest, nor a workspace, nor a profile. They say what they want to call, and of that
/// the operator's policy says what is called.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct OperatorPolicy {
    /// The hosts that may be called, at public addresses.
    pub allowed_hosts: BTreeSet<HostPattern>,
    /// Exact origins that may be called although they are not https, or not at a public address.
    pub allowed_origins: BTreeSet<Origin>,
    /// By profile, then by audience: the origin that takes the audience's place. It may be called for that
    /// profile whether it is https and public or not, by its token requests too.
    pub audience_origins: BTreeMap<String, BTreeMap<String, Origin>>,
}

impl OperatorPolicy {
    /// Lets every host be called that is public and speaks https, as far as manifests and profiles name it.
    pub fn every_public_host() -> Self {
        Self::default().allow_hosts(HostPattern::every_https())
    }

    /// Lets the hosts of a pattern be called, such as `https://*.example.com`.
    #[must_use]
    pub fn allow_hosts(mut self, pattern: HostPattern) -> Self {
        self.allowed_hosts.insert(pattern);
        self
    }

    /// Lists an exact origin as allowed.
    #[must_use]
    pub fn allow(mut self, origin: Origin) -> Self {
        self.allowed_origins.insert(origin);
        self
    }

    /// Puts an origin in the place of an audience's for one profile.
    #[must_use]
    pub fn replace(mut self, profile: &str, audience: &str, origin: Origin) -> Self {
        self.audience_origins.entry(profile.to_owned()).or_default().insert(audience.to_owned(), origin);
        self
    }

    /// The origin that an audience has for a profile, and which addresses it may have.
    pub(super) fn origin_of<'a>(
        &'a self,
        audience: &'a Audience,
        profile: Option<&str>,
    ) -> Result<(&'a Origin, Reach)> {
        match profile.and_then(|profile| self.audience_origins.get(profile)?.get(&audience.name)) {
            Some(stand_in) => Ok((stand_in, Reach::Listed)),
            None => {
                let reach =
                    self.check_origin(&audience.origin, &format!("audience \"{}\"", audience.name))?;
                Ok((&audience.origin, reach))
            }
        }
    }

    /// Whether the host may call a URL that no manifest names; `what` it is, such as `endpoint`.
    pub(super) fn check_url(&self, url: &Url, profile: Option<&str>, what: &str) -> Result<Reach> {
        if !url.username().is_empty() || url.password().is_some() || url.host().is_none() {
            return Err(Failure::new(
                FailureKind::Denied,
                "endpoint-refused",
                format!("The URL of the {what} names a user or no host, and is not called."),
            ));
        }
        let origin = Origin::of(url);
        let stands_in = |origins: &BTreeMap<String, Origin>| origins.values().any(|known| *known == origin);
        if profile.and_then(|profile| self.audience_origins.get(profile)).is_some_and(stands_in) {
            return Ok(Reach::Listed);
        }
        self.check_origin(&origin, what)
    }

    fn check_origin(&self, origin: &Origin, what: &str) -> Result<Reach> {
        if self.allowed_origins.contains(origin) {
            return Ok(Reach::Listed);
        }
        let url = Url::parse(origin.as_str()).map_err(|_| Failure::internal("An origin is no URL."))?;
        let is_allowed = self.allowed_hosts.iter().any(|pattern| pattern.matches(&url));
        let refused = |code: &'static str, why: &str, line: String| {
            Err(Failure::new(
                FailureKind::Denied,
                code,
                format!("The {what} is at {origin}, which {why}, and was not called."),
            )
            .hint(would_allow(&line)))
        };
        if !origin.is_https() && !is_allowed {
            return refused("origin-not-https", "is not https", self.line_with_origin(origin));
        }
        // A name is looked up when it is connected to; what is an address already needs no looking up.
        if is_refused_literal(&url) {
            return Err(self.not_public(origin));
        }
        if !is_allowed {
            return refused(
                "host-not-allowed",
                "the operator's policy does not allow",
                self.line_with_host(origin),
            );
        }
        Ok(Reach::PublicOnly)
    }

    /// The refusal of an address. It does not say which: whoever writes URLs must not map a network by it.
    pub(super) fn not_public(&self, origin: &Origin) -> Failure {
        Failure::new(
            FailureKind::Denied,
            "address-not-public",
            format!("{origin} is not at a public address, and nothing was sent to it."),
        )
        .hint(would_allow(&self.line_with_origin(origin)))
    }

    /// The line of a configuration that lists an origin beside those that are listed.
    fn line_with_origin(&self, origin: &Origin) -> String {
        line("allowed-origins", self.allowed_origins.iter().chain([origin]))
    }

    /// The line that allows the host of an origin beside those that are allowed.
    fn line_with_host(&self, origin: &Origin) -> String {
        let hosts = self.allowed_hosts.iter().map(ToString::to_string);
        line("allowed-hosts", hosts.chain([origin.to_string()]))
    }
}

fn line(key: &str, values: impl Iterator<Item = impl fmt::Display>) -> String {
    let values: Vec<String> = values.map(|value| format!("\"{value}\"")).collect();
    format!("{key} = [{}]", values.join(", "))
}

/// What to do about a refusal, with the line that does it.
fn would_allow(line: &str) -> String {
    format!("If that is meant, the operator can allow it, under [policy]: {line}")
}
