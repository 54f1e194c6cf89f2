//! Where requests go, and what goes along.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use url::{Host, Url};

use super::{TOKEN, check_failure};
use crate::egress::{
    Audience, Body, Credential, DenyTransport, Download, Egress, ExchangeLimits, Method, OperatorPolicy,
    Origin, OutboundRequest, RawResponse, Reach, Request, Transport, TransportError,
};
use crate::failure::Result;
use crate::secret::Secrets;

/// Lines: an audience's origin and prefix, a site, a path, a query's name and value, a URL of a profile.
pub fn url_policy(text: &str) {
    let mut lines = text.split('\n');
    let mut line = || lines.next().unwrap_or_default().to_owned();
    let (origin, prefix, site, path, name, value, endpoint) =
        (line(), line(), line(), line(), line(), line(), line());
    let egress = Egress::new(Arc::new(DenyTransport), OperatorPolicy::every_public_host());
    if let Ok(url) = Url::parse(&endpoint) {
        match egress.endpoint(&url, "app") {
            Ok(route) => {
                assert_eq!(route.url(), &url);
                check_destination(&url);
            }
            Err(failure) => check_failure(&failure),
        }
    }
    let audience = match Audience::new("api".to_owned(), &origin, prefix.clone(), false) {
        Ok(audience) => audience,
        Err(failure) => return check_failure(&failure),
    };
    let query = if name.is_empty() { Vec::new() } else { vec![(name, value)] };
    let request = Request { path: path.clone(), query: query.clone(), ..get(Vec::new()) };
    match egress.route(&audience, None, Some(&site), &request) {
        Ok(route) => {
            let url = route.url();
            check_destination(url);
            assert_eq!(Origin::of(url), audience.origin);
            let whole = prefix.replace("{site}", &site);
            check_below(url, &whole);
            let sent: Vec<_> = url.query_pairs().into_owned().collect();
            assert_eq!(sent, query);
            assert_eq!(url.fragment(), None);
        }
        Err(failure) => check_failure(&failure),
    }
}

/// Lines: the locations that one answer after the other gives.
pub fn redirects(text: &str) {
    const PREFIX: &str = "/v1/s-1";
    let recorder = Arc::new(Recorder {
        locations: text.split('\n').map(str::to_owned).collect(),
        ..Recorder::default()
    });
    let egress =
        Egress::new(Arc::clone(&recorder) as Arc<dyn Transport>, OperatorPolicy::every_public_host());
    let headers = vec![("x-api-key".to_owned(), "key".to_owned()), ("accept".to_owned(), "*/*".to_owned())];
    let request = Request { path: "/file".to_owned(), body: Body::Json("{}".to_owned()), ..get(headers) };
    let route = egress.route(&audience("/v1/{site}"), None, Some("s-1"), &request).expect("it is allowed");
    let mut written = Vec::new();
    let mut download = Download { into: &mut written, limit: 1000, may_follow: &|_| true };
    let ended = egress.download(&route, &request, Some(&bearer()), &Secrets::new(), limits(), &mut download);
    if let Err(failure) = ended {
        check_failure(&failure);
    }
    let sent = recorder.sent.lock().expect("nobody panicked");
    assert!((1..=6).contains(&sent.len()), "five redirects, and not {}", sent.len());
    let mut is_within = true;
    for Sent { url, reach, headers, body } in sent.iter() {
        check_destination(url);
        assert_eq!(*reach, Reach::PublicOnly);
        let keeps = headers.contains_key("authorization");
        assert!(is_within || !keeps, "back in with the credential: {url}");
        is_within = keeps;
        if keeps {
            assert_eq!(Origin::of(url).as_str(), "https://api.example.com");
            check_below(url, PREFIX);
        } else {
            let mut names: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
            names.sort_unstable();
            assert_eq!(names, ["accept", "user-agent"], "to {url}");
            assert_eq!(body.len(), 0);
        }
    }
}

/// Lines: headers, as a component sets them and as a vendor answers with them.
pub fn headers(text: &str) {
    let lines: Vec<(String, String)> = text
        .split('\n')
        .map(|line| line.split_once(": ").unwrap_or((line, "")))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let answered = lines.iter().filter_map(|(name, value)| {
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value).ok()?))
    });
    let recorder = Arc::new(Recorder { answered: answered.take(50).collect(), ..Recorder::default() });
    let egress =
        Egress::new(Arc::clone(&recorder) as Arc<dyn Transport>, OperatorPolicy::every_public_host());
    let exchange = |request: &Request| -> Result<_> {
        let route = egress.route(&audience("/v1"), None, None, request)?;
        egress.send(&route, request, Some(&bearer()), &Secrets::new(), limits())
    };
    match exchange(&get(lines.clone())) {
        Ok(response) => check_answer(&response.headers),
        Err(failure) => check_failure(&failure),
    }
    if let Some(Sent { headers, .. }) = recorder.sent.lock().expect("nobody panicked").pop() {
        check_sent(&headers);
        assert!(headers.len() <= lines.len() + 2);
    }
    // The answer alone: what a component sets may have been refused.
    match exchange(&get(Vec::new())) {
        Ok(response) => check_answer(&response.headers),
        Err(failure) => {
            assert_eq!(failure.code, "credential-in-answer");
            check_failure(&failure);
        }
    }
}

fn check_sent(headers: &HeaderMap) {
    let bearer = format!("Bearer {TOKEN}");
    let credentials: Vec<_> = headers.get_all("authorization").iter().collect();
    assert_eq!(credentials, [bearer.as_str()], "the host's, and once");
    for (name, value) in headers {
        assert!(!value.as_bytes().iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)), "{name}");
        let name = name.as_str().replace('_', "-");
        let hosts = ["authorization", "user-agent"];
        assert!(hosts.contains(&name.as_str()) || !crate::egress::is_host_header(&name), "{name}");
    }
}

fn check_answer(headers: &[(String, String)]) {
    for (name, value) in headers {
        assert!(!matches!(name.as_str(), "set-cookie" | "set-cookie2" | "authorization"), "{name}");
        assert!(!name.starts_with("proxy-") && !name.contains(TOKEN) && !value.contains(TOKEN));
    }
}

/// https, nobody's name in it, and no address that is not public, by what is written here and nowhere else.
fn check_destination(url: &Url) {
    assert!(url.scheme() == "https" && url.username().is_empty() && url.password().is_none(), "{url}");
    match url.host().expect("there is a host") {
        Host::Ipv4(address) => assert!(!is_private(address), "{url}"),
        Host::Ipv6(address) => assert!(!is_private_v6(address), "{url}"),
        Host::Domain(name) => assert!(!name.is_empty()),
    }
}

/// By its octets, so that no fault of the networks that the host refuses is repeated here.
pub(super) fn is_private(address: Ipv4Addr) -> bool {
    matches!(
        address.octets(),
        [0 | 10 | 127 | 224..=255, ..]
            | [100, 64..=127, ..]
            | [168, 63, 129, 16]
            | [169, 254, ..]
            | [172, 16..=31, ..]
            | [192, 0, 0 | 2, _]
            | [192, 88, 99, _]
            | [192, 168, ..]
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
    )
}

/// By its groups. Nothing outside of 2000::/3 is given to anybody who can be reached: loopback, mapped and compatible
/// addresses, NAT64 with both of its prefixes, discarding, segment routing, unique-local, link-local, multicast.
pub(super) fn is_private_v6(address: Ipv6Addr) -> bool {
    matches!(
        address.segments(),
        [0..=0x1fff | 0x4000..=0xffff, ..]
            | [0x2001, 0..=0x01ff | 0x0db8, ..]
            | [0x2002, ..]
            | [0x3fff, 0..=0x0fff, ..]
    )
}

/// Whether a URL stays below a prefix for every reader: one that decodes once more, takes a backslash for a slash, or
/// cuts a segment at a semicolon.
fn check_below(url: &Url, prefix: &str) {
    let prefix = prefix.trim_end_matches('/');
    let rest = url.path().strip_prefix(prefix).expect("it begins with the prefix");
    assert!(rest.is_empty() || rest.starts_with('/'), "{url}");
    let mut decoded = rest.to_owned();
    for _ in 0..3 {
        for segment in decoded.split(['/', '\\']) {
            let segment = segment.split(';').next().unwrap_or_default();
            assert!(!matches!(segment, "." | ".."), "{url}");
        }
        decoded = percent_encoding::percent_decode_str(&decoded).decode_utf8_lossy().into_owned();
    }
}

fn get(headers: Vec<(String, String)>) -> Request {
    Request {
        method: Method::new(Method::GET),
        path: "/x".to_owned(),
        query: Vec::new(),
        headers,
        body: Body::None,
    }
}

fn audience(prefix: &str) -> Audience {
    Audience::new("api".to_owned(), "https://api.example.com", prefix.to_owned(), false).expect("it is one")
}

fn bearer() -> Credential {
    Credential::Bearer(TOKEN.to_owned().into())
}

fn limits() -> ExchangeLimits {
    ExchangeLimits { timeout: Duration::from_secs(60), max_response_bytes: 1000 }
}

/// A request as it left.
struct Sent {
    url: Url,
    reach: Reach,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// Answers each request with a redirect to the next location, or with these headers once there are no more.
#[derive(Default)]
struct Recorder {
    locations: Vec<String>,
    answered: HeaderMap,
    sent: Mutex<Vec<Sent>>,
}

impl Transport for Recorder {
    fn round_trip(&self, request: OutboundRequest) -> std::result::Result<RawResponse, TransportError> {
        let mut sent = self.sent.lock().expect("nobody panicked");
        let location =
            self.locations.get(sent.len()).and_then(|location| HeaderValue::from_str(location).ok());
        let (status, headers) = match location {
            Some(location) => (302, HeaderMap::from_iter([(http::header::LOCATION, location)])),
            None => (200, self.answered.clone()),
        };
        let body = request.body.bytes().to_vec();
        sent.push(Sent { url: request.url, reach: request.reach, headers: request.headers, body });
        Ok(RawResponse { status, headers, body: b"content".to_vec() })
    }
}
