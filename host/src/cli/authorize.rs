//! `actionbay authorize`

use std::io::IsTerminal as _;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::connections::details;
use super::home::{Home, HostSettings};
use super::output::{Output, time};
use crate::authorization::{self, Begun, Connect, Connection, ConnectionStatus, Profile, Usual};
use crate::clock::{Clock as _, SystemClock};
use crate::failure::{Failure, FailureKind, Result};
use crate::host::Host;
use crate::ids::{ConnectionId, IntegrationId, ProfileId, WorkspaceId};
use crate::runtime::Plugin;
use crate::secret::SecretString;
use crate::service::{Listener, serve_callback};

/// The port of the callback URL. Vendors compare the URL to the letter, so it is the same every time.
pub(super) const CALLBACK_PORT: u16 = 8976;

/// The variable that holds a profile's client secret.
const CLIENT_SECRET: &str = "ACTIONBAY_CLIENT_SECRET";

/// The variable that holds the secret of a method other than OAuth 2.0.
const API_TOKEN: &str = "ACTIONBAY_API_TOKEN";

/// Connect an account: a person allows access on the vendor's page
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  actionbay authorize INTEGRATION --client-id ID     asks for the client secret, or takes ACTIONBAY_CLIENT_SECRET
  actionbay authorize INTEGRATION                    again, with the profile of the first time
  actionbay authorize INTEGRATION --connection c-0f3a…        the same account, for a connection that no longer works
  actionbay authorize INTEGRATION --user ann --link           a link to pass on, for a running `actionbay serve`
  actionbay authorize INTEGRATION --method api-token --username ann@example.com --tenant acme
  actionbay authorize INTEGRATION --sandbox http://127.0.0.1:8977

Register http://localhost:8976/callback as the callback URL of your app at the vendor first.")]
pub(super) struct Authorize {
    /// The integration, or the path of its component
    integration: String,
    /// The profile: the client registration to use, made with --client-id
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// The client id of your app at the vendor; makes or replaces the profile
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    client_id: Option<String>,
    /// A scope to ask for, instead of the integration's own; may be given several times
    #[arg(long, value_name = "SCOPE", requires = "client_id")]
    scope: Vec<String>,
    /// The end user that the connection is for [default: it serves everybody]
    #[arg(long)]
    user: Option<String>,
    /// The site to work in, by name, URL or id, for accounts that reach several
    #[arg(long)]
    site: Option<String>,
    /// The tenant, for profiles with {tenant} in their URLs
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// The connection to authorize again [default: one is added, or that of the same account and site renewed]
    #[arg(long, value_name = "ID")]
    connection: Option<String>,
    /// Let the connection become one of another account or site than before
    #[arg(long, requires = "connection")]
    another_account: bool,
    /// Connect by another way than OAuth 2.0, one that the integration has; takes the secret from
    /// ACTIONBAY_API_TOKEN, or asks for it
    #[arg(long, value_name = "METHOD", requires = "username", conflicts_with_all = ["profile", "client_id", "site"])]
    method: Option<String>,
    /// The user name, for --method
    #[arg(long, value_name = "NAME", requires = "method")]
    username: Option<String>,
    /// Print a link for the person instead, which `actionbay serve` takes: good for half an hour, and once
    #[arg(long, conflicts_with_all = ["client_id", "method", "callback_port", "no_browser", "another_account"])]
    link: bool,
    /// Print the URL and do not open a browser
    #[arg(long)]
    no_browser: bool,
    /// The port of the callback URL [default: 8976; with --sandbox: any]
    #[arg(long, value_name = "PORT")]
    callback_port: Option<u16>,
    /// Connect to a sandbox on this machine and give consent by itself, for scripts
    #[cfg(feature = "sandbox")]
    #[arg(long, value_name = "URL", conflicts_with_all = ["client_id", "profile", "tenant"])]
    sandbox: Option<String>,
}

impl Authorize {
    pub(super) fn run(self, home: &Home, output: &Output) -> Result<()> {
        let plugin = home.plugin(&self.integration)?;
        #[cfg(feature = "sandbox")]
        if let Some(url) = &self.sandbox {
            let stand_in = super::sandbox::StandIn::new(url)?;
            let wish = super::sandbox::Wish {
                user: self.user,
                site: self.site,
                port: self.callback_port.unwrap_or(0),
                key: None,
            };
            let connection = stand_in.authorize(home, plugin, wish, output)?;
            return output.result(&connection, || details(&connection));
        }
        if self.link {
            return self.print_link(home, plugin, output);
        }
        let connection = match (&self.method, &self.username) {
            (Some(method), Some(username)) => self.with_secret(method, username, home, plugin, output)?,
            _ => self.with_person(home, plugin, output)?,
        };
        output.result(&connection, || details(&connection))
    }

    /// A link at which the person connects, to be passed on.
    fn print_link(self, home: &Home, plugin: Plugin, output: &Output) -> Result<()> {
        let (workspace, integration) = (home.workspace().clone(), plugin.manifest().id.clone());
        let host = home.host(HostSettings::new(vec![plugin], output))?;
        let link = match self.reconnect()? {
            Some(id) => host.link_to_renew(&host.connection(&workspace, &id)?)?,
            None => {
                let named = self.profile.map(ProfileId::new).transpose()?;
                let id = match (named, host.authorizations().usual_profile(&workspace, &integration)?) {
                    (Some(named), _) | (None, Usual::One(named)) => named,
                    (None, Usual::Unclear(_)) => ProfileId::new(integration.as_str())?,
                };
                known_profile(&host, &workspace, &id)?;
                let request = authorization::Authorize::new(workspace, integration, id);
                host.issue_link(&request.user(self.user).site(self.site).tenant(self.tenant))?
            }
        };
        output.result(&link, || format!("{}\n\nIt is good until {}.", link.url, time(link.expires_at)))
    }

    /// By a name and a secret that a person made at the vendor.
    fn with_secret(
        &self,
        method: &str,
        username: &str,
        home: &Home,
        plugin: Plugin,
        output: &Output,
    ) -> Result<Connection> {
        let integration = plugin.manifest().id.clone();
        let label = plugin.manifest().basic(method).map(|method| method.secret_label.clone());
        let secret = secret(API_TOKEN, "secret to connect with", label.as_deref().unwrap_or("Secret"))?;
        let host = home.host(HostSettings::new(vec![plugin], output))?;
        let connect = Connect::new(home.workspace().clone(), integration, method, username, secret);
        let reconnect = self.reconnect()?;
        let connect = connect.user(self.user.clone()).tenant(self.tenant.clone());
        host.connect(&connect.reconnect(reconnect, self.another_account))
    }

    fn reconnect(&self) -> Result<Option<ConnectionId>> {
        self.connection.clone().map(ConnectionId::new).transpose()
    }

    fn with_person(self, home: &Home, plugin: Plugin, output: &Output) -> Result<Connection> {
        let workspace = home.workspace().clone();
        let named = self.profile.clone().map(ProfileId::new).transpose()?;
        let integration = plugin.manifest().id.clone();
        let first = named.clone().map_or_else(|| ProfileId::new(integration.as_str()), Ok)?;
        let new_profile = self.new_profile(&first, &plugin)?;
        let reconnect = self.reconnect()?;
        let listener = Listener::bind(self.callback_port.unwrap_or(CALLBACK_PORT))?;
        let mut settings = HostSettings::new(vec![plugin], output);
        settings.redirect_uri = Some(listener.redirect_uri());
        let host = home.host(settings)?;
        if let Some(waiting) = self.waiting(&host, &workspace, &integration)? {
            return host.finish(&workspace, &waiting.id, self.site.as_deref());
        }
        let before = reconnect.as_ref().map(|id| host.connection(&workspace, id)).transpose()?;
        let id = match (new_profile, named, &before) {
            (Some((profile, secret)), ..) => {
                host.put_profile(&workspace, &profile, &secret)?;
                profile.id
            }
            (None, Some(named), _) => named,
            (None, None, Some(before)) => before.profile.clone(),
            (None, None, None) => match host.authorizations().usual_profile(&workspace, &integration)? {
                Usual::One(usual) => usual,
                Usual::Unclear(_) => first,
            },
        };
        known_profile(&host, &workspace, &id)?;
        let tenant = self.tenant.or_else(|| before.and_then(|before| before.tenant));
        let wish = authorization::Authorize::new(workspace, integration, id)
            .user(self.user)
            .site(self.site)
            .tenant(tenant)
            .reconnect(reconnect)
            .another_account(self.another_account);
        let begun = host.begin(&wish)?;
        announce(&begun, self.no_browser, output)?;
        serve_callback(listener, &host, patience(&begun)?)
    }

    /// The connection that waits for the site that is named now: it needs no new consent.
    fn waiting(
        &self,
        host: &Host,
        workspace: &WorkspaceId,
        integration: &IntegrationId,
    ) -> Result<Option<Connection>> {
        if self.site.is_none() || self.client_id.is_some() {
            return Ok(None);
        }
        let now = SystemClock.now()?;
        let waits = |connection: &Connection| {
            connection.status == ConnectionStatus::AwaitingSite
                && connection.integration == *integration
                && connection.user == self.user
                && connection.given_up_at.is_some_and(|at| now < at)
                && !connection.is_bound_to_browser()
                && connection.renews().map(ConnectionId::as_str) == self.connection.as_deref()
                && self.profile.as_deref().is_none_or(|profile| profile == connection.profile.as_str())
        };
        let mut waiting = host.connections(workspace)?;
        waiting.retain(waits);
        Ok(waiting.into_iter().max_by_key(|connection| connection.since))
    }

    fn new_profile(&self, id: &ProfileId, plugin: &Plugin) -> Result<Option<(Profile, SecretString)>> {
        let Some(client_id) = &self.client_id else { return Ok(None) };
        let profile = Profile::custom(id.clone(), plugin.manifest(), client_id)?.scopes(self.scope.clone());
        Ok(Some((profile, client_secret()?)))
    }
}

/// The client secret, from the environment, or asked for without echo.
pub(super) fn client_secret() -> Result<SecretString> {
    secret(CLIENT_SECRET, "client secret", "Client secret")
}

/// A secret from a variable, or asked for without echo.
fn secret(variable: &str, what: &str, label: &str) -> Result<SecretString> {
    if let Ok(secret) = std::env::var(variable) {
        return Ok(secret.into());
    }
    let missing = |why: &str| {
        let code = if variable == CLIENT_SECRET { "no-client-secret" } else { "no-secret" };
        Failure::new(FailureKind::InvalidInput, code, format!("There is no {what}: {why}."))
            .hint(format!("Set {variable}, or run this in a terminal to be asked for it."))
    };
    if !std::io::stdin().is_terminal() {
        return Err(missing("this is no terminal to ask for it"));
    }
    rpassword::prompt_password(format!("{label}: "))
        .map(SecretString::from)
        .map_err(|error| missing(&error.to_string()))
}

fn known_profile(host: &Host, workspace: &WorkspaceId, id: &ProfileId) -> Result<()> {
    if host.profiles(workspace)?.iter().any(|profile| profile.id == *id) {
        return Ok(());
    }
    Err(Failure::new(
        FailureKind::InvalidInput,
        "unknown-profile",
        format!("There is no profile \"{id}\" yet, so it is not known which app to connect with."),
    )
    .hint("Give the client id of your app at the vendor with --client-id."))
}

/// Tells the person where to go, and opens the page.
fn announce(begun: &Begun, no_browser: bool, output: &Output) -> Result<()> {
    if output.is_json() {
        output.result(&json!(begun), String::new)?;
    } else {
        for field in &begun.additional_fields {
            output.note(&format!("{}: {}", field.key, field.value));
        }
        output.note(&format!(
            "Open this page and allow access:\n\n  {}\n\nWaiting at {} …",
            begun.authorization_url, begun.redirect_uri
        ));
    }
    if !no_browser && webbrowser::open(begun.authorization_url.as_str()).is_err() {
        output.note("No browser could be opened; open the page yourself.");
    }
    Ok(())
}

/// How long the person may take.
pub(super) fn patience(begun: &Begun) -> Result<Duration> {
    Ok(Duration::from_secs(begun.expires_at.saturating_sub(SystemClock.now()?)))
}
