//! `actionbay sandbox`, and what it takes to connect to one.

use std::thread;
use std::time::Duration;

use atlassian_sandbox::consent;
use atlassian_sandbox::control::Control;
use clap::Args;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::authorize::patience;
use super::config;
use super::home::{Home, HostSettings};
use super::output::{Output, facts};
use crate::authorization::{Authorize, Begun, Connection, Profile};
use crate::egress::Origin;
use crate::failure::{Failure, FailureKind, Result};
use crate::host::Host;
use crate::ids::{ProfileId, WorkspaceId};
use crate::runtime::Plugin;
use crate::secret::SecretString;
use crate::service::{Listener, serve_callback};
use crate::vault::MasterKey;

/// The profile that connects to a sandbox for everybody; an end user has one of their own, named after it.
const PROFILE: &str = "sandbox";

/// What the host of a sandbox's files is called among the origins of its profile.
const FILES: &str = "files";

/// Run the stand-in for the vendor, for trying and testing
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  actionbay sandbox --port 8977
  actionbay sandbox --json --token-lifetime 60 --sites 2")]
pub(super) struct Sandbox {
    /// The port on the loopback interface; 0: any
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// How long an access token lives, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, value_parser = clap::value_parser!(u64).range(1..))]
    token_lifetime: u64,
    /// How many sites an account reaches
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=50))]
    sites: u8,
    /// The callback URL of its app
    #[arg(long, value_name = "URL", default_value = "http://localhost:8976/callback")]
    redirect_uri: String,
}

impl Sandbox {
    pub(super) fn run(self, output: &Output) -> Result<()> {
        let sandbox = start(self.settings())?;
        let client = sandbox.client();
        let line = json!({
            "url": sandbox.url(), "client-id": client.client_id, "client-secret": client.client_secret,
            "redirect-uri": client.redirect_uri,
        });
        output.result(&line, || {
            let mut text = facts(&[
                ("url", sandbox.url().to_owned()),
                ("client id", client.client_id.clone()),
                ("client secret", client.client_secret.clone()),
                ("redirect uri", client.redirect_uri.clone()),
            ]);
            text.push_str(&format!(
                "\nConnect to it: actionbay authorize INTEGRATION --sandbox {}",
                sandbox.url()
            ));
            text
        })?;
        output.note("It stays up until you end it with Ctrl-C. Its content is gone then.");
        sandbox.wait();
        Ok(())
    }

    fn settings(&self) -> atlassian_sandbox::SandboxConfig {
        atlassian_sandbox::SandboxConfig {
            port: self.port,
            token_lifetime: Duration::from_secs(self.token_lifetime),
            sites: usize::from(self.sites),
            redirect_uri: self.redirect_uri.clone(),
        }
    }
}

/// Starts a sandbox.
pub(super) fn start(config: atlassian_sandbox::SandboxConfig) -> Result<atlassian_sandbox::Sandbox> {
    let port = config.port;
    atlassian_sandbox::Sandbox::start(config).map_err(|error| {
        Failure::new(
            FailureKind::Unreachable,
            "sandbox-not-started",
            format!("The sandbox cannot be started on port {port}: {error}."),
        )
        .hint("Give another port with --port, or 0 for any.")
    })
}

/// A sandbox of this machine, to be connected to.
pub(super) struct StandIn {
    origin: Origin,
}

/// Who connects to it, and how.
#[derive(Default)]
pub(super) struct Wish {
    /// The end user; absent: the connection serves everybody.
    pub(super) user: Option<String>,
    /// The site.
    pub(super) site: Option<String>,
    /// The callback's port; 0: any.
    pub(super) port: u16,
    /// The master key; absent: from the environment or its file.
    pub(super) key: Option<MasterKey>,
}

impl StandIn {
    /// The sandbox at a URL of this machine.
    pub(super) fn new(url: &str) -> Result<Self> {
        let origin = Origin::parse(url.trim_end_matches('/'))?;
        if origin.is_loopback() {
            return Ok(Self { origin });
        }
        Err(Failure::new(
            FailureKind::InvalidInput,
            "not-loopback",
            format!("{origin} is not on this machine, and a sandbox is taken from nowhere else."),
        )
        .hint("Start one with: actionbay sandbox"))
    }

    fn absent(&self, error: &impl std::fmt::Display) -> Failure {
        Failure::new(
            FailureKind::Unreachable,
            "sandbox-unreachable",
            format!("There is no sandbox at {}: {error}.", self.origin),
        )
        .hint("Start one with: actionbay sandbox")
    }

    /// Registers an app with the sandbox, makes the profile for it, and gives consent as a person would: over
    /// HTTP, from the consent page to the callback.
    pub(super) fn authorize(
        &self,
        home: &Home,
        plugin: Plugin,
        wish: Wish,
        output: &Output,
    ) -> Result<Connection> {
        let listener = Listener::bind(wish.port)?;
        let control = Control::new(self.origin.as_str());
        let client =
            control.register_client(&listener.redirect_uri()).map_err(|error| self.absent(&error))?;
        let files = Origin::parse(&control.media_url().map_err(|error| self.absent(&error))?)?;
        let profile =
            Profile::custom(profile_of(wish.user.as_deref())?, plugin.manifest(), &client.client_id)?
                .moved_to(&self.origin)?;
        let audiences = plugin.manifest().audiences.iter().map(|facts| facts.audience.name.as_str());
        // Downloads lead to another origin, which no audience names.
        let stand_ins: Vec<(&str, &Origin)> =
            audiences.map(|name| (name, &self.origin)).chain([(FILES, &files)]).collect();
        let mut settings = HostSettings::new(vec![plugin.clone()], output);
        settings.redirect_uri = Some(listener.redirect_uri());
        settings.key = wish.key;
        settings.policy = Some(stand_ins.iter().fold(home.policy()?, |policy, (name, origin)| {
            policy.replace(profile.id.as_str(), name, (*origin).clone())
        }));
        let host = home.host(settings)?;
        // For the runs to come: what is allowed here is the operator's to say.
        config::put_stand_ins(&home.folder()?, profile.id.as_str(), stand_ins.into_iter())?;
        let workspace = home.workspace().clone();
        forget_earlier(&host, &workspace, &profile.id)?;
        host.put_profile(&workspace, &profile, &SecretString::from(client.client_secret))?;
        let authorize = Authorize::new(workspace, plugin.manifest().id.clone(), profile.id);
        let begun = host.begin(&authorize.user(wish.user).site(wish.site))?;
        consent(listener, host, begun)
    }
}

/// Lets the person of the sandbox allow access, and the listener take the callback.
fn consent(listener: Listener, host: Host, begun: Begun) -> Result<Connection> {
    let patience = patience(&begun)?;
    let served = thread::spawn(move || serve_callback(listener, &host, patience));
    consent::allow(begun.authorization_url.as_str()).map_err(|error| {
        Failure::new(
            FailureKind::AuthorizationRequired,
            "no-consent",
            format!("The sandbox gave no consent: {error}."),
        )
    })?;
    served.join().unwrap_or_else(|_| Err(Failure::internal("The callback's thread ended.")))
}

/// The profile of an end user, whose name may hold what no id can.
fn profile_of(user: Option<&str>) -> Result<ProfileId> {
    match user {
        None => ProfileId::new(PROFILE),
        Some(user) => {
            let hash: String =
                Sha256::digest(user).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
            ProfileId::new(format!("{PROFILE}-{hash}"))
        }
    }
}

/// The connections of an earlier sandbox lead nowhere.
fn forget_earlier(host: &Host, workspace: &WorkspaceId, profile: &ProfileId) -> Result<()> {
    for connection in host.connections(workspace)?.iter().filter(|connection| connection.profile == *profile)
    {
        host.forget(connection)?;
    }
    Ok(())
}
