//! `actionbay authorize`

use std::io::IsTerminal as _;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::connections::details;
use super::home::{Home, HostSettings};
use super::output::Output;
use crate::authorization::{self, Begun, Connection, ConnectionStatus, Profile};
use crate::clock::{Clock as _, SystemClock};
use crate::failure::{Failure, FailureKind, Result};
use crate::host::Host;
use crate::ids::{ProfileId, WorkspaceId};
use crate::runtime::Plugin;
use crate::secret::SecretString;
use crate::service::{Listener, serve_callback};

/// The port of the callback URL. Vendors compare the URL to the letter, so it is the same every time.
pub(super) const CALLBACK_PORT: u16 = 8976;

/// The variable that holds a profile's client secret.
const CLIENT_SECRET: &str = "ACTIONBAY_CLIENT_SECRET";

/// Connect an account: a person allows access on the vendor's page
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  actionbay authorize INTEGRATION --client-id ID     asks for the client secret, or takes ACTIONBAY_CLIENT_SECRET
  actionbay authorize INTEGRATION                    again, with the profile of the first time
  actionbay authorize INTEGRATION --sandbox http://127.0.0.1:8977

Register http://localhost:8976/callback as the callback URL of your app at the vendor first.")]
pub(super) struct Authorize {
    /// The integration
    integration: String,
    /// The profile: the client registration to use, made with --client-id
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// The client id of your app at the vendor; makes or replaces the profile
    #[arg(long, value_name = "ID")]
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
        let connection = self.with_person(home, plugin, output)?;
        output.result(&connection, || details(&connection))
    }

    fn with_person(self, home: &Home, plugin: Plugin, output: &Output) -> Result<Connection> {
        let workspace = home.workspace().clone();
        let id = ProfileId::new(self.profile.clone().unwrap_or_else(|| self.integration.clone()))?;
        let new_profile = self.new_profile(&id, &plugin)?;
        let listener = Listener::bind(self.callback_port.unwrap_or(CALLBACK_PORT))?;
        let integration = plugin.manifest().id.clone();
        let mut settings = HostSettings::new(vec![plugin], output);
        settings.redirect_uri = Some(listener.redirect_uri());
        let host = home.host(settings)?;
        if let Some(waiting) = self.waiting(&host, &workspace)? {
            return host.finish(&workspace, &waiting.id, self.site.as_deref());
        }
        match new_profile {
            Some((profile, secret)) => host.put_profile(&workspace, &profile, &secret)?,
            None => known_profile(&host, &workspace, &id)?,
        }
        let wish = authorization::Authorize::new(workspace, integration, id);
        let begun = host.begin(&wish.user(self.user).site(self.site).tenant(self.tenant))?;
        announce(&begun, self.no_browser, output)?;
        serve_callback(listener, &host, patience(&begun)?)
    }

    /// The connection that waits for the site that is named now: it needs no new consent.
    fn waiting(&self, host: &Host, workspace: &WorkspaceId) -> Result<Option<Connection>> {
        if self.site.is_none() || self.client_id.is_some() {
            return Ok(None);
        }
        let now = SystemClock.now()?;
        let waits = |connection: &Connection| {
            connection.status == ConnectionStatus::AwaitingSite
                && connection.integration.as_str() == self.integration
                && connection.user == self.user
                && connection.given_up_at.is_some_and(|at| now < at)
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

/// From the environment, or asked for without echo.
pub(super) fn client_secret() -> Result<SecretString> {
    if let Ok(secret) = std::env::var(CLIENT_SECRET) {
        return Ok(secret.into());
    }
    let missing = |why: &str| {
        Failure::new(
            FailureKind::InvalidInput,
            "no-client-secret",
            format!("There is no client secret: {why}."),
        )
        .hint(format!("Set {CLIENT_SECRET}, or run this in a terminal to be asked for it."))
    };
    if !std::io::stdin().is_terminal() {
        return Err(missing("this is no terminal to ask for it"));
    }
    rpassword::prompt_password("Client secret: ")
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
