//! Files over HTTP: what platforms and people send for a run, and what runs make for them.
//!
//! A field of a template that marks a file takes the id of one of these, and its output gives the id of one. They lie in
//! the store, so that any process of it has them.
//!
//! | file | subject |
//! |---|---|
//! | `given.rs` | the same, as a call may use them |
//! | `served.rs` | the answer that a file is |
//!
//! Promises, each with a test:
//! - a file is there for its workspace alone, and one of an end user for that user's runs alone,
//! - neither its bytes nor what it is called are in the store in the clear,
//! - what is larger than the operator says is not stored, nor what a workspace has too much of,
//! - a file whose time is over, or whose user's data was erased, is not there any more.

mod given;
mod served;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

pub(super) use self::given::FilesOf;
pub(super) use self::served::served;
use crate::failure::{Failure, FailureKind, Result};
use crate::host::Host;
use crate::ids::{FileId, WorkspaceId, random_id};
use crate::runtime::{media_type_of, plain_name};
use crate::vault::{Collection, Expect, Record, RecordKey, SecretPlace, Vault, Write};

/// What the ids of files begin with.
const PREFIX: &str = "file-";

/// How many characters of them are random.
const RANDOM: usize = 30;

/// How long a file is kept, in seconds: as long as what came of a run that has a name, which may lead to it.
const KEPT: u64 = 24 * 60 * 60;

/// How many of the largest files a workspace may have at a time: with the usual size, a gigabyte of the disk.
const MOST_OF_A_WORKSPACE: u64 = 40;

/// The longest media type, in characters (RFC 6838 allows 127 and 127).
const LONGEST_MEDIA_TYPE: usize = 255;

/// What is stored of a file beside what is sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Stored {
    user: Option<String>,
    size: u64,
    expires_at: u64,
}

/// What is sealed beside its bytes: a name may say as much as they do.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Called {
    name: String,
    media_type: String,
}

/// What is known of a file.
#[derive(Debug, Clone)]
pub(super) struct FileFacts {
    pub(super) id: FileId,
    pub(super) name: String,
    pub(super) media_type: String,
    pub(super) size: u64,
    /// The end user whose it is; none: the workspace's.
    pub(super) user: Option<String>,
    pub(super) expires_at: u64,
}

/// The files of a service. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct StoredFiles {
    host: Host,
    /// The most that one may have, in bytes.
    most: u64,
}

impl StoredFiles {
    pub(super) fn new(host: &Host, most: u64) -> Self {
        Self { host: host.clone(), most }
    }

    /// The most that a file may have, in bytes.
    pub(super) fn most(&self) -> usize {
        usize::try_from(self.most).unwrap_or(usize::MAX)
    }

    /// The files that runs for this end user may use, or for nobody in particular.
    pub(super) fn of(&self, workspace: &WorkspaceId, user: Option<&str>) -> FilesOf {
        FilesOf { files: self.clone(), workspace: workspace.clone(), user: user.map(str::to_owned) }
    }

    /// Keeps a file. Its name becomes one that a file can have everywhere; where it is not said what it is, its name says
    /// so.
    ///
    /// # Errors
    /// `TooLarge`, for this file or for all of the workspace; `Storage`.
    pub(super) fn keep(
        &self,
        workspace: &WorkspaceId,
        user: Option<&str>,
        (name, media_type): (&str, Option<&str>),
        bytes: &[u8],
    ) -> Result<FileFacts> {
        let size = bytes.len() as u64;
        if size > self.most {
            return Err(self.too_large());
        }
        if self.sizes(workspace)?.saturating_add(size) > self.most.saturating_mul(MOST_OF_A_WORKSPACE) {
            return Err(full());
        }
        let name = plain_name(name);
        let media_type = media_type.filter(|text| is_media_type(text));
        let media_type = media_type.map_or_else(|| media_type_of(&name).to_owned(), str::to_owned);
        let id = FileId::new(random_id(PREFIX)?)?;
        let expires_at = self.host.authorizations().clock.now()? + KEPT;
        let stored = Stored { user: user.map(str::to_owned), size, expires_at };
        let called = Called { name, media_type };
        let written = |_| Failure::internal("What is known of a file makes no JSON.");
        let record = serde_json::to_vec(&stored).map_err(written)?;
        let sealed = serde_json::to_vec(&called).map_err(written)?;
        self.vault().commit_with_bytes(
            &[Write::put(key(workspace, &id), Expect::Absent, record)],
            &[(called_place(workspace, &id), sealed.as_slice()), (bytes_place(workspace, &id), bytes)],
        )?;
        let Called { name, media_type } = called;
        Ok(FileFacts { id, name, media_type, size, user: stored.user, expires_at })
    }

    /// How much the files of a workspace have together, in bytes.
    fn sizes(&self, workspace: &WorkspaceId) -> Result<u64> {
        let records = self.vault().list(Collection::Files, workspace.as_str())?;
        let size = |(_, record): &(String, Record)| {
            serde_json::from_slice::<Stored>(&record.body).map_or(0, |stored| stored.size)
        };
        Ok(records.iter().map(size).fold(0, u64::saturating_add))
    }

    /// What is known of a file.
    ///
    /// # Errors
    /// `NotFound`; `Storage`.
    pub(super) fn facts(&self, workspace: &WorkspaceId, id: &FileId) -> Result<FileFacts> {
        let Stored { user, size, expires_at } = self.stored(workspace, id)?;
        let sealed = self.vault().read_bytes(&called_place(workspace, id))?.ok_or_else(unknown)?;
        let Called { name, media_type } = serde_json::from_slice(&sealed).map_err(|_| unreadable())?;
        Ok(FileFacts { id: id.clone(), name, media_type, size, user, expires_at })
    }

    /// A file, with its bytes.
    ///
    /// # Errors
    /// `NotFound`; `Storage`.
    pub(super) fn read(
        &self,
        workspace: &WorkspaceId,
        id: &FileId,
    ) -> Result<(FileFacts, Zeroizing<Vec<u8>>)> {
        let facts = self.facts(workspace, id)?;
        let bytes = self.vault().read_bytes(&bytes_place(workspace, id))?.ok_or_else(unknown)?;
        Ok((facts, bytes))
    }

    /// Deletes a file.
    ///
    /// # Errors
    /// `NotFound`; `Storage`.
    pub(super) fn delete(&self, workspace: &WorkspaceId, id: &FileId) -> Result<()> {
        self.stored(workspace, id)?;
        self.forget(workspace, id)
    }

    /// Deletes the files of an end user, and says how many.
    ///
    /// # Errors
    /// `Storage`.
    pub(super) fn erase(&self, workspace: &WorkspaceId, user: &str) -> Result<usize> {
        self.forget_all(workspace, |stored| stored.user.as_deref() == Some(user))
    }

    /// Deletes the files of a workspace whose time is over.
    ///
    /// # Errors
    /// `Storage`.
    pub(super) fn sweep(&self, workspace: &WorkspaceId) -> Result<()> {
        let now = self.host.authorizations().clock.now()?;
        self.forget_all(workspace, |stored| stored.expires_at <= now).map(drop)
    }

    fn forget_all(&self, workspace: &WorkspaceId, is_forgotten: impl Fn(&Stored) -> bool) -> Result<usize> {
        let mut forgotten = 0;
        for (id, record) in self.vault().list(Collection::Files, workspace.as_str())? {
            // What cannot be read any more is of no use to anybody.
            if serde_json::from_slice::<Stored>(&record.body).map_or(true, |stored| is_forgotten(&stored)) {
                self.forget(workspace, &FileId::new(id)?)?;
                forgotten += 1;
            }
        }
        Ok(forgotten)
    }

    fn forget(&self, workspace: &WorkspaceId, id: &FileId) -> Result<()> {
        let mut writes = vec![Write::delete(key(workspace, id), Expect::Any)];
        writes.extend(called_place(workspace, id).destroy());
        writes.extend(bytes_place(workspace, id).destroy());
        self.vault().commit(&writes)
    }

    /// What is stored of a file, if its time is not over.
    fn stored(&self, workspace: &WorkspaceId, id: &FileId) -> Result<Stored> {
        let record = self.vault().get(&key(workspace, id))?.ok_or_else(unknown)?;
        let stored: Stored = serde_json::from_slice(&record.body).map_err(|_| unreadable())?;
        if stored.expires_at <= self.host.authorizations().clock.now()? { Err(unknown()) } else { Ok(stored) }
    }

    fn too_large(&self) -> Failure {
        Failure::new(
            FailureKind::TooLarge,
            "file-too-large",
            format!("The file is larger than this service keeps: at most {} bytes.", self.most),
        )
        .hint("Whoever runs the service sets the limit, as file-bytes of [service].")
    }

    fn vault(&self) -> &Vault {
        &self.host.authorizations().vault
    }
}

/// What can be ids of files in a text, with where they stand.
pub(super) fn ids_in(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.match_indices(PREFIX).filter_map(move |(at, _)| {
        let id = text.get(at..at + PREFIX.len() + RANDOM)?;
        id.get(PREFIX.len()..)?.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some((at, id))
    })
}

fn full() -> Failure {
    Failure::new(
        FailureKind::TooLarge,
        "files-full",
        "This workspace has as many files as the service keeps.",
    )
    .hint("Delete those that are not needed, or wait: each is kept for a day.")
}

/// There is no such file, or not for whoever asks.
pub(super) fn unknown() -> Failure {
    Failure::new(FailureKind::NotFound, "unknown-file", "There is no such file.")
        .hint("A file is kept for a day. Send it with POST /v1/files, and give the id that it gets.")
}

fn unreadable() -> Failure {
    Failure::storage("record-unreadable", "What is stored of a file cannot be read.")
}

/// Whether a text says what a file is (RFC 6838 section 4.2), parameters included.
fn is_media_type(text: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    let essence = text.split(';').next().unwrap_or_default().trim_end();
    text.len() <= LONGEST_MEDIA_TYPE
        && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
        && essence.split_once('/').is_some_and(|(kind, name)| is_name(kind) && is_name(name))
}

fn key(workspace: &WorkspaceId, id: &FileId) -> RecordKey {
    RecordKey::new(Collection::Files, workspace.as_str(), id.as_str())
}

fn called_place(workspace: &WorkspaceId, id: &FileId) -> SecretPlace {
    SecretPlace::new(workspace, format!("file/{id}"), "called")
}

fn bytes_place(workspace: &WorkspaceId, id: &FileId) -> SecretPlace {
    SecretPlace::new(workspace, format!("file/{id}"), "bytes")
}

#[cfg(test)]
mod tests {
    use super::is_media_type;

    #[test]
    fn a_media_type_is_two_names_and_what_follows_them_in_visible_characters() {
        for text in ["text/plain", "image/svg+xml", "text/csv; charset=utf-8", "application/vnd.x-y.z"] {
            assert!(is_media_type(text), "{text}");
        }
        let long = format!("a/{}", "b".repeat(254));
        for text in
            ["", "text", "/", "text/", "*/*", "text/pl ain", "text/plain\r\nX: y", "text/plain;\u{e9}", &long]
        {
            assert!(!is_media_type(text), "{text}");
        }
    }
}
