//! Something goes wrong here: whoever asked is told that and an id, and the log what it was.

#![cfg(unix)]

use actionbay::service::Settings;
use serde_json::json;
use url::Url;

use super::office::{Client, Office};
use super::processes::admin;
use crate::console::desk::body;
use crate::serving::Service;
use crate::support::{Visitor, connected, forms};

#[test]
fn every_answer_has_the_id_of_its_request() {
    for path in ["", "/below"] {
        let office = Office::below(path, Settings::default());
        let paths = [
            "/healthz",
            "/readyz",
            "/metrics",
            "/v1/runs",
            "/v1/nothing",
            "/v1/docs",
            "/connect/x.y",
            "/connect/site",
            "/oauth/callback?state=x",
            "/console/",
            "/console/login",
            "/console/style.css",
            "/console/actions",
            "/console/nothing",
            "/nothing",
        ];
        let ask = |method: &str, path: &str, given: &[(&str, &str)]| {
            let url = format!("{}{path}", office.public);
            Visitor::new().send(method, &url, given, "").header("x-request-id").to_owned()
        };
        for path in paths {
            for method in ["GET", "POST", "DELETE"] {
                assert!(ask(method, path, &[]).starts_with("q-"), "{method} {path}");
                assert_eq!(ask(method, path, &[("X-Request-Id", "trace-7")]), "trace-7", "{method} {path}");
            }
            assert!(ask("GET", path, &[("Host", "evil.example")]).starts_with("q-"), "{path}");
        }
    }
}

/// What the store says of itself.
const INSIDE: [&str; 3] = ["records", "SQL", "actionbay.db"];

#[test]
fn what_goes_wrong_inside_is_told_to_nobody_but_the_log_which_has_it_with_the_id_that_they_are_told() {
    let (home, _sandbox) = connected();
    let log = home.path().join("log");
    let mut command = home.command(&["--json", "--log", "info", "serve", "--bind", "127.0.0.1:0"]);
    command.stderr(std::fs::File::create(&log).unwrap());
    let service = Service::of(command);
    let client = admin(&home, &service);
    let public = service.told["public-url"].as_str().unwrap().to_owned();
    let key = home.run(&["--json", "keys", "create", "console", "--scope", "admin"]).ok().json();
    let mut visitor = Visitor::new();
    let login = Url::parse(&format!("{public}/console/login")).unwrap();
    let form = forms(&login, &visitor.get(login.as_str()).body).remove(0);
    let form = form.with("key", key["key"].as_str().unwrap());
    let headers = [("Origin", public.as_str()), ("Sec-Fetch-Site", "same-origin")];
    assert_eq!(visitor.send("POST", login.as_str(), &headers, &body(&form)).status, 303);
    let shown = visitor.get(&format!("{public}/console/connections"));
    assert_eq!(shown.status, 200, "{shown:?}");
    let check = forms(&login, &shown.body).into_iter().find(|form| form.action.path().ends_with("/check"));
    let check = check.unwrap();

    let link = || {
        let session = client.post("/connect/sessions", json!({"integration": "confluence"})).done();
        session["connect_link"].as_str().unwrap().to_owned()
    };
    let opened = Visitor::new().post(&link()).location();
    let link = link();
    let state = opened.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let callback = format!("{public}/oauth/callback?state={state}&code=x");

    let store = rusqlite::Connection::open(home.data().join("actionbay.db")).unwrap();
    store.busy_timeout(std::time::Duration::from_secs(30)).unwrap();
    store.execute_batch("ALTER TABLE records RENAME TO elsewhere").unwrap();

    let mut asked = Vec::new();
    let mut tell = |id: String, what: &str, status: u16, text: String| {
        assert_eq!(status, 500, "{what}: {text}");
        assert!(text.contains("Something went wrong here."), "{what}: {text}");
        assert!(text.contains(&id), "{what} tells no id: {text}");
        for part in INSIDE {
            assert!(!text.contains(part), "{what} tells of {part}: {text}");
        }
        asked.push((what.to_owned(), id));
    };
    let reply = client.get("/connections");
    tell(reply.header("x-request-id").to_owned(), "the API", reply.status, reply.text);
    let mut ask = |visitor: &mut Visitor, method: &str, url: &str, body: &str| {
        let headers = if method == "POST" { &headers[..] } else { &[] };
        let answer = visitor.send(method, url, headers, body);
        tell(answer.header("x-request-id").to_owned(), url, answer.status, answer.body);
    };
    for (method, url) in [("GET", &link), ("POST", &link), ("GET", &callback)] {
        ask(&mut Visitor::new(), method, url, "");
    }
    for path in ["/console/actions", "/console/connections", "/console/dialogs/createContent"] {
        ask(&mut visitor, "GET", &format!("{public}{path}"), "");
    }
    ask(&mut visitor, "POST", check.action.as_str(), &body(&check));
    // Whoever comes back to the console is told it in its words.
    ask(&mut visitor, "GET", &callback, "");
    let ready = Client::new(&public, None).send_text("GET", "/readyz", &[], String::new());
    assert_eq!(ready.status, 503);
    asked.push(("readiness".to_owned(), ready.header("x-request-id").to_owned()));

    store.execute_batch("ALTER TABLE elsewhere RENAME TO records").unwrap();
    assert_eq!(service.end(), Some(0));
    let log = std::fs::read_to_string(log).unwrap();
    for (what, id) in asked {
        let lines: Vec<&str> = log.lines().filter(|line| line.contains(&id)).collect();
        assert!(
            lines.iter().any(|line| line.contains("records")),
            "the log says nothing of {what}: {lines:?}"
        );
        assert!(lines.iter().any(|line| line.contains("answered")), "{what}: {lines:?}");
    }
}
