use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::vault::sealing::tests::{key, place, put, read, secret, seed_early_version};
use crate::vault::{KeySource, Keyring, MemoryStore, Store};

/// A process that dies at its N-th write: before it is done, or right after.
struct Dying {
    store: Arc<MemoryStore>,
    writes_left: AtomicUsize,
    is_last_done: bool,
}

impl Store for Dying {
    fn get(&self, key: &RecordKey) -> Result<Option<Record>, StoreError> {
        self.store.get(key)
    }

    fn list(&self, collection: Collection, workspace: &str) -> Result<Vec<(String, Record)>, StoreError> {
        self.store.list(collection, workspace)
    }

    fn list_all(&self, collection: Collection) -> Result<Vec<(RecordKey, Record)>, StoreError> {
        self.store.list_all(collection)
    }

    fn commit(&self, writes: &[Write]) -> Result<(), StoreError> {
        let dead = || StoreError::Unavailable("killed".to_owned());
        match self.writes_left.load(Ordering::SeqCst) {
            0 => return Err(dead()),
            left => self.writes_left.store(left - 1, Ordering::SeqCst),
        }
        if self.writes_left.load(Ordering::SeqCst) == 0 {
            if self.is_last_done {
                self.store.commit(writes)?;
            }
            return Err(dead());
        }
        self.store.commit(writes)
    }
}

fn places() -> Vec<SecretPlace> {
    ["a", "b", "c"]
        .iter()
        .flat_map(|owner| ["v", "w"].map(|workspace| (workspace, format!("connection/{owner}"))))
        .flat_map(|(workspace, owner)| ["x", "y"].map(|field| place(workspace, &owner, field)))
        .collect()
}

/// A store with secrets of both kinds: those of `a` were sealed by an early version.
fn filled() -> Arc<MemoryStore> {
    let store = Arc::new(MemoryStore::new());
    let (early, late): (Vec<_>, Vec<_>) = places().into_iter().partition(|place| place.owner.ends_with('a'));
    let early: Vec<_> = early.into_iter().map(|place| (place, "token")).collect();
    seed_early_version(&*store, &key(1), &early);
    let vault = open(&store, key(1)).unwrap();
    for place in late {
        put(&vault, &place, "token");
    }
    store
}

fn open(store: &Arc<MemoryStore>, keys: impl Into<Keyring>) -> Result<Vault> {
    Vault::open(Arc::clone(store) as Arc<dyn Store>, keys)
}

fn all_open(vault: &Vault) {
    for place in places() {
        assert_eq!(read(vault, &place), "token", "{place:?}");
    }
}

#[test]
fn a_rotation_that_dies_at_any_write_leaves_all_readable_and_ends_when_begun_again() {
    for is_last_done in [false, true] {
        let mut deaths = 0;
        for writes in 1.. {
            let store = filled();
            let dying = Dying { store: Arc::clone(&store), writes_left: writes.into(), is_last_done };
            let died = Vault::open(Arc::new(dying), key(1)).and_then(|vault| vault.rotate_to(&key(2)));
            // Whatever the point, both keys open all of it.
            all_open(&open(&store, Keyring::from(key(1)).with(key(2))).unwrap());
            let vault = open(&store, Keyring::from(key(2)).with(key(1))).unwrap();
            vault.rotate_to(&key(2)).unwrap();
            all_open(&open(&store, key(2)).unwrap());
            assert_eq!(open(&store, key(1)).unwrap_err().code, "wrong-master-key");
            if died.is_ok() {
                break;
            }
            deaths += 1;
        }
        assert!(deaths >= 10, "announce, 8 owners or secrets, and drop: {deaths}");
    }
}

#[test]
fn a_rotation_rewraps_each_data_key_once_and_gives_early_secrets_one() {
    let store = filled();
    let vault = open(&store, key(1)).unwrap();
    let secrets_before = store.list(Collection::Secrets, "w").unwrap();
    let rotated = vault.rotate_to(&key(2)).unwrap();
    // Two owners in two workspaces have data keys, and one in each has two early secrets; the data key that
    // the first of them gets is under the new key.
    assert_eq!((rotated.data_keys, rotated.secrets), (4, 4));
    assert_eq!(rotated.from, Some(key(1).id_text()));
    let late = |(id, _): &&(String, Record)| !id.contains("/a/");
    let secrets = store.list(Collection::Secrets, "w").unwrap();
    assert!(secrets.iter().filter(late).eq(secrets_before.iter().filter(late)), "no other secret is touched");
    let again = vault.rotate_to(&key(2)).unwrap();
    assert_eq!((again.from, again.data_keys, again.secrets), (None, 0, 0));
}

/// Announces a rotation from the key 1 to 2 and rewraps nothing.
fn announced() -> Arc<MemoryStore> {
    let store = filled();
    open(&store, key(1)).unwrap().announce(&key(2)).unwrap();
    store
}

#[test]
fn during_a_rotation_either_key_opens_the_store_and_what_is_under_it() {
    let store = announced();
    let (old, new) = (open(&store, key(1)).unwrap(), open(&store, key(2)).unwrap());
    all_open(&old);
    let late = place("w", "connection/b", "x");
    let failure = new.read(&late).unwrap_err();
    assert_eq!(failure.code, "master-key-not-given");
    assert!(failure.message.contains(&key(1).id_text()), "{failure}");
    assert!(failure.hint.unwrap().contains("rotate-key"));
    // What has a data key can be written on; a new owner's data key comes under the new key or not at all.
    put(&old, &late, "token");
    let owner = place("w", "connection/new", "x");
    let failure = old.commit_with(&[], &[(owner.clone(), &secret("token"))]).unwrap_err();
    assert_eq!(failure.code, "master-key-not-given");
    put(&new, &owner, "token");
    assert_eq!(read(&new, &owner), "token");
    assert_eq!(old.read(&owner).unwrap_err().code, "master-key-not-given");
}

#[test]
fn a_key_that_is_in_use_is_not_dropped_and_how_much_is_under_it_is_said() {
    let store = announced();
    let vault = open(&store, Keyring::from(key(1)).with(key(2))).unwrap();
    let failure = vault.drop_master_key(&key(1).id_text()).unwrap_err();
    assert_eq!(failure.code, "master-key-in-use");
    assert!(failure.message.contains("4 data keys and 4 secrets"), "{failure}");
    let failure = vault.drop_master_key(&key(2).id_text()).unwrap_err();
    assert_eq!(failure.code, "master-key-in-use");
    all_open(&vault);
    let keys = vault.master_keys().unwrap();
    assert_eq!((keys[0].id.as_str(), keys[0].retiring, keys[0].data_keys), (&*key(2).id_text(), false, 0));
    assert_eq!((keys[1].id.as_str(), keys[1].retiring, keys[1].data_keys), (&*key(1).id_text(), true, 4));
    assert_eq!(keys[1].secrets, 4);
}

#[test]
fn a_rotation_to_a_third_key_waits_until_the_one_under_way_has_ended() {
    let store = announced();
    let vault = open(&store, key(1)).unwrap();
    let failure = vault.rotate_to(&key(3)).unwrap_err();
    assert_eq!(failure.code, "rotation-under-way");
    assert!(failure.hint.unwrap().contains(&key(2).id_text()));
    vault.rotate_to(&key(2)).unwrap();
    vault.rotate_to(&key(3)).unwrap();
    all_open(&open(&store, key(3)).unwrap());
}

#[test]
fn a_rotation_without_the_old_key_is_refused_and_can_be_ended_with_it() {
    let store = announced();
    let failure = open(&store, key(2)).unwrap().rotate_to(&key(2)).unwrap_err();
    assert_eq!(failure.code, "master-key-not-given");
    open(&store, Keyring::from(key(2)).with(key(1))).unwrap().rotate_to(&key(2)).unwrap();
    all_open(&open(&store, key(2)).unwrap());
}

#[test]
fn a_data_key_that_was_being_made_when_a_rotation_was_announced_comes_under_the_new_key() {
    let store = filled();
    let vault = open(&store, key(1)).unwrap();
    let owner = place("w", "connection/new", "x");
    let late = vault.sealing(&[], &[(owner.clone(), b"token".as_slice())]).unwrap();
    vault.rotate_to(&key(2)).unwrap();
    assert!(matches!(store.commit(&late), Err(StoreError::Conflict(_))), "it was made under the old key");
    put(&vault, &owner, "token");
    assert_eq!(read(&open(&store, key(2)).unwrap(), &owner), "token");
}

#[test]
fn a_process_that_runs_on_finds_the_new_key_where_its_keys_come_from() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| KeySource::File(folder.path().join(name));
    key(1).save(&folder.path().join("k")).unwrap();
    let store = filled();
    let keyring = Keyring::from_sources(file("k"), vec![file("k.new")], false).unwrap();
    let running = open(&store, keyring).unwrap();
    all_open(&running);
    key(2).save(&folder.path().join("k.new")).unwrap();
    open(&store, key(1)).unwrap().rotate_to(&key(2)).unwrap();
    all_open(&running);
    put(&running, &place("w", "connection/new", "x"), "token");
}

#[test]
fn secrets_are_read_and_written_while_the_key_is_rotated_again_and_again() {
    let store = filled();
    let keyring = || (2..8).fold(Keyring::from(key(1)), |ring, seed| ring.with(key(seed)));
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..3)
            .map(|writer| {
                let vault = open(&store, keyring()).unwrap();
                scope.spawn(move || {
                    for round in 0..50 {
                        all_open(&vault);
                        put(&vault, &place("w", &format!("connection/{writer}-{round}"), "x"), "token");
                        put(&vault, &places()[round % 12], "token");
                    }
                })
            })
            .collect();
        let vault = open(&store, keyring()).unwrap();
        for seed in 2..8 {
            vault.rotate_to(&key(seed)).unwrap();
        }
        writers.into_iter().for_each(|writer| writer.join().unwrap());
    });
    let vault = open(&store, key(7)).unwrap();
    all_open(&vault);
    assert_eq!(vault.master_keys().unwrap()[0].data_keys, 6 + 150);
}
