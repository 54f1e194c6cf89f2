//! The embedded store: one SQLite file.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OptionalExtension, TransactionBehavior, params};

use super::store::{Change, Collection, Record, RecordKey, Store, StoreError, Write, holds};
use crate::failure::{Failure, FailureKind, Result};

/// What brings a file from each layout to the one after it; the first makes an empty file a store. The layout
/// of a file is how many of them it has seen, and a file of a later layout is refused, unharmed.
const MIGRATIONS: [&str; 2] = [
    "CREATE TABLE records (
         collection TEXT NOT NULL, workspace TEXT NOT NULL, id TEXT NOT NULL,
         generation INTEGER NOT NULL, body BLOB NOT NULL,
         PRIMARY KEY (collection, workspace, id)
     ) WITHOUT ROWID, STRICT",
    // Whose a connection is. SQLite itself takes it from the record at each write, whoever writes: a process of an
    // earlier version that still runs does so too.
    "ALTER TABLE records ADD COLUMN integration TEXT AS (
         CASE WHEN collection = 'connections' AND json_valid(CAST(body AS TEXT))
         THEN CAST(json_extract(CAST(body AS TEXT), '$.integration') AS TEXT) END
     );
     ALTER TABLE records ADD COLUMN user TEXT AS (
         CASE WHEN collection = 'connections' AND json_valid(CAST(body AS TEXT))
         THEN CAST(json_extract(CAST(body AS TEXT), '$.user') AS TEXT) END
     );
     CREATE INDEX connections_by_user ON records (workspace, integration, user, id)
     WHERE collection = 'connections'",
];

/// The index is named since SQLite, which knows nothing of how many users there are, would take the primary key.
const CONNECTIONS_FOR: &str = "SELECT id, body, generation FROM records INDEXED BY connections_by_user
     WHERE collection = 'connections' AND workspace = ?1 AND integration = ?2 AND user IS ?3 ORDER BY id";

/// Read from the primary key, backwards.
const LIST_BEFORE: &str = "SELECT id, body, generation FROM records
     WHERE collection = ?1 AND workspace = ?2 AND id < ?3 ORDER BY id DESC LIMIT ?4";

/// What comes after every id: they are of visible characters.
const AFTER_ALL: &str = "\u{7f}";

/// The layout that this program reads and writes.
const LAYOUT: u32 = MIGRATIONS.len() as u32;

/// How long a writer waits for another process: longer than any batch takes, short enough to be noticed.
const BUSY: Duration = Duration::from_secs(10);

/// How often it is tried again where SQLite does not wait itself.
const LOOK: Duration = Duration::from_millis(5);

/// Records in an SQLite file, shared by any number of threads and processes of one machine.
pub struct SqliteStore {
    connection: Mutex<Connection>,
    path: PathBuf,
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.path).finish_non_exhaustive()
    }
}

impl SqliteStore {
    /// Opens the file, or makes it, readable by its owner only.
    ///
    /// # Errors
    /// `Storage` where it cannot be opened, is no such file, or was written by a later version.
    pub fn open(path: &Path) -> Result<Self> {
        make_private(path)?;
        let mut connection = Connection::open(path).map_err(|error| unusable(path, &error))?;
        let layout = connection.busy_timeout(BUSY).and_then(|()| layout_of(&connection));
        // Before anything is set: some settings are written into the file.
        refuse_later(path, layout.map_err(|error| unusable(path, &error))?)?;
        let layout = set_up(&mut connection).map_err(|error| unusable(path, &error))?;
        refuse_later(path, layout)?;
        Ok(Self { connection: Mutex::new(connection), path: path.to_owned() })
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unusable(path: &Path, error: &rusqlite::Error) -> Failure {
    Failure::storage("store-unusable", format!("The store {} cannot be used: {error}.", path.display()))
        .hint("Check that it is a file of this program, that it may be written, and that the disk has room.")
}

/// Creates the file with mode 0600 before SQLite does it with the process's default.
fn make_private(path: &Path) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path).map(drop).map_err(|error| {
        Failure::storage("store-unusable", format!("The store {} cannot be opened: {error}.", path.display()))
    })
}

fn layout_of(connection: &Connection) -> rusqlite::Result<u32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn refuse_later(path: &Path, layout: u32) -> Result<()> {
    if layout <= LAYOUT {
        return Ok(());
    }
    Err(Failure::new(
        FailureKind::Storage,
        "store-too-new",
        format!(
            "The store {} was written by a later version (layout {layout}, this one reads {LAYOUT}).",
            path.display()
        ),
    )
    .hint("Use the version that wrote it, or a later one. The file was not changed."))
}

/// Brings the file to the last layout, as a whole or not at all, and says which layout it found.
fn set_up(connection: &mut Connection) -> rusqlite::Result<u32> {
    write_ahead(connection)?;
    // A token that was stored must be there after a power cut: its predecessor no longer works.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "secure_delete", "ON")?;
    // A plan that may depend on the values it is asked with is made anew each time, which takes longer than the query.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been first.
    let layout = layout_of(&transaction)?;
    for migration in MIGRATIONS.iter().skip(layout as usize) {
        transaction.execute_batch(migration)?;
    }
    if layout < LAYOUT {
        transaction.pragma_update(None, "user_version", LAYOUT)?;
    }
    transaction.commit()?;
    Ok(layout)
}

/// Goes over to a write-ahead log. SQLite does not wait for others there, who may be doing the same to a new file.
fn write_ahead(connection: &Connection) -> rusqlite::Result<()> {
    let end = Instant::now() + BUSY;
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && Instant::now() < end =>
            {
                std::thread::sleep(LOOK);
            }
            done => return done,
        }
    }
}

impl Store for SqliteStore {
    fn get(&self, key: &RecordKey) -> Result<Option<Record>, StoreError> {
        self.connection()
            .prepare_cached(
                "SELECT body, generation FROM records WHERE collection = ?1 AND workspace = ?2 AND id = ?3",
            )
            .and_then(|mut statement| {
                statement
                    .query_row(params![key.collection.as_str(), key.workspace, key.id], |row| {
                        Ok(Record { body: row.get(0)?, generation: row.get(1)? })
                    })
                    .optional()
            })
            .map_err(unavailable)
    }

    fn list(&self, collection: Collection, workspace: &str) -> Result<Vec<(String, Record)>, StoreError> {
        let connection = self.connection();
        let mut statement = connection
            .prepare_cached("SELECT id, body, generation FROM records WHERE collection = ?1 AND workspace = ?2 ORDER BY id")
            .map_err(unavailable)?;
        let rows = statement
            .query_map(params![collection.as_str(), workspace], |row| {
                Ok((row.get(0)?, Record { body: row.get(1)?, generation: row.get(2)? }))
            })
            .map_err(unavailable)?;
        rows.collect::<rusqlite::Result<_>>().map_err(unavailable)
    }

    fn list_before(
        &self,
        collection: Collection,
        workspace: &str,
        before: Option<&str>,
        most: usize,
    ) -> Result<Vec<(String, Record)>, StoreError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(LIST_BEFORE).map_err(unavailable)?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let rows = statement
            .query_map(params![collection.as_str(), workspace, before.unwrap_or(AFTER_ALL), most], |row| {
                Ok((row.get(0)?, Record { body: row.get(1)?, generation: row.get(2)? }))
            })
            .map_err(unavailable)?;
        rows.collect::<rusqlite::Result<_>>().map_err(unavailable)
    }

    fn connections_for(
        &self,
        workspace: &str,
        integration: &str,
        user: Option<&str>,
    ) -> Result<Vec<(String, Record)>, StoreError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(CONNECTIONS_FOR).map_err(unavailable)?;
        let rows = statement
            .query_map(params![workspace, integration, user], |row| {
                Ok((row.get(0)?, Record { body: row.get(1)?, generation: row.get(2)? }))
            })
            .map_err(unavailable)?;
        rows.collect::<rusqlite::Result<_>>().map_err(unavailable)
    }

    fn list_all(&self, collection: Collection) -> Result<Vec<(RecordKey, Record)>, StoreError> {
        let mut all = Vec::new();
        self.visit_all(collection, &mut |key, record| all.push((key, record)))?;
        Ok(all)
    }

    fn workspaces(&self, collection: Collection) -> Result<Vec<String>, StoreError> {
        let connection = self.connection();
        // From one to the next, past all that lies between.
        let mut next = connection
            .prepare_cached("SELECT MIN(workspace) FROM records WHERE collection = ?1 AND workspace > ?2")
            .map_err(unavailable)?;
        let mut name: Option<String> = connection
            .prepare_cached("SELECT MIN(workspace) FROM records WHERE collection = ?1")
            .and_then(|mut first| first.query_row(params![collection.as_str()], |row| row.get(0)))
            .map_err(unavailable)?;
        let mut names = Vec::new();
        while let Some(one) = name {
            name =
                next.query_row(params![collection.as_str(), one], |row| row.get(0)).map_err(unavailable)?;
            names.push(one);
        }
        Ok(names)
    }

    fn visit_all(
        &self,
        collection: Collection,
        visit: &mut dyn FnMut(RecordKey, Record),
    ) -> Result<(), StoreError> {
        let connection = self.connection();
        let mut statement = connection
            .prepare_cached("SELECT workspace, id, body, generation FROM records WHERE collection = ?1 ORDER BY workspace, id")
            .map_err(unavailable)?;
        let rows = statement
            .query_map(params![collection.as_str()], |row| {
                let key = RecordKey { collection, workspace: row.get(0)?, id: row.get(1)? };
                Ok((key, Record { body: row.get(2)?, generation: row.get(3)? }))
            })
            .map_err(unavailable)?;
        for row in rows {
            let (key, record) = row.map_err(unavailable)?;
            visit(key, record);
        }
        Ok(())
    }

    fn commit(&self, writes: &[Write]) -> Result<(), StoreError> {
        let mut connection = self.connection();
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(unavailable)?;
        for write in writes {
            apply(&transaction, write)?;
        }
        transaction.commit().map_err(unavailable)
    }
}

/// Does one write of a batch; an error rolls the batch back when its transaction is dropped.
fn apply(transaction: &rusqlite::Transaction<'_>, write: &Write) -> Result<(), StoreError> {
    let place = params![write.key.collection.as_str(), write.key.workspace, write.key.id];
    let generation: Option<i64> = transaction
        .prepare_cached("SELECT generation FROM records WHERE collection = ?1 AND workspace = ?2 AND id = ?3")
        .and_then(|mut statement| statement.query_row(place, |row| row.get(0)).optional())
        .map_err(unavailable)?;
    if !holds(write.expect, generation) {
        return Err(StoreError::Conflict(write.key.clone()));
    }
    let result = match &write.change {
        Change::Keep => return Ok(()),
        Change::Put(body) => transaction
            .prepare_cached(
                "INSERT INTO records (collection, workspace, id, generation, body) VALUES (?1, ?2, ?3, 1, ?4)
                 ON CONFLICT DO UPDATE SET generation = generation + 1, body = excluded.body",
            )
            .and_then(|mut statement| {
                statement.execute(params![
                    write.key.collection.as_str(),
                    write.key.workspace,
                    write.key.id,
                    body
                ])
            }),
        Change::Delete => transaction
            .prepare_cached("DELETE FROM records WHERE collection = ?1 AND workspace = ?2 AND id = ?3")
            .and_then(|mut statement| statement.execute(place)),
    };
    result.map(drop).map_err(unavailable)
}

#[expect(clippy::needless_pass_by_value, reason = "used as a function for map_err")]
fn unavailable(error: rusqlite::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_connections_of_a_user_are_looked_up_and_not_searched_for() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("store.db")).unwrap();
        let plan: String = store
            .connection()
            .query_row(&format!("EXPLAIN QUERY PLAN {CONNECTIONS_FOR}"), params!["w", "i", "ada"], |row| {
                row.get(3)
            })
            .unwrap();
        let index = "USING INDEX connections_by_user (workspace=? AND integration=? AND user=?)";
        assert!(plan.contains(index), "{plan}");
    }
}
