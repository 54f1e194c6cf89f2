//! The operator's approval of what a component declares.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actionbay::authorization::{Authorize, Connect, FixedCallback, Profile, PublicUrl};
use actionbay::egress::{OperatorPolicy, OutboundRequest, RawResponse, Transport, TransportError};
use actionbay::ids::{IntegrationId, ProfileId};
use actionbay::service::{Server, Service, Settings};
use actionbay::vault::{KeySource, SqliteStore};
use actionbay::{Failure, FailureKind, Host, Plugin, Run, SystemClock};
use serde_json::{Value, json};

use crate::components::{DECLARES_ONE_MORE_REQUEST, TRAPS};
use crate::guests::{Guest, Vendor};
use crate::support::{MASTER_KEY, Script, Visitor, answer, engine, load, workspace};

fn traps() -> IntegrationId {
    IntegrationId::new("traps").unwrap()
}

/// Answers, and counts what it is asked.
#[derive(Clone, Default)]
struct Counting(Arc<AtomicUsize>);

impl Counting {
    fn received(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Transport for Counting {
    fn round_trip(&self, request: OutboundRequest) -> Result<RawResponse, TransportError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Vendor.round_trip(request)
    }
}

/// A process with one component and the store that all of them share.
fn host(folder: &Path, component: &str) -> Host {
    host_before(folder, component, Vendor)
}

/// The same, before this vendor.
fn host_before(folder: &Path, component: &str, vendor: impl Transport + 'static) -> Host {
    host_of(folder, load(engine(), component), vendor)
}

fn host_of(folder: &Path, plugin: Plugin, vendor: impl Transport + 'static) -> Host {
    let store = SqliteStore::open(&folder.join("store.db")).unwrap();
    let host = Host::builder()
        .transport(vendor)
        .store(store, KeySource::Text(MASTER_KEY.to_owned().into()).read(false).unwrap())
        .clock(SystemClock)
        .callbacks(FixedCallback("https://platform.example/callback".to_owned()))
        .policy(OperatorPolicy::every_public_host())
        .build()
        .unwrap();
    host.add(plugin).unwrap();
    host
}

fn begin(host: &Host) -> Result<String, Failure> {
    let begun = host.begin(&Authorize::new(workspace(), traps(), ProfileId::new("app").unwrap()))?;
    let state =
        begun.authorization_url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    Ok(state)
}

fn connect(host: &Host) {
    let plugin = host.plugin(&traps()).unwrap();
    let profile = Profile::custom(ProfileId::new("app").unwrap(), plugin.manifest(), "client").unwrap();
    host.put_profile(&workspace(), &profile, &"client-secret-0123".to_owned().into()).unwrap();
    let state = begin(host).unwrap();
    host.handle_callback(&format!("code=canary-code-0123&state={state}"), None).unwrap();
}

/// What a run fails with. The component that was there first traps, so that this tells that it ran.
fn code(host: &Host) -> Option<String> {
    host.run(&Run::new(workspace(), traps(), "run", json!({}))).err().map(|failure| failure.code.into_owned())
}

#[test]
fn a_component_that_declares_more_neither_runs_nor_authorizes_until_that_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let first = host(folder.path(), TRAPS);
    assert_eq!(first.difference(&traps()).unwrap().approved, None);
    connect(&first);
    assert_eq!(code(&first).as_deref(), Some("plugin-crashed"));

    let vendor = Counting::default();
    let second = host_before(folder.path(), DECLARES_ONE_MORE_REQUEST, vendor.clone());
    let failure = second.run(&Run::new(workspace(), traps(), "run", json!({}))).unwrap_err();
    assert_eq!((&failure.kind, failure.code.as_ref()), (&FailureKind::Denied, "component-not-approved"));
    assert!(failure.message.contains("/people/{any}"), "{failure}");
    assert!(failure.hint.unwrap().ends_with("actionbay integrations approve traps"));
    assert_eq!(begin(&second).unwrap_err().code, "component-not-approved");
    let [connection] = &*second.connections(&workspace()).unwrap() else { panic!("one connection") };
    assert_eq!(second.refresh(&workspace(), &connection.id).unwrap_err().code, "component-not-approved");
    assert_eq!(vendor.received(), 0, "nothing is sent for what is not approved");

    let difference = second.difference(&traps()).unwrap();
    assert!(difference.needs_approval());
    assert_eq!((difference.more.len(), difference.less.len()), (1, 0));
    assert_eq!(code(&first).as_deref(), Some("plugin-crashed"), "the approved one goes on");
    second.approve(&traps(), None).unwrap();
    assert_eq!(code(&second), None);
    begin(&second).unwrap();
    second.refresh(&workspace(), &connection.id).unwrap();
    assert_eq!(vendor.received(), 1);
}

/// The same component, but for a section that no engine looks at.
fn with_another_digest(component: &str) -> Vec<u8> {
    let mut bytes = std::fs::read(component).unwrap();
    // A custom section of the name "x" and nothing in it.
    bytes.extend([0, 2, 1, b'x']);
    bytes
}

#[test]
fn a_component_that_is_another_and_declares_nothing_more_waits_for_the_operator_too() {
    let folder = tempfile::tempdir().unwrap();
    let first = host(folder.path(), DECLARES_ONE_MORE_REQUEST);
    connect(&first);
    assert_eq!(code(&first), None);
    let same = with_another_digest(DECLARES_ONE_MORE_REQUEST);
    let less = std::fs::read(TRAPS).unwrap();
    for (bytes, taken_away, runs) in [(same, 0, None), (less, 1, Some("plugin-crashed"))] {
        let vendor = Counting::default();
        let next = host_of(folder.path(), engine().load(&bytes).unwrap(), vendor.clone());
        assert_eq!(code(&next).as_deref(), Some("component-not-approved"));
        assert_eq!(begin(&next).unwrap_err().code, "component-not-approved");
        assert_eq!(vendor.received(), 0, "nothing is sent for what is not approved");
        let difference = next.difference(&traps()).unwrap();
        assert!(difference.needs_approval());
        assert_eq!((difference.more.len(), difference.less.len()), (0, taken_away));
        let refused = next.approve(&traps(), Some(first.plugin(&traps()).unwrap().digest())).unwrap_err();
        assert_eq!(refused.code, "other-component", "what was shown is not what is there");
        assert_eq!(code(&next).as_deref(), Some("component-not-approved"));
        next.approve(&traps(), Some(&difference.digest)).unwrap();
        assert_eq!(code(&next).as_deref(), runs);
    }
    assert_eq!(code(&first).as_deref(), Some("component-not-approved"));
}

/// Each run reads it, and some declare as much as a book.
#[test]
fn an_approval_is_short_and_what_was_declared_lies_beside_it_or_in_it_as_of_old() {
    let folder = tempfile::tempdir().unwrap();
    let first = host(folder.path(), TRAPS);
    connect(&first);
    let store = rusqlite::Connection::open(folder.path().join("store.db")).unwrap();
    let body = |id: &str| -> Value {
        let query = "SELECT body FROM records WHERE collection = 'approvals' AND id = ?1";
        let body: Vec<u8> = store.query_one(query, [id], |row| row.get(0)).unwrap();
        serde_json::from_slice(&body).unwrap()
    };
    let (mut approval, declarations) = (body("traps"), body("traps/declarations"));
    assert!(approval.to_string().len() < 300, "{approval}");
    assert!(declarations[0].as_str().unwrap().starts_with("audience {"));

    approval["declarations"] = declarations;
    store.execute("DELETE FROM records WHERE id = 'traps/declarations'", []).unwrap();
    let change = "UPDATE records SET body = ?1 WHERE collection = 'approvals'";
    store.execute(change, [approval.to_string().into_bytes()]).unwrap();
    assert_eq!(code(&first).as_deref(), Some("plugin-crashed"), "it is approved still");
    let another = host(folder.path(), DECLARES_ONE_MORE_REQUEST);
    assert_eq!(code(&another).as_deref(), Some("component-not-approved"));
    let difference = another.difference(&traps()).unwrap();
    assert_eq!((difference.more.len(), difference.less.len()), (1, 0));
    another.approve(&traps(), None).unwrap();
    assert_eq!((code(&another), body("traps")["declarations"].clone()), (None, json!([])));
    assert!(body("traps/declarations").to_string().contains("/people/{any}"));
}

/// Whoever brings the program up to date has accepted what is in it, as long as that declares nothing more.
#[test]
fn a_component_of_the_program_goes_on_with_the_next_one_unless_that_declares_more() {
    let folder = tempfile::tempdir().unwrap();
    let built_in = |bytes: &[u8], digest: &str| {
        host_of(folder.path(), engine().load_built_in(bytes, digest).unwrap(), Counting::default())
    };
    let bytes = std::fs::read(TRAPS).unwrap();
    let first = built_in(&bytes, "first");
    connect(&first);
    let next = built_in(&bytes, "next");
    assert!(!next.difference(&traps()).unwrap().needs_approval());
    assert_eq!(code(&next).as_deref(), Some("plugin-crashed"), "it runs");
    assert_eq!(
        code(&first).as_deref(),
        Some("plugin-crashed"),
        "and so does the one before, while both are there"
    );
    let more = built_in(&std::fs::read(DECLARES_ONE_MORE_REQUEST).unwrap(), "more");
    assert_eq!(code(&more).as_deref(), Some("component-not-approved"));
    more.approve(&traps(), None).unwrap();
    for _ in 0..2 {
        assert_eq!(code(&first).as_deref(), Some("plugin-crashed"), "it declares less than was accepted");
        assert_eq!(code(&more), None, "which it does not take back");
    }
}

/// Whatever would send a credential or a secret for it: none is sent before it is approved.
#[test]
fn nothing_that_needs_a_credential_is_done_for_a_component_that_is_not_approved() {
    let folder = tempfile::tempdir().unwrap();
    let first = host(folder.path(), TRAPS);
    connect(&first);
    let begun_before = begin(&first).unwrap();
    let vendor = Counting::default();
    let next = host_of(folder.path(), engine().load(&with_another_digest(TRAPS)).unwrap(), vendor.clone());
    let [connection] = &*next.connections(&workspace()).unwrap() else { panic!("one connection") };
    let app = ProfileId::new("app").unwrap();
    let callback = format!("code=canary-code-0123&state={begun_before}");
    let connect = Connect::new(workspace(), traps(), "key", "ann", "secret-0123".to_owned().into());
    for (what, failure) in [
        ("a run", next.run(&Run::new(workspace(), traps(), "run", json!({}))).unwrap_err()),
        ("a check", next.check(&workspace(), &connection.id).unwrap_err()),
        ("a renewal", next.refresh(&workspace(), &connection.id).unwrap_err()),
        ("a test of the profile", next.test_profile(&workspace(), &app, None).unwrap_err()),
        ("an authorization", begin(&next).unwrap_err()),
        ("a callback of one that was begun before", next.handle_callback(&callback, None).unwrap_err()),
        ("connecting with a secret", next.connect(&connect).unwrap_err()),
    ] {
        assert_eq!(failure.code, "component-not-approved", "{what}: {failure:?}");
    }
    assert_eq!(vendor.received(), 0);
}

#[test]
fn the_command_shows_how_a_component_differs_and_accepts_the_one_that_was_shown() {
    let server = Script::new(|_| answer("200 OK", &[], b"{}"));
    let home = Guest::home(TRAPS, &server);
    let run = |component: &str| home.run(&["--json", "run", component, "run"]).json();
    assert_eq!(run(TRAPS)["error"]["code"], "plugin-crashed");
    let other = home.path().join("other.wasm");
    std::fs::write(&other, with_another_digest(TRAPS)).unwrap();
    let other = other.to_str().unwrap();
    let refused = run(other);
    assert_eq!(refused["error"]["code"], "component-not-approved", "{refused}");
    let shown = home.run(&["integrations", "approve", other]).ok().stdout;
    assert!(shown.contains("its code alone is another"), "{shown}");
    let digest = home.run(&["--json", "integrations", "approve", other]).ok().json()["digest"].clone();
    let digest = digest.as_str().unwrap();
    assert!(shown.contains(&format!("--yes --digest {digest}")), "{shown}");
    let wrong = home.run(&["--json", "integrations", "approve", other, "--yes", "--digest", "0000"]);
    assert_eq!(wrong.json()["error"]["code"], "other-component", "{wrong:?}");
    assert_eq!(run(other)["error"]["code"], "component-not-approved");
    let accepted = home.run(&["--json", "integrations", "approve", other, "--yes", "--digest", digest]).ok();
    assert_eq!(accepted.json()["state"], "approved");
    assert_eq!(run(other)["error"]["code"], "plugin-crashed");
    let more = home.run(&["integrations", "approve", DECLARES_ONE_MORE_REQUEST]).ok().stdout;
    assert!(more.contains("\n+ request ") && more.contains("/people/{any}"), "{more}");
    assert!(!more.contains("\n- "), "{more}");
    home.run(&["integrations", "approve", DECLARES_ONE_MORE_REQUEST, "--yes"]).ok();
    let less = home.run(&["integrations", "approve", TRAPS]).ok().stdout;
    assert!(less.contains("\n- request ") && !less.contains("\n+ "), "{less}");
}

#[test]
fn the_command_shows_audiences_scopes_and_effects_that_were_not_approved() {
    let server = Script::new(|_| answer("200 OK", &[], b"{}"));
    let home = Guest::home(TRAPS, &server);
    home.run(&["--json", "run", TRAPS, "run"]);
    let other = home.path().join("other.wasm");
    std::fs::write(&other, with_another_digest(TRAPS)).unwrap();
    let store = rusqlite::Connection::open(home.data().join("actionbay.db")).unwrap();
    let declared = r#"["scope {\"template\":\"run\",\"scope\":\"gone\"}"]"#;
    let change = "UPDATE records SET body = ?1 WHERE collection = 'approvals' AND id = 'traps/declarations'";
    assert_eq!(store.execute(change, [declared.as_bytes()]).unwrap(), 1);
    let shown = home.run(&["integrations", "approve", other.to_str().unwrap()]).ok().stdout;
    for line in [
        "\n+ audience {",
        "\n+ authorization {",
        "\n+ template {\"id\":\"run\",\"effect\":\"",
        "\n- scope {\"template\":\"run\",\"scope\":\"gone\"}",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
}

#[test]
fn an_approval_that_is_damaged_is_said_with_what_to_do_and_accepted_anew_by_the_digest_alone() {
    let server = Script::new(|_| answer("200 OK", &[], b"{}"));
    let home = Guest::home(TRAPS, &server);
    let code = |arguments: &[&str]| {
        home.run(&[&["--json"], arguments].concat()).json()["error"]["code"].as_str().map(str::to_owned)
    };
    let run = ["run", TRAPS, "run"];
    assert_eq!(code(&run).as_deref(), Some("plugin-crashed"));
    let digest = home.run(&["--json", "integrations", "show", TRAPS]).ok().json()["digest"].clone();
    let store = rusqlite::Connection::open(home.data().join("actionbay.db")).unwrap();
    let change = "UPDATE records SET body = ?1 WHERE collection = 'approvals' AND id = 'traps'";
    assert_eq!(store.execute(change, [b"{\"integration\":"]).unwrap(), 1);
    let told = home.run(&run).fails_with(1, "A stored approval cannot be read").stderr;
    assert!(told.contains("integrations approve INTEGRATION --yes --digest SHA-256"), "{told}");
    let approve = ["integrations", "approve", TRAPS, "--yes", "--digest", digest.as_str().unwrap()];
    assert_eq!(
        code(&approve[..4]).as_deref(),
        Some("record-unreadable"),
        "nobody saw what that would accept"
    );
    home.run(&approve).ok();
    assert_eq!(code(&run).as_deref(), Some("plugin-crashed"), "its connection is there still");
}

/// Whoever runs the service is to look at it: the person in front of a page cannot.
#[test]
fn a_page_for_people_does_not_say_what_a_component_that_is_not_approved_declares() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let public = PublicUrl::new(&format!("http://localhost:{}", server.address().port())).unwrap();
    let open = |component: &str| {
        let store = SqliteStore::open(&folder.path().join("store.db")).unwrap();
        let host = Host::builder()
            .transport(Vendor)
            .store(store, KeySource::Text(MASTER_KEY.to_owned().into()).read(false).unwrap())
            .clock(SystemClock)
            .callbacks(public.clone())
            .policy(OperatorPolicy::every_public_host())
            .build()
            .unwrap();
        host.add(load(engine(), component)).unwrap();
        host
    };
    let first = open(TRAPS);
    connect(&first);
    let wish = Authorize::new(workspace(), traps(), ProfileId::new("app").unwrap());
    let link = first.issue_link(&wish).unwrap().url.to_string();
    let state = begin(&first).unwrap();

    let next = open(DECLARES_ONE_MORE_REQUEST);
    let service = Service::new(&next, &public, Settings::default()).unwrap();
    let _serving = server.start(&service.router()).unwrap();
    let back = format!("{}?code=canary-code-0123&state={state}", public.callback_url());
    for page in [Visitor::new().get(&link), Visitor::new().post(&link), Visitor::new().get(&back)] {
        assert!((400..500).contains(&page.status), "{page:?}");
        assert!(page.body.contains("Something went wrong here."), "{page:?}");
        for inner in ["people", "declares", "integrations approve"] {
            assert!(!page.body.contains(inner), "{inner}: {page:?}");
        }
    }
}
