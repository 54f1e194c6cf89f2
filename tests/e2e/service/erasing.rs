//! What is theirs is gone when an end user is erased, and what is anybody else's is not.

use std::path::Path;

use actionbay::authorization::AuthorizationMode;
use actionbay::service::Settings;
use actionbay::vault::{KeySource, SqliteStore};
use atlassian_sandbox::consent::Decision;
use rusqlite::Connection;
use serde_json::json;

use super::office::{Client, Office, run_of};
use super::talking::install;
use crate::support::{MASTER_KEY, Visitor, World, integration, workspace};

const ANN: &str = "ann-canary@example.com";
const BOB: &str = "bob-canary@example.com";

/// An office in whose workspace everybody connects for themselves, with its store in this folder.
fn office(folder: &Path) -> Office {
    let office = Office::of("", Settings::default(), |setup| {
        let store = SqliteStore::open(&folder.join("store.db")).unwrap();
        let key = KeySource::Text(MASTER_KEY.to_owned().into()).read(false).unwrap();
        World::with(setup, |host| host.store(store, key))
    });
    office.world.authorize_for_files();
    let mode = Some(AuthorizationMode::PerUser);
    office.world.host.edit_configuration(&workspace(), &integration(), mode, None).unwrap();
    install(&office.admin());
    office
}

/// Everything that a user can leave behind: connections, links and sessions, opened ones among them, conversations, runs with and
/// without a name, files.
fn leaves_all(office: &Office, client: &Client, user: &str) {
    let session = || {
        let session = json!({"integration": "confluence", "user": user});
        let made = client.post_once("/connect/sessions", &format!("k-{user}-{}", next()), session).done();
        made["connect_link"].as_str().unwrap().to_owned()
    };
    office.decide(&session(), Decision::Allow);
    session();
    // Whoever opened it would come back to what is pending.
    Visitor::new().post(&session());
    let words =
        json!({"user": user, "text": format!("type: page, space: DOCS, title: Of {user}, body: {user}")});
    client.post("/dialogs/createContent/conversations", words).done();
    let list = json!({"input": {"space": "DOCS"}, "user": user});
    client.post(&run_of("list-pages"), list.clone()).done();
    client.post_once(&run_of("list-pages"), &format!("k-{user}-run"), list).done();
    let sent = client.upload(&format!("name={user}.bin&user={user}"), &[], b"canary");
    assert_eq!(sent.status, 201, "{sent:?}");
}

/// A number that was not given before.
fn next() -> usize {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// How many records of each kind there are in which this is said.
fn records(folder: &Path, said: &str) -> Vec<(String, usize)> {
    let store = Connection::open(folder.join("store.db")).unwrap();
    let mut rows = store
        .prepare("SELECT collection, workspace || ' ' || id, body FROM records ORDER BY collection")
        .unwrap();
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    let mut found: Vec<(String, usize)> = Vec::new();
    for row in rows {
        let (collection, key, body): (String, String, Vec<u8>) = row.unwrap();
        if !key.contains(said)
            && !body.windows(said.len().max(1)).any(|part| part == said.as_bytes() || said.is_empty())
        {
            continue;
        }
        match found.last_mut().filter(|(last, _)| *last == collection) {
            Some((_, count)) => *count += 1,
            None => found.push((collection, 1)),
        }
    }
    found
}

fn kinds(records: &[(String, usize)]) -> Vec<&str> {
    records.iter().map(|(kind, _)| kind.as_str()).collect()
}

fn erase(client: &Client, user: &str) -> serde_json::Value {
    client.send("DELETE", &format!("/users/{user}/data"), &[], None).done()
}

/// What stays is who did what, for as long as the operator keeps that.
#[test]
fn nothing_of_a_user_who_was_erased_is_in_the_store_after_a_day_but_in_the_audit_log() {
    let folder = tempfile::tempdir().unwrap();
    let office = office(folder.path());
    let client = office.admin();
    let theirs = [
        "connect-sessions",
        "connections",
        "conversations",
        "files",
        "links",
        "pending-authorizations",
        "runs",
    ];
    leaves_all(&office, &client, ANN);
    let before = records(folder.path(), ANN);
    assert!(theirs.iter().all(|kind| kinds(&before).contains(kind)), "{before:?}");

    assert_eq!(erase(&client, ANN)["connections"], 1);
    let kept = records(folder.path(), ANN);
    assert!(theirs.iter().all(|kind| !kinds(&kept).contains(kind)), "{kept:?}");
    office.world.clock.advance(24 * 60 * 60 + 1);
    office.service.tidy();
    assert_eq!(kinds(&records(folder.path(), ANN)), ["audit"]);
}

/// What is sealed does not say whose it is: so it is counted.
#[test]
fn a_user_who_was_erased_leaves_as_many_sealed_records_as_there_were_before() {
    let folder = tempfile::tempdir().unwrap();
    let office = office(folder.path());
    let client = office.admin();
    let tidied = || {
        office.world.clock.advance(24 * 60 * 60 + 1);
        office.service.tidy();
        let mut all = records(folder.path(), "");
        all.retain(|(kind, _)| kind != "audit");
        all
    };
    let before = tidied();
    leaves_all(&office, &client, ANN);
    let outcomes = |records: &[(String, usize)]| {
        records.iter().find(|(kind, _)| kind == "outcomes").map_or(0, |(_, count)| *count)
    };
    assert!(outcomes(&records(folder.path(), "")) > 1);
    erase(&client, ANN);
    assert_eq!(outcomes(&records(folder.path(), "")), 0, "what came of the runs goes at once");
    assert_eq!(tidied(), before);
}

/// The same user in another workspace is somebody else.
#[test]
fn nobody_else_loses_anything_when_a_user_is_erased() {
    let folder = tempfile::tempdir().unwrap();
    let office = office(folder.path());
    let client = office.admin();
    leaves_all(&office, &client, BOB);
    let bobs = records(folder.path(), BOB);
    leaves_all(&office, &client, ANN);
    let anns = records(folder.path(), ANN);

    let stranger = office.stranger();
    erase(&stranger, ANN);
    assert_eq!(
        records(folder.path(), ANN).into_iter().filter(|(kind, _)| kind != "audit").collect::<Vec<_>>(),
        anns.iter().filter(|(kind, _)| kind != "audit").cloned().collect::<Vec<_>>(),
        "a key of another workspace"
    );
    erase(&client, ANN);
    assert_eq!(records(folder.path(), BOB), bobs);
    let list = json!({"input": {"space": "DOCS"}, "user": BOB});
    client.post(&run_of("list-pages"), list).done();
}
