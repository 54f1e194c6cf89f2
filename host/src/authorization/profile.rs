//! Profiles: OAuth client registrations.

use serde::{Deserialize, Serialize};

use super::profile_url::{TENANT, UrlTemplate, check_tenant};
use crate::egress::Origin;
use crate::failure::{Failure, FailureKind, Result};
use crate::ids::{IntegrationId, ProfileId};
use crate::runtime::{ClientAuthentication, Manifest, Pkce, TokenRequestEncoding};

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

impl ProfileKind {
    /// The kind as one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Custom => "custom",
        }
    }
}

/// Something the person who authorizes is shown, such as whom to ask for an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AdditionalField {
    /// What it is called.
    pub key: String,
    /// What it says.
    pub value: String,
}

/// Where an authorization field goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FieldPlace {
    /// A header of token requests.
    Header,
    /// A field of the body of token requests.
    Payload,
    /// A parameter of the query, of the authorization request and of token requests.
    Query,
    /// In place of `{key}` in the path of a URL.
    Path,
}

impl FieldPlace {
    /// The place as one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Payload => "payload",
            Self::Query => "query",
            Self::Path => "path",
        }
    }
}

/// What a vendor wants beside the standard's parameters. It is shown, so it is no place for a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AuthorizationField {
    /// Where it goes.
    pub place: FieldPlace,
    /// Its name there.
    pub key: String,
    /// Its value.
    pub value: String,
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
    /// What people call who lets them in.
    #[serde(default)]
    pub identity_provider: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// The client id.
    pub client_id: String,
    /// The issuer identifier that every callback must carry as `iss` (RFC 9207); absent: it is not looked at.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub issuer: Option<String>,
    /// The authorization endpoint; a query in it is kept.
    pub authorization_url: UrlTemplate,
    /// What every authorization request carries beside the standard's parameters.
    pub authorization_parameters: Vec<(String, String)>,
    /// The token endpoint.
    pub token_url: UrlTemplate,
    /// The endpoint for refreshing.
    pub refresh_url: UrlTemplate,
    /// How token requests are written.
    pub token_request_encoding: TokenRequestEncoding,
    /// How the client is proved.
    pub client_authentication: ClientAuthentication,
    /// Proof Key for Code Exchange.
    pub pkce: Pkce,
    /// The scopes to ask for; empty: those of the manifest.
    pub scopes: Vec<String>,
    /// What the person who authorizes is shown.
    #[serde(default)]
    pub additional_fields: Vec<AdditionalField>,
    /// What the vendor wants beside the standard's parameters.
    #[serde(default)]
    pub authorization_fields: Vec<AuthorizationField>,
}

impl Profile {
    /// A profile with the manifest's defaults. What is wrong with it is told when it is stored.
    ///
    /// # Errors
    /// `InvalidInput` where the integration has no OAuth.
    pub fn custom(id: ProfileId, manifest: &Manifest, client_id: impl Into<String>) -> Result<Self> {
        let oauth2 = manifest.oauth2().ok_or_else(|| {
            Failure::new(
                FailureKind::InvalidInput,
                "no-oauth",
                format!("{} is not authorized by OAuth 2.0.", manifest.title),
            )
        })?;
        Ok(Self {
            id,
            integration: manifest.id.clone(),
            kind: ProfileKind::Custom,
            identity_provider: manifest.title.clone(),
            description: String::new(),
            client_id: client_id.into(),
            issuer: oauth2.issuer.clone(),
            authorization_url: UrlTemplate::from(&oauth2.authorization_url),
            authorization_parameters: oauth2.authorization_parameters.clone(),
            token_url: UrlTemplate::from(&oauth2.token_url),
            refresh_url: UrlTemplate::from(&oauth2.refresh_url),
            token_request_encoding: oauth2.token_request_encoding,
            client_authentication: oauth2.client_authentication,
            pkce: oauth2.pkce,
            scopes: Vec::new(),
            additional_fields: Vec::new(),
            authorization_fields: Vec::new(),
        })
    }

    /// The same, with every endpoint moved to another origin, path and query kept: for a stand-in of the vendor.
    ///
    /// # Errors
    /// `Internal` where an endpoint cannot be moved there.
    pub fn moved_to(mut self, origin: &Origin) -> Result<Self> {
        for template in [&mut self.authorization_url, &mut self.token_url, &mut self.refresh_url] {
            let url = template.url()?;
            let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
            *template = UrlTemplate::new(format!("{origin}{}{query}", url.path()));
        }
        Ok(self)
    }

    /// The same, asking for these scopes.
    #[must_use]
    pub fn scopes(mut self, scopes: Vec<String>) -> Self {
        self.scopes = scopes;
        self
    }

    /// Whether each authorization has to say for which tenant it is.
    pub fn needs_tenant(&self) -> bool {
        self.urls().iter().any(|(_, url)| url.placeholders().contains(&TENANT))
    }

    /// Its URLs, by the names of their fields.
    pub(super) fn urls(&self) -> [(&'static str, &UrlTemplate); 3] {
        [
            ("authorization-url", &self.authorization_url),
            ("token-url", &self.token_url),
            ("refresh-url", &self.refresh_url),
        ]
    }

    /// The authorization fields of a place.
    pub(super) fn fields(&self, place: FieldPlace) -> impl Iterator<Item = (&str, &str)> {
        self.authorization_fields
            .iter()
            .filter(move |field| field.place == place)
            .map(|field| (field.key.as_str(), field.value.as_str()))
    }

    pub(super) fn path_fields(&self) -> Vec<(&str, &str)> {
        self.fields(FieldPlace::Path).collect()
    }

    /// The same, with the placeholders of its URLs filled.
    ///
    /// # Errors
    /// `InvalidInput` where the tenant is missing, is none, or makes a URL that is none.
    pub(super) fn filled(mut self, tenant: Option<&str>) -> Result<Self> {
        let refused = |code: &'static str, message: String, hint: &str| {
            Failure::new(FailureKind::InvalidInput, code, message).hint(hint)
        };
        match (tenant, self.needs_tenant()) {
            (None, true) => {
                return Err(refused(
                    "tenant-required",
                    format!("The profile \"{}\" needs the tenant to connect to.", self.id),
                    "Give it with --tenant, as in acme for acme.example.com.",
                ));
            }
            (Some(_), false) => {
                return Err(refused(
                    "tenant-not-used",
                    format!("The profile \"{}\" has no {{tenant}} in its URLs.", self.id),
                    "Leave the tenant out, or put {tenant} into the URLs of the profile.",
                ));
            }
            (Some(tenant), true) => check_tenant(tenant)?,
            (None, false) => {}
        }
        let fill = |name: &str, template: &UrlTemplate| {
            let url = template.fill(tenant, &self.path_fields()).map_err(|why| {
                let message = format!("The {name} of the profile \"{}\" {why}.", self.id);
                refused("bad-profile-url", message, "Correct the profile.")
            })?;
            Ok::<_, Failure>(UrlTemplate::from(&url))
        };
        let [authorization, token, refresh] = self.urls().map(|(name, template)| fill(name, template));
        (self.authorization_url, self.token_url, self.refresh_url) = (authorization?, token?, refresh?);
        Ok(self)
    }
}
