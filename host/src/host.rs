//! The host: what an embedder builds once and asks for everything.

mod builder;

use std::sync::{Arc, PoisonError};
use std::time::Duration;

pub use builder::HostBuilder;

use crate::authorization::{
    Approval, AuthorizationMode, Authorizations, Authorize, Begun, Browser, Configuration, Connect,
    Connection, ConnectionReport, Deleted, Difference, InUse, KeptAlive, LinkFacts, Profile, ProfileTest,
    WorkspacePolicy,
};
use crate::failure::{AuthorizationLink, Failure, FailureKind, Result};
use crate::ids::{ConnectionId, IntegrationId, ProfileId, TemplateId, WorkspaceId};
use crate::runtime::Plugin;
use crate::secret::SecretString;

/// Runs the templates of plugins for the connections of workspaces. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Host {
    authorizations: Arc<Authorizations>,
    keep_conversations: Duration,
}

impl Host {
    /// A host that denies everything, to be given what it may.
    pub fn builder() -> HostBuilder {
        HostBuilder::denying()
    }

    /// When a conversation in which something is said now is over.
    pub(crate) fn conversation_expires(&self, now: u64) -> u64 {
        now.saturating_add(self.keep_conversations.as_secs())
    }

    /// Adds a plugin, under the id that its manifest says.
    ///
    /// # Errors
    /// `Conflict` where there is an integration of this id.
    pub fn add(&self, plugin: Plugin) -> Result<()> {
        let mut plugins = self.authorizations.plugins.write().unwrap_or_else(PoisonError::into_inner);
        let id = plugin.manifest().id.clone();
        if plugins.contains_key(&id) {
            return Err(Failure::new(
                FailureKind::Conflict,
                "integration-exists",
                format!("There is an integration \"{id}\" already."),
            ));
        }
        plugins.insert(id, plugin);
        Ok(())
    }

    /// All plugins, ordered by id.
    pub fn plugins(&self) -> Vec<Plugin> {
        self.authorizations.plugins.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// The plugin of an integration.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn plugin(&self, integration: &IntegrationId) -> Result<Plugin> {
        self.authorizations.plugin(integration)
    }

    /// Stores a profile with its client secret; one of the same id is replaced.
    ///
    /// # Errors
    /// `InvalidInput`; `Storage`.
    pub fn put_profile(
        &self,
        workspace: &WorkspaceId,
        profile: &Profile,
        client_secret: &SecretString,
    ) -> Result<()> {
        self.authorizations.put_profile(workspace, profile, client_secret)
    }

    /// Adds a profile of the deployment, for all workspaces, with its secret or with why there is none.
    ///
    /// # Errors
    /// See [`Authorizations::add_system_profile`].
    pub fn add_system_profile(&self, profile: Profile, client_secret: Result<SecretString>) -> Result<()> {
        self.authorizations.add_system_profile(profile, client_secret)
    }

    /// Stores a profile that there is not yet.
    ///
    /// # Errors
    /// See [`Authorizations::create_profile`].
    pub fn create_profile(
        &self,
        workspace: &WorkspaceId,
        profile: &Profile,
        client_secret: &SecretString,
    ) -> Result<()> {
        self.authorizations.create_profile(workspace, profile, client_secret)
    }

    /// Changes a stored profile, and its secret where there is a new one.
    ///
    /// # Errors
    /// See [`Authorizations::edit_profile`].
    pub fn edit_profile(
        &self,
        workspace: &WorkspaceId,
        id: &ProfileId,
        new_secret: Option<&SecretString>,
        change: impl FnOnce(&mut Profile),
    ) -> Result<Profile> {
        self.authorizations.edit_profile(workspace, id, new_secret, change)
    }

    /// Deletes a stored profile for good, and gives the connections that went with it.
    ///
    /// # Errors
    /// See [`Authorizations::delete_profile`].
    pub fn delete_profile(
        &self,
        workspace: &WorkspaceId,
        id: &ProfileId,
        in_use: InUse,
    ) -> Result<Vec<Connection>> {
        self.authorizations.delete_profile(workspace, id, in_use)
    }

    /// Asks a profile's token endpoint whether it knows the client.
    ///
    /// # Errors
    /// See [`Authorizations::test_profile`].
    pub fn test_profile(
        &self,
        workspace: &WorkspaceId,
        id: &ProfileId,
        tenant: Option<&str>,
    ) -> Result<ProfileTest> {
        self.authorizations.test_profile(workspace, id, tenant)
    }

    /// A profile.
    ///
    /// # Errors
    /// `NotFound`; `Storage`.
    pub fn profile(&self, workspace: &WorkspaceId, id: &ProfileId) -> Result<Profile> {
        self.authorizations.profile(workspace, id)
    }

    /// The connections that were made with a profile.
    ///
    /// # Errors
    /// `Storage`.
    pub fn connections_of(&self, workspace: &WorkspaceId, profile: &ProfileId) -> Result<Vec<Connection>> {
        self.authorizations.connections_of(workspace, profile)
    }

    /// The callback URL to register with the vendor for a profile: the host's to say, nobody's to change.
    ///
    /// # Errors
    /// `Denied` where the host takes no callbacks.
    pub fn callback_url(&self, profile: &Profile) -> Result<String> {
        self.authorizations.callbacks.redirect_uri(&profile.integration, &profile.id)
    }

    /// All profiles that a workspace can use: those of the deployment, then its own.
    ///
    /// # Errors
    /// `Storage`.
    pub fn profiles(&self, workspace: &WorkspaceId) -> Result<Vec<Profile>> {
        self.authorizations.profiles(workspace)
    }

    /// Begins an authorization: the person has to go to the URL that it returns.
    ///
    /// # Errors
    /// See [`Authorizations::begin`].
    pub fn begin(&self, authorize: &Authorize) -> Result<Begun> {
        self.authorizations.begin(authorize)
    }

    /// Takes a callback: its query, as it arrived, and the browser that brought it, if it has a cookie.
    ///
    /// # Errors
    /// See [`Authorizations::handle_callback`].
    pub fn handle_callback(&self, query: &str, browser: Option<&Browser>) -> Result<Connection> {
        self.authorizations.handle_callback(query, browser)
    }

    /// Makes a link at which a person connects an account.
    ///
    /// # Errors
    /// See [`Authorizations::issue_link`].
    pub fn issue_link(&self, request: &Authorize) -> Result<AuthorizationLink> {
        self.authorizations.issue_link(request)
    }

    /// Makes a link at which the person of a connection authorizes it again.
    ///
    /// # Errors
    /// See [`Authorizations::issue_link`].
    pub fn link_to_renew(&self, connection: &Connection) -> Result<AuthorizationLink> {
        self.authorizations.link_to_renew(connection)
    }

    /// What the page of a link tells. Nothing comes of it, however often it is asked.
    ///
    /// # Errors
    /// See [`Authorizations::link`].
    pub fn link(&self, token: &str) -> Result<LinkFacts> {
        self.authorizations.link(token)
    }

    /// Uses a link up and begins its authorization, to be ended in this browser only.
    ///
    /// # Errors
    /// See [`Authorizations::open_link`].
    pub fn open_link(&self, token: &str, browser: &Browser, another_account: bool) -> Result<Begun> {
        self.authorizations.open_link(token, browser, another_account)
    }

    /// The connection that waits for its site and was begun in this browser: its person may finish it there.
    ///
    /// # Errors
    /// See [`Authorizations::waiting_in`].
    pub fn waiting_in(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionId,
        browser: &Browser,
    ) -> Result<Connection> {
        self.authorizations.waiting_in(workspace, id, browser)
    }

    /// Finishes an authorization whose tokens are stored and which waits for its site.
    ///
    /// # Errors
    /// See [`Authorizations::finish`].
    pub fn finish(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionId,
        site: Option<&str>,
    ) -> Result<Connection> {
        self.authorizations.finish(workspace, id, site)
    }

    pub(crate) fn authorizations(&self) -> &Arc<Authorizations> {
        &self.authorizations
    }

    /// Connects with a name and a secret that a person made at the vendor.
    ///
    /// # Errors
    /// See [`Authorizations::connect`].
    pub fn connect(&self, connect: &Connect) -> Result<Connection> {
        self.authorizations.connect(connect)
    }

    /// How a workspace has an integration configured; none: not at all yet.
    ///
    /// # Errors
    /// `Storage`.
    pub fn configuration(
        &self,
        workspace: &WorkspaceId,
        integration: &IntegrationId,
    ) -> Result<Option<Configuration>> {
        self.authorizations.configuration(workspace, integration)
    }

    /// All that a workspace has configured.
    ///
    /// # Errors
    /// `Storage`.
    pub fn configurations(&self, workspace: &WorkspaceId) -> Result<Vec<Configuration>> {
        self.authorizations.configurations(workspace)
    }

    /// Enables an integration; what is not said stays, or is pre-authorized with the only profile.
    ///
    /// # Errors
    /// See [`Authorizations::enable`].
    pub fn enable(
        &self,
        workspace: &WorkspaceId,
        integration: &IntegrationId,
        mode: Option<AuthorizationMode>,
        profile: Option<&ProfileId>,
    ) -> Result<Configuration> {
        self.authorizations.enable(workspace, integration, mode, profile)
    }

    /// Changes how an integration is configured.
    ///
    /// # Errors
    /// See [`Authorizations::edit_configuration`].
    pub fn edit_configuration(
        &self,
        workspace: &WorkspaceId,
        integration: &IntegrationId,
        mode: Option<AuthorizationMode>,
        profile: Option<&ProfileId>,
    ) -> Result<Configuration> {
        self.authorizations.edit_configuration(workspace, integration, mode, profile)
    }

    /// Notes that an admin was told that an integration works, which is done once.
    ///
    /// # Errors
    /// See [`Authorizations::introduce`].
    pub fn introduce(&self, workspace: &WorkspaceId, integration: &IntegrationId) -> Result<Configuration> {
        self.authorizations.introduce(workspace, integration)
    }

    /// How the component of an integration differs from the approved one.
    ///
    /// # Errors
    /// See [`Authorizations::difference`].
    pub fn difference(&self, integration: &IntegrationId) -> Result<Difference> {
        self.authorizations.difference(integration)
    }

    /// Approves the component of an integration, with all that it declares. It is the operator's to do.
    ///
    /// # Errors
    /// See [`Authorizations::approve`].
    pub fn approve(&self, integration: &IntegrationId, digest: Option<&str>) -> Result<Approval> {
        self.authorizations.approve(integration, digest)
    }

    /// What a workspace lets an integration do.
    ///
    /// # Errors
    /// `Storage`.
    pub fn policy(&self, workspace: &WorkspaceId, integration: &IntegrationId) -> Result<WorkspacePolicy> {
        self.authorizations.policy(workspace, integration)
    }

    /// Changes what a workspace lets an integration do.
    ///
    /// # Errors
    /// See [`Authorizations::set_policy`].
    pub fn set_policy(
        &self,
        workspace: &WorkspaceId,
        integration: &IntegrationId,
        change: impl FnOnce(&mut WorkspacePolicy),
    ) -> Result<WorkspacePolicy> {
        self.authorizations.set_policy(workspace, integration, change)
    }

    /// Disables an integration: its connections stay, and are not used.
    ///
    /// # Errors
    /// See [`Authorizations::disable`].
    pub fn disable(&self, workspace: &WorkspaceId, integration: &IntegrationId) -> Result<Configuration> {
        self.authorizations.disable(workspace, integration)
    }

    /// What deleting an integration would remove.
    ///
    /// # Errors
    /// `Storage`.
    pub fn deletion(&self, workspace: &WorkspaceId, integration: &IntegrationId) -> Result<Deleted> {
        self.authorizations.deletion(workspace, integration)
    }

    /// Removes all that a workspace has of an integration: configuration, connections, profiles and their secrets.
    ///
    /// # Errors
    /// See [`Authorizations::delete_integration`].
    pub fn delete_integration(
        &self,
        workspace: &WorkspaceId,
        integration: &IntegrationId,
    ) -> Result<Deleted> {
        self.authorizations.delete_integration(workspace, integration)
    }

    /// Installs a template, and says which connections lack scopes for it now.
    ///
    /// # Errors
    /// See [`Authorizations::install_template`].
    pub fn install_template(
        &self,
        workspace: &WorkspaceId,
        integration: &IntegrationId,
        template: &str,
    ) -> Result<Vec<Connection>> {
        let template = self.plugin(integration)?.known_template(template)?.id.clone();
        self.authorizations.install_template(workspace, integration, &template)
    }

    /// Takes an installed template away, and says which connections still lack scopes.
    ///
    /// # Errors
    /// See [`Authorizations::uninstall_template`].
    pub fn uninstall_template(
        &self,
        workspace: &WorkspaceId,
        integration: &IntegrationId,
        template: &TemplateId,
    ) -> Result<Vec<Connection>> {
        self.authorizations.uninstall_template(workspace, integration, template)
    }

    /// The workspaces that have connections.
    ///
    /// # Errors
    /// `Storage`.
    pub fn workspaces(&self) -> Result<Vec<WorkspaceId>> {
        self.authorizations.workspaces()
    }

    /// All connections of a workspace.
    ///
    /// # Errors
    /// `Storage`.
    pub fn connections(&self, workspace: &WorkspaceId) -> Result<Vec<Connection>> {
        self.authorizations.connections(workspace)
    }

    /// A connection.
    ///
    /// # Errors
    /// `NotFound`; `Storage`.
    pub fn connection(&self, workspace: &WorkspaceId, id: &ConnectionId) -> Result<Connection> {
        self.authorizations.connection(workspace, id)
    }

    /// All that is known of a connection: what it lacks, how its refresh token stands, what to do next.
    ///
    /// # Errors
    /// `NotFound`; `Storage`.
    pub fn report(&self, workspace: &WorkspaceId, id: &ConnectionId) -> Result<ConnectionReport> {
        self.authorizations.report(workspace, id)
    }

    /// Asks the vendor whether a connection works.
    ///
    /// # Errors
    /// See [`Authorizations::check`].
    pub fn check(&self, workspace: &WorkspaceId, id: &ConnectionId) -> Result<Connection> {
        self.authorizations.check(workspace, id)
    }

    /// Renews the connections of a workspace that nobody has used for long, before the vendor drops them.
    ///
    /// # Errors
    /// See [`Authorizations::keep_alive`].
    pub fn keep_alive(&self, workspace: &WorkspaceId) -> Result<Vec<KeptAlive>> {
        self.authorizations.keep_alive(workspace)
    }

    /// Renews a connection now, whether it is due or not.
    ///
    /// # Errors
    /// See [`Authorizations::refresh`].
    pub fn refresh(&self, workspace: &WorkspaceId, id: &ConnectionId) -> Result<Connection> {
        self.authorizations.refresh(workspace, id)
    }

    /// Forgets a connection and its tokens. The grant at the vendor stays until the person withdraws it there.
    ///
    /// # Errors
    /// `Storage`.
    pub fn forget(&self, connection: &Connection) -> Result<()> {
        self.authorizations.remove_connection(connection)
    }

    /// Forgets an end user's connections and their tokens, and every link, authorization and session that was begun for them.
    /// Gives the connections. Their conversations are forgotten by `erase_conversations`.
    ///
    /// # Errors
    /// `Storage`.
    pub fn forget_user(&self, workspace: &WorkspaceId, user: &str) -> Result<Vec<Connection>> {
        self.authorizations.remove_user(workspace, user)
    }
}
