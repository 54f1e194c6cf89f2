//! `/profiles`: the apps at vendors that accounts are connected with. A secret can be written, and not read.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::extract::{Body, Caller, MaybeBody, Path, Query};
use super::integrations::known as known_integration;
use super::paging::{Page, Paging};
use super::problem::Refused;
use super::profile_body::{Change, Field, NewProfile, Pkce, Place, Shown};
use super::{Api, Gone, Touched};
use crate::authorization::{FieldPlace, InUse, Profile as Stored};
use crate::failure::{Failure, FailureKind, Result};
use crate::host::Host;
use crate::ids::ProfileId;
use crate::runtime;

/// An app at a vendor, without its secret.
#[derive(Serialize, ToSchema)]
pub(super) struct Profile {
    /// Its id.
    id: String,
    /// The integration it is for.
    integration: String,
    /// `system`: of the deployment; `custom`: of the workspace.
    kind: &'static str,
    /// What people call who lets them in.
    identity_provider: String,
    /// What it is for.
    description: String,
    /// The client id.
    client_id: String,
    /// The issuer that every callback must name (RFC 9207).
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<String>,
    /// Where people are sent.
    authorization_url: String,
    /// Where codes are exchanged.
    token_url: String,
    /// Where tokens are refreshed.
    refresh_url: String,
    /// The callback URL to register with the vendor.
    callback_url: String,
    /// Whether a code challenge is sent (RFC 7636).
    pkce: Pkce,
    /// The scopes to ask for; none: the integration's own.
    scopes: Vec<String>,
    /// What the person who authorizes is shown.
    additional_fields: Vec<Shown>,
    /// What the vendor wants beside the standard's parameters.
    authorization_fields: Vec<Field>,
}

impl Profile {
    fn of(host: &Host, profile: Stored) -> Result<Self> {
        let place = |place| match place {
            FieldPlace::Header => Place::Header,
            FieldPlace::Payload => Place::Payload,
            FieldPlace::Query => Place::Query,
            FieldPlace::Path => Place::Path,
        };
        Ok(Self {
            callback_url: host.callback_url(&profile)?,
            id: profile.id.to_string(),
            integration: profile.integration.to_string(),
            kind: profile.kind.as_str(),
            identity_provider: profile.identity_provider,
            description: profile.description,
            client_id: profile.client_id,
            issuer: profile.issuer,
            authorization_url: profile.authorization_url.to_string(),
            token_url: profile.token_url.to_string(),
            refresh_url: profile.refresh_url.to_string(),
            pkce: match profile.pkce {
                runtime::Pkce::S256 => Pkce::S256,
                runtime::Pkce::Unsupported => Pkce::Unsupported,
            },
            scopes: profile.scopes,
            additional_fields: profile
                .additional_fields
                .into_iter()
                .map(|field| Shown { key: field.key, value: field.value })
                .collect(),
            authorization_fields: profile
                .authorization_fields
                .into_iter()
                .map(|field| Field { place: place(field.place), key: field.key, value: field.value })
                .collect(),
        })
    }
}

/// List the profiles
///
/// Those of the deployment, and those of the workspace.
#[utoipa::path(get, path = "/profiles", operation_id = "list_profiles", tag = "profiles", params(Paging),
    responses((status = 200, body = Page<Profile>)), security(("key" = ["read"])))]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<Profile>>, Refused> {
    let page = api.work(move |host| {
        let all = host.profiles(&caller.workspace())?;
        let page = paging.of(all, |profile| profile.id.as_str(), |profile| Profile::of(host, profile))?;
        page.transposed()
    });
    Ok(Json(page.await?))
}

/// Make a profile
#[utoipa::path(post, path = "/profiles", operation_id = "create_profile", tag = "profiles",
    request_body = NewProfile, responses((status = 201, body = Profile)), security(("key" = ["admin"])))]
pub(super) async fn create(
    State(api): State<Api>,
    caller: Caller,
    Body(mut new): Body<NewProfile>,
) -> Result<Response, Refused> {
    let id = new.id.clone();
    let created = api.work(move |host| {
        let mut change = new.take();
        let plugin = host.plugin(&known_integration(new.integration)?)?;
        let secret = change.client_secret.take().unwrap_or_else(|| String::new().into());
        let mut profile = Stored::custom(ProfileId::new(new.id)?, plugin.manifest(), "")?;
        change.apply(&mut profile);
        host.create_profile(&caller.workspace(), &profile, &secret)?;
        Profile::of(host, profile)
    });
    let mut response = (StatusCode::CREATED, Json(created.await?)).into_response();
    response.extensions_mut().insert(Touched(vec![("profile", id)]));
    Ok(response)
}

/// Show a profile
#[utoipa::path(get, path = "/profiles/{profile}", operation_id = "show_profile", tag = "profiles",
    params(("profile" = String, Path)), responses((status = 200, body = Profile)), security(("key" = ["read"])))]
pub(super) async fn show(
    State(api): State<Api>,
    caller: Caller,
    Path(profile): Path<String>,
) -> Result<Json<Profile>, Refused> {
    let shown = api.work(move |host| Profile::of(host, host.profile(&caller.workspace(), &known(profile)?)?));
    Ok(Json(shown.await?))
}

/// Change a profile
///
/// What is left out stays as it is, the secret too. A profile of the deployment cannot be changed.
#[utoipa::path(patch, path = "/profiles/{profile}", operation_id = "edit_profile", tag = "profiles",
    params(("profile" = String, Path)), request_body = Change, responses((status = 200, body = Profile)),
    security(("key" = ["admin"])))]
pub(super) async fn edit(
    State(api): State<Api>,
    caller: Caller,
    Path(profile): Path<String>,
    Body(mut change): Body<Change>,
) -> Result<Json<Profile>, Refused> {
    let edited = api.work(move |host| {
        let mut change = change.take();
        let secret = change.client_secret.take();
        let (workspace, id) = (caller.workspace(), known(profile)?);
        let edited = host.edit_profile(&workspace, &id, secret.as_ref(), |profile| change.apply(profile))?;
        Profile::of(host, edited)
    });
    Ok(Json(edited.await?))
}

/// What becomes of the connections of a profile that is deleted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Deletion {
    /// Delete the connections that were made with it too; else a profile that has some stays.
    #[serde(default)]
    with_connections: bool,
}

/// What went with a profile.
#[derive(Serialize, ToSchema)]
pub(super) struct DeletedProfile {
    /// The connections that are gone.
    connections: Vec<String>,
}

/// Delete a profile for good
#[utoipa::path(delete, path = "/profiles/{profile}", operation_id = "delete_profile", tag = "profiles",
    params(("profile" = String, Path), Deletion), responses((status = 200, body = DeletedProfile)),
    security(("key" = ["admin"])))]
pub(super) async fn delete(
    State(api): State<Api>,
    caller: Caller,
    Path(profile): Path<String>,
    Query(deletion): Query<Deletion>,
) -> Result<(Extension<Gone>, Json<DeletedProfile>), Refused> {
    let deleted = api.work(move |host| {
        let in_use = if deletion.with_connections { InUse::Forget } else { InUse::Refuse };
        let gone = host.delete_profile(&caller.workspace(), &known(profile)?, in_use)?;
        let connections = gone.iter().map(|connection| connection.id.to_string()).collect();
        Ok((Extension(Gone(gone.into())), Json(DeletedProfile { connections })))
    });
    deleted.await
}

/// How a profile is to be tested.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileTest {
    /// The tenant, for profiles with `{tenant}` in their URLs.
    #[serde(default)]
    tenant: Option<String>,
}

/// A profile that passed its test.
#[derive(Serialize, ToSchema)]
pub(super) struct TestedProfile {
    /// The profile.
    profile: String,
    /// The endpoint that was asked.
    token_url: String,
    /// The status that it answered with: that of a refusal of a code that nobody was given.
    upstream_status: u16,
    /// What that means, in a sentence.
    message: String,
}

/// Ask the token endpoint of a profile whether it knows the app
///
/// It is a problem if it does not, with what was answered.
#[utoipa::path(post, path = "/profiles/{profile}/test", operation_id = "test_profile", tag = "profiles",
    params(("profile" = String, Path)), request_body(content = Option<ProfileTest>),
    responses((status = 200, body = TestedProfile)), security(("key" = ["admin"])))]
pub(super) async fn test(
    State(api): State<Api>,
    caller: Caller,
    Path(profile): Path<String>,
    MaybeBody(test): MaybeBody<Option<ProfileTest>>,
) -> Result<Json<TestedProfile>, Refused> {
    let tested = api.work(move |host| {
        let tenant = test.and_then(|test| test.tenant);
        let tested = host.test_profile(&caller.workspace(), &known(profile)?, tenant.as_deref())?;
        Ok(TestedProfile {
            profile: tested.profile.to_string(),
            token_url: tested.token_url.to_string(),
            upstream_status: tested.status,
            message: tested.message,
        })
    });
    Ok(Json(tested.await?))
}

/// The id of a profile as it stands in a path; one that cannot be is none that there is.
fn known(text: String) -> Result<ProfileId> {
    ProfileId::new(text).map_err(|_| {
        Failure::new(FailureKind::NotFound, "unknown-profile", "There is no such profile.")
            .hint("List them with GET /v1/profiles.")
    })
}
