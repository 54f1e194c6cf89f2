//! Profiles: OAuth client registrations.

use serde::{Deserialize, Serialize};
use url::Url;

use super::Authorizations;
use crate::failure::{Failure, FailureKind, Result};
use crate::ids::{IntegrationId, ProfileId, WorkspaceId};
use crate::runtime::{ClientAuthentication, Manifest, Pkce, TokenRequestEncoding};
use crate::secret::SecretString;
use crate::vault::{Collection, Expect, RecordKey, SecretPlace, Write};

/// The longest client id and client secret, in characters.
const MAX_CREDENTIAL: usize = 255;

/// Whose client registration it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ProfileKind {
    /// Shipped with the deployment.
    System,
    /// Made by a workspace.
    Custom,
}

/// An OAuth client registration with its URLs and scopes. Its secret is in the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Profile {
    /// Its id in its workspace.
    pub id: ProfileId,
    /// The integration it is for.
    pub integration: IntegrationId,
    /// Whose it is.
    pub kind: ProfileKind,
    /// The client id.
    pub client_id: String,
    /// The authorization endpoint; a query in it is kept.
    pub authorization_url: Url,
    /// What every authorization request carries beside the standard's parameters.
    pub authorization_parameters: Vec<(String, String)>,
    /// The token endpoint.
    pub token_url: Url,
    /// The endpoint for refreshing.
    pub refresh_url: Url,
    /// How token requests are written.
    pub token_request_encoding: TokenRequestEncoding,
    /// How the client is proved.
    pub client_authentication: ClientAuthentication,
    /// Proof Key for Code Exchange.
    pub pkce: Pkce,
    /// The scopes to ask for; empty: those of the manifest.
    pub scopes: Vec<String>,
}

impl Profile {
    /// A profile with the manifest's defaults.
    ///
    /// # Errors
    /// `InvalidInput` where the integration has no OAuth, or the client id is none.
    pub fn custom(id: ProfileId, manifest: &Manifest, client_id: impl Into<String>) -> Result<Self> {
        let oauth2 = manifest.oauth2().ok_or_else(|| {
            Failure::new(
                FailureKind::InvalidInput,
                "no-oauth",
                format!("{} is not authorized by OAuth 2.0.", manifest.title),
            )
        })?;
        let client_id = client_id.into();
        check_credential("client id", &client_id)?;
        Ok(Self {
            id,
            integration: manifest.id.clone(),
            kind: ProfileKind::Custom,
            client_id,
            authorization_url: oauth2.authorization_url.clone(),
            authorization_parameters: oauth2.authorization_parameters.clone(),
            token_url: oauth2.token_url.clone(),
            refresh_url: oauth2.refresh_url.clone(),
            token_request_encoding: oauth2.token_request_encoding,
            client_authentication: oauth2.client_authentication,
            pkce: oauth2.pkce,
            scopes: Vec::new(),
        })
    }

    /// The same, with every endpoint moved to another origin, path and query kept: for a stand-in of the vendor.
    ///
    /// # Errors
    /// `Internal` where an endpoint cannot be moved there.
    pub fn moved_to(mut self, origin: &crate::egress::Origin) -> Result<Self> {
        for url in [&mut self.authorization_url, &mut self.token_url, &mut self.refresh_url] {
            let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
            *url = Url::parse(&format!("{origin}{}{query}", url.path()))
                .map_err(|_| Failure::internal("An endpoint cannot be moved to another origin."))?;
        }
        Ok(self)
    }

    /// The same, asking for these scopes.
    #[must_use]
    pub fn scopes(mut self, scopes: Vec<String>) -> Self {
        self.scopes = scopes;
        self
    }

    fn key(workspace: &WorkspaceId, id: &ProfileId) -> RecordKey {
        RecordKey::new(Collection::Profiles, workspace.as_str(), id.as_str())
    }

    fn secret_place(workspace: &WorkspaceId, id: &ProfileId) -> SecretPlace {
        SecretPlace::new(workspace, format!("profile/{id}"), "client-secret")
    }
}

fn check_credential(what: &str, value: &str) -> Result<()> {
    let why = if value.is_empty() {
        "is missing"
    } else if value.chars().count() > MAX_CREDENTIAL {
        "is longer than 255 characters"
    } else if value.chars().any(char::is_control) {
        "holds a control character"
    } else {
        return Ok(());
    };
    Err(Failure::new(FailureKind::InvalidInput, "bad-client-credentials", format!("The {what} {why}."))
        .hint("Copy client id and client secret from the app's settings at the vendor."))
}

impl Authorizations {
    /// Stores a profile with its client secret; one of the same id is replaced.
    ///
    /// # Errors
    /// `InvalidInput` where the secret is none; `Storage`.
    pub fn put_profile(
        &self,
        workspace: &WorkspaceId,
        profile: &Profile,
        client_secret: &SecretString,
    ) -> Result<()> {
        check_credential("client secret", secrecy::ExposeSecret::expose_secret(client_secret))?;
        let body =
            serde_json::to_vec(profile).map_err(|_| Failure::internal("A profile cannot be written."))?;
        let place = Profile::secret_place(workspace, &profile.id);
        let record = Write::put(Profile::key(workspace, &profile.id), Expect::Any, body);
        // With the secret before it goes the key of that.
        let [before, key_before] = place.destroy();
        self.vault.commit_with(&[record, before, key_before], &[(place, client_secret)])?;
        self.after_correction(workspace, &profile.id)
    }

    /// A profile.
    ///
    /// # Errors
    /// `NotFound`, with those that there are; `Storage`.
    pub fn profile(&self, workspace: &WorkspaceId, id: &ProfileId) -> Result<Profile> {
        match self.vault.get(&Profile::key(workspace, id))? {
            Some(record) => read(&record.body),
            None => {
                let known: Vec<String> =
                    self.profiles(workspace)?.into_iter().map(|profile| profile.id.to_string()).collect();
                let hint = if known.is_empty() {
                    "There is none yet.".to_owned()
                } else {
                    format!("Profiles: {}.", known.join(", "))
                };
                Err(Failure::new(
                    FailureKind::NotFound,
                    "unknown-profile",
                    format!("There is no profile \"{id}\"."),
                )
                .hint(hint))
            }
        }
    }

    /// All profiles of a workspace.
    ///
    /// # Errors
    /// `Storage`.
    pub fn profiles(&self, workspace: &WorkspaceId) -> Result<Vec<Profile>> {
        self.vault
            .list(Collection::Profiles, workspace.as_str())?
            .iter()
            .map(|(_, record)| read(&record.body))
            .collect()
    }

    pub(super) fn client_secret(&self, workspace: &WorkspaceId, profile: &ProfileId) -> Result<SecretString> {
        self.vault.read(&Profile::secret_place(workspace, profile))?.ok_or_else(|| {
            Failure::new(
                FailureKind::BadClientCredentials,
                "no-client-secret",
                format!("The profile \"{profile}\" has no client secret."),
            )
        })
    }
}

fn read(body: &[u8]) -> Result<Profile> {
    serde_json::from_slice(body).map_err(|error| {
        Failure::storage("record-unreadable", format!("A stored profile cannot be read: {error}."))
    })
}
