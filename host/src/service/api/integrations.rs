//! `/integrations`: what can be connected, and what the workspace does with it.

use axum::extract::State;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::extract::{Body, Caller, MaybeBody, Path, Query};
use super::paging::{Page, Paging};
use super::problem::Refused;
use super::time::Moment;
use super::{Api, Gone};
use crate::authorization::{AuthorizationMode, Configuration};
use crate::failure::{Failure, FailureKind, Result};
use crate::host::Host;
use crate::ids::{IntegrationId, ProfileId, WorkspaceId};
use crate::runtime::{AuthorizationMethod, Plugin};

/// An integration, and what the workspace does with it.
#[derive(Serialize, ToSchema)]
pub(super) struct Integration {
    /// Its id.
    #[schema(examples("tracker"))]
    id: String,
    /// What people call it.
    title: String,
    /// The version of its component.
    version: String,
    /// What it is for.
    summary: String,
    /// Whether the workspace has it on.
    state: State_,
    /// Who connects it, once it is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<Mode>,
    /// The profile that it is connected with; absent: the only one that there is.
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
    /// Since when it is on or off.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Moment>,
    /// The templates that are installed, in the order of that.
    installed_templates: Vec<String>,
}

/// Whether a workspace has an integration on.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = IntegrationState)]
enum State_ {
    /// It is not configured.
    Available,
    /// It is on.
    Enabled,
    /// Its authorization is kept, and nothing runs.
    Disabled,
}

/// Who connects an integration.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Mode {
    /// An admin, once for everybody.
    PreAuthorized,
    /// Each end user, for themselves.
    PerUser,
}

impl From<Mode> for AuthorizationMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::PreAuthorized => Self::PreAuthorized,
            Mode::PerUser => Self::PerUser,
        }
    }
}

impl From<AuthorizationMode> for Mode {
    fn from(mode: AuthorizationMode) -> Self {
        match mode {
            AuthorizationMode::PreAuthorized => Self::PreAuthorized,
            AuthorizationMode::PerUser => Self::PerUser,
        }
    }
}

/// An integration in full.
#[derive(Serialize, ToSchema)]
pub(super) struct IntegrationInFull {
    #[serde(flatten)]
    integration: Integration,
    /// The SHA-256 of its component.
    digest: String,
    /// How accounts can be connected.
    authorization: Vec<Method>,
    /// Where it can send requests.
    audiences: Vec<Audience>,
}

/// A way to connect an account.
#[derive(Serialize, ToSchema)]
#[schema(as = AuthorizationMethod)]
struct Method {
    /// `oauth2`, or `basic` for a name and a secret that a person made at the vendor.
    kind: &'static str,
    /// The id of a method of names and secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// The scopes that are asked for where no template is installed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    default_scopes: Vec<String>,
}

/// A place that an integration can send requests to.
#[derive(Serialize, ToSchema)]
struct Audience {
    /// What the integration calls it.
    name: String,
    /// Scheme, host and port.
    origin: String,
    /// What paths there begin with.
    path_prefix: String,
}

impl Integration {
    fn of(plugin: &Plugin, configuration: Option<&Configuration>) -> Self {
        let manifest = plugin.manifest();
        Self {
            id: manifest.id.to_string(),
            title: manifest.title.clone(),
            version: manifest.version.clone(),
            summary: manifest.summary.clone(),
            state: match configuration {
                None => State_::Available,
                Some(configuration) if configuration.enabled => State_::Enabled,
                Some(_) => State_::Disabled,
            },
            mode: configuration.map(|configuration| configuration.mode.into()),
            profile: configuration.and_then(|known| known.profile.as_ref()).map(ToString::to_string),
            since: configuration.map(|configuration| Moment(configuration.since)),
            installed_templates: configuration
                .map(|known| known.templates.iter().map(ToString::to_string).collect())
                .unwrap_or_default(),
        }
    }

    /// An integration as the workspace has it.
    fn read(host: &Host, workspace: &WorkspaceId, id: &IntegrationId) -> Result<Self> {
        Ok(Self::of(&host.plugin(id)?, host.configuration(workspace, id)?.as_ref()))
    }
}

/// How an integration is to be configured.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IntegrationChange)]
pub(super) struct Change {
    /// Who connects it; absent: `pre-authorized`, or as before.
    #[serde(default)]
    mode: Option<Mode>,
    /// The profile to connect with; absent: the only one that there is, or as before.
    #[serde(default)]
    profile: Option<String>,
}

impl Change {
    fn profile(&self) -> Result<Option<ProfileId>> {
        self.profile.clone().map(ProfileId::new).transpose()
    }

    fn mode(&self) -> Option<AuthorizationMode> {
        self.mode.map(AuthorizationMode::from)
    }
}

/// List the integrations
#[utoipa::path(get, path = "/integrations", operation_id = "list_integrations", tag = "integrations",
    params(Paging), responses((status = 200, body = Page<Integration>)), security(("key" = ["read"])))]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<Integration>>, Refused> {
    let page = api.work(move |host| {
        let configurations = host.configurations(&caller.workspace())?;
        let configured =
            |plugin: &Plugin| configurations.iter().find(|known| known.integration == plugin.manifest().id);
        paging.of(
            host.plugins(),
            |plugin| plugin.manifest().id.as_str(),
            |plugin| Integration::of(&plugin, configured(&plugin)),
        )
    });
    Ok(Json(page.await?))
}

/// Show an integration
#[utoipa::path(get, path = "/integrations/{integration}", operation_id = "show_integration", tag = "integrations",
    params(("integration" = String, Path)), responses((status = 200, body = IntegrationInFull)),
    security(("key" = ["read"])))]
pub(super) async fn show(
    State(api): State<Api>,
    caller: Caller,
    Path(integration): Path<String>,
) -> Result<Json<IntegrationInFull>, Refused> {
    let shown = api.work(move |host| {
        let id = known(integration)?;
        let plugin = host.plugin(&id)?;
        let configuration = host.configuration(&caller.workspace(), &id)?;
        Ok(in_full(&plugin, configuration.as_ref()))
    });
    Ok(Json(shown.await?))
}

/// Enable an integration
///
/// One that was disabled has to be authorized again, by everybody. The first connection enables it too.
#[utoipa::path(post, path = "/integrations/{integration}/enable", operation_id = "enable_integration",
    tag = "integrations", params(("integration" = String, Path)), request_body(content = Option<Change>),
    responses((status = 200, body = Integration)), security(("key" = ["admin"])))]
pub(super) async fn enable(
    State(api): State<Api>,
    caller: Caller,
    Path(integration): Path<String>,
    MaybeBody(change): MaybeBody<Option<Change>>,
) -> Result<Json<Integration>, Refused> {
    let enabled = api.work(move |host| {
        let (workspace, id, change) = (caller.workspace(), known(integration)?, change.unwrap_or_default());
        host.enable(&workspace, &id, change.mode(), change.profile()?.as_ref())?;
        Integration::read(host, &workspace, &id)
    });
    Ok(Json(enabled.await?))
}

/// Change how an integration is configured
#[utoipa::path(patch, path = "/integrations/{integration}", operation_id = "edit_integration",
    tag = "integrations", params(("integration" = String, Path)), request_body = Change,
    responses((status = 200, body = Integration)), security(("key" = ["admin"])))]
pub(super) async fn edit(
    State(api): State<Api>,
    caller: Caller,
    Path(integration): Path<String>,
    Body(change): Body<Change>,
) -> Result<Json<Integration>, Refused> {
    let edited = api.work(move |host| {
        let (workspace, id) = (caller.workspace(), known(integration)?);
        host.edit_configuration(&workspace, &id, change.mode(), change.profile()?.as_ref())?;
        Integration::read(host, &workspace, &id)
    });
    Ok(Json(edited.await?))
}

/// Disable an integration
///
/// Its connections stay, and nothing runs.
#[utoipa::path(post, path = "/integrations/{integration}/disable", operation_id = "disable_integration",
    tag = "integrations", params(("integration" = String, Path)), responses((status = 200, body = Integration)),
    security(("key" = ["admin"])))]
pub(super) async fn disable(
    State(api): State<Api>,
    caller: Caller,
    Path(integration): Path<String>,
) -> Result<Json<Integration>, Refused> {
    let disabled = api.work(move |host| {
        let (workspace, id) = (caller.workspace(), known(integration)?);
        host.disable(&workspace, &id)?;
        Integration::read(host, &workspace, &id)
    });
    Ok(Json(disabled.await?))
}

/// What a deletion removed.
#[derive(Serialize, ToSchema)]
#[schema(as = DeletedIntegration)]
pub(super) struct Deleted {
    /// The connections that are gone.
    connections: Vec<String>,
    /// The profiles that are gone.
    profiles: Vec<String>,
    /// The templates that were installed.
    templates: Vec<String>,
}

/// Delete an integration from the workspace
///
/// Its configuration, connections, profiles and their secrets are gone for good. The grants at the vendor stay until the
/// persons withdraw them there.
#[utoipa::path(delete, path = "/integrations/{integration}", operation_id = "delete_integration",
    tag = "integrations", params(("integration" = String, Path)), responses((status = 200, body = Deleted)),
    security(("key" = ["admin"])))]
pub(super) async fn delete(
    State(api): State<Api>,
    caller: Caller,
    Path(integration): Path<String>,
) -> Result<(Extension<Gone>, Json<Deleted>), Refused> {
    let deleted = api.work(move |host| {
        let (workspace, id) = (caller.workspace(), known(integration)?);
        host.plugin(&id)?;
        let deleted = host.delete_integration(&workspace, &id)?;
        let told = Deleted {
            connections: deleted.connections.iter().map(|connection| connection.id.to_string()).collect(),
            profiles: deleted.profiles.iter().map(ToString::to_string).collect(),
            templates: deleted.templates.iter().map(ToString::to_string).collect(),
        };
        Ok((Extension(Gone(deleted.connections.into())), Json(told)))
    });
    deleted.await
}

/// The id of an integration as it stands in a path; one that cannot be is none that there is.
pub(super) fn known(text: String) -> Result<IntegrationId> {
    IntegrationId::new(text).map_err(|_| {
        Failure::new(FailureKind::NotFound, "unknown-integration", "There is no such integration.")
            .hint("List them with GET /v1/integrations.")
    })
}

fn in_full(plugin: &Plugin, configuration: Option<&Configuration>) -> IntegrationInFull {
    let manifest = plugin.manifest();
    let method = |method: &AuthorizationMethod| match method {
        AuthorizationMethod::OAuth2(oauth2) => {
            Method { kind: "oauth2", id: None, title: None, default_scopes: oauth2.default_scopes.clone() }
        }
        AuthorizationMethod::Basic(basic) => Method {
            kind: "basic",
            id: Some(basic.id.clone()),
            title: Some(basic.title.clone()),
            default_scopes: Vec::new(),
        },
    };
    let audience = |facts: &crate::runtime::AudienceFacts| Audience {
        name: facts.audience.name.clone(),
        origin: facts.audience.origin.to_string(),
        path_prefix: facts.audience.path_prefix.clone(),
    };
    IntegrationInFull {
        integration: Integration::of(plugin, configuration),
        digest: plugin.digest().to_owned(),
        authorization: manifest.authorization.iter().map(method).collect(),
        audiences: manifest.audiences.iter().map(audience).collect(),
    }
}
