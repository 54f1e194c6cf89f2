//! Each promise of the module, asserted on what the other side was sent.

use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

const TOKEN: &str = "canary-access-token-0123456789";

/// Answers everything alike and remembers what it was sent.
#[derive(Default)]
struct Recorder {
    sent: Mutex<Vec<(String, HeaderMap, Vec<u8>)>>,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Transport for Recorder {
    fn round_trip(&self, request: OutboundRequest) -> Result<RawResponse, TransportError> {
        self.sent.lock().unwrap().push((
            format!("{} {}", request.method, request.url),
            request.headers.clone(),
            request.body.bytes().to_vec(),
        ));
        Ok(RawResponse { status: 200, headers: self.headers.clone(), body: self.body.clone() })
    }
}

fn audience(prefix: &str) -> Audience {
    Audience::new("api".into(), "https://api.example.com", prefix.into(), false).unwrap()
}

fn get(path: &str) -> Request {
    Request {
        method: Method::new(Method::GET),
        path: path.into(),
        query: vec![("q".into(), "a b&c=d".into())],
        headers: vec![("X-Wish".into(), "1".into())],
        body: Body::None,
    }
}

fn bearer() -> Credential {
    Credential::Bearer(TOKEN.to_owned().into())
}

fn limits() -> ExchangeLimits {
    ExchangeLimits { timeout: Duration::from_secs(1), max_response_bytes: 1000 }
}

fn exchange(recorder: &Arc<Recorder>, request: Request) -> Result<Response> {
    let egress = Egress::new(Arc::clone(recorder) as Arc<dyn Transport>, OperatorPolicy::every_public_host());
    let route = egress.route(&audience("/v1/{site}"), None, Some("s-1"), &request)?;
    egress.send(&route, &request, Some(&bearer()), &Secrets::new(), limits())
}

#[test]
fn a_request_goes_to_the_audiences_origin_prefix_and_site_with_the_credential_that_the_host_adds() {
    let recorder = Arc::new(Recorder::default());
    exchange(&recorder, get("/pages")).unwrap();
    let sent = recorder.sent.lock().unwrap();
    let (line, headers, _) = &sent[0];
    assert_eq!(line, "GET https://api.example.com/v1/s-1/pages?q=a%20b%26c%3Dd");
    assert_eq!(headers["authorization"], format!("Bearer {TOKEN}"));
    assert!(headers["authorization"].is_sensitive());
    assert_eq!(headers["x-wish"], "1");
}

#[test]
fn a_client_secret_that_went_out_in_basic_is_refused_when_it_comes_back() {
    let secret = "s/e+c r:e%t-0123456789";
    let credential = Credential::Basic { id: "client".into(), secret: secret.to_owned().into() };
    let sent = credential.header().unwrap().to_str().unwrap().to_owned();
    for echo in [secret.to_owned(), sent, secret.replace('/', "\\/")] {
        let recorder = Recorder { body: echo.clone().into_bytes(), ..Recorder::default() };
        let egress = Egress::new(Arc::new(recorder), OperatorPolicy::every_public_host());
        let route = egress.route(&audience(""), None, None, &get("/x")).unwrap();
        let failure =
            egress.send(&route, &get("/x"), Some(&credential), &Secrets::new(), limits()).unwrap_err();
        assert_eq!(failure.code, "credential-in-answer", "{echo}");
    }
}

/// Redirects what goes to the audience to another host, and remembers what both were sent.
#[derive(Default)]
struct Redirecting(Mutex<Vec<(HeaderMap, Vec<u8>)>>);

impl Transport for Redirecting {
    fn round_trip(&self, request: OutboundRequest) -> Result<RawResponse, TransportError> {
        self.0.lock().unwrap().push((request.headers.clone(), request.body.bytes().to_vec()));
        let is_audience = request.url.host_str() == Some("api.example.com");
        let location = http::HeaderValue::from_static("https://media.example.com/f?token=1");
        let headers = is_audience.then_some((LOCATION, location));
        let status = if is_audience { 307 } else { 200 };
        Ok(RawResponse { status, headers: headers.into_iter().collect(), body: b"content".to_vec() })
    }
}

#[test]
fn what_a_guest_sends_along_with_a_download_stays_in_its_audience() {
    let transport = Arc::new(Redirecting::default());
    let egress =
        Egress::new(Arc::clone(&transport) as Arc<dyn Transport>, OperatorPolicy::every_public_host());
    let request = Request { body: Body::Json("{\"a\":1}".into()), ..get("/x") };
    let route = egress.route(&audience(""), None, None, &request).unwrap();
    let mut written = Vec::new();
    let mut download = Download { into: &mut written, limit: 100, may_follow: &|_| true };
    let credential = bearer();
    egress.download(&route, &request, Some(&credential), &Secrets::new(), limits(), &mut download).unwrap();
    assert_eq!(written, b"content");
    let sent = transport.0.lock().unwrap();
    assert!(sent[0].0.contains_key("authorization") && sent[0].0.contains_key("x-wish"));
    assert_eq!(sent[0].1, b"{\"a\":1}");
    let names: Vec<&str> = sent[1].0.keys().map(|name| name.as_str()).collect();
    assert_eq!((names, sent[1].1.len()), (vec!["user-agent"], 0));
}

#[test]
fn what_is_printed_of_a_request_holds_neither_its_body_nor_its_query() {
    let request = Request { body: Body::Json(format!("{{\"code\":\"{TOKEN}\"}}")), ..get("/x") };
    let response = Response { status: 200, headers: Vec::new(), body: TOKEN.into() };
    assert!(!format!("{request:?} {response:?}").contains(TOKEN));
}

#[test]
fn nothing_is_sent_where_a_check_fails() {
    let recorder = Arc::new(Recorder::default());
    let mut with_header = get("/pages");
    with_header.headers.push(("Authorization".into(), "Bearer mine".into()));
    let mut with_method = get("/pages");
    with_method.method = Method::new("TRACE");
    for (request, code) in [
        (get("/../other"), "dot-segment"),
        (get("/%2e%2e/other"), "dot-segment"),
        (get("//evil.example/x"), "empty-segment"),
        (with_header, "header-refused"),
        (with_method, "method-refused"),
    ] {
        assert_eq!(exchange(&recorder, request).unwrap_err().code, code);
    }
    assert!(recorder.sent.lock().unwrap().is_empty());
}

#[test]
fn an_answer_in_which_the_credential_comes_back_is_refused_in_every_form() {
    let percent: String = TOKEN.bytes().map(|byte| format!("%{byte:02X}")).collect();
    for echo in [
        TOKEN.to_owned(),
        format!("x{}", STANDARD.encode(format!("Bearer {TOKEN}"))),
        STANDARD.encode(format!("ab{TOKEN}")),
        percent,
    ] {
        let body = Recorder { body: format!("<p>{echo}</p>").into_bytes(), ..Recorder::default() };
        assert_eq!(exchange(&Arc::new(body), get("/x")).unwrap_err().code, "credential-in-answer", "{echo}");
        let headers =
            HeaderMap::from_iter([(http::HeaderName::from_static("x-echo"), echo.parse().unwrap())]);
        let header = Recorder { headers, ..Recorder::default() };
        let failure = exchange(&Arc::new(header), get("/x")).unwrap_err();
        assert_eq!(failure.code, "credential-in-answer");
        assert!(!format!("{failure:?}").contains(TOKEN));
    }
}

#[test]
fn another_secret_of_the_call_is_refused_as_well() {
    let recorder = Arc::new(Recorder { body: b"the code is canary-code-42".to_vec(), ..Recorder::default() });
    let egress = Egress::new(recorder, OperatorPolicy::every_public_host());
    let route = egress.route(&audience(""), None, None, &get("/x")).unwrap();
    let mut secrets = Secrets::new();
    secrets.add(&"canary-code-42".to_owned().into());
    let failure = egress.send(&route, &get("/x"), None, &secrets, limits()).unwrap_err();
    assert_eq!(failure.code, "credential-in-answer");
}

#[test]
fn what_is_not_https_is_denied_unless_the_operator_listed_the_very_origin() {
    let plain = Audience::new("api".into(), "http://api.example.com", String::new(), false).unwrap();
    let denied = |policy: OperatorPolicy| {
        let egress = Egress::new(Arc::new(DenyTransport), policy);
        egress.route(&plain, Some("p"), None, &get("/x")).map(|route| route.url().to_string())
    };
    let failure = denied(OperatorPolicy::every_public_host()).unwrap_err();
    assert_eq!(failure.code, "origin-not-https");
    assert!(failure.hint.unwrap().contains(r#"allowed-origins = ["http://api.example.com"]"#));
    let listed = |origin: &str| OperatorPolicy::default().allow(Origin::parse(origin).unwrap());
    assert!(denied(listed("http://api.example.com:81")).is_err());
    assert!(denied(listed("http://example.com")).is_err());
    assert!(denied(listed("http://api.example.com")).is_ok());
}

#[test]
fn a_host_that_no_pattern_of_the_operator_allows_is_denied_with_the_line_that_would_allow_it() {
    let at = |policy: &OperatorPolicy, origin: &str| {
        let audience = Audience::new("api".into(), origin, String::new(), false).unwrap();
        let recorder = Arc::new(Recorder::default());
        let egress = Egress::new(Arc::clone(&recorder) as Arc<dyn Transport>, policy.clone());
        let routed = egress.route(&audience, Some("p"), None, &get("/x"));
        assert!(recorder.sent.lock().unwrap().is_empty());
        let url = Url::parse(origin).unwrap();
        assert_eq!(
            routed.is_ok(),
            egress.endpoint(&url, "p").is_ok(),
            "endpoints are held to the same: {origin}"
        );
        routed
    };
    let none = OperatorPolicy::default();
    let failure = at(&none, "https://api.example.com").unwrap_err();
    assert_eq!((&failure.kind, failure.code.as_ref()), (&FailureKind::Denied, "host-not-allowed"));
    assert!(failure.message.contains("\"api\" is at https://api.example.com"), "{failure}");
    assert!(
        failure.hint.unwrap().ends_with(r#"under [policy]: allowed-hosts = ["https://api.example.com"]"#)
    );

    let some = OperatorPolicy::default().allow_hosts("https://*.example.com".parse().unwrap());
    assert_eq!(at(&some, "https://api.example.com").unwrap().reach, Reach::PublicOnly);
    for other in ["https://example.com", "https://api.example.com:8443", "https://api.example.org"] {
        let failure = at(&some, other).unwrap_err();
        let line = format!("allowed-hosts = [\"https://*.example.com\", \"{other}\"]");
        assert!(failure.hint.as_ref().is_some_and(|hint| hint.ends_with(&line)), "{failure:?}");
    }
    let every = OperatorPolicy::every_public_host();
    assert_eq!(at(&every, "https://10.0.0.1").unwrap_err().code, "address-not-public");
    let plain = OperatorPolicy::default().allow_hosts("http://legacy.example".parse().unwrap());
    assert_eq!(at(&plain, "http://legacy.example").unwrap().reach, Reach::PublicOnly);
}

#[test]
fn the_operator_puts_an_origin_in_an_audiences_place_for_one_profile_alone() {
    let stand_in = Origin::parse("http://127.0.0.1:9000").unwrap();
    let policy = OperatorPolicy::every_public_host().replace("sandbox", "api", stand_in);
    let egress = Egress::new(Arc::new(DenyTransport), policy);
    let to = |profile| {
        egress.route(&audience("/v1"), profile, None, &get("/x")).unwrap().url().host_str().map(str::to_owned)
    };
    assert_eq!(to(Some("sandbox")).as_deref(), Some("127.0.0.1"));
    assert_eq!(to(Some("other")).as_deref(), Some("api.example.com"));
    assert_eq!(to(None).as_deref(), Some("api.example.com"));
    let token = Url::parse("http://127.0.0.1:9000/oauth/token").unwrap();
    assert!(egress.endpoint(&token, "sandbox").is_ok());
    assert_eq!(egress.endpoint(&token, "other").unwrap_err().code, "origin-not-https");
    let user = Url::parse("https://user:pass@auth.example.com/token").unwrap();
    assert_eq!(egress.endpoint(&user, "other").unwrap_err().code, "endpoint-refused");
}

#[test]
fn an_address_that_is_not_public_is_denied_with_the_line_that_would_allow_it() {
    let egress = Egress::new(Arc::new(DenyTransport), OperatorPolicy::every_public_host());
    for (url, origin) in [
        ("https://10.0.0.1/token", "https://10.0.0.1"),
        ("https://0x7f.1:8443/token", "https://127.0.0.1:8443"),
        ("https://[::ffff:169.254.169.254]/", "https://[::ffff:a9fe:a9fe]"),
    ] {
        let url = Url::parse(url).unwrap();
        let failure = egress.endpoint(&url, "p").unwrap_err();
        assert_eq!(
            (&failure.kind, failure.code.as_ref(), failure.request_sent),
            (&FailureKind::Denied, "address-not-public", false)
        );
        assert!(failure.message.contains(origin), "{failure}");
        assert!(failure.hint.unwrap().contains(&format!("allowed-origins = [\"{origin}\"]")));
        let listed = OperatorPolicy::default().allow(Origin::parse(origin).unwrap());
        let route = Egress::new(Arc::new(DenyTransport), listed).endpoint(&url, "p").unwrap();
        assert_eq!(route.reach, Reach::Listed);
    }
    let public = Url::parse("https://auth.example.com/token").unwrap();
    assert_eq!(egress.endpoint(&public, "p").unwrap().reach, Reach::PublicOnly);
}

#[test]
fn a_request_to_a_name_on_this_machine_is_denied_for_audiences_too() {
    let policy = OperatorPolicy::default().allow_hosts("https://localhost:9".parse().unwrap());
    let egress = Egress::new(Arc::new(UreqTransport::new()), policy);
    let local = Audience::new("api".into(), "https://localhost:9", String::new(), false).unwrap();
    let route = egress.route(&local, None, None, &get("/x")).unwrap();
    let failure = egress.send(&route, &get("/x"), Some(&bearer()), &Secrets::new(), limits()).unwrap_err();
    assert_eq!((failure.code.as_ref(), failure.request_sent), ("address-not-public", false));
    assert!(failure.hint.unwrap().contains(r#"allowed-origins = ["https://localhost:9"]"#));
}

#[test]
fn an_origin_is_scheme_host_and_port_and_nothing_else() {
    for text in [
        "https://a.example/x",
        "https://a.example?x",
        "https://u@a.example",
        "ftp://a.example",
        "a.example",
        "",
    ] {
        assert_eq!(Origin::parse(text).unwrap_err().code, "bad-origin", "{text}");
    }
    assert_eq!(Origin::parse("https://A.example:443").unwrap().as_str(), "https://a.example");
    for text in ["http://127.0.0.1:1", "http://localhost", "http://[::1]:2"] {
        assert!(Origin::parse(text).unwrap().is_loopback(), "{text}");
    }
    for text in ["http://10.0.0.1", "http://localhost.evil.example", "http://127.0.0.1.evil.example"] {
        assert!(!Origin::parse(text).unwrap().is_loopback(), "{text}");
    }
}

#[test]
fn a_host_that_was_given_no_transport_says_so_and_sends_nothing() {
    let egress = Egress::new(Arc::new(DenyTransport), OperatorPolicy::every_public_host());
    let route = egress.route(&audience(""), None, None, &get("/x")).unwrap();
    let failure = egress.send(&route, &get("/x"), Some(&bearer()), &Secrets::new(), limits()).unwrap_err();
    assert_eq!((failure.code.as_ref(), failure.request_sent), ("no-transport", false));
    assert!(!format!("{failure:?}").contains(TOKEN));
}
