//! The access tokens that were used lately, so that a run need not open a seal each time.
//!
//! A token is known by the name that its connection's record has for it. The record is read at each run, and has another
//! name once the connection was renewed or authorized again, by whichever process: a token that was replaced is not found.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Authorizations;
use super::connection::Connection;
use super::connection_store::{ACCESS_TOKEN, no_token};
use crate::failure::Result;
use crate::ids::ConnectionId;
use crate::secret::SecretString;

/// The most tokens that are kept: a few megabytes.
const MOST: usize = 1_024;

/// Tokens by their connections, each with its name. They are zeroed when they are dropped.
#[derive(Default)]
pub(super) struct TokensInUse(Mutex<HashMap<ConnectionId, (String, SecretString)>>);

impl TokensInUse {
    /// Forgets the token of a connection.
    pub(super) fn forget(&self, id: &ConnectionId) {
        self.tokens().remove(id);
    }

    fn get(&self, connection: &Connection) -> Option<SecretString> {
        let tokens = self.tokens();
        let (issue, token) = tokens.get(&connection.id)?;
        (!issue.is_empty() && *issue == connection.issue).then(|| token.clone())
    }

    fn put(&self, connection: &Connection, token: SecretString) {
        let mut tokens = self.tokens();
        if tokens.len() >= MOST {
            tokens.clear();
        }
        tokens.insert(connection.id.clone(), (connection.issue.clone(), token));
    }

    fn tokens(&self) -> MutexGuard<'_, HashMap<ConnectionId, (String, SecretString)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Authorizations {
    /// The access token of a connection, as its record was read.
    pub(super) fn access_token(&self, connection: &Connection) -> Result<SecretString> {
        if let Some(token) = self.tokens_in_use.get(connection) {
            return Ok(token);
        }
        let token = self.vault.read(&connection.place(ACCESS_TOKEN))?.ok_or_else(no_token)?;
        // What was read may be newer than the record, and then has a name that is not known here.
        let stored = self.connection(&connection.workspace, &connection.id)?;
        if stored.issue == connection.issue {
            self.tokens_in_use.put(connection, token.clone());
        }
        Ok(token)
    }
}
