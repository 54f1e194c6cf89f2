//! Connections, as they are stored and shown. Their tokens are in the vault.

use serde::{Deserialize, Serialize};

use super::refresh::Attempt;
use crate::failure::{Failure, FailureKind, Result};
use crate::ids::{ConnectionId, IntegrationId, ProfileId, SessionId, TemplateId, WorkspaceId};
use crate::runtime::{ConnectionFacts, Site};
use crate::vault::{Collection, RecordKey, SecretPlace};

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
    /// The session that tells what comes of it.
    pub(super) session: Option<SessionId>,
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

    /// Whether nobody consented anew in between.
    #[cfg_attr(not(feature = "service"), expect(dead_code, reason = "asked by the service only"))]
    pub(crate) fn is_of_same_consent(&self, other: &Self) -> bool {
        self.grant == other.grant
    }

    /// Whether both prove themselves in the same way.
    pub(super) fn is_same_method(&self, other: &Self) -> bool {
        std::mem::discriminant(&self.proof) == std::mem::discriminant(&other.proof)
    }
}

/// Nobody is told of a connection that is not theirs.
pub(super) fn unknown(id: &ConnectionId) -> Failure {
    Failure::new(FailureKind::NotFound, "unknown-connection", format!("There is no connection \"{id}\"."))
        .hint("List them with: connections list")
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
