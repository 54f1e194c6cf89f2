//! The person came back.

use std::sync::{Arc, Mutex};

use secrecy::ExposeSecret as _;
use url::Url;

use crate::failure::{Failure, FailureKind, Result, plain_text};
use crate::ids::{ConnectionId, IntegrationId, ProfileId, WorkspaceId};
use crate::runtime::{AuthorizationOutcome, AuthorizationStep, CallContext, Granted, Plugin, Site};
use crate::secret::SecretString;
use crate::vault::Expect;

use super::Authorizations;
use super::broker::{CodeExchange, StoredGrant};
use super::browser::Browser;
use super::connection::{Connection, ConnectionStatus};
use super::pending::{Taken, refused};

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
            .hint("Give the host a callback router that has one, such as PublicUrl."))
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
struct Callback {
    state: SecretString,
    code: Option<SecretString>,
    error: Option<String>,
    description: Option<String>,
    rest: Vec<(String, String)>,
}

impl Callback {
    /// Reads a callback's query. A parameter that comes twice could be read in two ways, and is refused.
    fn parse(query: &str) -> Result<Self> {
        let (mut state, mut code, mut error, mut description) = (None, None, None, None);
        let mut rest = Vec::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let slot = match name.as_ref() {
                "state" => &mut state,
                "code" => &mut code,
                "error" => &mut error,
                "error_description" => &mut description,
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
        Ok(Self { state: state.into(), code, error, description, rest })
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
        let Recognised { taken: Taken { pending, verifier }, callback } = recognised;
        if let Some(error) = callback.error {
            return Err(declined(&error, callback.description.as_deref()));
        }
        let code = callback
            .code
            .ok_or_else(|| refused("code-missing", "The callback carries neither a code nor an error."))?;
        let plugin = self.plugin(&pending.integration)?;
        let profile = self.profile_for(&pending.workspace, &pending.profile, pending.tenant.as_deref())?;
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
        let mut context = self.context();
        context.tokens = Some(exchange.clone());
        let step = AuthorizationStep::Callback { parameters: callback.rest };
        let result = take_step(&plugin, &context, &pending.profile, pending.site.as_deref(), step);
        match (result, exchange.stored()) {
            (Ok(granted), Some(id)) => self.activate(&pending.workspace, &id, granted),
            (Ok(_), None) => {
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
        let plugin = self.plugin(&connection.integration)?;
        let profile = connection.profile.clone();
        let mut context = self.context();
        context.tokens = Some(Arc::new(StoredGrant::new(self, connection)));
        let step = AuthorizationStep::Callback { parameters: Vec::new() };
        let granted = take_step(&plugin, &context, &profile, site, step)?;
        self.activate(workspace, id, granted)
    }

    /// Makes the stored connection the working one of its workspace, profile, user and site.
    ///
    /// A vendor holds one grant per client and account: the tokens of an earlier connection to the same site by the
    /// same profile for the same user are dead, and it goes in the same write.
    fn activate(&self, workspace: &WorkspaceId, id: &ConnectionId, granted: Granted) -> Result<Connection> {
        let (connection, generation) = self.stored_connection(workspace, id)?;
        if granted.connection.facts().id != connection.id.as_str() {
            return Err(Failure::internal("The plugin granted another connection than it was given."));
        }
        let mut active = connection.working(self.clock.now()?);
        active.site = granted.site;
        active.attributes = granted.attributes;
        active.given_up_at = None;
        let site = |connection: &Connection| connection.site.as_ref().map(|site| site.id.clone());
        let mut others = self.connections(workspace)?;
        others.retain(|other| {
            other.id != active.id
                && other.integration == active.integration
                && other.profile == active.profile
                && other.user == active.user
                && other.tenant == active.tenant
                && other.status != ConnectionStatus::AwaitingSite
                && site(other) == site(&active)
        });
        self.replace_connections(&others, &active, Expect::Generation(generation))?;
        Ok(active)
    }
}

/// Runs a step, and the choice of a site where the person said one.
fn take_step(
    plugin: &Plugin,
    context: &CallContext,
    profile: &ProfileId,
    site: Option<&str>,
    step: AuthorizationStep,
) -> Result<Granted> {
    let (outcome, _) = plugin.authorize(context.clone(), profile.as_str(), step);
    let (connection, sites) = match outcome? {
        AuthorizationOutcome::Granted(granted) => return Ok(granted),
        AuthorizationOutcome::Choose { connection, sites } => (connection, sites),
        AuthorizationOutcome::Redirect(_) => {
            return Err(Failure::internal("The plugin answered to a callback with a redirect."));
        }
    };
    let step = AuthorizationStep::ChooseSite { connection, site: chosen(&sites, site)? };
    let (outcome, _) = plugin.authorize(context.clone(), profile.as_str(), step);
    match outcome? {
        AuthorizationOutcome::Granted(granted) => Ok(granted),
        _ => Err(Failure::internal("The plugin did not take the chosen site.")),
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
    .hint("Check the profile's scopes and URLs, and begin again.")
}

/// The site that the person said, by id, URL, host or name. None is ever taken unasked.
fn chosen(sites: &[Site], said: Option<&str>) -> Result<Site> {
    let list =
        || sites.iter().map(|site| format!("{} ({})", site.name, site.url)).collect::<Vec<_>>().join(", ");
    let several = |code: &'static str, message: String| {
        Failure::new(FailureKind::InvalidInput, code, message)
            .hint("Authorize again and name the site, with --site. The consent is kept for half an hour.")
    };
    let Some(said) = said else {
        return Err(several(
            "site-required",
            format!("The account reaches {} sites, and one must be named: {}.", sites.len(), list()),
        ));
    };
    let wanted = said.trim().trim_end_matches('/');
    let fits = |site: &&Site| {
        let host = url::Url::parse(&site.url).ok().and_then(|url| url.host_str().map(str::to_owned));
        site.id == wanted
            || site.name.eq_ignore_ascii_case(wanted)
            || site.url.eq_ignore_ascii_case(wanted)
            || host.is_some_and(|host| host.eq_ignore_ascii_case(wanted))
    };
    let mut found = sites.iter().filter(fits);
    match (found.next(), found.next()) {
        (Some(site), None) => Ok(site.clone()),
        (Some(_), Some(_)) => {
            Err(several("site-ambiguous", format!("\"{said}\" fits several sites: {}.", list())))
        }
        (None, _) => Err(several(
            "site-unknown",
            format!("The account does not reach \"{said}\". It reaches: {}.", list()),
        )),
    }
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

    /// AUTH-16
    #[test]
    fn of_several_sites_none_is_taken_unasked() {
        let site = |id: &str, name: &str| Site {
            id: id.into(),
            name: name.into(),
            url: format!("https://{name}.example"),
        };
        let sites = [site("1", "docs"), site("2", "team")];
        let failure = chosen(&sites, None).unwrap_err();
        assert_eq!(failure.code, "site-required");
        assert!(
            failure.message.contains("https://docs.example")
                && failure.message.contains("https://team.example")
        );
        for said in ["2", "TEAM", "https://team.example/", "Team.Example"] {
            assert_eq!(chosen(&sites, Some(said)).unwrap().id, "2", "{said}");
        }
        assert_eq!(chosen(&sites, Some("other")).unwrap_err().code, "site-unknown");
    }
}
