//! The person came back.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use secrecy::ExposeSecret as _;
use url::Url;

use crate::failure::{Failure, FailureKind, Result, plain_text};
use crate::ids::{ConnectionId, IntegrationId, ProfileId, WorkspaceId};
use crate::runtime::{
    Authority, AuthorizationOutcome, AuthorizationStep, CallContext, Granted, Plugin, Site,
};
use crate::secret::SecretString;

use super::Authorizations;
use super::activation::Identity;
use super::broker::{CodeExchange, StoredGrant};
use super::browser::Browser;
use super::connection::{self, Connection, ConnectionStatus, OfferedSite};
use super::pending::{Taken, refused};
use super::probe::{Probed, not_reachable};
use super::profile::Profile;
use super::sites;

/// The longest that the vendor may take to say whether the site is reached: a person waits for it.
const LONGEST_PROBE: Duration = Duration::from_secs(20);

/// Says where people come back to: the one URL that is registered with the vendor.
pub trait CallbackRouter: Send + Sync {
    /// The redirect URI (RFC 6749 section 3.1.2) of a profile, as it is registered, to the letter.
    ///
    /// # Errors
    /// `Denied` where nobody takes callbacks.
    fn redirect_uri(&self, integration: &IntegrationId, profile: &ProfileId) -> Result<String>;

    /// The page of the link with this token.
    ///
    /// # Errors
    /// `Denied` where nobody serves such pages.
    fn link_url(&self, token: &str) -> Result<Url> {
        let _ = token;
        Err(Failure::new(FailureKind::Denied, "no-links", "This host has no page for links.")
            .hint("Set public-url in config.toml, or give the host a callback router that has pages, such as PublicUrl."))
    }
}

/// The router of a host that was given none: nobody can be authorized.
#[derive(Debug, Clone, Copy, Default)]
pub struct DenyCallbackRouter;

impl CallbackRouter for DenyCallbackRouter {
    fn redirect_uri(&self, _: &IntegrationId, _: &ProfileId) -> Result<String> {
        Err(Failure::new(FailureKind::Denied, "no-callback", "This host takes no callbacks.")
            .hint("Give the host a callback router, such as FixedCallback."))
    }
}

/// One URL for everything, which is all that most vendors allow.
#[derive(Debug, Clone)]
pub struct FixedCallback(pub String);

impl CallbackRouter for FixedCallback {
    fn redirect_uri(&self, _: &IntegrationId, _: &ProfileId) -> Result<String> {
        Ok(self.0.clone())
    }
}

/// What a callback says (RFC 6749 sections 4.1.2 and 4.1.2.1).
pub(crate) struct Callback {
    pub(crate) state: SecretString,
    pub(crate) code: Option<SecretString>,
    error: Option<String>,
    description: Option<String>,
    issuer: Option<String>,
    /// What the plugin gets.
    pub(crate) rest: Vec<(String, String)>,
}

impl Callback {
    /// Reads a callback's query. A parameter that comes twice could be read in two ways, and is refused.
    pub(crate) fn parse(query: &str) -> Result<Self> {
        let (mut state, mut code, mut error, mut description, mut issuer) = (None, None, None, None, None);
        let mut rest = Vec::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let slot = match name.as_ref() {
                "state" => &mut state,
                "code" => &mut code,
                "error" => &mut error,
                "error_description" => &mut description,
                "iss" => &mut issuer,
                _ => {
                    rest.push((name.into_owned(), value.into_owned()));
                    continue;
                }
            };
            if slot.replace(value.into_owned()).is_some() {
                return Err(refused("callback-ambiguous", "The callback says the same thing twice."));
            }
        }
        let state = state.filter(|state| !state.is_empty()).ok_or_else(|| {
            refused("state-missing", "The callback does not say which authorization it belongs to.")
        })?;
        let code = code.filter(|code| !code.is_empty()).map(SecretString::from);
        Ok(Self { state: state.into(), code, error, description, issuer, rest })
    }
}

/// A callback that belongs to an authorization that was begun here, which is now taken: it comes once.
pub(crate) struct Recognised {
    taken: Taken,
    callback: Callback,
}

impl Authorizations {
    /// Takes a callback: its query, as it arrived, and the browser that brought it, if it has a cookie. The
    /// connection that it returns works.
    ///
    /// A wrong, absent, replayed or expired state is refused before any token request.
    ///
    /// # Errors
    /// `AuthorizationRequired` (begin again), `AccessDenied` (the person said no), `InvalidInput` (several sites,
    /// listed: see [`Authorizations::finish`]), `BadClientCredentials`, and what the plugin and the token endpoint
    /// give.
    pub fn handle_callback(self: &Arc<Self>, query: &str, browser: Option<&Browser>) -> Result<Connection> {
        self.complete(self.recognise(query, browser)?)
    }

    /// Finds the authorization that a callback belongs to, and takes it out of the store.
    ///
    /// # Errors
    /// `AuthorizationRequired`: anybody can call, and this was nobody who is waited for.
    pub(crate) fn recognise(&self, query: &str, browser: Option<&Browser>) -> Result<Recognised> {
        let callback = Callback::parse(query)?;
        let taken = self.take_pending(callback.state.expose_secret(), browser)?;
        Ok(Recognised { taken, callback })
    }

    /// Carries a recognised callback through: exchange, sites, connection.
    pub(crate) fn complete(self: &Arc<Self>, recognised: Recognised) -> Result<Connection> {
        let pending = &recognised.taken.pending;
        let (workspace, session) = (pending.workspace.clone(), pending.session.clone());
        let result = self.carried_through(recognised);
        self.session_ended(&workspace, session.as_ref(), &result);
        result
    }

    fn carried_through(self: &Arc<Self>, recognised: Recognised) -> Result<Connection> {
        let Recognised { taken: Taken { pending, verifier }, callback } = recognised;
        let profile = self.profile_for(&pending.workspace, &pending.profile, pending.tenant.as_deref())?;
        check_issuer(&profile, callback.issuer.as_deref())?;
        if let Some(error) = callback.error {
            return Err(declined(&error, callback.description.as_deref()));
        }
        let code = callback
            .code
            .ok_or_else(|| refused("code-missing", "The callback carries neither a code nor an error."))?;
        let plugin = self.approved_plugin(&pending.integration)?;
        // It may have been disabled while the person was away.
        self.check_may_connect(&pending.workspace, plugin.manifest(), pending.user.as_deref())?;
        let oauth2 = plugin.manifest().oauth2();
        let exchange = Arc::new(CodeExchange {
            authorizations: Arc::clone(self),
            client_secret: self.client_secret(&pending.workspace, &pending.profile)?,
            token_errors: oauth2.map(|oauth2| oauth2.token_errors.clone()).unwrap_or_default(),
            pending: pending.clone(),
            profile,
            verifier,
            code: Mutex::new(Some(code)),
            stored: Mutex::default(),
        });
        let mut context = self.context(&plugin);
        context.tokens = Some(exchange.clone());
        let step = AuthorizationStep::Callback { parameters: callback.rest };
        let result = self.take_step(&plugin, &context, &pending.workspace, pending.site.as_deref(), step);
        let result = result.and_then(|settled| match exchange.stored() {
            Some(id) => self.activate_granted(&pending.workspace, &id, settled).map(Some),
            None => Ok(None),
        });
        match (result, exchange.stored()) {
            (Ok(Some(connection)), _) => Ok(connection),
            (Ok(None), _) => {
                Err(Failure::internal("The plugin granted a connection without exchanging the code."))
            }
            (Err(failure), Some(id)) => {
                if !may_be_finished(&failure) {
                    self.remove_connection(&self.connection(&pending.workspace, &id)?)?;
                }
                Err(failure)
            }
            (Err(failure), None) => Err(failure),
        }
    }

    /// Finishes an authorization whose tokens are stored and which waits for its site, or was interrupted: no new
    /// consent is needed. `site` is a name, URL or id.
    ///
    /// # Errors
    /// `NotFound`; `InvalidInput` (it waits for nothing, or for a site that is not named); what the plugin gives.
    pub fn finish(
        self: &Arc<Self>,
        workspace: &WorkspaceId,
        id: &ConnectionId,
        site: Option<&str>,
    ) -> Result<Connection> {
        let connection = self.connection(workspace, id)?;
        if connection.status != ConnectionStatus::AwaitingSite {
            return Err(Failure::new(
                FailureKind::InvalidInput,
                "nothing-to-finish",
                format!("The connection {id} waits for nothing."),
            ));
        }
        let plugin = self.approved_plugin(&connection.integration)?;
        self.check_may_connect(workspace, plugin.manifest(), connection.user.as_deref())?;
        let session = connection.intent.session.clone();
        let mut context = self.context(&plugin);
        context.tokens = Some(Arc::new(StoredGrant::new(self, connection)));
        let step = AuthorizationStep::Callback { parameters: Vec::new() };
        let settled = self.take_step(&plugin, &context, workspace, site, step)?;
        let connection = self.activate_granted(workspace, id, settled)?;
        self.session_ended(workspace, session.as_ref(), &Ok(connection.clone()));
        Ok(connection)
    }

    /// The connection that waits for its site and was begun in this browser.
    ///
    /// # Errors
    /// `NotFound`, also of one that was begun elsewhere: another browser is not told that it is there.
    pub fn waiting_in(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionId,
        browser: &Browser,
    ) -> Result<Connection> {
        let connection = self.connection(workspace, id)?;
        let is_theirs = connection.status == ConnectionStatus::AwaitingSite
            && connection.intent.browser.as_deref().is_some_and(|began| browser.is(began));
        if is_theirs { Ok(connection) } else { Err(connection::unknown(id)) }
    }

    /// Runs a step, and the choice of a site where the person said one, and asks the vendor whether the site is really
    /// reached.
    fn take_step(
        self: &Arc<Self>,
        plugin: &Plugin,
        context: &CallContext,
        workspace: &WorkspaceId,
        site: Option<&str>,
        step: AuthorizationStep,
    ) -> Result<Settled> {
        let profile = context.tokens.as_ref().map(|tokens| tokens.profile()).unwrap_or_default();
        let (outcome, _) = plugin.authorize(context.clone(), &profile, step);
        let granted = match outcome? {
            AuthorizationOutcome::Granted(granted) => granted,
            AuthorizationOutcome::Choose { connection, sites } => {
                let offered = self.offered(plugin, &connection, sites);
                let chosen = self.chosen(workspace, connection.as_ref(), offered, site)?;
                let step = AuthorizationStep::ChooseSite { connection, site: chosen };
                let (outcome, _) = plugin.authorize(context.clone(), &profile, step);
                match outcome? {
                    AuthorizationOutcome::Granted(granted) => granted,
                    _ => return Err(Failure::internal("The plugin did not take the chosen site.")),
                }
            }
            AuthorizationOutcome::Redirect(_) => {
                return Err(Failure::internal("The plugin answered to a callback with a redirect."));
            }
        };
        if let (Some(only), Some(said)) = (&granted.site, site) {
            sites::the_one_said(std::slice::from_ref(only), said)?;
        }
        let identity = self.identity_at(plugin, &granted)?;
        Ok(Settled { granted, identity })
    }

    /// The site that the person said among those that are offered, which are kept for the next try.
    fn chosen(
        &self,
        workspace: &WorkspaceId,
        connection: &dyn Authority,
        offered: Vec<OfferedSite>,
        said: Option<&str>,
    ) -> Result<Site> {
        let failure = match sites::chosen(&offered, said) {
            Ok(chosen) => return Ok(chosen),
            Err(failure) => failure,
        };
        let id = ConnectionId::new(connection.facts().id)?;
        self.changed(workspace, &id, |connection| {
            Ok(Connection { offered_sites: offered.clone(), ..connection })
        })?;
        Err(failure.waiting(workspace.clone(), id))
    }

    /// Whose account was granted, once the vendor has answered for the site.
    fn identity_at(&self, plugin: &Plugin, granted: &Granted) -> Result<Identity> {
        let deadline = Instant::now() + self.limits(&plugin.manifest().id).wall_clock.min(LONGEST_PROBE);
        match self.probe_at(plugin, &granted.connection, granted.site.as_ref(), deadline)? {
            Some(Probed::Reached(account)) => Ok(Identity { account, unclear: None }),
            Some(Probed::NotReached | Probed::Refused) => Err(not_reachable(granted.site.as_ref())),
            // Nothing is known against the site.
            Some(Probed::Unclear(failure)) => Ok(Identity { account: None, unclear: Some(failure) }),
            None => Ok(Identity::default()),
        }
    }

    fn activate_granted(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionId,
        settled: Settled,
    ) -> Result<Connection> {
        let Settled { granted, identity } = settled;
        if granted.connection.facts().id != id.as_str() {
            return Err(Failure::internal("The plugin granted another connection than it was given."));
        }
        self.activate(workspace, id, granted.site, granted.attributes, identity)
    }
}

/// A grant whose site and account are known.
struct Settled {
    granted: Granted,
    identity: Identity,
}

/// A callback of another authorization server than the person was sent to is an attack: its code would be sent to the
/// wrong one (RFC 9700 section 4.4).
fn check_issuer(profile: &Profile, said: Option<&str>) -> Result<()> {
    match &profile.issuer {
        Some(issuer) if said != Some(issuer.as_str()) => Err(refused(
            "other-issuer",
            "The callback does not come from the authorization server that the person was sent to.",
        )),
        _ => Ok(()),
    }
}

/// Whether the grant is worth keeping: a site must be named, or trouble says nothing of the grant. Its tokens stay
/// until the authorization expires.
fn may_be_finished(failure: &Failure) -> bool {
    failure.code.starts_with("site-")
        || matches!(
            failure.kind,
            FailureKind::Internal
                | FailureKind::TimedOut
                | FailureKind::Unreachable
                | FailureKind::LimitExceeded
                | FailureKind::RateLimited
                | FailureKind::Upstream
        )
}

fn declined(error: &str, description: Option<&str>) -> Failure {
    let said = plain_text(description.unwrap_or(error), 300);
    if error == "access_denied" {
        return Failure::new(
            FailureKind::AccessDenied,
            "consent-denied",
            format!("The consent was denied: {said}."),
        )
        .hint("Begin the authorization again and allow access.");
    }
    Failure::new(
        FailureKind::Upstream,
        "authorization-refused",
        format!("The authorization server refused ({}): {said}.", plain_text(error, 64)),
    )
    .hint("Check the profile's scopes, URLs and PKCE, and begin again.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(query: &str) -> String {
        match Callback::parse(query) {
            Ok(_) => "taken".to_owned(),
            Err(failure) => failure.code.into_owned(),
        }
    }

    #[test]
    fn a_callback_that_can_be_read_in_two_ways_is_refused() {
        assert_eq!(code("code=a&state=b"), "taken");
        assert_eq!(code("code=a&code=b&state=c"), "callback-ambiguous");
        assert_eq!(code("code=a&state=b&state=b"), "callback-ambiguous");
        assert_eq!(code("code=a"), "state-missing");
        assert_eq!(code("code=a&state="), "state-missing");
        assert_eq!(code("state=a"), "taken", "what else is missing is said once the state is known");
        assert_eq!(code(""), "state-missing");
        assert_eq!(code("%ff%00&=&&"), "state-missing");
    }
}
