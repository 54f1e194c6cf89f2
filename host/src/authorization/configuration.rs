//! What a workspace does with an integration: who connects it, whether it is on, which templates are installed.
//!
//! | from | by | to |
//! |---|---|---|
//! | available (no record) | enable, or the first connection | enabled |
//! | enabled | disable | disabled: authorization is kept, calls are refused |
//! | disabled | enable | enabled, and every connection has to be authorized again |
//! | any | delete | available: connections, profiles and their secrets are gone |

use serde::{Deserialize, Serialize};

use super::Authorizations;
use super::connection::{Connection, ConnectionStatus};
use super::connection_store::removal;
use super::policy::WorkspacePolicy;
use super::profile::ProfileKind;
use super::profile_store;
use crate::failure::{Failure, FailureKind, Result};
use crate::ids::{IntegrationId, ProfileId, TemplateId, WorkspaceId};
use crate::runtime::{Edition, Manifest};
use crate::vault::{Collection, Expect, RecordKey, Write};

/// Who connects an integration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AuthorizationMode {
    /// An admin, once for everybody.
    PreAuthorized,
    /// Each end user, for themselves.
    PerUser,
}

impl AuthorizationMode {
    /// The mode as one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PreAuthorized => "pre-authorized",
            Self::PerUser => "per-user",
        }
    }

    /// The mode in which a connection for this user, or for everybody, is made.
    fn of(user: Option<&str>) -> Self {
        if user.is_some() { Self::PerUser } else { Self::PreAuthorized }
    }
}

/// How a workspace has an integration configured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Configuration {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The integration.
    pub integration: IntegrationId,
    /// Whether it is on.
    pub enabled: bool,
    /// Who connects it.
    pub mode: AuthorizationMode,
    /// The profile to connect with; absent: the only one that there is.
    pub profile: Option<ProfileId>,
    /// The templates that are installed, in the order of that.
    pub templates: Vec<TemplateId>,
    /// Since when it is on or off, in seconds since 1970 UTC.
    pub since: u64,
    /// What it may do.
    #[serde(default)]
    pub policy: WorkspacePolicy,
    /// Whether an admin was told that it works, which is done once.
    #[serde(default)]
    pub introduced: bool,
}

/// What a deletion removed.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Deleted {
    /// The connections that are gone.
    pub connections: Vec<Connection>,
    /// The custom profiles that are gone.
    pub profiles: Vec<ProfileId>,
    /// The templates that were installed.
    pub templates: Vec<TemplateId>,
}

/// Says which edition of the platform a workspace has.
pub trait Editions: Send + Sync {
    /// The edition of a workspace.
    ///
    /// # Errors
    /// Whatever keeps it from being known; nothing is authorized then.
    fn edition(&self, workspace: &WorkspaceId) -> Result<Edition>;
}

/// One edition for all workspaces.
#[derive(Debug, Clone, Copy)]
pub struct OneEdition(pub Edition);

impl Editions for OneEdition {
    fn edition(&self, _: &WorkspaceId) -> Result<Edition> {
        Ok(self.0)
    }
}

impl Authorizations {
    /// How a workspace has an integration configured; none: not at all yet.
    ///
    /// # Errors
    /// `Storage`.
    pub fn configuration(
        &self,
        workspace: &WorkspaceId,
        integration: &IntegrationId,
    ) -> Result<Option<Configuration>> {
        Ok(self.stored_configuration(workspace, integration)?.map(|(configuration, _)| configuration))
    }

    /// All that a workspace has configured.
    ///
    /// # Errors
    /// `Storage`.
    pub fn configurations(&self, workspace: &WorkspaceId) -> Result<Vec<Configuration>> {
        let stored = self.vault.list(Collection::Integrations, workspace.as_str())?;
        stored.iter().map(|(_, record)| read(&record.body)).collect()
    }

    /// Enables an integration. One that was disabled has to be authorized again, by everybody.
    ///
    /// # Errors
    /// `NotFound` (integration, profile); `Denied` where the workspace's edition excludes it; `Conflict` where it is
    /// enabled; `Storage`.
    pub fn enable(
        &self,
        workspace: &WorkspaceId,
        integration: &IntegrationId,
        mode: Option<AuthorizationMode>,
        profile: Option<&ProfileId>,
    ) -> Result<Configuration> {
        self.check_edition(workspace, self.plugin(integration)?.manifest())?;
        self.check_profile(workspace, integration, profile)?;
        let now = self.clock.now()?;
        let Some((before, generation)) = self.stored_configuration(workspace, integration)? else {
            let mode = mode.unwrap_or(AuthorizationMode::PreAuthorized);
            let first = first(workspace, integration, mode, profile, now);
            self.vault.commit(&[write(&first, Expect::Absent)?])?;
            return Ok(first);
        };
        if before.enabled {
            return Err(Failure::new(
                FailureKind::Conflict,
                "already-enabled",
                format!("{integration} is enabled already."),
            )
            .hint(format!("Change it with: actionbay integrations edit {integration}")));
        }
        let enabled = Configuration {
            enabled: true,
            mode: mode.unwrap_or(before.mode),
            profile: profile.cloned().or(before.profile),
            since: now,
            ..before
        };
        // First, while nothing is called yet: whatever comes between leaves no connection that was not asked again.
        self.ask_again(workspace, integration)?;
        self.vault.commit(&[write(&enabled, Expect::Generation(generation))?])?;
        Ok(enabled)
    }

    /// Changes how an integration is configured.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` where somebody else changed it in between; `Storage`.
    pub fn edit_configuration(
        &self,
        workspace: &WorkspaceId,
        integration: &IntegrationId,
        mode: Option<AuthorizationMode>,
        profile: Option<&ProfileId>,
    ) -> Result<Configuration> {
        self.check_profile(workspace, integration, profile)?;
        self.change_configuration(workspace, integration, |configuration| {
            configuration.mode = mode.unwrap_or(configuration.mode);
            configuration.profile = profile.cloned().or(configuration.profile.take());
        })
    }

    /// Notes that an admin was told that it works.
    ///
    /// # Errors
    /// As [`edit_configuration`](Self::edit_configuration).
    pub fn introduce(&self, workspace: &WorkspaceId, integration: &IntegrationId) -> Result<Configuration> {
        self.change_configuration(workspace, integration, |configuration| configuration.introduced = true)
    }

    /// Disables an integration: its connections stay, and are not used.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` where it is disabled, or somebody else changed it in between; `Storage`.
    pub fn disable(&self, workspace: &WorkspaceId, integration: &IntegrationId) -> Result<Configuration> {
        let now = self.clock.now()?;
        if self.configuration(workspace, integration)?.is_some_and(|configuration| !configuration.enabled) {
            return Err(Failure::new(
                FailureKind::Conflict,
                "already-disabled",
                format!("{integration} is disabled already."),
            )
            .hint(format!("Enable it with: actionbay integrations enable {integration}")));
        }
        self.change_configuration(workspace, integration, |configuration| {
            configuration.enabled = false;
            configuration.since = now;
        })
    }

    /// Removes all that a workspace has of an integration, but what is made of its templates: configuration,
    /// connections, custom profiles, and all of their secrets. The grants at the vendor stay.
    ///
    /// # Errors
    /// `Storage`.
    pub fn delete_integration(
        &self,
        workspace: &WorkspaceId,
        integration: &IntegrationId,
    ) -> Result<Deleted> {
        let deleted = self.deletion(workspace, integration)?;
        let mut writes = vec![Write::delete(key(workspace, integration), Expect::Any)];
        writes.extend(deleted.connections.iter().flat_map(removal));
        writes.extend(deleted.profiles.iter().flat_map(|id| profile_store::removal(workspace, id)));
        writes.extend(self.pending_removals(|pending| {
            pending.workspace == *workspace && pending.integration == *integration
        })?);
        writes.extend(self.link_removals(|request| {
            request.workspace == *workspace && request.integration == *integration
        })?);
        self.vault.commit(&writes)?;
        Ok(deleted)
    }

    /// What [`delete_integration`](Self::delete_integration) would remove.
    ///
    /// # Errors
    /// `Storage`.
    pub fn deletion(&self, workspace: &WorkspaceId, integration: &IntegrationId) -> Result<Deleted> {
        let mut connections = self.connections(workspace)?;
        connections.retain(|connection| connection.integration == *integration);
        let profiles = self.profiles(workspace)?;
        let own = profiles
            .into_iter()
            .filter(|profile| profile.kind == ProfileKind::Custom && profile.integration == *integration);
        Ok(Deleted {
            connections,
            profiles: own.map(|profile| profile.id).collect(),
            templates: self.installed(workspace, integration)?,
        })
    }

    /// Installs a template, and says which connections lack scopes now.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` where it is installed; `Storage`.
    pub fn install_template(
        &self,
        workspace: &WorkspaceId,
        integration: &IntegrationId,
        template: &TemplateId,
    ) -> Result<Vec<Connection>> {
        if self.installed(workspace, integration)?.contains(template) {
            return Err(Failure::new(
                FailureKind::Conflict,
                "template-exists",
                format!("The template {template} is installed already."),
            )
            .hint(format!("Take it away with: actionbay templates uninstall {integration} {template}")));
        }
        self.change_configuration(workspace, integration, |configuration| {
            if !configuration.templates.contains(template) {
                configuration.templates.push(template.clone());
            }
        })?;
        self.resettle(workspace, integration)
    }

    /// Takes an installed template away, and says which connections still lack scopes.
    ///
    /// # Errors
    /// `NotFound` where it is not installed; `Storage`.
    pub fn uninstall_template(
        &self,
        workspace: &WorkspaceId,
        integration: &IntegrationId,
        template: &TemplateId,
    ) -> Result<Vec<Connection>> {
        let installed = self.installed(workspace, integration)?;
        if !installed.contains(template) {
            let names: Vec<&str> = installed.iter().map(TemplateId::as_str).collect();
            let hint = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            return Err(Failure::new(
                FailureKind::NotFound,
                "unknown-template",
                format!("The template {template} of {integration} is not installed."),
            )
            .hint(format!("Installed: {hint}.")));
        }
        self.change_configuration(workspace, integration, |configuration| {
            configuration.templates.retain(|known| known != template);
        })?;
        self.resettle(workspace, integration)
    }

    /// The templates that a workspace installed.
    pub(super) fn installed(
        &self,
        workspace: &WorkspaceId,
        integration: &IntegrationId,
    ) -> Result<Vec<TemplateId>> {
        let configuration = self.configuration(workspace, integration)?;
        Ok(configuration.map(|configuration| configuration.templates).unwrap_or_default())
    }

    /// For whom a run uses a connection: the end user, or nobody in particular.
    ///
    /// # Errors
    /// `Denied` where the integration is disabled, `InvalidInput` where it takes a user and none is named.
    pub(crate) fn acting_for<'a>(
        &self,
        workspace: &WorkspaceId,
        integration: &IntegrationId,
        user: Option<&'a str>,
    ) -> Result<Option<&'a str>> {
        let Some(configuration) = self.configuration(workspace, integration)? else { return Ok(user) };
        check_enabled(&configuration)?;
        match configuration.mode {
            AuthorizationMode::PreAuthorized => Ok(None),
            AuthorizationMode::PerUser if user.is_none() => Err(user_required(integration)),
            AuthorizationMode::PerUser => Ok(user),
        }
    }

    /// Whether a connection's integration is on: the vendor is not called for one that is off.
    ///
    /// # Errors
    /// `Denied`.
    pub(super) fn check_on(&self, connection: &Connection) -> Result<()> {
        let configuration = self.configuration(&connection.workspace, &connection.integration)?;
        configuration.as_ref().map_or(Ok(()), check_enabled)
    }

    /// Whether a connection may be made: edition, configuration and mode allow it.
    ///
    /// # Errors
    /// `Denied`, `InvalidInput`, with what to change.
    pub(super) fn check_may_connect(
        &self,
        workspace: &WorkspaceId,
        manifest: &Manifest,
        user: Option<&str>,
    ) -> Result<()> {
        self.check_edition(workspace, manifest)?;
        let Some(configuration) = self.configuration(workspace, &manifest.id)? else { return Ok(()) };
        check_enabled(&configuration)?;
        match (configuration.mode, user) {
            (AuthorizationMode::PreAuthorized, Some(user)) => Err(Failure::new(
                FailureKind::InvalidInput,
                "pre-authorized",
                format!(
                    "{} is pre-authorized here: one connection serves everybody, {user} too.",
                    manifest.title
                ),
            )
            .hint(format!(
                "To let each user connect: actionbay integrations edit {} --mode per-user",
                manifest.id
            ))),
            (AuthorizationMode::PerUser, None) => Err(user_required(&manifest.id)),
            _ => Ok(()),
        }
    }

    /// Makes sure that what was connected is configured: the first connection of an integration enables it.
    pub(super) fn configured_by(&self, connection: &Connection) -> Result<()> {
        let (workspace, integration) = (&connection.workspace, &connection.integration);
        if self.configuration(workspace, integration)?.is_some() {
            return Ok(());
        }
        let mode = AuthorizationMode::of(connection.user.as_deref());
        let first = first(workspace, integration, mode, Some(&connection.profile), self.clock.now()?);
        match self.vault.commit(&[write(&first, Expect::Absent)?]) {
            Ok(()) | Err(Failure { kind: FailureKind::Conflict, .. }) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    fn check_edition(&self, workspace: &WorkspaceId, manifest: &Manifest) -> Result<()> {
        let edition = self.editions.edition(workspace)?;
        if !manifest.excluded_editions.contains(&edition) {
            return Ok(());
        }
        let excluded: Vec<&str> = manifest.excluded_editions.iter().map(|edition| edition.as_str()).collect();
        Err(Failure::new(
            FailureKind::Denied,
            "edition-excluded",
            format!(
                "{} cannot be connected in the workspace \"{workspace}\": it is not available in the edition {}.",
                manifest.title,
                edition.as_str()
            ),
        )
        .hint(format!("Move the workspace to an edition other than {}.", excluded.join(", "))))
    }

    fn check_profile(
        &self,
        workspace: &WorkspaceId,
        integration: &IntegrationId,
        profile: Option<&ProfileId>,
    ) -> Result<()> {
        let Some(id) = profile else { return Ok(()) };
        let profile = self.profile(workspace, id)?;
        if profile.integration == *integration {
            Ok(())
        } else {
            Err(other_integration(id, &profile.integration))
        }
    }

    /// Marks every connection as one that a person has to authorize again.
    fn ask_again(&self, workspace: &WorkspaceId, integration: &IntegrationId) -> Result<()> {
        let now = self.clock.now()?;
        for connection in self.connections(workspace)? {
            if connection.integration != *integration || connection.status == ConnectionStatus::AwaitingSite {
                continue;
            }
            self.changed(workspace, &connection.id, |connection| {
                let reason = format!("{integration} was disabled, and has to be authorized again.");
                let asked = connection.in_status(ConnectionStatus::NeedsReauthorization, Some(reason), now);
                Ok(asked.settled_attempt())
            })?;
        }
        Ok(())
    }

    fn stored_configuration(
        &self,
        workspace: &WorkspaceId,
        integration: &IntegrationId,
    ) -> Result<Option<(Configuration, i64)>> {
        let record = self.vault.get(&key(workspace, integration))?;
        record.map(|record| Ok((read(&record.body)?, record.generation))).transpose()
    }

    fn change_configuration(
        &self,
        workspace: &WorkspaceId,
        integration: &IntegrationId,
        change: impl FnOnce(&mut Configuration),
    ) -> Result<Configuration> {
        self.try_change_configuration(workspace, integration, |configuration| {
            change(configuration);
            Ok(())
        })
    }

    pub(super) fn try_change_configuration(
        &self,
        workspace: &WorkspaceId,
        integration: &IntegrationId,
        change: impl FnOnce(&mut Configuration) -> Result<()>,
    ) -> Result<Configuration> {
        let stored = self.stored_configuration(workspace, integration)?;
        let (mut configuration, generation) = stored.ok_or_else(|| not_configured(integration))?;
        change(&mut configuration)?;
        self.vault.commit(&[write(&configuration, Expect::Generation(generation))?])?;
        Ok(configuration)
    }
}

fn first(
    workspace: &WorkspaceId,
    integration: &IntegrationId,
    mode: AuthorizationMode,
    profile: Option<&ProfileId>,
    since: u64,
) -> Configuration {
    Configuration {
        workspace: workspace.clone(),
        integration: integration.clone(),
        enabled: true,
        mode,
        profile: profile.cloned(),
        templates: Vec::new(),
        since,
        policy: WorkspacePolicy::default(),
        introduced: false,
    }
}

fn check_enabled(configuration: &Configuration) -> Result<()> {
    if configuration.enabled {
        return Ok(());
    }
    let integration = &configuration.integration;
    Err(Failure::new(
        FailureKind::Denied,
        "integration-disabled",
        format!("{integration} is disabled in the workspace \"{}\".", configuration.workspace),
    )
    .hint(format!("Enable it with: actionbay integrations enable {integration}")))
}

fn user_required(integration: &IntegrationId) -> Failure {
    Failure::new(
        FailureKind::InvalidInput,
        "user-required",
        format!("Each user connects {integration} for themselves here, and no user was named."),
    )
    .hint("Name the user with --user.")
}

pub(super) fn other_integration(profile: &ProfileId, integration: &IntegrationId) -> Failure {
    Failure::new(
        FailureKind::InvalidInput,
        "other-integration",
        format!("The profile \"{profile}\" is for {integration}."),
    )
    .hint("Name a profile of this integration.")
}

fn not_configured(integration: &IntegrationId) -> Failure {
    Failure::new(
        FailureKind::NotFound,
        "not-configured",
        format!("{integration} is not configured in this workspace yet."),
    )
    .hint(format!("Enable it with: actionbay integrations enable {integration}"))
}

fn key(workspace: &WorkspaceId, integration: &IntegrationId) -> RecordKey {
    RecordKey::new(Collection::Integrations, workspace.as_str(), integration.as_str())
}

fn write(configuration: &Configuration, expect: Expect) -> Result<Write> {
    let body = serde_json::to_vec(configuration)
        .map_err(|_| Failure::internal("A configuration cannot be written."))?;
    Ok(Write::put(key(&configuration.workspace, &configuration.integration), expect, body))
}

fn read(body: &[u8]) -> Result<Configuration> {
    serde_json::from_slice(body).map_err(|error| {
        Failure::storage("record-unreadable", format!("A stored configuration cannot be read: {error}."))
    })
}
