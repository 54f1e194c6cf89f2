//! Connecting with a name and a secret that a person made at the vendor, such as an API token, in HTTP Basic
//! (RFC 7617): for organisations that allow no OAuth apps.
//!
//! The plugin does not notice: its requests go out with another credential, to where the manifest says the audiences
//! are for this method.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Authorizations;
use super::activation::Identity;
use super::connection::{Connection, ConnectionStatus, Intent, Proof};
use super::connection_store::Tokens;
use super::live::{LiveConnection, Renewal};
use super::probe::{Probed, not_reachable};
use super::profile_url::check_tenant;
use crate::failure::{Failure, FailureKind, Result};
use crate::ids::{ConnectionId, IntegrationId, ProfileId, WorkspaceId, random_id};
use crate::runtime::{Authority, Basic, Plugin, Site};
use crate::secret::SecretString;
use crate::vault::Expect;
use secrecy::ExposeSecret as _;

/// The longest user name and secret, in bytes: more than vendors give, less than servers refuse in a header.
const LONGEST: usize = 4_096;

/// How long the vendor may take to say whether it knows the two.
const LONGEST_PROBE: Duration = Duration::from_secs(30);

/// Who connects what with a name and a secret.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Connect {
    /// The workspace that will own the connection.
    pub workspace: WorkspaceId,
    /// The integration.
    pub integration: IntegrationId,
    /// The method's id in the manifest.
    pub method: String,
    /// The user name.
    pub username: String,
    /// The secret.
    pub secret: SecretString,
    /// The end user; absent: the connection serves everybody.
    pub user: Option<String>,
    /// The tenant, where the method needs one.
    pub tenant: Option<String>,
    /// The connection to authorize again; absent: one is added.
    pub reconnect: Option<ConnectionId>,
    /// Whether the connection may become one of another account than before.
    pub another_account: bool,
}

impl Connect {
    /// A connection for everybody.
    pub fn new(
        workspace: WorkspaceId,
        integration: IntegrationId,
        method: impl Into<String>,
        username: impl Into<String>,
        secret: SecretString,
    ) -> Self {
        Self {
            workspace,
            integration,
            method: method.into(),
            username: username.into(),
            secret,
            user: None,
            tenant: None,
            reconnect: None,
            another_account: false,
        }
    }

    /// The same, for an end user.
    #[must_use]
    pub fn user(mut self, user: Option<String>) -> Self {
        self.user = user;
        self
    }

    /// The same, at this tenant.
    #[must_use]
    pub fn tenant(mut self, tenant: Option<String>) -> Self {
        self.tenant = tenant;
        self
    }

    /// The same, for a connection that there is already, which may become one of another account if that is confirmed.
    #[must_use]
    pub fn reconnect(mut self, connection: Option<ConnectionId>, another_account: bool) -> Self {
        self.reconnect = connection;
        self.another_account = another_account;
        self
    }
}

impl Authorizations {
    /// Connects with a name and a secret, once the vendor has taken them.
    ///
    /// # Errors
    /// `NotFound` (integration, method); `InvalidInput`; `Denied` where it may not be connected here;
    /// `AuthorizationRequired` where the vendor refuses the two; what the request gives.
    pub fn connect(self: &Arc<Self>, connect: &Connect) -> Result<Connection> {
        let plugin = self.approved_plugin(&connect.integration)?;
        let method = method(&plugin, &connect.method)?;
        self.check_may_connect(&connect.workspace, plugin.manifest(), connect.user.as_deref())?;
        check(connect, method)?;
        let fresh = self.unproved(connect, method)?;
        if let Some(id) = &connect.reconnect {
            self.connection(&connect.workspace, id)?.check_follower(&fresh)?;
        }
        let tokens = Tokens { access: connect.secret.clone(), refresh: None };
        self.put_connection(&fresh, Some(&tokens), Expect::Absent)?;
        let connected = self.prove(&plugin, &fresh).and_then(|account| {
            let (site, attributes) = (fresh.site.clone(), Vec::new());
            let identity = Identity { account, unclear: None };
            self.activate(&connect.workspace, &fresh.id, site, attributes, identity)
        });
        if connected.is_err() {
            self.remove_connection(&fresh)?;
        }
        connected
    }

    /// The connection before the vendor was asked.
    fn unproved(&self, connect: &Connect, method: &Basic) -> Result<Connection> {
        let now = self.clock.now()?;
        Ok(Connection {
            id: ConnectionId::new(random_id("c-")?)?,
            workspace: connect.workspace.clone(),
            integration: connect.integration.clone(),
            profile: ProfileId::new(method.id.clone())?,
            user: connect.user.clone(),
            tenant: connect.tenant.clone(),
            proof: Proof::Basic { username: connect.username.clone() },
            account: None,
            status: ConnectionStatus::AwaitingSite,
            reason: None,
            since: now,
            scopes: Vec::new(),
            missing: Vec::new(),
            issued_at: now,
            expires_at: None,
            refreshable: false,
            site: Some(site(method, connect.tenant.as_deref().unwrap_or_default())),
            offered_sites: Vec::new(),
            attributes: Vec::new(),
            given_up_at: Some(now + LONGEST_PROBE.as_secs() + 1),
            intent: Intent {
                reconnect: connect.reconnect.clone(),
                another_account: connect.another_account,
                browser: None,
                session: None,
            },
            grant: random_id("g-")?,
            issue: random_id("t-")?,
            refused: false,
            attempt: None,
        })
    }

    fn prove(
        self: &Arc<Self>,
        plugin: &Plugin,
        fresh: &Connection,
    ) -> Result<Option<super::connection::Account>> {
        let live: Arc<dyn Authority> =
            Arc::new(LiveConnection::new(Arc::clone(self), fresh.clone(), Renewal::Never));
        let deadline = Instant::now() + LONGEST_PROBE.min(self.limits(&plugin.manifest().id).wall_clock);
        match self.probe(plugin, live, &fresh.proof, deadline)? {
            Some(Probed::Reached(account)) => Ok(account),
            Some(Probed::NotReached) => Err(not_reachable(fresh.site.as_ref())),
            Some(Probed::Refused) => Err(refused(fresh.site.as_ref())),
            Some(Probed::Unclear(failure)) => Err(failure),
            None => Ok(None),
        }
    }
}

/// The method of this id.
///
/// # Errors
/// `NotFound`, with those that there are.
pub(super) fn method<'a>(plugin: &'a Plugin, id: &str) -> Result<&'a Basic> {
    let manifest = plugin.manifest();
    manifest.basic(id).ok_or_else(|| {
        let known: Vec<&str> = manifest.basic_methods().map(|method| method.id.as_str()).collect();
        let known = if known.is_empty() { "none but OAuth 2.0".to_owned() } else { known.join(", ") };
        Failure::new(
            FailureKind::NotFound,
            "unknown-method",
            format!(
                "{} is not connected by a method \"{}\".",
                manifest.title,
                crate::failure::plain_text(id, 64)
            ),
        )
        .hint(format!("Its methods: {known}."))
    })
}

fn check(connect: &Connect, method: &Basic) -> Result<()> {
    let wrong = |code: &'static str, message: String, hint: &str| {
        Err(Failure::new(FailureKind::InvalidInput, code, message).hint(hint))
    };
    match (connect.tenant.as_deref(), method.needs_tenant()) {
        (Some(tenant), true) => check_tenant(tenant)?,
        (None, true) => {
            let message = format!("The method {} needs the tenant to connect to.", method.id);
            return wrong(
                "tenant-required",
                message,
                "Give it with --tenant, as in acme for acme.example.com.",
            );
        }
        (Some(_), false) => {
            let message = format!("The method {} knows no tenants.", method.id);
            return wrong("tenant-not-used", message, "Leave the tenant out.");
        }
        (None, false) => {}
    }
    // RFC 7617 section 2: the first colon ends the name.
    let is_name = |name: &str| !name.contains(':') && name.chars().all(|c| !c.is_control());
    if connect.username.trim().is_empty() || connect.username.len() > LONGEST || !is_name(&connect.username) {
        let message = "The user name is empty, too long, or holds a colon or a control character.".to_owned();
        return wrong("bad-username", message, &format!("Give: {}.", method.username_label));
    }
    let secret = connect.secret.expose_secret();
    if secret.is_empty() || secret.len() > LONGEST || !secret.bytes().all(|b| b.is_ascii_graphic()) {
        let message = "The secret is empty, too long, or holds a space or a special character.".to_owned();
        return wrong("bad-secret", message, &format!("Give: {}.", method.secret_label));
    }
    Ok(())
}

/// The site that a tenant is.
fn site(method: &Basic, tenant: &str) -> Site {
    let url = method.site_of(tenant);
    let name = url::Url::parse(&url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let id = if tenant.is_empty() { method.id.clone() } else { tenant.to_owned() };
    Site { id, name: name.unwrap_or_else(|| url.clone()), url }
}

fn refused(site: Option<&Site>) -> Failure {
    let at = site.map(|site| format!(" at {}", site.name)).unwrap_or_default();
    Failure::new(
        FailureKind::AuthorizationRequired,
        "credentials-refused",
        format!("The vendor does not take this user name and secret{at}."),
    )
    .hint("Check both and the tenant; a secret may have expired or been withdrawn.")
}
