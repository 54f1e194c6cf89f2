//! What a store promises, held against each of ours.

use std::sync::Arc;

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
