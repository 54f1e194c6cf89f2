//! Connections in the store: read, written with their tokens as one, replaced, removed, and chosen for a run.

use super::Authorizations;
use super::connection::{Connection, ConnectionStatus, unknown};
use super::refresh::Attempt;
use crate::failure::{Failure, FailureKind, Result};
use crate::ids::{ConnectionId, IntegrationId, ProfileId, WorkspaceId};
use crate::secret::SecretString;
use crate::vault::{CHANGED_IN_BETWEEN, Collection, Expect, RecordKey, SecretPlace, Write};

/// The tokens of a connection.
pub(super) struct Tokens {
    pub(super) access: SecretString,
    pub(super) refresh: Option<SecretString>,
}

/// The access token's field in the vault.
pub(super) const ACCESS_TOKEN: &str = "access-token";
/// The refresh token's field in the vault.
pub(super) const REFRESH_TOKEN: &str = "refresh-token";

/// The code of a failure where there is no connection yet.
pub(crate) const NOT_AUTHORIZED: &str = "not-authorized";

/// The code of a failure where more than one connection could be meant.
pub(crate) const SEVERAL_CONNECTIONS: &str = "several-connections";

impl Authorizations {
    /// The workspaces that have connections.
    ///
    /// # Errors
    /// `Storage`.
    pub fn workspaces(&self) -> Result<Vec<WorkspaceId>> {
        self.vault.workspaces(Collection::Connections)?.into_iter().map(WorkspaceId::new).collect()
    }

    /// All connections of a workspace.
    ///
    /// # Errors
    /// `Storage`.
    pub fn connections(&self, workspace: &WorkspaceId) -> Result<Vec<Connection>> {
        self.vault
            .list(Collection::Connections, workspace.as_str())?
            .iter()
            .map(|(_, record)| read(&record.body))
            .collect()
    }

    /// The connections of a workspace to an integration that are this end user's, or that serve everybody. What
    /// they cost does not depend on how many others there are, as far as the store can.
    pub(super) fn connections_for(
        &self,
        workspace: &WorkspaceId,
        integration: &IntegrationId,
        user: Option<&str>,
    ) -> Result<Vec<Connection>> {
        self.vault
            .connections_for(workspace.as_str(), integration.as_str(), user)?
            .iter()
            .map(|(_, record)| read(&record.body))
            .collect()
    }

    /// A connection.
    ///
    /// # Errors
    /// `NotFound`; `Storage`.
    pub fn connection(&self, workspace: &WorkspaceId, id: &ConnectionId) -> Result<Connection> {
        Ok(self.stored_connection(workspace, id)?.0)
    }

    /// A connection with the generation of its record.
    pub(super) fn stored_connection(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionId,
    ) -> Result<(Connection, i64)> {
        let record = self.vault.get(&Connection::key(workspace, id))?.ok_or_else(|| unknown(id))?;
        Ok((read(&record.body)?, record.generation))
    }

    /// Stores a connection, and its tokens where they changed, as one.
    pub(super) fn put_connection(
        &self,
        connection: &Connection,
        tokens: Option<&Tokens>,
        expect: Expect,
    ) -> Result<()> {
        let secrets = tokens.map(|tokens| secrets(connection, tokens)).unwrap_or_default();
        self.vault.commit_with(&self.writes(connection, expect)?, &secrets)
    }

    /// Stores a connection and removes others with their tokens, as one.
    pub(super) fn replace_connections(
        &self,
        others: &[Connection],
        connection: &Connection,
        expect: Expect,
    ) -> Result<()> {
        let mut writes = self.writes(connection, expect)?;
        writes.extend(others.iter().flat_map(removal));
        self.vault.commit(&writes)
    }

    /// Changes a connection as it is stored, again where somebody else did so meanwhile; none where it is gone.
    pub(super) fn changed(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionId,
        change: impl Fn(Connection) -> Result<Connection>,
    ) -> Result<Option<Connection>> {
        loop {
            let (before, generation) = match self.stored_connection(workspace, id) {
                Ok(stored) => stored,
                Err(failure) if failure.kind == FailureKind::NotFound => return Ok(None),
                Err(failure) => return Err(failure),
            };
            let after = change(before.clone())?;
            if after == before {
                return Ok(Some(after));
            }
            match self.put_connection(&after, None, Expect::Generation(generation)) {
                Ok(()) => return Ok(Some(after)),
                Err(Failure { kind: FailureKind::Conflict, .. }) => {}
                Err(failure) => return Err(failure),
            }
        }
    }

    /// Changes a connection while its lease is still the one of `leased`, with new tokens where there are some. Others may
    /// change it meanwhile in what is theirs.
    ///
    /// # Errors
    /// `Conflict` where the lease is somebody else's now, or the connection was authorized again; `NotFound`.
    pub(super) fn changed_under_lease(
        &self,
        leased: &Connection,
        tokens: Option<&Tokens>,
        change: impl Fn(Connection) -> Result<Connection>,
    ) -> Result<Connection> {
        loop {
            let (stored, generation) = self.stored_connection(&leased.workspace, &leased.id)?;
            if !Attempt::is_same_lease(stored.attempt.as_ref(), leased.attempt.as_ref()) {
                return Err(lease_lost(&leased.id));
            }
            let after = change(stored)?;
            match self.put_connection(&after, tokens, Expect::Generation(generation)) {
                Err(failure) if failure.code == CHANGED_IN_BETWEEN => {}
                result => return result.map(|()| after),
            }
        }
    }

    /// Gives a new connection, which is stored, the id of the one that it follows, whose tokens are gone then; and
    /// removes others. All of it is one write.
    pub(super) fn succeed_connection(
        &self,
        fresh: (Connection, i64),
        before: (&Connection, i64),
        others: &[Connection],
    ) -> Result<Connection> {
        let (fresh, generation) = fresh;
        let tokens = Tokens {
            access: self.vault.read(&fresh.place(ACCESS_TOKEN))?.ok_or_else(no_token)?,
            refresh: self.vault.read(&fresh.place(REFRESH_TOKEN))?,
        };
        let mut writes = vec![Write::delete(Self::key_of(&fresh), Expect::Generation(generation))];
        writes.extend(removal(&fresh).into_iter().skip(1));
        writes.extend(removal(before.0).into_iter().skip(1));
        writes.extend(others.iter().flat_map(removal));
        let heir = Connection { id: before.0.id.clone(), ..fresh };
        writes.extend(self.writes(&heir, Expect::Generation(before.1))?);
        self.vault.commit_with(&writes, &secrets(&heir, &tokens))?;
        Ok(heir)
    }

    /// The write of a connection, and what whoever keeps records has written with it.
    fn writes(&self, connection: &Connection, expect: Expect) -> Result<Vec<Write>> {
        let mut writes = vec![write(connection, expect)?];
        if let Some(keeper) = self.keeper() {
            writes.extend(keeper.beside(connection)?);
        }
        Ok(writes)
    }

    fn key_of(connection: &Connection) -> RecordKey {
        Connection::key(&connection.workspace, &connection.id)
    }

    /// Lets the connections of a profile that was corrected be tried again.
    pub(super) fn after_correction(&self, workspace: &WorkspaceId, profile: &ProfileId) -> Result<()> {
        for (id, record) in self.vault.list(Collection::Connections, workspace.as_str())? {
            let connection = read(&record.body)?;
            if connection.profile == *profile && connection.status == ConnectionStatus::BadClientCredentials {
                let generation = Expect::Generation(record.generation);
                match self.put_connection(&self.settled(connection)?, None, generation) {
                    Ok(()) | Err(Failure { kind: FailureKind::Conflict, .. }) => {}
                    Err(failure) => return Err(Failure { message: format!("{id}: {failure}"), ..failure }),
                }
            }
        }
        Ok(())
    }

    /// Removes a connection and its tokens, with the key that they are sealed with.
    pub(crate) fn remove_connection(&self, connection: &Connection) -> Result<()> {
        self.remove_connection_with(connection, Vec::new())
    }

    /// The same, with what is to be written as one with it.
    pub(crate) fn remove_connection_with(&self, connection: &Connection, beside: Vec<Write>) -> Result<()> {
        self.tokens_in_use.forget(&connection.id);
        let writes: Vec<Write> = removal(connection).into_iter().chain(beside).collect();
        self.vault.commit(&writes)
    }

    /// Removes all that a workspace has of an end user's accounts: connections and their tokens, and what would lead to others,
    /// so that whoever comes back to it later finds nothing; and what came of their runs. Gives the connections.
    pub(crate) fn remove_user(&self, workspace: &WorkspaceId, user: &str) -> Result<Vec<Connection>> {
        let theirs = Some(user);
        let mut connections = self.connections(workspace)?;
        connections.retain(|connection| connection.user.as_deref() == theirs);
        let mut writes: Vec<Write> = connections.iter().flat_map(removal).collect();
        writes.extend(self.pending_removals(|pending| {
            pending.workspace == *workspace && pending.user.as_deref() == theirs
        })?);
        writes.extend(
            self.link_removals(|request| {
                request.workspace == *workspace && request.user.as_deref() == theirs
            })?,
        );
        writes.extend(self.session_removals(workspace, user)?);
        writes.extend(self.outcomes().removals(workspace, user)?);
        self.vault.commit(&writes)?;
        connections.iter().for_each(|connection| self.tokens_in_use.forget(&connection.id));
        Ok(connections)
    }

    /// The connection that a run uses: the one named, or the only one there is for the integration and user. Whether
    /// it works shows when it is used.
    ///
    /// # Errors
    /// `AuthorizationRequired` where there is none, `InvalidInput` where there are several.
    pub(crate) fn select_connection(
        &self,
        workspace: &WorkspaceId,
        integration: &IntegrationId,
        user: Option<&str>,
        named: Option<&ConnectionId>,
    ) -> Result<Connection> {
        if let Some(id) = named {
            let connection = self.connection(workspace, id)?;
            let is_theirs = connection.user.as_deref() == user;
            // Another user's connection is not even there.
            if connection.integration == *integration && is_theirs {
                return Ok(connection);
            }
            return Err(unknown(id));
        }
        let mut found = self.connections_for(workspace, integration, user)?;
        if found.iter().any(|connection| connection.status.works()) {
            found.retain(|connection| connection.status.works());
        }
        match (found.pop(), found.len()) {
            (Some(connection), 0) => Ok(connection),
            // Of several that do not work, the reason of one says what to do.
            (Some(last), _) if !last.status.works() => Ok(last),
            (Some(last), _) => Err(ambiguous(found.iter().chain([&last]))),
            (None, _) => Err(none(integration, user)),
        }
    }
}

/// The tokens of a connection, each at its place.
fn secrets<'a>(connection: &Connection, tokens: &'a Tokens) -> Vec<(SecretPlace, &'a SecretString)> {
    let refresh = tokens.refresh.iter().map(|refresh| (connection.place(REFRESH_TOKEN), refresh));
    std::iter::once((connection.place(ACCESS_TOKEN), &tokens.access)).chain(refresh).collect()
}

fn lease_lost(id: &ConnectionId) -> Failure {
    Failure::new(
        FailureKind::Conflict,
        CHANGED_IN_BETWEEN,
        format!("The connection {id} was renewed or authorized by somebody else meanwhile."),
    )
    .hint("Try again.")
}

/// A connection whose token is not there: it has to be authorized again.
pub(super) fn no_token() -> Failure {
    Failure::new(FailureKind::AuthorizationRequired, "no-token", "The connection has no token.")
        .hint("Authorize again.")
}

/// The writes that remove a connection and its tokens, with the key that they are sealed with.
pub(super) fn removal(connection: &Connection) -> [Write; 4] {
    let record = Write::delete(Connection::key(&connection.workspace, &connection.id), Expect::Any);
    let [access, key] = connection.place(ACCESS_TOKEN).destroy();
    let [refresh, _] = connection.place(REFRESH_TOKEN).destroy();
    [record, access, refresh, key]
}

fn none(integration: &IntegrationId, user: Option<&str>) -> Failure {
    let whose = user.map(|user| format!(" for {user}")).unwrap_or_default();
    let option = user.map(|user| format!(" --user {user}")).unwrap_or_default();
    Failure::new(
        FailureKind::AuthorizationRequired,
        NOT_AUTHORIZED,
        format!("There is no connection to {integration}{whose} yet."),
    )
    .hint(format!("Run: actionbay authorize {integration}{option}"))
}

fn ambiguous<'a>(found: impl Iterator<Item = &'a Connection>) -> Failure {
    let list: Vec<String> = found
        .map(|connection| {
            let account =
                connection.account.as_ref().map(|account| account.name.as_ref().unwrap_or(&account.id));
            let site = connection.site.as_ref().map(|site| &site.url);
            let told: Vec<&str> = account.into_iter().chain(site).map(String::as_str).collect();
            if told.is_empty() {
                return connection.id.to_string();
            }
            format!("{} ({})", connection.id, told.join(", "))
        })
        .collect();
    Failure::new(
        FailureKind::InvalidInput,
        SEVERAL_CONNECTIONS,
        format!("There are several connections: {}.", list.join(", ")),
    )
    .hint("Say which one by its id, with --connection.")
}

fn write(connection: &Connection, expect: Expect) -> Result<Write> {
    let body =
        serde_json::to_vec(connection).map_err(|_| Failure::internal("A connection cannot be written."))?;
    Ok(Write::put(Connection::key(&connection.workspace, &connection.id), expect, body))
}

fn read(body: &[u8]) -> Result<Connection> {
    serde_json::from_slice(body).map_err(|error| {
        Failure::storage("record-unreadable", format!("A stored connection cannot be read: {error}."))
    })
}
