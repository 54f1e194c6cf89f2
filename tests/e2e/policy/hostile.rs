//! Components that try to get round the rules of their own manifest and the policy.

use actionbay::egress::{OutboundRequest, RawResponse, Transport, TransportError};
use actionbay::runtime::Access;
use actionbay::{Failure, FailureKind};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

use crate::components::{LIES_ABOUT_THE_CONTAINER, SENDS_WHAT_IT_DID_NOT_DECLARE, WRITES_IN_A_READ_TEMPLATE};
use crate::guests::Guest;
use crate::support::engine;

/// A vendor with two spaces, 1 called OPEN and 2 called SHUT, and pages 10 and 20 in them. It is as lenient as can be:
/// whatever it is asked for, it does.
#[derive(Clone, Default)]
struct Lenient(Arc<Mutex<Vec<String>>>);

impl Lenient {
    /// What it was asked to do, but for reading.
    fn done(&self) -> Vec<String> {
        self.0.lock().unwrap().iter().filter(|request| !request.starts_with("GET")).cloned().collect()
    }
}

impl Transport for Lenient {
    fn round_trip(&self, request: OutboundRequest) -> Result<RawResponse, TransportError> {
        let path = request.url.path().trim_start_matches("/v1").to_owned();
        let query = request.url.query().unwrap_or_default().to_uppercase();
        let space =
            |id: &str| json!({"id": id, "key": if id == "1" { "OPEN" } else { "SHUT" }, "name": "a name"});
        let page =
            |id: &str| json!({"id": id, "spaceId": id.get(..1).unwrap_or("2"), "body": "what it says"});
        let body = match path.as_str() {
            "/token" => json!({"access_token": "canary-access-token", "expires_in": 3600}),
            "/spaces/1" | "/spaces/2" => space(path.rsplit('/').next().unwrap()),
            "/spaces" if query.contains("OPEN") => json!({"results": [space("1")]}),
            "/spaces" => json!({"results": [space("2"), space("1"), {"name": "neither"}], "total": 2}),
            "/pages/10" | "/pages/20" => page(path.rsplit('/').next().unwrap()),
            _ => json!({}),
        };
        if path != "/token" {
            self.0.lock().unwrap().push(format!("{} {path}?{query}", request.method));
        }
        Ok(RawResponse { status: 200, headers: http::HeaderMap::new(), body: body.to_string().into_bytes() })
    }
}

#[test]
fn a_request_that_its_template_did_not_declare_is_not_sent_whatever_the_policy() {
    let vendor = Lenient::default();
    let guest = Guest::with(SENDS_WHAT_IT_DID_NOT_DECLARE, vendor.clone());
    let send = |template: &str, method: &str, path: &str| {
        guest
            .run(template, json!({"method": method, "path": path}))
            .map_err(|failure| failure.code.to_string())
    };
    send("run", "PUT", "/pages/1").unwrap();
    send("run", "GET", "/p%61ges/1").unwrap();
    let sent = vendor.0.lock().unwrap().len();
    for (template, method, path, code) in [
        ("run", "DELETE", "/pages/1", "request-not-declared"),
        ("run", "PUT", "/pages", "request-not-declared"),
        ("run", "PUT", "/pages/", "request-not-declared"),
        ("run", "PUT", "/pages/1/", "request-not-declared"),
        ("run", "PUT", "/pages/1/restrictions", "request-not-declared"),
        ("run", "PUT", "/Pages/1", "request-not-declared"),
        ("run", "PUT", "", "request-not-declared"),
        ("run", "PATCH", "/pages/1", "request-not-declared"),
        ("run", "PUT", "/pages/1%2Frestrictions", "hidden-separator"),
        ("run", "PUT", "/pages/../spaces", "dot-segment"),
        ("run", "PUT", "/pages/%252e%252e", "double-encoding"),
        ("run", "put", "/pages/1", "method-refused"),
        ("silent", "GET", "/pages/1", "request-not-declared"),
    ] {
        assert_eq!(send(template, method, path).unwrap_err(), code, "{template}: {method} {path}");
    }
    for header in ["X-HTTP-Method-Override", "x-http-method", "X-Method-Override"] {
        let input = json!({"method": "PUT", "path": "/pages/1", "header": header});
        assert_eq!(guest.run("run", input).unwrap_err().code, "header-refused", "{header}");
    }
    assert_eq!(vendor.0.lock().unwrap().len(), sent, "none of these was sent");
    let failure = guest.run("run", json!({"method": "DELETE", "path": "/pages/1"})).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Denied);
    assert!(failure.message.contains("DELETE /pages/1"), "{failure}");
    assert!(failure.hint.unwrap().contains("PUT /pages/{page}"));
}

#[test]
fn a_write_in_a_template_that_reads_is_refused_when_the_component_is_loaded() {
    let failure = engine().load(&std::fs::read(WRITES_IN_A_READ_TEMPLATE).unwrap()).unwrap_err();
    assert_eq!((&failure.kind, failure.code.as_ref()), (&FailureKind::BadPlugin, "bad-manifest"));
    assert!(failure.message.contains("PUT /pages/{page}"), "{failure}");
}

/// A guest that lies, in a workspace in which the space SHUT is denied.
fn liar(name: &str) -> (Guest, Lenient) {
    let vendor = Lenient::default();
    let guest = Guest::with(LIES_ABOUT_THE_CONTAINER, vendor.clone());
    let name = name.parse().unwrap();
    guest.set_policy(|policy| {
        policy.containers.named.insert(name, Access::Deny);
    });
    (guest, vendor)
}

fn refused(guest: &Guest, input: Value) -> Failure {
    let failure = guest.run("run", input.clone()).expect_err(&input.to_string());
    assert_eq!(failure.kind, FailureKind::Denied, "{input}: {failure:?}");
    assert!(failure.code.starts_with("container-"), "{input}: {failure:?}");
    failure
}

#[test]
fn a_body_that_could_be_read_in_two_ways_is_not_sent() {
    for name in ["SHUT", "id:2"] {
        let (guest, vendor) = liar(name);
        let post = |body: &str| json!({"method": "POST", "path": "/pages", "body": body});
        guest.run("run", post(r#"{"spaceId":"1"}"#)).unwrap();
        guest.run("run", post(r#"{"spaceId":1,"parentId":10}"#)).unwrap();
        assert_eq!(vendor.done().len(), 2);
        for body in [
            r#"{"spaceId":"2"}"#,
            r#"{"spaceId":2}"#,
            r#"{"spaceId":"1","spaceId":"2"}"#,
            r#"{"spaceId":"2","spaceId":"1"}"#,
            r#"{"spaceId":"1","\u0073paceId":"2"}"#,
            r#"{"spaceId":"1","SpaceID":"2"}"#,
            r#"{"spaceId":"02"}"#,
            r#"{"spaceId":" 2"}"#,
            r#"{"spaceId":"+2"}"#,
            r#"{"spaceId":2.0}"#,
            r#"{"spaceId":"２"}"#,
            r#"{"spaceId":["2"]}"#,
            r#"{"spaceId":{"id":"2"}}"#,
            r#"{"spaceId":true}"#,
            r#"{"spaceId":null}"#,
            r#"{"spaceId":""}"#,
            r#"{"spaceId":"1","parentId":"20"}"#,
            r#"{"spaceId":"1","parentId":"99"}"#,
            r#"{}"#,
            r#"[]"#,
            r#"{"spaceId":"1"} {"spaceId":"2"}"#,
            "{'spaceId':'2'}",
            "",
        ] {
            refused(&guest, post(body));
        }
        refused(&guest, json!({"method": "POST", "path": "/pages"}));
        for media_type in ["application/json", "application/json; charset=utf-16", "text/plain"] {
            let body = r#"{"spaceId":"1"}"#;
            refused(
                &guest,
                json!({"method": "POST", "path": "/pages", "body": body, "media-type": media_type}),
            );
        }
        let archive = |body: &str| json!({"method": "POST", "path": "/archive", "body": body});
        for body in [
            r#"{"pages":[{"id":10},{"id":20}]}"#,
            r#"{"pages":[{"id":10},{}]}"#,
            r#"{"pages":[]}"#,
            r#"{"pages":{"0":{"id":10}}}"#,
            r#"{"pages":[{"id":10}],"Pages":[{"id":20}]}"#,
        ] {
            refused(&guest, archive(body));
        }
        assert_eq!(vendor.done().len(), 2, "none of these was sent");
        guest.run("run", archive(r#"{"pages":[{"id":10}]}"#)).unwrap();
    }
}

#[test]
fn a_path_or_a_query_that_could_be_read_in_two_ways_is_not_sent() {
    let (guest, vendor) = liar("SHUT");
    let put = |path: &str| json!({"method": "PUT", "path": path, "body": "{}"});
    guest.run("run", put("/pages/10")).unwrap();
    guest.run("run", put("/pages/1%30")).unwrap();
    for path in
        ["/pages/20", "/pages/2%30", "/pages/020", "/pages/10;20", "/pages/10,20", "/pages/%20", "/pages/99"]
    {
        refused(&guest, put(path));
    }
    let search = |query: Value| json!({"method": "PUT", "path": "/search", "query": query});
    guest.run("run", search(json!([["space", "open"]]))).unwrap();
    let sent = vendor.done().len();
    for query in [
        json!([["space", "SHUT"]]),
        json!([["space", "shut"]]),
        json!([["space", "OPEN"], ["space", "SHUT"]]),
        json!([["space", "OPEN"], ["Space", "SHUT"]]),
        json!([["space", "OPEN,SHUT"]]),
        json!([["space", "OPEN SHUT"]]),
        json!([["space", ""]]),
        json!([["Space", "OPEN"]]),
        json!([]),
    ] {
        refused(&guest, search(query));
    }
    assert_eq!(vendor.done().len(), sent);
}

/// Neither what is in a denied space, nor how much of it there is.
#[test]
fn nothing_of_a_denied_space_is_in_what_the_component_gets() {
    for name in ["SHUT", "id:2"] {
        let (guest, _) = liar(name);
        let failure = refused(&guest, json!({"method": "GET", "path": "/pages/20"}));
        assert!(!format!("{failure:?}").contains("what it says"));
        let answer = guest.run("run", json!({"method": "GET", "path": "/pages/10"})).unwrap();
        assert!(answer["body"].as_str().unwrap().contains("what it says"));
        let answer = guest.run("run", json!({"method": "GET", "path": "/spaces"})).unwrap();
        let given: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        assert_eq!(given, json!({"results": [{"id": "1", "key": "OPEN", "name": "a name"}]}));
    }
}
