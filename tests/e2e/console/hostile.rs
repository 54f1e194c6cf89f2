//! What others try at the console: forms from elsewhere, ways to elsewhere, and pages that could tell or do too much.

use actionbay::service::audit::{Audit, Wanted};
use serde_json::json;

use super::desk::{Desk, body, log_in, url};
use super::routes::{owned, routes};
use crate::service::office::Office;
use crate::support::{Form, Visitor, workspace};

/// All that a form of the console can change, but for what was said.
fn state(office: &Office) -> String {
    let host = &office.world.host;
    let workspace = workspace();
    json!({
        "configurations": host.configurations(&workspace).unwrap(),
        "profiles": host.profiles(&workspace).unwrap(),
        "connections": host.connections(&workspace).unwrap(),
        "dialogs": host.dialogs(&workspace).unwrap(),
        "conversations": host.conversations(&workspace).unwrap().len(),
        "audit": Audit::of(host).list(&workspace, &Wanted::default(), None, 100).unwrap(),
    })
    .to_string()
}

#[test]
fn no_form_is_taken_that_did_not_come_from_a_page_of_the_same_session() {
    let mut desk = Desk::new().configured();
    let ids = owned(&mut desk);
    let token_of = |page: &super::desk::Shown| page.form("/logout").fields[0].clone();
    let own = token_of(&desk.open("/actions"));
    let mut other = Visitor::new();
    let another = token_of(&log_in(&desk.office, &mut other, &desk.key));
    assert_ne!(own.1, another.1);
    let before = state(&desk.office);
    let seen = desk.office.world.wire.seen().len();
    let origin = desk.url("").origin().ascii_serialization();
    for route in routes().into_iter().filter(|route| route.posts) {
        let at = desk.url(&route.at(&ids));
        let form = |token: &str| {
            let fields = vec![(own.0.clone(), token.to_owned()), ("name".to_owned(), "x".to_owned())];
            body(&Form { action: at.clone(), is_post: true, fields })
        };
        let same = [("Origin", origin.as_str()), ("Sec-Fetch-Site", "same-origin")];
        let mut send = |headers: &[(&str, &str)], token: &str| {
            desk.admin.send("POST", at.as_str(), headers, &form(token))
        };
        let cross_site = [("Origin", origin.as_str()), ("Sec-Fetch-Site", "cross-site")];
        let elsewhere = [("Origin", "https://evil.example"), ("Sec-Fetch-Site", "same-origin")];
        let token = own.1.as_str();
        for (headers, token, why) in [
            (&same[..], "", "no token"),
            (&same[..], another.1.as_str(), "the token of another session"),
            (&same[..], &token[1..], "a part of the token"),
            (&elsewhere[..], token, "an origin"),
            (&[("Origin", "null")][..], token, "no origin that can be named"),
            (&cross_site[..], token, "another site"),
            (&[("Sec-Fetch-Site", "same-site")][..], token, "a neighbour"),
            (&[("Sec-Fetch-Site", "none")][..], token, "an address that was typed"),
        ] {
            if route.path == "/login" && headers == same {
                // Nobody has a session there; what a page elsewhere sends is refused below.
                continue;
            }
            let answer = send(headers, token);
            assert_eq!(answer.status, 403, "{} with {why}: {answer:?}", route.path);
            assert_eq!(answer.header("set-cookie"), "", "{} with {why}", route.path);
        }
        if route.path != "/login" {
            let answer = Visitor::new().send("POST", at.as_str(), &same, &form(&own.1));
            assert_eq!((answer.status, answer.header("location")), (303, "/console/login"), "{}", route.path);
        }
        for method in ["PUT", "DELETE", "PATCH"] {
            assert_eq!(
                desk.admin.send(method, at.as_str(), &same, "").status,
                405,
                "{method} {}",
                route.path
            );
        }
    }
    assert_eq!(state(&desk.office), before);
    assert_eq!(desk.office.world.wire.seen().len(), seen);
}

#[test]
fn nothing_that_is_looked_at_changes_anything_and_no_page_is_shown_to_nobody() {
    let mut desk = Desk::new().configured();
    let ids = owned(&mut desk);
    let before = state(&desk.office);
    for route in routes() {
        let at = desk.url(&route.at(&ids));
        if !route.gets {
            assert_eq!(desk.admin.get(at.as_str()).status, 405, "{}", route.path);
            continue;
        }
        let nobody = Visitor::new().get(at.as_str());
        if !["/login", "/style.css", "/script.js", "/"].contains(&route.path) {
            assert_eq!((nobody.status, nobody.header("location")), (303, "/console/login"), "{}", route.path);
        }
        let answer = desk.admin.get(at.as_str());
        assert!([200, 303].contains(&answer.status), "{}: {answer:?}", route.path);
    }
    assert_eq!(state(&desk.office), before);
}

#[test]
fn every_page_forbids_itself_what_it_does_not_need_and_holds_no_secret() {
    let mut desk = Desk::new().configured();
    let ids = owned(&mut desk);
    let client_secret = desk.office.world.client.client_secret.clone();
    let cookie = {
        let answer = log_in(&desk.office, &mut desk.admin, &desk.key);
        assert_eq!(answer.answer.status, 200);
        desk.admin.cookie("actionbay-console").to_owned()
    };
    let mut pages: Vec<_> = routes()
        .iter()
        // What is in files is no page; what they are served with has a test of its own.
        .filter(|route| {
            route.gets && !route.path.contains('.') && route.path != "/" && route.path != "/files/{file}"
        })
        .map(|route| desk.open(&route.at(&ids)))
        .collect();
    pages.push(desk.open("/nowhere"));
    pages.push(desk.open("/dialogs/nobody"));
    pages.push(desk.press("/profiles/app", "/test"));
    let stale = desk.open("/actions").form("/logout").with("form-token", "x");
    pages.push(desk.submit(stale));
    pages.push(log_in(&desk.office, &mut Visitor::new(), "wrong"));
    assert_eq!(
        desk.office.world.wire.canaries.kinds().len(),
        4,
        "{:?}",
        desk.office.world.wire.canaries.kinds()
    );
    for page in pages {
        let answer = &page.answer;
        let policy = answer.header("content-security-policy");
        for rule in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(rule), "no {rule} at {}: {policy}", page.at);
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
        for (name, value) in [
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), value, "{name} at {}", page.at);
        }
        for inline in ["<style", "style=\"", " onclick", "javascript:"] {
            assert!(!page.says(inline), "{inline} at {}", page.at);
        }
        assert_eq!(answer.body.matches("<script").count(), 1, "its own script alone, at {}", page.at);
        for address in ["src=\"http", "href=\"//", "src=\"//"] {
            assert!(!page.says(address), "{address} at {}", page.at);
        }
        for secret in [&client_secret, &cookie, &desk.key] {
            assert!(!page.says(secret), "a secret at {}", page.at);
        }
        assert!(desk.office.world.wire.canaries.found_in(answer.body.as_bytes()).is_empty(), "{}", page.at);
    }
}

#[test]
fn nothing_that_is_sent_along_leads_to_another_site() {
    let mut desk = Desk::new();
    let done = desk.configure("per-user", "custom", "save");
    let origin = desk.url("").origin();
    for to in [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "templates\r\nLocation: https://evil.example",
    ] {
        let shown = desk.submit(done.form("/introduced").with("to", to));
        assert_eq!(shown.at.origin(), origin, "{to}");
    }
    for query in ["next", "to", "return_to", "redirect", "url"] {
        let at = url(&desk.office, &format!("/login?{query}=https://evil.example"));
        let page = Visitor::new().get(at.as_str());
        assert!(page.status == 200 && !page.body.contains("evil.example"), "{page:?}");
    }
    for target in [
        "/console//evil.example",
        "//evil.example/console",
        "/console/%2f%2fevil.example",
        "/console/actions/%2f%2fevil.example",
        "/console/actions/..%2f..%2fevil.example",
        "/console/dialogs/%0d%0aLocation:%20https:%2f%2fevil.example",
    ] {
        let at = desk.url("");
        let answer = desk.admin.send_to(&at, "GET", target, &[], "");
        assert!([400, 404].contains(&answer.status), "{target}: {answer:?}");
        assert_eq!(answer.header("location"), "", "{target}");
    }
    let at = desk.url("/actions");
    let answer = desk.admin.send("GET", at.as_str(), &[("Host", "evil.example")], "");
    assert_eq!((answer.status, answer.header("location")), (421, ""), "{answer:?}");
}

#[test]
fn a_form_that_is_huge_or_no_text_ends_in_a_page() {
    let mut desk = Desk::new().configured();
    desk.install("create-content");
    let form = desk.open("/dialogs/createContent/talk").form("/talk");
    let origin = desk.url("").origin().ascii_serialization();
    let headers = [("Origin", origin.as_str()), ("Sec-Fetch-Site", "same-origin")];
    let huge = body(&form.clone().with("text", &"x".repeat(9 << 20)));
    let answer = desk.admin.send("POST", form.action.as_str(), &headers, &huge);
    assert_eq!(answer.status, 413, "{}", answer.status);
    let token = &form.fields[0].1;
    for text in ["%ff%fe%00", "%F0%9F%A6%80", &"a".repeat(100_000)] {
        let body = format!("form-token={token}&text={text}&language=xx&user=%00");
        let answer = desk.admin.send("POST", form.action.as_str(), &headers, &body);
        assert!(answer.status < 500, "{answer:?}");
    }
}
