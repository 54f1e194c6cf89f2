//! Keys of the HTTP API: who may do what, in which workspace.
//!
//! A key is `ab_<id>_<secret>`. By its id one record is looked up; the secret is 256 random bits, of which the store keeps
//! the SHA-256. A slow hash is for what people choose and others can guess: nobody guesses 256 random bits, and a fast
//! one keeps a flood of wrong keys cheap. What is stored cannot be turned back into a key, so that it is shown once.
//!
//! Promises, each with a test:
//! - a key opens one workspace, until it expires or is revoked, in every process of the store at once,
//! - a wrong secret and an id that nobody has are answered alike,
//! - whoever guesses has to wait, and a key that is right gets through meanwhile,
//! - no secret of a key is in the store.

mod guesses;
mod scope;
mod text;

pub(super) use guesses::Guesses;
pub use scope::Scope;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use self::text::KeyText;
use crate::failure::{Failure, FailureKind, Result, plain_text};
use crate::host::Host;
use crate::ids::{KeyId, WorkspaceId};
use crate::secret::SecretString;
use crate::vault::{Collection, Expect, Record, RecordKey, Write};

/// The code of what is told of a key that nobody has.
const UNKNOWN: &str = "key-unknown";

/// The longest name of a key, in characters.
const LONGEST_NAME: usize = 100;

/// A key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct ApiKey {
    /// Its id, which is in the key itself.
    pub id: KeyId,
    /// The workspace that it opens.
    pub workspace: WorkspaceId,
    /// What people call it.
    pub name: String,
    /// What it may be used for.
    pub scopes: BTreeSet<Scope>,
    /// When it was made, in seconds since 1970 UTC.
    pub created_at: u64,
    /// Until when it opens anything; absent: for ever.
    pub expires_at: Option<u64>,
    /// When it was revoked.
    pub revoked_at: Option<u64>,
}

impl ApiKey {
    /// Whether it may be used for this: for what its scopes say, and with `admin` for everything.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope) || self.scopes.contains(&Scope::Admin)
    }
}

/// What a key is to be.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NewKey {
    /// What people call it.
    pub name: String,
    /// What it may be used for.
    pub scopes: BTreeSet<Scope>,
    /// For how many seconds; absent: for ever.
    pub lifetime: Option<u64>,
}

impl NewKey {
    /// A key of this name for these scopes.
    pub fn new(name: impl Into<String>, scopes: impl IntoIterator<Item = Scope>) -> Self {
        Self { name: name.into(), scopes: scopes.into_iter().collect(), lifetime: None }
    }

    /// The same, which expires after so many seconds.
    #[must_use]
    pub fn lifetime(mut self, seconds: Option<u64>) -> Self {
        self.lifetime = seconds;
        self
    }
}

/// A key as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Stored {
    #[serde(flatten)]
    key: ApiKey,
    /// The hash of its secret.
    fingerprint: String,
}

/// The keys of a host's store.
#[derive(Debug, Clone)]
pub struct Keys(Host);

impl Keys {
    /// The keys of a host's store.
    pub fn of(host: &Host) -> Self {
        Self(host.clone())
    }

    /// Makes a key. The text is nowhere else, and cannot be had again.
    ///
    /// # Errors
    /// `InvalidInput` without a name or a scope; `Storage`.
    pub fn create(&self, workspace: &WorkspaceId, new: &NewKey) -> Result<(ApiKey, SecretString)> {
        let wrong = |message: &str, hint: &str| {
            Failure::new(FailureKind::InvalidInput, "bad-key", message).hint(hint)
        };
        let name = plain_text(new.name.trim(), LONGEST_NAME);
        if name.is_empty() {
            return Err(wrong("A key needs a name.", "Say what it is for, such as \"platform\"."));
        }
        if new.scopes.is_empty() {
            let all: Vec<&str> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
            return Err(wrong("A key needs a scope.", &format!("Scopes: {}.", all.join(", "))));
        }
        let now = self.now()?;
        let text = KeyText::random()?;
        let key = ApiKey {
            id: text.id.clone(),
            workspace: workspace.clone(),
            name,
            scopes: new.scopes.clone(),
            created_at: now,
            expires_at: new.lifetime.map(|seconds| now.saturating_add(seconds)),
            revoked_at: None,
        };
        self.write(Stored { key: key.clone(), fingerprint: text.fingerprint() }, Expect::Absent)?;
        Ok((key, text.written()))
    }

    /// The keys of a workspace, those that no longer open anything too, by id.
    ///
    /// # Errors
    /// `Storage`.
    pub fn list(&self, workspace: &WorkspaceId) -> Result<Vec<ApiKey>> {
        let mut keys = self.all()?;
        keys.retain(|key| key.workspace == *workspace);
        Ok(keys)
    }

    /// Looks whether keys can be looked up.
    pub(super) fn readable(&self) -> Result<()> {
        self.0.authorizations().vault.get(&RecordKey::new(Collection::Keys, "", "none")).map(drop)
    }

    /// Has a key open nothing any more. One that was revoked before stays as it is.
    ///
    /// # Errors
    /// `NotFound`, also for the key of another workspace; `Storage`.
    pub fn revoke(&self, workspace: &WorkspaceId, id: &KeyId) -> Result<ApiKey> {
        loop {
            let stored = self.stored(id)?.filter(|(stored, _)| stored.key.workspace == *workspace);
            let Some((mut stored, generation)) = stored else { return Err(unknown(id)) };
            if stored.key.revoked_at.is_some() {
                return Ok(stored.key);
            }
            stored.key.revoked_at = Some(self.now()?);
            let key = stored.key.clone();
            match self.write(stored, Expect::Generation(generation)) {
                Err(failure) if failure.kind == FailureKind::Conflict => {}
                result => return result.map(|()| key),
            }
        }
    }

    /// The key that this text is.
    ///
    /// # Errors
    /// `Denied` where it opens nothing; `Storage`.
    pub fn authenticate(&self, text: &str) -> Result<ApiKey> {
        let Some(text) = KeyText::read(text) else { return Err(refused()) };
        let Some((stored, _)) = self.stored(&text.id)? else { return Err(refused()) };
        if !text.is(&stored.fingerprint) {
            return Err(refused());
        }
        self.still_good(stored.key)
    }

    /// The key of this id, as long as it opens anything: for what was begun with it.
    pub(super) fn good(&self, id: &KeyId) -> Result<ApiKey> {
        let (stored, _) = self.stored(id)?.ok_or_else(refused)?;
        self.still_good(stored.key)
    }

    fn still_good(&self, key: ApiKey) -> Result<ApiKey> {
        if key.revoked_at.is_some() {
            return Err(over("key-revoked", "This key was revoked."));
        }
        if key.expires_at.is_some_and(|until| self.now().map_or(true, |now| until <= now)) {
            return Err(over("key-expired", "This key has expired."));
        }
        Ok(key)
    }

    fn all(&self) -> Result<Vec<ApiKey>> {
        let records = self.0.authorizations().vault.list(Collection::Keys, "")?;
        records.iter().map(|(_, record)| Ok(read(record)?.key)).collect()
    }

    fn stored(&self, id: &KeyId) -> Result<Option<(Stored, i64)>> {
        let record = self.0.authorizations().vault.get(&place(id))?;
        record.map(|record| Ok((read(&record)?, record.generation))).transpose()
    }

    fn write(&self, stored: Stored, expect: Expect) -> Result<()> {
        let body = serde_json::to_vec(&stored).map_err(|_| Failure::internal("A key cannot be written."))?;
        self.0.authorizations().vault.commit(&[Write::put(place(&stored.key.id), expect, body)])
    }

    fn now(&self) -> Result<u64> {
        self.0.authorizations().clock.now()
    }
}

/// A key belongs to the deployment until it is known whose it is.
fn place(id: &KeyId) -> RecordKey {
    RecordKey::new(Collection::Keys, "", id.as_str())
}

fn read(record: &Record) -> Result<Stored> {
    serde_json::from_slice(&record.body)
        .map_err(|_| Failure::storage("record-unreadable", "A stored key cannot be read."))
}

fn refused() -> Failure {
    over(UNKNOWN, "There is no such key.")
}

fn over(code: &'static str, message: &str) -> Failure {
    Failure::new(FailureKind::Denied, code, message).hint("Make one with: actionbay keys create")
}

fn unknown(id: &KeyId) -> Failure {
    Failure::new(FailureKind::NotFound, "unknown-key", format!("There is no key \"{id}\" here."))
        .hint("List them with: actionbay keys list")
}

#[cfg(test)]
mod tests;
