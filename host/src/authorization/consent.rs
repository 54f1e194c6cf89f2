//! The URL that a person is sent to.

use std::borrow::Cow;
use std::sync::Arc;

use oauth2::{AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, RedirectUrl, Scope};
use serde::{Deserialize, Serialize};
use url::Url;

use super::Authorizations;
use super::browser::Browser;
use super::configuration::other_integration;
use super::connection::{self, Connection, Proof};
use super::pending::PendingAuthorization;
use super::profile::{AdditionalField, FieldPlace, Profile};
use super::profile_check::is_reserved;
use crate::failure::{Failure, FailureKind, Result};
use crate::ids::{ConnectionId, IntegrationId, ProfileId, SessionId, WorkspaceId};
use crate::runtime::{AuthorizationOutcome, AuthorizationStep, Pkce, Plugin};
use crate::secret::SecretString;

/// Who wants to connect what.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Authorize {
    /// The workspace that will own the connection.
    pub workspace: WorkspaceId,
    /// The integration.
    pub integration: IntegrationId,
    /// The profile.
    pub profile: ProfileId,
    /// The end user; absent: the connection serves everybody.
    pub user: Option<String>,
    /// The site to work in, by name, URL or id, for accounts that reach several.
    pub site: Option<String>,
    /// The tenant, for profiles with `{tenant}` in their URLs.
    pub tenant: Option<String>,
    /// The connection to authorize again; absent: one is added.
    pub reconnect: Option<ConnectionId>,
    /// The session that tells what comes of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) session: Option<SessionId>,
    /// Whether the connection may become one of another account than before; said anew whenever a link is opened.
    #[serde(skip)]
    pub another_account: bool,
    /// The browser that the callback must come from; absent: whoever brings the state is taken for the person who
    /// began, which is for a program that is alone with its person on one machine (RFC 8252).
    #[serde(skip)]
    pub browser: Option<Browser>,
}

impl Authorize {
    /// A connection for everybody.
    pub fn new(workspace: WorkspaceId, integration: IntegrationId, profile: ProfileId) -> Self {
        Self {
            workspace,
            integration,
            profile,
            user: None,
            site: None,
            tenant: None,
            reconnect: None,
            session: None,
            another_account: false,
            browser: None,
        }
    }

    /// The same, for an end user.
    #[must_use]
    pub fn user(mut self, user: Option<String>) -> Self {
        self.user = user;
        self
    }

    /// The same, to work in this site: a name, URL or id.
    #[must_use]
    pub fn site(mut self, site: Option<String>) -> Self {
        self.site = site;
        self
    }

    /// The same, with the tenant of the profile's URLs.
    #[must_use]
    pub fn tenant(mut self, tenant: Option<String>) -> Self {
        self.tenant = tenant;
        self
    }

    /// The same, for a connection that there is already.
    #[must_use]
    pub fn reconnect(mut self, connection: Option<ConnectionId>) -> Self {
        self.reconnect = connection;
        self
    }

    /// The same, which may end with another account than the connection had.
    #[must_use]
    pub fn another_account(mut self, confirmed: bool) -> Self {
        self.another_account = confirmed;
        self
    }

    /// The same, to be ended in this browser only.
    #[must_use]
    pub fn browser(mut self, browser: Browser) -> Self {
        self.browser = Some(browser);
        self
    }
}

/// An authorization that waits for a person.
///
/// Printing it leaves the URL out, whose state is for the person alone.
#[derive(Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Begun {
    /// Where the person has to go.
    pub authorization_url: Url,
    /// The scopes that are asked for.
    pub scopes: Vec<String>,
    /// Where the person comes back to.
    pub redirect_uri: String,
    /// What the profile has the person told.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub additional_fields: Vec<AdditionalField>,
    /// Until when, in seconds since 1970 UTC.
    pub expires_at: u64,
}

impl std::fmt::Debug for Begun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Begun")
            .field("scopes", &self.scopes)
            .field("redirect_uri", &self.redirect_uri)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl Authorizations {
    /// Begins an authorization.
    ///
    /// # Errors
    /// `NotFound` (integration, profile), `Denied` (no callback URL, an endpoint that is not allowed), what the
    /// plugin gives.
    pub fn begin(self: &Arc<Self>, authorize: &Authorize) -> Result<Begun> {
        let Prepared { plugin, profile, scopes, before } = self.prepare(authorize)?;
        let endpoint = profile.authorization_url.url()?;
        self.egress.endpoint(&endpoint, profile.id.as_str())?;
        let step = AuthorizationStep::Begin { scopes: scopes.clone() };
        let (outcome, _) = plugin.authorize(self.context(&plugin), profile.id.as_str(), step);
        let AuthorizationOutcome::Redirect(extra) = outcome? else {
            return Err(Failure::internal(
                "The plugin answered to the beginning of an authorization with its end.",
            ));
        };
        let redirect_uri = self.callbacks.redirect_uri(&authorize.integration, &authorize.profile)?;
        let pending = PendingAuthorization {
            workspace: authorize.workspace.clone(),
            integration: authorize.integration.clone(),
            profile: authorize.profile.clone(),
            user: authorize.user.clone(),
            redirect_uri: redirect_uri.clone(),
            scopes: scopes.clone(),
            site: authorize.site.clone().or_else(|| {
                before.filter(|_| !authorize.another_account).and_then(|before| Some(before.site?.id))
            }),
            tenant: authorize.tenant.clone(),
            reconnect: authorize.reconnect.clone(),
            another_account: authorize.another_account,
            session: authorize.session.clone(),
            browser: authorize.browser.as_ref().map(Browser::fingerprint),
            expires_at: self.pending_expiry()?,
        };
        let (challenge, verifier) = match profile.pkce {
            Pkce::S256 => {
                let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
                (Some(challenge), Some(SecretString::from(verifier.into_secret())))
            }
            Pkce::Unsupported => (None, None),
        };
        let extra = checked_extra(&profile, &endpoint, extra)?;
        let state = self.put_pending(&pending, verifier.as_ref())?;
        let authorization_url =
            consent_url(&profile, endpoint, &redirect_uri, &scopes, state, challenge, &extra)?;
        Ok(Begun {
            authorization_url,
            scopes,
            redirect_uri,
            additional_fields: profile.additional_fields,
            expires_at: pending.expires_at,
        })
    }

    /// What an authorization is begun with, as it is known before anybody is asked.
    ///
    /// # Errors
    /// `NotFound` (integration, profile, connection); `InvalidInput` (a profile of another integration, a tenant that
    /// does not fit); `Denied` where it may not be connected here.
    pub(super) fn prepare(&self, authorize: &Authorize) -> Result<Prepared> {
        let plugin = self.approved_plugin(&authorize.integration)?;
        let profile =
            self.profile_for(&authorize.workspace, &authorize.profile, authorize.tenant.as_deref())?;
        if profile.integration != authorize.integration {
            return Err(other_integration(&profile.id, &profile.integration));
        }
        let user = authorize.user.as_deref();
        self.check_may_connect(&authorize.workspace, plugin.manifest(), user)?;
        let before = authorize.reconnect.as_ref().map(|id| self.reconnecting(authorize, id)).transpose()?;
        let scopes = self.scopes_to_ask(&authorize.workspace, user, &profile, plugin.manifest())?;
        Ok(Prepared { plugin, profile, scopes, before })
    }
}

/// What an authorization is begun with.
pub(super) struct Prepared {
    pub(super) plugin: Plugin,
    /// Its URLs are filled.
    pub(super) profile: Profile,
    /// The scopes to ask for.
    pub(super) scopes: Vec<String>,
    /// The connection that is authorized again.
    pub(super) before: Option<Connection>,
}

impl Authorizations {
    /// The connection that is authorized again, which must be of the same profile and person.
    fn reconnecting(&self, authorize: &Authorize, id: &ConnectionId) -> Result<Connection> {
        let connection = self.connection(&authorize.workspace, id)?;
        let is_theirs = connection.integration == authorize.integration && connection.user == authorize.user;
        if !is_theirs || connection.proof != Proof::OAuth2 {
            return Err(connection::unknown(id));
        }
        if connection.profile == authorize.profile && connection.tenant == authorize.tenant {
            return Ok(connection);
        }
        Err(Failure::new(
            FailureKind::InvalidInput,
            "other-profile",
            format!("The connection {id} was made with the profile \"{}\".", connection.profile),
        )
        .hint("Authorize it again with its own profile and tenant, or add a connection."))
    }
}

/// The parameters beside the standard's: those of the profile that its URL does not have, and the plugin's.
fn checked_extra(
    profile: &Profile,
    endpoint: &Url,
    plugins: Vec<(String, String)>,
) -> Result<Vec<(String, String)>> {
    let own: Vec<(Cow<'_, str>, Cow<'_, str>)> = endpoint.query_pairs().collect();
    let mut extra: Vec<(String, String)> = Vec::new();
    let in_url = |name: &str| own.iter().any(|(known, _)| known == name);
    let fields = profile.fields(FieldPlace::Query).map(|(name, value)| (name.to_owned(), value.to_owned()));
    for (name, value) in fields.chain(profile.authorization_parameters.iter().cloned()).chain(plugins) {
        if !in_url(&name) && !extra.iter().any(|(known, _)| *known == name) {
            extra.push((name, value));
        }
    }
    let named = own.iter().map(|(name, _)| name.as_ref()).chain(extra.iter().map(|(name, _)| name.as_str()));
    match named.into_iter().find(|name| is_reserved(name)) {
        Some(name) => Err(Failure::new(
            FailureKind::Denied,
            "reserved-parameter",
            format!("Profile and plugin may not set \"{name}\" of the authorization request."),
        )),
        None => Ok(extra),
    }
}

fn consent_url(
    profile: &Profile,
    endpoint: Url,
    redirect_uri: &str,
    scopes: &[String],
    state: CsrfToken,
    challenge: Option<PkceCodeChallenge>,
    extra: &[(String, String)],
) -> Result<Url> {
    let redirect = RedirectUrl::new(redirect_uri.to_owned()).map_err(|_| bad_redirect(redirect_uri))?;
    let client = oauth2::basic::BasicClient::new(ClientId::new(profile.client_id.clone()))
        .set_auth_uri(AuthUrl::from_url(endpoint))
        .set_redirect_uri(redirect);
    let mut request = client.authorize_url(|| state).add_scopes(scopes.iter().cloned().map(Scope::new));
    for (name, value) in extra {
        request = request.add_extra_param(name, value);
    }
    if let Some(challenge) = challenge {
        request = request.set_pkce_challenge(challenge);
    }
    let (mut url, _) = request.url();
    // A literal plus is encoded as %2B, so every plus that is left is a space, which vendors document as %20.
    let query = url.query().map(|query| query.replace('+', "%20"));
    url.set_query(query.as_deref());
    Ok(url)
}

fn bad_redirect(redirect_uri: &str) -> Failure {
    Failure::new(
        FailureKind::InvalidInput,
        "bad-redirect-uri",
        format!("The callback URL \"{redirect_uri}\" is no URL."),
    )
}
