//! Redirects of downloads: where they may lead, and what goes along.

use std::sync::{Arc, OnceLock};

use actionbay::Recorder;

use super::*;
use crate::components::ECHO;
use crate::guests::Guest;

/// Redirects every path but `/v1/file` to what stands in its query after `to=`.
fn redirecting(location: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Script {
    Script::new(move |path| match location(path) {
        Some(location) => answer("302 Found", &[("Location", &location)], b""),
        None => answer("200 OK", &[("X-Store", "secret-address")], b"content"),
    })
}

fn allowing(origin: &str) -> impl FnOnce(OperatorPolicy) -> OperatorPolicy {
    let origin = Origin::parse(origin).unwrap();
    move |policy| policy.allow(origin)
}

/// API-25
#[test]
fn neither_the_credential_nor_a_header_but_accept_goes_to_another_origin() {
    let store = redirecting(|_| None);
    let target = format!("{}/f?token=of-the-address", store.origin);
    let server = redirecting(move |_| Some(target.clone()));
    let reach = Reach::with(&server, CallLimits::default(), allowing(&store.origin));
    assert_eq!(reach.save("plan.txt", "/f").unwrap()["file"], "plan.txt");
    assert_eq!(reach.read("plan.txt"), b"content");
    let (first, second) = (server.heads().remove(0), store.heads().remove(0));
    assert!(
        first.contains(&format!("authorization: bearer {TOKEN}")) && first.contains("x-api-key: "),
        "{first}"
    );
    assert!(second.starts_with("get /f?token=of-the-address "), "{second}");
    for name in ["authorization:", "x-api-key:", "cookie:", "referer:", TOKEN] {
        assert!(!second.contains(name), "{second}");
    }
    assert!(second.contains("accept: text/plain"), "{second}");
}

#[test]
fn inside_its_audience_a_redirect_keeps_the_credential_and_outside_of_it_loses_it_for_good() {
    for (location, keeps) in [
        ("/v1/file", true),
        ("file", true),
        ("/v1/../v1/file", true),
        ("/v2/file", false),
        ("/v1x/file", false),
        ("/v1/../v2/file", false),
        ("/v1/..%2fv2/file", false),
    ] {
        let server = redirecting(move |path| (path == "/v1/start").then(|| location.to_owned()));
        // Where the credential is lost the origin is any other, and the stand-in's profile may call it.
        let reach = Reach::new(&server);
        reach.save("plan.txt", "/start").unwrap();
        let heads = server.heads();
        assert_eq!(
            (heads.len(), heads[1].contains("authorization:")),
            (2, keeps),
            "{location}: {}",
            heads[1]
        );
        assert_eq!(heads[1].contains("x-api-key:"), keeps, "{location}");
    }
    // Out, and back to where the credential would be welcome.
    let home = Arc::new(OnceLock::<String>::new());
    let back = Arc::clone(&home);
    let store = redirecting(move |_| Some(format!("{}/v1/file", back.get().unwrap())));
    let out = store.origin.clone();
    let server = redirecting(move |path| (path == "/v1/start").then(|| format!("{out}/x")));
    home.set(server.origin.clone()).unwrap();
    let reach = Reach::with(&server, CallLimits::default(), allowing(&store.origin));
    reach.save("plan.txt", "/start").unwrap();
    assert!(!server.heads()[1].contains("authorization:"), "{}", server.heads()[1]);
}

#[test]
fn inside_its_audience_a_redirect_to_what_the_template_does_not_declare_takes_no_credential_along() {
    for (location, keeps) in [
        ("/v1/file/7", true),
        ("/v1/file/7?v=2", true),
        ("/v1/file/7/8", false),
        ("/v1/people", false),
        ("/v1", false),
    ] {
        let server = redirecting(move |path| (path == "/v1/start").then(|| location.to_owned()));
        let reach = Reach::new(&server);
        reach.run("save-narrowly", json!({"name": "plan.txt", "path": "/start"})).unwrap();
        let heads = server.heads();
        for header in ["authorization:", "x-api-key:"] {
            assert_eq!((heads.len(), heads[1].contains(header)), (2, keeps), "{location}: {}", heads[1]);
        }
    }
}

#[test]
fn a_redirect_to_where_nothing_may_be_sent_is_refused_with_the_line_that_would_allow_it() {
    for (location, code, line) in [
        (
            "https://10.0.0.1/f?token=t0ken",
            "address-not-public",
            Some(r#"allowed-origins = ["https://10.0.0.1"]"#),
        ),
        ("https://[::1]/f?token=t0ken", "address-not-public", Some(r#"allowed-origins = ["https://[::1]"]"#)),
        (
            "https://localhost/f?token=t0ken",
            "address-not-public",
            Some(r#"allowed-origins = ["https://localhost"]"#),
        ),
        (
            "http://169.254.169.254/?t0ken",
            "origin-not-https",
            Some(r#"allowed-origins = ["http://169.254.169.254"]"#),
        ),
        (
            "http://media.example/f?token=t0ken",
            "origin-not-https",
            Some(r#"allowed-origins = ["http://media.example"]"#),
        ),
        (
            "https://media.example:9/f?t0ken",
            "host-not-allowed",
            Some(r#"allowed-hosts = ["https://*", "https://media.example:9"]"#),
        ),
        ("file:///etc/passwd?t0ken", "redirect-refused", None),
        ("https://user:t0ken@media.example/", "redirect-refused", None),
    ] {
        let server = redirecting(move |_| Some(location.to_owned()));
        let failure = Reach::new(&server).refused("/f");
        assert_eq!((&failure.kind, failure.code.as_ref()), (&FailureKind::Denied, code), "{location}");
        if let Some(line) = line {
            let hint = failure.hint.clone().unwrap();
            assert!(hint.ends_with(line), "{hint}");
        }
        assert!(!format!("{failure:?}").contains("t0ken"), "{failure:?}");
        assert_eq!(server.heads().len(), 1);
    }
}

#[test]
fn five_redirects_are_followed_and_not_six_nor_a_circle() {
    let steps = |last: u32| {
        redirecting(move |path| {
            let at: u32 = path.trim_start_matches("/v1/").parse().unwrap();
            (at < last).then(|| format!("/v1/{}", at + 1))
        })
    };
    let five = steps(5);
    Reach::new(&five).save("plan.txt", "/0").unwrap();
    assert_eq!(five.heads().len(), 6);
    let six = steps(6);
    assert_eq!(Reach::new(&six).refused("/0").code, "too-many-redirects");
    assert_eq!(six.heads().len(), 6, "the sixth is not followed");
    let circle = redirecting(|path| Some(path.to_owned()));
    assert_eq!(Reach::new(&circle).refused("/0").code, "too-many-redirects");
}

#[test]
fn of_an_answer_from_elsewhere_a_component_learns_nothing_that_opens_it() {
    let store = Script::new(|_| answer("503 Busy", &[("X-Store", "secret-address")], b"see secret-address"));
    let target = format!("{}/f?token=secret-address", store.origin);
    let server = redirecting(move |_| Some(target.clone()));
    let reach = Reach::with(&server, CallLimits::default(), allowing(&store.origin));
    let failure = reach.refused("/f");
    assert!(failure.message.starts_with("503"), "{failure}");
    assert!(!format!("{failure:?}").contains("secret-address"), "{failure:?}");
    let denying = Script::new(|_| answer("401 Unauthorized", &[], b"see secret-address"));
    let target = format!("{}/f?token=secret-address", denying.origin);
    let server = redirecting(move |_| Some(target.clone()));
    let failure = Reach::with(&server, CallLimits::default(), allowing(&denying.origin)).refused("/f");
    assert_eq!(
        (failure.code.as_ref(), server.heads().len()),
        ("file-store-refused", 1),
        "no renewal, no repeat"
    );
    assert!(!format!("{failure:?}").contains("secret-address"), "{failure:?}");
}

#[test]
fn what_is_no_download_follows_no_redirect_and_does_not_say_where_it_leads() {
    let server = redirecting(|_| Some("https://media.example/?token=secret-address".to_owned()));
    let reach = Reach::new(&server);
    std::fs::write(reach.folder.path().join("a"), "a").unwrap();
    let told = reach.run("send", json!({"file": "a", "ask": "a"})).unwrap();
    assert_eq!((&told["status"], server.heads().len()), (&json!(302), 1));

    let server = Script::new(|_| {
        let target = "https://media.example/?token=secret-address";
        answer("302 Found", &[("Location", target), ("X-More", "kept")], format!("see {target}").as_bytes())
    });
    let guest = Guest::facing(ECHO, &server, CallLimits::default());
    let recorder = Recorder::new();
    let told = guest.record("fetch", json!({"audience": "api", "path": "/f"}), &recorder).unwrap();
    assert_eq!((&told["status"], &told["body"]), (&json!(302), &json!("")));
    assert_eq!((&told["headers"]["x-more"], &told["headers"]["location"]), (&json!("kept"), &json!(null)));
    assert_eq!(server.heads().len(), 1);
    let json = recorder.take().unwrap().to_json().unwrap();
    assert!(json.contains("x-more") && !json.contains("location"), "{json}");
    assert!(!json.contains("secret-address") && !json.contains("media.example"), "{json}");
}
