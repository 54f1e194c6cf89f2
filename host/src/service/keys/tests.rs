use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::clock::Clock;
use crate::secret::ExposeSecret as _;
use crate::vault::{MasterKey, MemoryStore, Store};

#[derive(Clone)]
struct Hand(Arc<AtomicU64>);

impl Clock for Hand {
    fn now(&self) -> Result<u64> {
        Ok(self.0.load(Ordering::SeqCst))
    }
}

fn keys() -> (Keys, Hand) {
    let clock = Hand(Arc::new(AtomicU64::new(1_000)));
    let host = Host::builder()
        .store(MemoryStore::new(), MasterKey::random().unwrap())
        .clock(clock.clone())
        .build()
        .unwrap();
    (Keys::of(&host), clock)
}

fn workspace(name: &str) -> WorkspaceId {
    WorkspaceId::new(name).unwrap()
}

fn code(result: Result<ApiKey>) -> String {
    result.map_or_else(|failure| failure.code.into_owned(), |_| "opens".to_owned())
}

#[test]
fn a_key_opens_its_workspace_until_it_expires_or_is_revoked() {
    let (keys, clock) = keys();
    let new = NewKey::new("platform", [Scope::Read, Scope::Run]).lifetime(Some(60));
    let (made, text) = keys.create(&workspace("a"), &new).unwrap();
    let opened = keys.authenticate(text.expose_secret()).unwrap();
    assert_eq!(opened, made);
    assert!(opened.may(Scope::Run) && !opened.may(Scope::Connect) && !opened.may(Scope::Admin));

    assert_eq!(keys.revoke(&workspace("b"), &made.id).unwrap_err().code, "unknown-key");
    clock.0.store(1_060, Ordering::SeqCst);
    assert_eq!(code(keys.authenticate(text.expose_secret())), "key-expired");

    let (made, text) = keys.create(&workspace("a"), &NewKey::new("admin", [Scope::Admin])).unwrap();
    assert!(Scope::ALL.into_iter().all(|scope| made.may(scope)));
    let revoked = keys.revoke(&workspace("a"), &made.id).unwrap();
    assert_eq!(revoked.revoked_at, Some(1_060));
    assert_eq!(code(keys.authenticate(text.expose_secret())), "key-revoked");
    assert_eq!(keys.list(&workspace("a")).unwrap().len(), 2);
    assert_eq!(keys.list(&workspace("b")).unwrap(), []);
}

#[test]
fn a_wrong_secret_and_an_id_that_nobody_has_are_answered_alike() {
    let (keys, _) = keys();
    let (_, one) = keys.create(&workspace("a"), &NewKey::new("one", [Scope::Read])).unwrap();
    let (_, two) = keys.create(&workspace("a"), &NewKey::new("two", [Scope::Read])).unwrap();
    let (one, two) = (one.expose_secret(), two.expose_secret());
    let mixed = format!("{}{}", &one[..20], &two[20..]);
    let strange = format!("ab_{}{}", "0".repeat(16), &one[19..]);
    let told = keys.authenticate(&mixed).unwrap_err();
    assert_eq!(told.code, "key-unknown");
    assert_eq!(told, keys.authenticate(&strange).unwrap_err());
    assert_eq!(told, keys.authenticate("nonsense").unwrap_err());
}

#[test]
fn no_secret_of_a_key_is_in_the_store() {
    let (keys, _) = keys();
    let (made, text) = keys.create(&workspace("a"), &NewKey::new("one", [Scope::Read])).unwrap();
    let store: &dyn Store = keys.0.authorizations().vault.store();
    let record = store.get(&place(&made.id)).unwrap().unwrap();
    let stored = String::from_utf8(record.body).unwrap();
    let secret = text.expose_secret().splitn(3, '_').nth(2).unwrap().to_owned();
    assert!(!stored.contains(&secret), "{stored}");
    assert!(!format!("{text:?}").contains(&secret));
}

#[test]
fn a_key_without_name_or_scope_is_not_made() {
    let (keys, _) = keys();
    for new in [NewKey::new(" ", [Scope::Read]), NewKey::new("x", [])] {
        assert_eq!(keys.create(&workspace("a"), &new).unwrap_err().code, "bad-key");
    }
}
