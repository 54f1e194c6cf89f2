use super::*;
use crate::vault::{KeySource, MemoryStore, SqliteStore};

fn secret(text: &str) -> SecretString {
    text.to_owned().into()
}

fn key(seed: u8) -> MasterKey {
    use base64::Engine as _;
    MasterKey::from_text(&base64::engine::general_purpose::STANDARD.encode([seed; 32])).unwrap()
}

fn vault(store: &Arc<MemoryStore>, seed: u8) -> Result<Vault> {
    Vault::open(Arc::clone(store) as Arc<dyn Store>, key(seed))
}

fn place(workspace: &str, owner: &str, field: &'static str) -> SecretPlace {
    SecretPlace::new(workspace, owner, field)
}

#[test]
fn a_secret_is_read_back_and_is_not_in_the_store_as_it_is() {
    let store = Arc::new(MemoryStore::new());
    let vault = vault(&store, 1).unwrap();
    let place = place("w", "connection/c", "access-token");
    vault.commit(&[vault.seal(&place, &secret("canary-token")).unwrap()]).unwrap();
    assert_eq!(vault.read(&place).unwrap().unwrap().expose_secret(), "canary-token");
    let stored = store.get(&place.key()).unwrap().unwrap().body;
    assert!(memchr::memmem::find(&stored, b"canary").is_none());
}

#[test]
fn a_sealed_secret_opens_in_no_other_workspace_owner_field_or_store() {
    let store = Arc::new(MemoryStore::new());
    let vault = vault(&store, 1).unwrap();
    let home = place("w", "connection/c", "access-token");
    let sealed = vault.sealed(&home, b"token").unwrap();
    assert!(vault.opened(&home, &sealed).is_ok());
    for other in [
        place("v", "connection/c", "access-token"),
        place("w", "connection/d", "access-token"),
        place("w", "connection/c", "refresh-token"),
        place("wconnection/c", "", "access-token"),
    ] {
        assert_eq!(vault.opened(&other, &sealed).unwrap_err().code, "secret-unreadable");
    }
    let elsewhere = self::vault(&Arc::new(MemoryStore::new()), 1).unwrap();
    assert_eq!(elsewhere.opened(&home, &sealed).unwrap_err().code, "secret-unreadable");
}

#[test]
fn a_damaged_or_truncated_secret_does_not_open() {
    let vault = vault(&Arc::new(MemoryStore::new()), 1).unwrap();
    let place = place("w", "o", "f");
    let sealed = vault.sealed(&place, b"token").unwrap();
    for length in 0..sealed.len() {
        assert!(vault.opened(&place, &sealed[..length]).is_err());
    }
    for position in 0..sealed.len() {
        let mut damaged = sealed.clone();
        damaged[position] ^= 1;
        assert!(vault.opened(&place, &damaged).is_err(), "byte {position}");
    }
}

#[test]
fn every_ciphertext_names_its_key_and_no_nonce_comes_twice() {
    let vault = vault(&Arc::new(MemoryStore::new()), 1).unwrap();
    let place = place("w", "o", "f");
    let one = vault.sealed(&place, b"token").unwrap();
    let two = vault.sealed(&place, b"token").unwrap();
    assert_eq!(one[0], FORMAT);
    assert_eq!(one[1..=ID_LENGTH], key(1).id());
    assert_ne!(one[1 + ID_LENGTH..][..NONCE], two[1 + ID_LENGTH..][..NONCE]);
}

#[test]
fn an_existing_store_opens_with_its_own_key_only_and_is_left_as_it_was() {
    let store = Arc::new(MemoryStore::new());
    let place = place("w", "o", "f");
    let first = vault(&store, 1).unwrap();
    first.commit(&[first.seal(&place, &secret("token")).unwrap()]).unwrap();
    let failure = vault(&store, 2).unwrap_err();
    assert_eq!(failure.code, "wrong-master-key");
    assert!(failure.message.contains(&key(1).id_text()) && failure.message.contains(&key(2).id_text()));
    assert_eq!(vault(&store, 1).unwrap().read(&place).unwrap().unwrap().expose_secret(), "token");
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
    one.commit(&[one.seal(&place, &secret("token")).unwrap()]).unwrap();
    assert_eq!(two.read(&place).unwrap().unwrap().expose_secret(), "token");
}
