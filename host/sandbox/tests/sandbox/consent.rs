use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use atlassian_sandbox::SandboxConfig;
use atlassian_sandbox::consent::{self, ConsentError, Decision};

use crate::support::{GRANULAR, World, authorize_url, parameters, query};

#[test]
fn allowing_leads_to_the_callback_with_a_code_and_the_state() {
    let world = World::start();
    let url = world.authorize_url(world.sandbox.client(), GRANULAR);
    let callback = consent::redirect(&url, Decision::Allow).unwrap();
    assert!(callback.starts_with("http://localhost:8976/callback?code="));
    assert_eq!(query(&callback)["state"], "a state + more");
    assert!(query(&callback)["code"].len() > 100);
}

#[test]
fn denying_leads_to_the_callback_with_access_denied() {
    let world = World::start();
    let url = world.authorize_url(world.sandbox.client(), GRANULAR);
    let callback = consent::redirect(&url, Decision::Deny).unwrap();
    assert!(callback.contains(
        "?error=access_denied&error_description=User%20did%20not%20authorize%20the%20request&state="
    ));
    assert_eq!(query(&callback)["state"], "a state + more");
}

#[test]
fn the_callback_is_delivered_over_http() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let redirect_uri =
        format!("http://127.0.0.1:{}/callback?tenant=7", listener.local_addr().unwrap().port());
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut buffer = [0; 8192];
        let read = stream.read(&mut buffer).unwrap();
        stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").unwrap();
        String::from_utf8_lossy(&buffer[..read]).into_owned()
    });
    let world = World::with(SandboxConfig { redirect_uri: redirect_uri.clone(), ..Default::default() });
    let delivered = consent::allow(&world.authorize_url(world.sandbox.client(), GRANULAR)).unwrap();
    assert_eq!(delivered.status, 204);
    assert!(delivered.callback_url.starts_with(&format!("{redirect_uri}&code=")));
    assert!(server.join().unwrap().starts_with("GET /callback?tenant=7&code="));
    assert!(!format!("{delivered:?}").contains("code="));
}

#[test]
fn the_page_names_the_app_the_scopes_in_words_and_the_sites() {
    let world = World::with(SandboxConfig { sites: 2, ..Default::default() });
    let url = world.authorize_url(world.sandbox.client(), GRANULAR);
    let page = world.get(url.strip_prefix(world.sandbox.url()).unwrap());
    assert_eq!(page.status, 200);
    for words in [
        "Actionbay (sandbox)",
        "Create and update pages and blog posts",
        "Keep access while you are away",
        "sandbox-2",
        "Access is given for your account: it covers all of these sites.",
        ">Allow access</button>",
        ">Deny</button>",
    ] {
        assert!(page.text.contains(words), "{words}");
    }
    assert!(!page.text.contains("<script"));
    assert!(page.headers["content-security-policy"].contains("default-src 'none'"));
}

#[test]
fn a_wrong_request_stays_on_a_page_that_says_why() {
    let world = World::start();
    let right = parameters(world.sandbox.client(), GRANULAR);
    let cases = [
        ("audience", "api.example.com", "The parameter audience must be api.atlassian.com."),
        ("client_id", "unknown", "There is no app with this client_id."),
        (
            "redirect_uri",
            "http://localhost:8976/callback/",
            "The redirect_uri is not the callback URL of the app.",
        ),
        ("scope", "read:jira-work", "The scope read:jira-work is not enabled for this app."),
        ("scope", "", "The parameter scope is empty."),
        ("state", "", "The parameter state is empty."),
        ("response_type", "token", "The parameter response_type must be code."),
        ("prompt", "none", "The parameter prompt must be consent."),
    ];
    for (name, value, sentence) in cases {
        let wrong: Vec<_> = right
            .iter()
            .map(|(other, right)| (*other, if *other == name { value.to_owned() } else { right.clone() }))
            .collect();
        assert_refused(&authorize_url(world.sandbox.url(), &wrong), sentence);
    }
    for (missing, _) in &right {
        let rest: Vec<_> = right.iter().filter(|(name, _)| name != missing).cloned().collect();
        assert_refused(
            &authorize_url(world.sandbox.url(), &rest),
            &format!("The parameter {missing} is missing."),
        );
    }
    let mut twice = right.clone();
    twice.push(("state", "another".to_owned()));
    assert_refused(
        &authorize_url(world.sandbox.url(), &twice),
        "The parameter state was sent more than once.",
    );
}

fn assert_refused(url: &str, expected: &str) {
    match consent::redirect(url, Decision::Allow) {
        Err(ConsentError::Refused { sentence, status: 400 }) => assert_eq!(sentence, expected),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_scope_must_be_enabled_on_the_app_but_offline_access_need_not() {
    let world = World::start();
    let client = world
        .control
        .register_client_with_scopes("http://localhost:1/cb", &["read:page:confluence"])
        .unwrap();
    let url = world.authorize_url(&client, "read:page:confluence offline_access");
    assert!(consent::redirect(&url, Decision::Allow).is_ok());
    assert_refused(
        &world.authorize_url(&client, "write:page:confluence"),
        "The scope write:page:confluence is not enabled for this app.",
    );
}

#[test]
fn a_consent_page_is_answered_once_and_not_after_ten_minutes() {
    let world = World::start();
    let url = world.authorize_url(world.sandbox.client(), GRANULAR);
    let path = url.strip_prefix(world.sandbox.url()).unwrap();
    let ticket = || {
        let page = world.get(path).text;
        let (_, after) = page.split_once("name=\"ticket\" value=\"").unwrap();
        after.split_once('"').unwrap().0.to_owned()
    };
    let decide = |ticket: &str| {
        let form = [("ticket", ticket), ("decision", "allow")];
        world.agent.post(world.url("/authorize/decision")).send_form(form).unwrap().status().as_u16()
    };
    let first = ticket();
    assert_eq!(decide(&first), 302);
    assert_eq!(decide(&first), 400);
    let late = ticket();
    world.advance(601);
    assert_eq!(decide(&late), 400);
}

#[test]
fn the_automatic_consent_works_at_loopback_addresses_only() {
    for url in ["https://auth.atlassian.com/authorize?x=1", "http://10.0.0.1/authorize", "nonsense"] {
        assert!(matches!(consent::redirect(url, Decision::Allow), Err(ConsentError::NotASandbox)), "{url}");
    }
}

#[test]
fn the_automatic_consent_sends_a_form_to_no_other_server() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://127.0.0.1:{}/authorize", listener.local_addr().unwrap().port());
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut buffer = [0; 8192];
        let _ = stream.read(&mut buffer).unwrap();
        let page = "<form action=\"http://127.0.0.1:1/\"><button name=\"decision\" value=\"allow\"/></form>";
        let length = page.len();
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{page}")
            .unwrap();
    });
    let refused = consent::redirect(&url, Decision::Allow);
    assert!(
        matches!(refused, Err(ConsentError::UnexpectedPage("the form leads to another server"))),
        "{refused:?}"
    );
    server.join().unwrap();
}
