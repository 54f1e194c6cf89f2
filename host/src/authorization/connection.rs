//! Connections, as they are stored and shown. Their tokens are in the vault.

use serde::{Deserialize, Serialize};

use super::Authorizations;
use super::refresh::Attempt;
use crate::failure::{Failure, FailureKind, Result};
use crate::ids::{ConnectionId, IntegrationId, ProfileId, WorkspaceId};
use crate::runtime::{ConnectionFacts, Site};
use crate::secret::SecretString;
use crate::vault::{Collection, Expect, RecordKey, SecretPlace, Write};

/// How a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ConnectionStatus {
    /// It works.
    Active,
    /// The tokens are there, and a site must be chosen.
    AwaitingSite,
    /// A person has to authorize again.
    NeedsReauthorization,
    /// The profile's client id or secret is wrong.
    BadClientCredentials,
    /// It works, and ends with its token, since it has no refresh token.
    NotRefreshable,
}

impl ConnectionStatus {
    /// Whether requests can be made.
    pub fn works(self) -> bool {
        matches!(self, Self::Active | Self::NotRefreshable)
    }

    /// The status as one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::AwaitingSite => "awaiting-site",
            Self::NeedsReauthorization => "needs-reauthorization",
            Self::BadClientCredentials => "bad-client-credentials",
            Self::NotRefreshable => "not-refreshable",
        }
    }
}

/// One authorized account: everything that is known of it but its tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// The workspace that owns it.
    pub workspace: WorkspaceId,
    /// The integration it is for.
    pub integration: IntegrationId,
    /// The profile it was made with.
    pub profile: ProfileId,
    /// The end user it belongs to; absent: it serves everybody (pre-authorized).
    pub user: Option<String>,
    /// The tenant that its profile's URLs are filled with.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tenant: Option<String>,
    /// How it stands.
    pub status: ConnectionStatus,
    /// Why it stands so, in a sentence.
    pub reason: Option<String>,
    /// Since when, in seconds since 1970 UTC.
    pub since: u64,
    /// The scopes that were granted.
    pub scopes: Vec<String>,
    /// When the access token was issued.
    pub issued_at: u64,
    /// When it expires; absent: never.
    pub expires_at: Option<u64>,
    /// Whether it can be renewed without a person.
    pub refreshable: bool,
    /// The site it works in.
    pub site: Option<Site>,
    /// What the plugin said of the account.
    pub attributes: Vec<(String, String)>,
    /// When an unfinished one is given up.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub given_up_at: Option<u64>,
    /// That it is being renewed, or that this was tried.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) attempt: Option<Attempt>,
}

impl Connection {
    pub(super) fn key(workspace: &WorkspaceId, id: &ConnectionId) -> RecordKey {
        RecordKey::new(Collection::Connections, workspace.as_str(), id.as_str())
    }

    pub(super) fn place(&self, field: &'static str) -> SecretPlace {
        SecretPlace::new(&self.workspace, format!("connection/{}", self.id), field)
    }

    /// What a plugin may know of it.
    pub(super) fn facts(&self) -> ConnectionFacts {
        ConnectionFacts {
            id: self.id.to_string(),
            scopes: self.scopes.clone(),
            expires_at: self.expires_at,
            refreshable: self.refreshable,
            site: self.site.clone(),
            attributes: self.attributes.clone(),
        }
    }

    /// Whether it is usable as it is stored.
    ///
    /// # Errors
    /// `AuthorizationRequired` or `BadClientCredentials`, with the reason.
    pub(super) fn check_usable(&self) -> Result<()> {
        let reason = self.reason.clone().unwrap_or_default();
        match self.status {
            ConnectionStatus::Active | ConnectionStatus::NotRefreshable => Ok(()),
            ConnectionStatus::AwaitingSite => Err(Failure::new(
                FailureKind::AuthorizationRequired,
                "awaiting-site",
                format!("The connection {} waits for its site to be chosen.", self.id),
            )
            .hint("Authorize again and name the site.")),
            ConnectionStatus::NeedsReauthorization => Err(Failure::new(
                FailureKind::AuthorizationRequired,
                "needs-reauthorization",
                format!("The connection {} no longer works: {reason}", self.id),
            )
            .hint("Authorize again.")),
            ConnectionStatus::BadClientCredentials => Err(Failure::new(
                FailureKind::BadClientCredentials,
                "bad-client-credentials",
                format!("The connection {} cannot be renewed: {reason}", self.id),
            )
            .hint("Correct client id and secret of the profile.")),
        }
    }

    /// The same, working: for as long as it can be renewed, or until its token ends.
    pub(super) fn working(self, now: u64) -> Self {
        match self.expires_at.filter(|_| !self.refreshable) {
            None => self.in_status(ConnectionStatus::Active, None, now),
            Some(end) => {
                let reason = format!("It has no refresh token, and ends at {}.", crate::clock::date(end));
                self.in_status(ConnectionStatus::NotRefreshable, Some(reason), now)
            }
        }
    }

    /// The same, in another status; an attempt to renew it is over.
    pub(super) fn in_status(mut self, status: ConnectionStatus, reason: Option<String>, now: u64) -> Self {
        if self.status != status {
            self.since = now;
        }
        self.status = status;
        self.reason = reason;
        self.attempt = None;
        self
    }
}

/// The tokens of a connection.
pub(super) struct Tokens {
    pub(super) access: SecretString,
    pub(super) refresh: Option<SecretString>,
}

/// The access token's field in the vault.
pub(super) const ACCESS_TOKEN: &str = "access-token";
/// The refresh token's field in the vault.
pub(super) const REFRESH_TOKEN: &str = "refresh-token";

impl Authorizations {
    /// The workspaces that have connections.
    ///
    /// # Errors
    /// `Storage`.
    pub fn workspaces(&self) -> Result<Vec<WorkspaceId>> {
        let records = self.vault.list_all(Collection::Connections)?;
        let mut names: Vec<String> = records.into_iter().map(|(key, _)| key.workspace).collect();
        names.dedup();
        names.into_iter().map(WorkspaceId::new).collect()
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
        let mut secrets = Vec::new();
        if let Some(tokens) = tokens {
            secrets.push((connection.place(ACCESS_TOKEN), &tokens.access));
            secrets.extend(tokens.refresh.iter().map(|refresh| (connection.place(REFRESH_TOKEN), refresh)));
        }
        self.vault.commit_with(&[write(connection, expect)?], &secrets)
    }

    /// Stores a connection and removes others with their tokens, as one.
    pub(super) fn replace_connections(
        &self,
        others: &[Connection],
        connection: &Connection,
        expect: Expect,
    ) -> Result<()> {
        let mut writes = vec![write(connection, expect)?];
        writes.extend(others.iter().flat_map(removal));
        self.vault.commit(&writes)
    }

    /// Lets the connections of a profile that was corrected be tried again.
    pub(super) fn after_correction(&self, workspace: &WorkspaceId, profile: &ProfileId) -> Result<()> {
        let now = self.clock.now()?;
        for (id, record) in self.vault.list(Collection::Connections, workspace.as_str())? {
            let connection = read(&record.body)?;
            if connection.profile == *profile && connection.status == ConnectionStatus::BadClientCredentials {
                let generation = Expect::Generation(record.generation);
                match self.put_connection(&connection.working(now), None, generation) {
                    Ok(()) | Err(Failure { kind: FailureKind::Conflict, .. }) => {}
                    Err(failure) => return Err(Failure { message: format!("{id}: {failure}"), ..failure }),
                }
            }
        }
        Ok(())
    }

    /// Removes a connection and its tokens, with the key that they are sealed with.
    pub(crate) fn remove_connection(&self, connection: &Connection) -> Result<()> {
        self.vault.commit(&removal(connection))
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
            let is_theirs = connection.user.is_none() || connection.user.as_deref() == user;
            // Another user's connection is not even there.
            if connection.integration == *integration && is_theirs {
                return Ok(connection);
            }
            return Err(unknown(id));
        }
        let mut found: Vec<Connection> = self
            .connections(workspace)?
            .into_iter()
            .filter(|connection| connection.integration == *integration && connection.user.as_deref() == user)
            .collect();
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

/// The writes that remove a connection and its tokens, with the key that they are sealed with.
pub(super) fn removal(connection: &Connection) -> [Write; 4] {
    let record = Write::delete(Connection::key(&connection.workspace, &connection.id), Expect::Any);
    let [access, key] = connection.place(ACCESS_TOKEN).destroy();
    let [refresh, _] = connection.place(REFRESH_TOKEN).destroy();
    [record, access, refresh, key]
}

fn unknown(id: &ConnectionId) -> Failure {
    Failure::new(FailureKind::NotFound, "unknown-connection", format!("There is no connection \"{id}\"."))
        .hint("List them with: connections list")
}

fn none(integration: &IntegrationId, user: Option<&str>) -> Failure {
    let whose = user.map(|user| format!(" for {user}")).unwrap_or_default();
    let option = user.map(|user| format!(" --user {user}")).unwrap_or_default();
    Failure::new(
        FailureKind::AuthorizationRequired,
        "not-authorized",
        format!("There is no connection to {integration}{whose} yet."),
    )
    .hint(format!("Run: actionbay authorize {integration}{option}"))
}

fn ambiguous<'a>(found: impl Iterator<Item = &'a Connection>) -> Failure {
    let list: Vec<String> = found
        .map(|connection| {
            let site = connection.site.as_ref().map(|site| format!(" ({})", site.url)).unwrap_or_default();
            format!("{}{site}", connection.id)
        })
        .collect();
    Failure::new(
        FailureKind::InvalidInput,
        "several-connections",
        format!("There are several connections: {}.", list.join(", ")),
    )
    .hint("Say which one by its id.")
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

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A connection that works.
    pub(crate) fn connection() -> Connection {
        Connection {
            id: ConnectionId::new("c-1").unwrap(),
            workspace: WorkspaceId::default_workspace(),
            integration: IntegrationId::new("i").unwrap(),
            profile: ProfileId::new("p").unwrap(),
            user: None,
            tenant: None,
            status: ConnectionStatus::Active,
            reason: None,
            since: 0,
            scopes: Vec::new(),
            issued_at: 0,
            expires_at: Some(3_600),
            refreshable: true,
            site: None,
            attributes: Vec::new(),
            given_up_at: None,
            attempt: None,
        }
    }

    #[test]
    fn a_connection_without_a_refresh_token_says_when_it_ends() {
        let ending = Connection { refreshable: false, ..connection() }.working(1);
        assert_eq!(ending.status, ConnectionStatus::NotRefreshable);
        assert_eq!(
            ending.reason.as_deref(),
            Some("It has no refresh token, and ends at 1970-01-01T01:00:00Z.")
        );
        assert!(ending.check_usable().is_ok());
        assert_eq!(connection().working(1).status, ConnectionStatus::Active);
    }
}
