//! What a store promises, held against each of ours.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;

fn stores(test: impl Fn(&dyn Store)) {
    test(&MemoryStore::new());
    let folder = tempfile::tempdir().unwrap();
    test(&SqliteStore::open(&folder.path().join("store.db")).unwrap());
}

fn key(id: &str) -> RecordKey {
    RecordKey::new(Collection::Connections, "w", id)
}

fn put(id: &str, expect: Expect, body: &str) -> Write {
    Write::put(key(id), expect, body.as_bytes().to_vec())
}

#[test]
fn a_batch_happens_as_a_whole_or_not_at_all() {
    stores(|store| {
        store.commit(&[put("a", Expect::Absent, "1")]).unwrap();
        let result = store.commit(&[put("b", Expect::Absent, "1"), put("a", Expect::Absent, "2")]);
        assert!(matches!(result, Err(StoreError::Conflict(place)) if place == key("a")));
        assert_eq!(store.get(&key("b")).unwrap(), None);
        assert_eq!(store.get(&key("a")).unwrap().unwrap().body, b"1");
    });
}

#[test]
fn a_write_that_expects_another_generation_is_refused() {
    stores(|store| {
        store.commit(&[put("a", Expect::Absent, "1")]).unwrap();
        let first = store.get(&key("a")).unwrap().unwrap().generation;
        store.commit(&[put("a", Expect::Generation(first), "2")]).unwrap();
        assert!(store.commit(&[put("a", Expect::Generation(first), "3")]).is_err());
        assert!(store.commit(&[Write::delete(key("a"), Expect::Generation(first))]).is_err());
        assert_eq!(store.get(&key("a")).unwrap().unwrap().body, b"2");
    });
}

#[test]
fn the_workspaces_of_a_kind_are_told_once_each_in_their_order() {
    stores(|store| {
        let workspaces = |collection| store.workspaces(collection).unwrap();
        assert_eq!(workspaces(Collection::Runs), [] as [&str; 0]);
        for (collection, workspace, id) in [
            (Collection::Runs, "w", "a"),
            (Collection::Runs, "w", "b"),
            (Collection::Runs, "", "a"),
            (Collection::Runs, "v", "a"),
            (Collection::Files, "u", "a"),
        ] {
            store
                .commit(&[Write::put(RecordKey::new(collection, workspace, id), Expect::Any, vec![])])
                .unwrap();
        }
        assert_eq!(workspaces(Collection::Runs), ["", "v", "w"]);
        assert_eq!(workspaces(Collection::Files), ["u"]);
    });
}

#[test]
fn the_last_records_before_an_id_come_backwards_and_no_more_than_asked_for() {
    stores(|store| {
        let elsewhere = RecordKey::new(Collection::Connections, "v", "a");
        let writes = ["c", "a", "d", "b"].map(|id| put(id, Expect::Any, id));
        store.commit(&writes).unwrap();
        store.commit(&[Write::put(elsewhere, Expect::Any, vec![])]).unwrap();
        let ids = |before, most| -> Vec<String> {
            let records = store.list_before(Collection::Connections, "w", before, most).unwrap();
            records.into_iter().map(|(id, _)| id).collect()
        };
        assert_eq!(ids(None, 3), ["d", "c", "b"]);
        assert_eq!(ids(Some("b"), 3), ["a"]);
        assert_eq!(ids(Some("bb"), 1), ["b"]);
        assert_eq!(ids(Some("a"), 9), [] as [&str; 0]);
    });
}

#[test]
fn a_list_holds_one_collection_of_one_workspace_in_order() {
    stores(|store| {
        let other = RecordKey::new(Collection::Profiles, "w", "x");
        let elsewhere = RecordKey::new(Collection::Connections, "v", "y");
        store
            .commit(&[
                put("b", Expect::Any, "2"),
                put("a", Expect::Any, "1"),
                Write::put(other, Expect::Any, vec![]),
                Write::put(elsewhere, Expect::Any, vec![]),
            ])
            .unwrap();
        let ids: Vec<String> =
            store.list(Collection::Connections, "w").unwrap().into_iter().map(|(id, _)| id).collect();
        assert_eq!(ids, ["a", "b"]);
        let all: Vec<String> = store
            .list_all(Collection::Connections)
            .unwrap()
            .into_iter()
            .map(|(key, _)| format!("{}/{}", key.workspace, key.id))
            .collect();
        assert_eq!(all, ["v/y", "w/a", "w/b"]);
        let mut shown = Vec::new();
        store.visit_all(Collection::Connections, &mut |key, record| shown.push((key, record))).unwrap();
        assert_eq!(shown, store.list_all(Collection::Connections).unwrap());
        store.commit(&[Write::delete(key("a"), Expect::Any)]).unwrap();
        assert_eq!(store.get(&key("a")).unwrap(), None);
    });
}

#[test]
fn a_check_changes_nothing_and_holds_a_batch_back_where_it_fails() {
    stores(|store| {
        store.commit(&[put("a", Expect::Absent, "1")]).unwrap();
        let before = store.get(&key("a")).unwrap();
        store
            .commit(&[Write::check(key("a"), Expect::Generation(1)), put("b", Expect::Absent, "1")])
            .unwrap();
        assert_eq!(store.get(&key("a")).unwrap(), before);
        let late = [put("b", Expect::Any, "2"), Write::check(key("a"), Expect::Absent)];
        assert!(matches!(store.commit(&late), Err(StoreError::Conflict(place)) if place == key("a")));
        assert_eq!(store.get(&key("b")).unwrap().unwrap().body, b"1");
    });
}

#[test]
fn of_many_writers_that_expect_the_same_one_wins() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(&folder.path().join("store.db")).unwrap());
    store.commit(&[put("a", Expect::Absent, "0")]).unwrap();
    let wins = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..8)
            .map(|n| {
                let store = Arc::clone(&store);
                scope.spawn(move || store.commit(&[put("a", Expect::Generation(1), &n.to_string())]).is_ok())
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).filter(|won| *won).count()
    });
    assert_eq!(wins, 1);
}

#[test]
fn a_file_of_a_later_layout_is_refused_unharmed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    drop(SqliteStore::open(&path).unwrap());
    let later = rusqlite::Connection::open(&path).unwrap();
    // Also a setting that this program would change stays.
    later.pragma_update(None, "journal_mode", "DELETE").unwrap();
    later.pragma_update(None, "user_version", 99).unwrap();
    drop(later);
    let before = std::fs::read(&path).unwrap();
    let failure = SqliteStore::open(&path).unwrap_err();
    assert_eq!(failure.code, "store-too-new");
    assert!(std::fs::read(&path).unwrap() == before, "not a byte of it is changed");
    let version: i64 = rusqlite::Connection::open(&path)
        .unwrap()
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    assert_eq!(version, 99);
}

#[test]
fn a_file_that_is_no_store_is_refused_unharmed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    std::fs::write(&path, "this is a letter, not a database, and long enough to have a header").unwrap();
    assert_eq!(SqliteStore::open(&path).unwrap_err().code, "store-unusable");
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("this is a letter"));
}

#[test]
fn a_host_without_a_store_is_told_so() {
    assert!(DenyStore.get(&key("a")).unwrap_err().to_string().contains("no store"));
}

fn whose(integration: &str, user: Option<&str>) -> String {
    serde_json::json!({"user": user, "scopes": ["a"], "integration": integration}).to_string()
}

fn found(store: &dyn Store, workspace: &str, integration: &str, user: Option<&str>) -> Vec<(String, Record)> {
    store.connections_for(workspace, integration, user).unwrap()
}

fn ids(found: &[(String, Record)]) -> Vec<&str> {
    found.iter().map(|(id, _)| id.as_str()).collect()
}

#[test]
fn an_expectation_is_of_what_the_writes_before_it_left_and_one_that_fails_undoes_them() {
    stores(|store| {
        store.commit(&[put("a", Expect::Absent, "1"), put("a", Expect::Generation(1), "2")]).unwrap();
        let refused = [
            put("a", Expect::Generation(2), "3"),
            put("b", Expect::Absent, "1"),
            Write::delete(key("a"), Expect::Generation(2)),
        ];
        assert!(matches!(store.commit(&refused), Err(StoreError::Conflict(which)) if which == key("a")));
        let kept = store.get(&key("a")).unwrap().unwrap();
        assert_eq!((kept.body.as_slice(), kept.generation), (&b"2"[..], 2));
        assert_eq!(store.get(&key("b")).unwrap(), None);
    });
}

#[test]
fn the_connections_of_a_user_are_those_whose_record_says_so() {
    stores(|store| {
        let elsewhere = RecordKey::new(Collection::Connections, "v", "e");
        let no_connection = RecordKey::new(Collection::Profiles, "w", "p");
        store
            .commit(&[
                put("b", Expect::Any, &whose("i", Some("ada"))),
                put("a", Expect::Any, &whose("i", Some("ada"))),
                put("c", Expect::Any, &whose("i", Some("bob"))),
                put("d", Expect::Any, &whose("j", Some("ada"))),
                put("n", Expect::Any, &whose("i", None)),
                put("o", Expect::Any, &whose("i", Some(""))),
                put("x", Expect::Any, "not JSON"),
                put("y", Expect::Any, "[]"),
                put("z", Expect::Any, ""),
                Write::put(elsewhere, Expect::Any, whose("i", Some("ada")).into_bytes()),
                Write::put(no_connection, Expect::Any, whose("i", Some("ada")).into_bytes()),
            ])
            .unwrap();
        let of_ada = found(store, "w", "i", Some("ada"));
        assert_eq!(ids(&of_ada), ["a", "b"]);
        assert_eq!(Some(&of_ada[0].1), store.get(&key("a")).unwrap().as_ref());
        assert_eq!(ids(&found(store, "w", "i", None)), ["n"]);
        assert_eq!(ids(&found(store, "w", "i", Some(""))), ["o"]);
        assert_eq!(ids(&found(store, "v", "i", Some("ada"))), ["e"]);
        assert!(found(store, "w", "i", Some("eve")).is_empty());
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn what_the_index_finds_never_differs_from_what_the_records_say(
        batches in proptest::collection::vec(
            proptest::collection::vec((0..4u8, proptest::option::of(0..3usize), 0..6i64), 1..4), 1..24,
        ),
        names in proptest::array::uniform3(any::<String>()),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (file, memory) =
            (SqliteStore::open(&folder.path().join("store.db")).unwrap(), MemoryStore::new());
        let users = [None, Some(names[0].as_str()), Some(names[1].as_str()), Some(names[2].as_str())];
        for batch in batches {
            let batch: Vec<Write> = batch
                .into_iter()
                .map(|(id, user, generation)| {
                    // Some expectations hold, and some undo their batch.
                    let expect = if generation < 4 { Expect::Any } else { Expect::Generation(generation) };
                    match user {
                        Some(user) => put(&id.to_string(), expect, &whose("i", users[user])),
                        None => Write::delete(key(&id.to_string()), expect),
                    }
                })
                .collect();
            prop_assert_eq!(file.commit(&batch).is_ok(), memory.commit(&batch).is_ok());
            for user in users {
                let by_record: Vec<_> = file
                    .list(Collection::Connections, "w")
                    .unwrap()
                    .into_iter()
                    .filter(|(_, record)| record.body == whose("i", user).as_bytes())
                    .collect();
                prop_assert_eq!(&found(&file, "w", "i", user), &by_record);
                prop_assert_eq!(found(&memory, "w", "i", user), by_record);
            }
        }
    }
}

/// A file as it was before connections were looked up by user.
fn first_layout(path: &std::path::Path) -> rusqlite::Connection {
    let file = rusqlite::Connection::open(path).unwrap();
    file.execute_batch(
        "PRAGMA journal_mode = WAL;
         CREATE TABLE records (
             collection TEXT NOT NULL, workspace TEXT NOT NULL, id TEXT NOT NULL,
             generation INTEGER NOT NULL, body BLOB NOT NULL,
             PRIMARY KEY (collection, workspace, id)
         ) WITHOUT ROWID, STRICT;
         PRAGMA user_version = 1",
    )
    .unwrap();
    file
}

#[test]
fn a_file_of_an_earlier_layout_finds_its_connections_and_those_that_an_earlier_version_goes_on_to_write() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let earlier = first_layout(&path);
    let write = |collection: &str, id: &str, body: &[u8]| {
        // As the earlier version wrote.
        earlier
            .prepare_cached(
                "INSERT INTO records (collection, workspace, id, generation, body) VALUES (?1, ?2, ?3, 1, ?4)
                 ON CONFLICT DO UPDATE SET generation = generation + 1, body = excluded.body",
            )
            .unwrap()
            .execute(rusqlite::params![collection, "w", id, body])
            .unwrap();
    };
    write("connections", "a", whose("i", Some("ada")).as_bytes());
    write("connections", "damaged", b"{");
    write("secrets", "connection/a/access-token", &[2, 0xff, 0]);
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(ids(&found(&store, "w", "i", Some("ada"))), ["a"]);
    write("connections", "b", whose("i", Some("ada")).as_bytes());
    write("connections", "a", whose("i", None).as_bytes());
    assert_eq!(ids(&found(&store, "w", "i", Some("ada"))), ["b"]);
    assert_eq!(store.get(&key("a")).unwrap().unwrap().generation, 2);
    drop(SqliteStore::open(&path).unwrap());
    assert_eq!(ids(&found(&store, "w", "i", None)), ["a"]);
}
