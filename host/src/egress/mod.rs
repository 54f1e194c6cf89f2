//! The only place that opens a socket.
//!
//! What it guards: a guest names an audience and a path, never a host; a credential is added only after
//! every check of the destination has passed; and an answer in which a credential comes back is refused
//! before anybody above sees it. What it does not know: components, OAuth, or whose credential it carries.
//!
//! | file | subject |
//! |---|---|
//! | `message.rs` | requests and responses as a guest may form and see them |
//! | `multipart.rs`, `source.rs` | forms of several parts, and files in them that are never held |
//! | `download.rs`, `redirect.rs` | answers that end in a file, and where redirects of them may lead |
//! | `encoding.rs` | answers that nobody can look into |
//! | `echo.rs` | answers in which a credential comes back |
//! | `policy.rs`, `host_pattern.rs` | origins, audiences, what the operator allows |
//! | `address.rs`, `names.rs` | which addresses are public, and where names led lately |
//! | `path.rs` | what a path below an audience may be |
//! | `headers.rs` | what a guest may set and see |
//! | `transport.rs` | the trait that embedders implement, and the double that denies |
//! | `ureq_transport.rs` | the one that opens sockets |
//!
//! Promises, each with a test at the end of the file that keeps it:
//! - a path cannot leave its audience's prefix in any spelling,
//! - only hosts that the operator allowed, which by default are none,
//! - https only, except for origins that the operator listed,
//! - a host is connected to at the public addresses that were checked, or the operator listed its origin,
//! - no redirect is followed but of a download, and none of those takes a credential out of its audience,
//! - a guest cannot set a credential, a host or a hop-by-hop header,
//! - a response that holds a credential is refused, also one that is streamed, and so is one that cannot be looked into.

mod address;
mod download;
mod echo;
mod encoding;
mod headers;
mod host_pattern;
mod message;
mod multipart;
mod names;
mod path;
mod policy;
mod redirect;
mod source;
mod transport;
mod ureq_transport;

use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION, USER_AGENT};
use http::{HeaderMap, HeaderValue};
use secrecy::ExposeSecret;
use url::Url;
use zeroize::Zeroizing;

pub use address::Reach;
pub use download::Download;
pub use host_pattern::HostPattern;
pub use message::{Body, Method, Request, Response};
pub use multipart::{Part, PartContent};
pub use policy::{Audience, OperatorPolicy, Origin};
pub use redirect::redirect_target;
pub use source::{FileSource, Source};
pub use transport::{
    DenyTransport, OutboundBody, OutboundRequest, RawResponse, StreamedResponse, Transport, TransportError,
    TransportErrorKind,
};
pub use ureq_transport::UreqTransport;

use crate::failure::{Failure, FailureKind, Result};

use self::echo::Echo;
use crate::secret::{SecretString, Secrets};

/// The longest URL in bytes: more than servers commonly take, less than the client refuses.
const MAX_URL: usize = 32 << 10;

/// What is said of who calls.
const AGENT: &str = concat!("actionbay/", env!("CARGO_PKG_VERSION"));

/// What a request proves itself with. It never leaves the host but in this one header.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Credential {
    /// A bearer token (RFC 6750 section 2.1).
    Bearer(SecretString),
    /// A user name and a secret in HTTP Basic (RFC 7617), as they are.
    Password {
        /// The user name.
        username: String,
        /// The secret, such as an API token.
        secret: SecretString,
    },
    /// A client id and secret in HTTP Basic, as OAuth has it (RFC 6749 section 2.3.1).
    Basic {
        /// The client id.
        id: String,
        /// The client secret.
        secret: SecretString,
    },
}

impl Credential {
    /// The `authorization` header, marked so that nothing prints it.
    fn header(&self) -> Result<HeaderValue> {
        let text = match self {
            Self::Bearer(token) => Zeroizing::new(format!("Bearer {}", token.expose_secret())),
            Self::Basic { id, secret } => {
                // RFC 6749 section 2.3.1: both are form-encoded before they are joined.
                let encode =
                    |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                basic(&format!("{}:", encode(id)), &encode(secret.expose_secret()))
            }
            Self::Password { username, secret } => basic(&format!("{username}:"), secret.expose_secret()),
        };
        let mut value = HeaderValue::from_str(&text).map_err(|_| {
            Failure::new(
                FailureKind::AuthorizationRequired,
                "unusable-credential",
                "The stored credential holds characters that no header can carry.",
            )
            .hint("Authorize again.")
        })?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// The secret in it.
    pub(crate) fn secret(&self) -> &SecretString {
        match self {
            Self::Bearer(token) => token,
            Self::Basic { secret, .. } | Self::Password { secret, .. } => secret,
        }
    }
}

/// The value of the header for a name, with its colon, and a secret.
fn basic(name: &str, secret: &str) -> Zeroizing<String> {
    use base64::Engine as _;
    let pair = Zeroizing::new(format!("{name}{secret}"));
    let encoded = Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(pair.as_bytes()));
    Zeroizing::new(format!("Basic {}", *encoded))
}

/// How long and how large one exchange may be.
#[derive(Debug, Clone, Copy)]
pub struct ExchangeLimits {
    /// From the first byte out to the last byte in.
    pub timeout: Duration,
    /// The body of the response, after decompression.
    pub max_response_bytes: u64,
}

/// Where a request goes: decided, checked, and not yet sent.
///
/// Only [`Egress::route`] and [`Egress::endpoint`] make one, so that whoever holds one holds a destination
/// that the policy allows.
#[derive(Debug, Clone)]
pub struct Route {
    url: Url,
    reach: Reach,
    /// The path that belongs to whom the credential is for: the audience's prefix with the site in it.
    prefix: String,
    /// For what the operator put in the place of audiences.
    profile: Option<String>,
    /// The audience, where it is of one.
    audience: Option<String>,
}

impl Route {
    /// The URL, without a credential.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The audience that it was decided for.
    pub(crate) fn audience(&self) -> Option<&str> {
        self.audience.as_deref()
    }
}

/// Whether a header is the host's alone: neither a guest nor a profile may set it. What is no header name is.
pub(crate) fn is_host_header(name: &str) -> bool {
    headers::parse(name, "").map_or(true, |(name, _)| headers::is_host_only(name.as_str()))
}

/// The segments of a path below an audience in their decoded form, as every rule about paths compares them.
///
/// # Errors
/// `Denied` where it is no path that may be sent.
pub(crate) fn decoded_segments(audience: &str, path: &str) -> Result<Vec<String>> {
    path::segments(path).map_err(|denial| denial.of_audience(audience))
}

/// Sends requests to allowed destinations.
#[derive(Clone)]
pub struct Egress {
    transport: Arc<dyn Transport>,
    policy: Arc<OperatorPolicy>,
}

impl Egress {
    /// Egress over a transport, under an operator's policy.
    pub fn new(transport: Arc<dyn Transport>, policy: OperatorPolicy) -> Self {
        Self { transport, policy: Arc::new(policy) }
    }

    /// Decides where a guest's request goes: the audience's origin (or what the operator put in its place
    /// for this profile), its prefix with the site filled in, the guest's path and query.
    ///
    /// # Errors
    /// `Denied`, with the rule in the message.
    pub fn route(
        &self,
        audience: &Audience,
        profile: Option<&str>,
        site: Option<&str>,
        request: &Request,
    ) -> Result<Route> {
        headers::check_guest(&request.headers)?;
        let (origin, reach) = self.policy.origin_of(audience, profile)?;
        let path = path::below(&audience.path_prefix, site, &request.path)
            .map_err(|denial| denial.of_audience(&audience.name))?;
        let mut url = origin.url_with_path(&path)?;
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
            // Forms write a space as a plus, URLs as %20; a literal plus is %2B in both.
            let query = url.query().map(|query| query.replace('+', "%20"));
            url.set_query(query.as_deref());
        }
        if url.as_str().len() > MAX_URL {
            return Err(Failure::new(
                FailureKind::Denied,
                "url-too-long",
                format!("Path and query make a URL of more than {MAX_URL} bytes."),
            ));
        }
        let prefix = path.strip_suffix(&request.path).unwrap_or(&path).trim_end_matches('/').to_owned();
        let (profile, audience) = (profile.map(str::to_owned), Some(audience.name.clone()));
        Ok(Route { url, reach, prefix, profile, audience })
    }

    /// Decides whether a URL that a profile names, such as a token endpoint, may be called by the host.
    ///
    /// # Errors
    /// `Denied` where it is at none of the hosts that the operator allowed, is not https or names an address that is
    /// not public, and is not at an origin that the operator listed or put in for the profile.
    pub fn endpoint(&self, url: &Url, profile: &str) -> Result<Route> {
        let reach = self.policy.check_url(url, Some(profile), "endpoint")?;
        let (prefix, profile) = (url.path().to_owned(), Some(profile.to_owned()));
        Ok(Route { url: url.clone(), reach, prefix, profile, audience: None })
    }

    /// Sends a request on a route and waits for its answer.
    ///
    /// `secrets` are looked for in the answer besides the credential itself.
    ///
    /// # Errors
    /// `Denied` (the answer holds a credential), `Unreachable`, `TimedOut`, `LimitExceeded`.
    pub fn send(
        &self,
        route: &Route,
        request: &Request,
        credential: Option<&Credential>,
        secrets: &Secrets,
        limits: ExchangeLimits,
    ) -> Result<Response> {
        let outbound = outbound(route, request, credential, limits)?;
        let has_effect = !outbound.method.is_safe();
        let origin = Origin::of(&route.url);
        let raw =
            self.transport.round_trip(outbound).map_err(|error| self.failed(error, &origin, has_effect))?;
        encoding::check(&raw.headers, &origin, has_effect)?;
        Echo::of(credential, secrets)?.refuse(raw.status, &raw.headers, &raw.body, has_effect)?;
        let (mut headers, mut body) = (raw.headers, raw.body);
        if (300..=399).contains(&raw.status) {
            // Where it leads may open what is there, which is nothing for a guest to hold. The body says it too.
            headers.remove(LOCATION);
            body.clear();
        }
        Ok(Response { status: raw.status, headers: headers::for_guest(&headers), body })
    }

    /// Why there is no answer from an origin.
    fn failed(&self, error: TransportError, origin: &Origin, has_effect: bool) -> Failure {
        match error.kind {
            TransportErrorKind::NotPublic => self.policy.not_public(origin),
            _ => error.into_failure(has_effect),
        }
    }
}

impl std::fmt::Debug for Egress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Egress").field("policy", &self.policy).finish_non_exhaustive()
    }
}

/// The request as it goes out: the host's own headers last, so that none of a guest's can stand in for them.
fn outbound(
    route: &Route,
    request: &Request,
    credential: Option<&Credential>,
    limits: ExchangeLimits,
) -> Result<OutboundRequest> {
    let method = request.method.to_http()?;
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        let (name, value) = headers::parse(name, value)?;
        headers.try_append(name, value).map_err(|_| headers::too_many())?;
    }
    let (media_type, body) = request.body.to_outbound()?;
    if let Some(media_type) = media_type {
        let value = HeaderValue::from_str(&media_type).map_err(|_| headers::unusable("content-type"))?;
        headers.insert(CONTENT_TYPE, value);
    }
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    if let Some(credential) = credential {
        headers.insert(AUTHORIZATION, credential.header()?);
    }
    Ok(OutboundRequest {
        method,
        url: route.url.clone(),
        reach: route.reach,
        headers,
        body,
        timeout: limits.timeout,
        max_response_bytes: limits.max_response_bytes,
    })
}

/// The time of the call is over.
pub(crate) fn timed_out() -> Failure {
    Failure::new(FailureKind::TimedOut, "call-timed-out", "The time of the call is over.")
        .hint("Ask for less at once, or raise the limit wall-clock.")
}

#[cfg(test)]
mod tests;
