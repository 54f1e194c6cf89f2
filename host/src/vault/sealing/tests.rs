use secrecy::ExposeSecret;

use super::*;
use crate::vault::cipher::{ID, Key, NONCE};
use crate::vault::{KeySource, MasterKey, MemoryStore, SqliteStore};

pub(in crate::vault) fn secret(text: &str) -> SecretString {
    text.to_owned().into()
}

pub(in crate::vault) fn key(seed: u8) -> MasterKey {
    use base64::Engine as _;
    MasterKey::from_text(&base64::engine::general_purpose::STANDARD.encode([seed; 32])).unwrap()
}

fn vault(store: &Arc<MemoryStore>, seed: u8) -> Result<Vault> {
    Vault::open(Arc::clone(store) as Arc<dyn Store>, key(seed))
}

pub(in crate::vault) fn place(workspace: &str, owner: &str, field: &'static str) -> SecretPlace {
    SecretPlace::new(workspace, owner, field)
}

pub(in crate::vault) fn put(vault: &Vault, place: &SecretPlace, text: &str) {
    vault.commit_with(&[], &[(place.clone(), &secret(text))]).unwrap();
}

pub(in crate::vault) fn read(vault: &Vault, place: &SecretPlace) -> String {
    vault.read(place).unwrap().unwrap().expose_secret().to_owned()
}

fn body(store: &dyn Store, key: &RecordKey) -> Vec<u8> {
    store.get(key).unwrap().unwrap().body
}

#[test]
fn a_secret_is_read_back_and_is_not_in_the_store_as_it_is() {
    let store = Arc::new(MemoryStore::new());
    let vault = vault(&store, 1).unwrap();
    let place = place("w", "connection/c", "access-token");
    put(&vault, &place, "canary-token");
    assert_eq!(read(&vault, &place), "canary-token");
    assert!(memchr::memmem::find(&body(&*store, &place.key()), b"canary").is_none());
}

#[test]
fn bytes_that_are_no_text_are_read_back_as_such_and_are_no_text() {
    let store = Arc::new(MemoryStore::new());
    let vault = vault(&store, 1).unwrap();
    let place = place("w", "file/f", "bytes");
    vault.commit_with_bytes(&[], &[(place.clone(), &[0, 255, 254])]).unwrap();
    assert_eq!(vault.read_bytes(&place).unwrap().unwrap().as_slice(), [0, 255, 254]);
    assert_eq!(vault.read(&place).unwrap_err().code, "secret-unreadable");
    vault.commit(&place.destroy()).unwrap();
    assert!(vault.read_bytes(&place).unwrap().is_none());
}

#[test]
fn a_sealed_secret_opens_in_no_other_workspace_owner_field_or_store() {
    let store = Arc::new(MemoryStore::new());
    let vault = vault(&store, 1).unwrap();
    let home = place("w", "connection/c", "access-token");
    put(&vault, &home, "token");
    let sealed = body(&*store, &home.key());
    let data_key = body(&*store, &Owner::of(&home).key());
    assert!(vault.opened(&home, &sealed).is_ok());
    for other in [
        place("v", "connection/c", "access-token"),
        place("w", "connection/d", "access-token"),
        place("w", "connection/c", "refresh-token"),
        place("wconnection/c", "", "access-token"),
    ] {
        assert_eq!(vault.opened(&other, &sealed).unwrap_err().code, "secret-unreadable");
        // Nor where its data key was moved along.
        if Owner::of(&other).key() != Owner::of(&home).key() {
            let moved = Write::put(Owner::of(&other).key(), Expect::Any, data_key.clone());
            vault.commit(&[moved]).unwrap();
            assert_eq!(vault.opened(&other, &sealed).unwrap_err().code, "secret-unreadable");
        }
    }
    let other_store = Arc::new(MemoryStore::new());
    let elsewhere = self::vault(&other_store, 1).unwrap();
    assert_eq!(elsewhere.opened(&home, &sealed).unwrap_err().code, "secret-unreadable");
    elsewhere.commit(&[Write::put(Owner::of(&home).key(), Expect::Any, data_key)]).unwrap();
    assert_eq!(elsewhere.opened(&home, &sealed).unwrap_err().code, "secret-unreadable");
}

#[test]
fn a_damaged_or_truncated_secret_or_data_key_does_not_open() {
    let store = Arc::new(MemoryStore::new());
    let vault = vault(&store, 1).unwrap();
    let place = place("w", "o", "f");
    put(&vault, &place, "token");
    let owner = Owner::of(&place);
    let sealed = body(&*store, &place.key());
    let wrapped = body(&*store, &owner.key());
    let damaged = |bytes: &[u8]| -> Vec<Vec<u8>> {
        let flipped = (0..bytes.len()).map(|position| {
            let mut damaged = bytes.to_vec();
            damaged[position] ^= 1;
            damaged
        });
        (0..bytes.len()).map(|length| bytes[..length].to_vec()).chain(flipped).collect()
    };
    for bytes in damaged(&sealed) {
        assert!(vault.opened(&place, &bytes).is_err(), "{bytes:?}");
    }
    for bytes in damaged(&wrapped) {
        assert!(vault.unwrapped(owner, &bytes).is_err(), "{bytes:?}");
    }
}

#[test]
fn every_ciphertext_names_its_key_and_no_nonce_comes_twice() {
    let store = Arc::new(MemoryStore::new());
    let vault = vault(&store, 1).unwrap();
    let place = place("w", "o", "f");
    let sealed = || {
        put(&vault, &place, "token");
        body(&*store, &place.key())
    };
    let (one, two) = (sealed(), sealed());
    let wrapped = body(&*store, &Owner::of(&place).key());
    let data_key = vault.unwrapped(Owner::of(&place), &wrapped).unwrap();
    assert_eq!((one[0], &one[1..=ID]), (BY_DATA_KEY, &data_key.id()[..]));
    assert_eq!((wrapped[0], &wrapped[1..=ID]), (3, &key(1).id()[..]));
    assert_ne!(one[1 + ID..][..NONCE], two[1 + ID..][..NONCE]);
}

#[test]
fn the_secrets_of_one_owner_share_a_data_key_and_those_of_two_do_not() {
    let store = Arc::new(MemoryStore::new());
    let vault = vault(&store, 1).unwrap();
    let of = |owner, field| place("w", owner, field);
    let (token, other) = (secret("token"), secret("other"));
    let all = [(of("c/1", "a"), &token), (of("c/1", "b"), &other), (of("c/2", "a"), &token)];
    vault.commit_with(&[], &all).unwrap();
    assert_eq!(store.list_all(Collection::DataKeys).unwrap().len(), 2);
    let id = |place: &SecretPlace| body(&*store, &place.key())[1..=ID].to_vec();
    assert_eq!(id(&all[0].0), id(&all[1].0));
    assert_ne!(id(&all[0].0), id(&all[2].0));
}

#[test]
fn a_destroyed_owners_secret_does_not_open_even_if_its_record_comes_back() {
    let store = Arc::new(MemoryStore::new());
    let vault = vault(&store, 1).unwrap();
    let place = place("w", "connection/c", "access-token");
    put(&vault, &place, "token");
    let backup = body(&*store, &place.key());
    vault.commit(&place.destroy()).unwrap();
    assert!(store.list_all(Collection::DataKeys).unwrap().is_empty());
    assert!(vault.read(&place).unwrap().is_none());
    vault.commit(&[Write::put(place.key(), Expect::Any, backup)]).unwrap();
    assert_eq!(vault.read(&place).unwrap_err().code, "secret-unreadable");
}

#[test]
fn a_batch_that_destroys_and_seals_begins_with_a_fresh_data_key() {
    let store = Arc::new(MemoryStore::new());
    let vault = vault(&store, 1).unwrap();
    let place = place("w", "profile/p", "client-secret");
    put(&vault, &place, "one");
    let before = body(&*store, &place.key());
    vault.commit_with(&place.destroy(), &[(place.clone(), &secret("two"))]).unwrap();
    assert_eq!(read(&vault, &place), "two");
    assert_eq!(vault.opened(&place, &before).unwrap_err().code, "secret-unreadable");
}

#[test]
fn a_secret_that_a_master_key_sealed_itself_opens_and_gets_a_data_key_with_the_next_write() {
    let store = Arc::new(MemoryStore::new());
    let place = place("w", "connection/c", "access-token");
    seed_early_version(&*store, &key(1), &[(place.clone(), "token")]);
    let failure = vault(&store, 2).unwrap_err();
    assert_eq!(failure.code, "wrong-master-key");
    assert!(store.get(&vault_key("key-check")).unwrap().is_some(), "it is left as it was");
    let vault = vault(&store, 1).unwrap();
    assert_eq!(read(&vault, &place), "token");
    put(&vault, &place, "next");
    assert_eq!(body(&*store, &place.key())[0], BY_DATA_KEY);
    assert_eq!(read(&self::vault(&store, 1).unwrap(), &place), "next");
}

/// A store as an early version left it: one key check, and secrets that the master key sealed itself.
pub(in crate::vault) fn seed_early_version(
    store: &dyn Store,
    key: &MasterKey,
    secrets: &[(SecretPlace, &str)],
) {
    let seal = |place: &SecretPlace, text: &str| {
        let sealed = key.key().seal(BY_MASTER_KEY, &key.id(), &place.bound_to("store-1"), text.as_bytes());
        sealed.unwrap()
    };
    let check = seal(&place("", "vault", "key-check"), "");
    store
        .commit(&[
            Write::put(vault_key(STORE_ID), Expect::Absent, b"store-1".to_vec()),
            Write::put(vault_key("key-check"), Expect::Absent, check),
        ])
        .unwrap();
    for (place, text) in secrets {
        store.commit(&[Write::put(place.key(), Expect::Any, seal(place, text))]).unwrap();
    }
}

#[test]
fn an_existing_store_opens_with_its_own_key_only_and_is_left_as_it_was() {
    let store = Arc::new(MemoryStore::new());
    let place = place("w", "o", "f");
    put(&vault(&store, 1).unwrap(), &place, "token");
    let failure = vault(&store, 2).unwrap_err();
    assert_eq!(failure.code, "wrong-master-key");
    assert!(failure.message.contains(&key(1).id_text()) && failure.message.contains(&key(2).id_text()));
    assert_eq!(read(&vault(&store, 1).unwrap(), &place), "token");
}

#[test]
fn a_key_that_only_claims_the_id_of_the_stores_key_is_refused() {
    let store = Arc::new(MemoryStore::new());
    vault(&store, 1).unwrap();
    let record = store.get(&crate::vault::register::register_key()).unwrap().unwrap();
    let text = String::from_utf8(record.body).unwrap().replace(&key(1).id_text(), &key(2).id_text());
    let forged = Write::put(crate::vault::register::register_key(), Expect::Any, text.into_bytes());
    store.commit(&[forged]).unwrap();
    assert_eq!(vault(&store, 2).unwrap_err().code, "wrong-master-key");
}

#[test]
fn of_many_that_make_an_owners_data_key_at_once_all_secrets_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let open = || Vault::open(Arc::new(SqliteStore::open(&path).unwrap()), key(1)).unwrap();
    let fields = ["a", "b", "c", "d", "e", "f"];
    std::thread::scope(|scope| {
        for field in fields {
            scope.spawn(move || put(&open(), &place("w", "profile/p", field), field));
        }
    });
    let vault = open();
    for field in fields {
        assert_eq!(read(&vault, &place("w", "profile/p", field)), field);
    }
}

#[test]
fn of_many_that_open_a_new_store_at_once_none_is_refused() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let (path, start) = (folder.path().join("store.db"), std::sync::Barrier::new(8));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    start.wait();
                    SqliteStore::open(&path).unwrap();
                });
            }
        });
    }
}

#[test]
fn a_key_is_32_bytes_and_no_other_number() {
    assert!(Key::from_bytes(&[0; 31]).is_none() && Key::from_bytes(&[0; 33]).is_none());
}

#[test]
fn a_missing_key_file_is_made_for_a_new_store_and_never_for_an_existing_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys/master.key");
    let source = KeySource::File(file.clone());
    assert_eq!(source.read(false).unwrap_err().code, "master-key-missing");
    assert!(!file.exists());
    let made = source.read(true).unwrap();
    assert_eq!(source.read(false).unwrap().id(), made.id());
    assert_eq!(source.read(true).unwrap().id(), made.id());
}

#[cfg(unix)]
#[test]
fn a_key_file_is_made_for_its_owner_alone_and_one_that_others_may_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("master.key");
    let source = KeySource::File(file.clone());
    source.read(true).unwrap();
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).unwrap();
    let failure = source.read(false).unwrap_err();
    assert_eq!(failure.code, "master-key-exposed");
    assert!(failure.hint.unwrap().contains("chmod 600"));
}

#[test]
fn a_key_that_is_none_is_refused_and_not_repeated() {
    for text in ["", "canary", "Y2FuYXJ5", "!!!"] {
        let failure = MasterKey::from_text(text).unwrap_err();
        assert_eq!(failure.code, "bad-master-key");
        assert!(text.is_empty() || !failure.message.contains(text));
    }
}

#[test]
fn two_vaults_on_one_new_file_agree_on_its_id() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let place = place("w", "o", "f");
    let open = || Vault::open(Arc::new(SqliteStore::open(&path).unwrap()), key(1)).unwrap();
    let (one, two) = (open(), open());
    put(&one, &place, "token");
    assert_eq!(read(&two, &place), "token");
}
