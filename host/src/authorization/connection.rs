//! Connections, as they are stored and shown. Their tokens are in the vault.

use serde::{Deserialize, Serialize};

use super::Authorizations;
use super::refresh::Attempt;
use crate::failure::{Failure, FailureKind, Result};
use crate::ids::{ConnectionId, IntegrationId, ProfileId, TemplateId, WorkspaceId};
use crate::runtime::{ConnectionFacts, Site};
use crate::secret::SecretString;
use crate::vault::{CHANGED_IN_BETWEEN, Collection, Expect, RecordKey, SecretPlace, Write};

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
    /// It works, but not for every template that it should serve: it was not granted the scopes.
    InsufficientScope,
}

impl ConnectionStatus {
    /// Whether requests can be made.
    pub fn works(self) -> bool {
        matches!(self, Self::Active | Self::NotRefreshable | Self::InsufficientScope)
    }

    /// The status as one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::AwaitingSite => "awaiting-site",
            Self::NeedsReauthorization => "needs-reauthorization",
            Self::BadClientCredentials => "bad-client-credentials",
            Self::NotRefreshable => "not-refreshable",
            Self::InsufficientScope => "insufficient-scope",
        }
    }
}

/// What a connection proves itself with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
#[non_exhaustive]
pub enum Proof {
    /// Tokens of OAuth 2.0.
    #[default]
    #[serde(rename = "oauth2")]
    OAuth2,
    /// A name and a secret that a person made at the vendor, in HTTP Basic. The connection's profile is named after
    /// the method.
    Basic {
        /// The user name.
        username: String,
    },
}

/// Whose account it is at the vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Account {
    /// The vendor's id of it.
    pub id: String,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
}

/// A template that a connection cannot run, for lack of scopes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct MissingScopes {
    /// The template.
    pub template: TemplateId,
    /// The scopes it lacks.
    pub scopes: Vec<String>,
}

/// A site that a person may choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct OfferedSite {
    /// The site.
    #[serde(flatten)]
    pub site: Site,
    /// Whether the grant really reaches it; absent: this could not be found out.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reachable: Option<bool>,
}

/// What an authorization that is not finished is to become.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(super) struct Intent {
    /// The connection that is authorized again.
    pub(super) reconnect: Option<ConnectionId>,
    /// Whether it may become one of another account.
    pub(super) another_account: bool,
    /// The fingerprint of the browser in which alone it may be finished by its person.
    pub(super) browser: Option<String>,
}

impl Intent {
    fn is_none(&self) -> bool {
        *self == Self::default()
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
    /// What it proves itself with.
    #[serde(default)]
    pub proof: Proof,
    /// Whose account it is, where the vendor tells.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub account: Option<Account>,
    /// How it stands.
    pub status: ConnectionStatus,
    /// Why it stands so, in a sentence.
    pub reason: Option<String>,
    /// Since when, in seconds since 1970 UTC.
    pub since: u64,
    /// The scopes that were granted.
    pub scopes: Vec<String>,
    /// The templates that it lacks scopes for, of those that it should serve.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub missing: Vec<MissingScopes>,
    /// When the access token was issued.
    pub issued_at: u64,
    /// When it expires; absent: never.
    pub expires_at: Option<u64>,
    /// Whether it can be renewed without a person.
    pub refreshable: bool,
    /// The site it works in.
    pub site: Option<Site>,
    /// The sites to choose among, while it waits for that.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub offered_sites: Vec<OfferedSite>,
    /// What the plugin said of the account.
    pub attributes: Vec<(String, String)>,
    /// When an unfinished one is given up.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub given_up_at: Option<u64>,
    /// A random name of what was granted: another one after a new consent.
    #[serde(default)]
    pub(super) grant: String,
    /// A random name of the tokens that there are: another one after each renewal.
    #[serde(default)]
    pub(super) issue: String,
    /// Whether its credential was refused, and not merely given up here.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub(super) refused: bool,
    /// What it is to become, while it is not finished.
    #[serde(skip_serializing_if = "Intent::is_none", default)]
    pub(super) intent: Intent,
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
            status if status.works() => Ok(()),
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
            _ => Ok(()),
        }
    }

    /// The same, in another status.
    pub(super) fn in_status(mut self, status: ConnectionStatus, reason: Option<String>, now: u64) -> Self {
        if self.status != status {
            self.since = now;
        }
        self.status = status;
        self.reason = reason;
        self
    }

    /// The same, with no attempt to renew it any more.
    pub(super) fn settled_attempt(mut self) -> Self {
        self.attempt = None;
        self
    }

    /// Whether its site may be chosen in one browser only.
    #[cfg_attr(not(feature = "cli"), expect(dead_code, reason = "asked by the command only"))]
    pub(crate) fn is_bound_to_browser(&self) -> bool {
        self.intent.browser.is_some()
    }

    /// The connection that it is to renew once it is finished.
    #[cfg_attr(not(feature = "cli"), expect(dead_code, reason = "asked by the command only"))]
    pub(crate) fn renews(&self) -> Option<&ConnectionId> {
        self.intent.reconnect.as_ref()
    }

    /// Whether another connection may take its place: only one for the same purpose, made in the same way.
    ///
    /// # Errors
    /// `NotFound`, as if it were not there.
    pub(super) fn check_follower(&self, other: &Self) -> Result<()> {
        let fits = self.integration == other.integration
            && self.user == other.user
            && self.profile == other.profile
            && self.tenant == other.tenant
            && self.is_same_method(other);
        if fits { Ok(()) } else { Err(unknown(&self.id)) }
    }

    /// Whether two records have the same tokens: it was neither renewed nor authorized again in between.
    pub(super) fn has_same_tokens(&self, other: &Self) -> bool {
        self.grant == other.grant && self.issue == other.issue
    }

    /// Whether both prove themselves in the same way.
    pub(super) fn is_same_method(&self, other: &Self) -> bool {
        std::mem::discriminant(&self.proof) == std::mem::discriminant(&other.proof)
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
        writes.push(write(&heir, Expect::Generation(before.1))?);
        self.vault.commit_with(&writes, &secrets(&heir, &tokens))?;
        Ok(heir)
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
        self.tokens_in_use.forget(&connection.id);
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

pub(super) fn unknown(id: &ConnectionId) -> Failure {
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
        "several-connections",
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
            proof: Proof::OAuth2,
            account: None,
            missing: Vec::new(),
            offered_sites: Vec::new(),
            intent: Intent::default(),
            grant: String::new(),
            issue: String::new(),
            refused: false,
            attempt: None,
        }
    }
}
