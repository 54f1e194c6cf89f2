//! The person came back.

use std::sync::{Arc, Mutex};

use crate::failure::{Failure, FailureKind, Result, plain_text};
use crate::ids::{ConnectionId, IntegrationId, ProfileId};
use crate::runtime::{AuthorizationOutcome, AuthorizationStep, CallContext, Granted, Plugin, Site};
use crate::secret::SecretString;
use crate::vault::Expect;

use super::Authorizations;
use super::broker::CodeExchange;
use super::connection::Connection;
use super::pending::{PendingAuthorization, Taken, refused};

/// Says where people come back to: the one URL that is registered with the vendor.
pub trait CallbackRouter: Send + Sync {
    /// The redirect URI (RFC 6749 section 3.1.2) of a profile, as it is registered, to the letter.
    ///
    /// # Errors
    /// `Denied` where nobody takes callbacks.
    fn redirect_uri(&self, integration: &IntegrationId, profile: &ProfileId) -> Result<String>;
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
    answer: Answer,
}

enum Answer {
    Code { code: SecretString, rest: Vec<(String, String)> },
    Error { error: String, description: Option<String> },
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
        let answer = match (code.filter(|code| !code.is_empty()), error) {
            (_, Some(error)) => Answer::Error { error, description },
            (Some(code), None) => Answer::Code { code: code.into(), rest },
            (None, None) => {
                return Err(refused("code-missing", "The callback carries neither a code nor an error."));
            }
        };
        Ok(Self { state: state.into(), answer })
    }
}

impl Authorizations {
    /// Takes a callback: its query, as it arrived. The connection that it returns is active.
    ///
    /// A wrong, absent, replayed or expired state is refused before any token request.
    ///
    /// # Errors
    /// `AuthorizationRequired` (begin again), `AccessDenied` (the person said no), `InvalidInput` (several sites,
    /// listed), `BadClientCredentials`, and what the plugin and the token endpoint give.
    pub fn handle_callback(self: &Arc<Self>, query: &str) -> Result<Connection> {
        let callback = Callback::parse(query)?;
        let taken = self.take_pending(secrecy::ExposeSecret::expose_secret(&callback.state))?;
        match callback.answer {
            Answer::Error { error, description } => Err(declined(&error, description.as_deref())),
            Answer::Code { code, rest } => self.complete(taken, code, rest),
        }
    }

    fn complete(
        self: &Arc<Self>,
        taken: Taken,
        code: SecretString,
        rest: Vec<(String, String)>,
    ) -> Result<Connection> {
        let Taken { pending, verifier } = taken;
        let plugin = self.plugin(&pending.integration)?;
        let profile = self.profile(&pending.workspace, &pending.profile)?;
        let exchange = Arc::new(CodeExchange {
            authorizations: Arc::clone(self),
            client_secret: self.client_secret(&pending.workspace, &pending.profile)?,
            token_errors: plugin
                .manifest()
                .oauth2()
                .map(|oauth2| oauth2.token_errors.clone())
                .unwrap_or_default(),
            pending: pending.clone(),
            profile,
            verifier,
            code: Mutex::new(Some(code)),
            stored: Mutex::default(),
        });
        let mut context = self.context();
        context.tokens = Some(exchange.clone());
        let step = AuthorizationStep::Callback { parameters: rest };
        let result = self.take_step(&plugin, &context, &pending, step);
        match (result, exchange.stored()) {
            (Ok(granted), Some(id)) => self.activate(&pending, &id, granted),
            (Ok(_), None) => {
                Err(Failure::internal("The plugin granted a connection without exchanging the code."))
            }
            (Err(failure), Some(id)) => {
                if !may_be_finished_later(&failure) {
                    self.remove_connection(&self.connection(&pending.workspace, &id)?)?;
                }
                Err(failure)
            }
            (Err(failure), None) => Err(failure),
        }
    }

    /// Runs a step, and the choice of a site where the person said one beforehand.
    fn take_step(
        &self,
        plugin: &Plugin,
        context: &CallContext,
        pending: &PendingAuthorization,
        step: AuthorizationStep,
    ) -> Result<Granted> {
        let (outcome, _) = plugin.authorize(context.clone(), pending.profile.as_str(), step);
        match outcome? {
            AuthorizationOutcome::Granted(granted) => Ok(granted),
            AuthorizationOutcome::Choose { connection, sites } => {
                let site = chosen(&sites, pending.site.as_deref())?;
                let step = AuthorizationStep::ChooseSite { connection, site };
                let (outcome, _) = plugin.authorize(context.clone(), pending.profile.as_str(), step);
                match outcome? {
                    AuthorizationOutcome::Granted(granted) => Ok(granted),
                    _ => Err(Failure::internal("The plugin did not take the chosen site.")),
                }
            }
            AuthorizationOutcome::Redirect(_) => {
                Err(Failure::internal("The plugin answered to a callback with a redirect."))
            }
        }
    }

    /// Makes the stored connection the active one of its workspace, profile, user and site.
    fn activate(
        &self,
        pending: &PendingAuthorization,
        id: &ConnectionId,
        granted: Granted,
    ) -> Result<Connection> {
        let (connection, generation) = self.stored_connection(&pending.workspace, id)?;
        if granted.connection.facts().id != connection.id.as_str() {
            return Err(Failure::internal("The plugin granted another connection than it was given."));
        }
        let mut active = connection.working(self.clock.now()?);
        active.site = granted.site;
        active.attributes = granted.attributes;
        active.given_up_at = None;
        self.put_connection(&active, None, Expect::Generation(generation))?;
        self.remove_predecessors(&active)?;
        Ok(active)
    }

    /// A vendor holds one grant per client and account: the tokens of an earlier connection to the same site by
    /// the same profile for the same user are dead, and it goes.
    fn remove_predecessors(&self, active: &Connection) -> Result<()> {
        let site = |connection: &Connection| connection.site.as_ref().map(|site| site.id.clone());
        for other in self.connections(&active.workspace)? {
            let same = other.id != active.id
                && other.integration == active.integration
                && other.profile == active.profile
                && other.user == active.user
                && site(&other) == site(active);
            if same {
                self.remove_connection(&other)?;
            }
        }
        Ok(())
    }
}

/// Trouble that says nothing of the grant: its tokens stay until the authorization expires.
fn may_be_finished_later(failure: &Failure) -> bool {
    matches!(
        failure.kind,
        FailureKind::Internal | FailureKind::TimedOut | FailureKind::Unreachable | FailureKind::LimitExceeded
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
            .hint("Authorize again and name the site, with --site.")
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
        assert_eq!(code("state=a"), "code-missing");
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
