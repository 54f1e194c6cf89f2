//! `/connect/sessions`: having people connect their accounts.
//!
//! A session is a link for a person, and a word for the platform on what came of it. Whoever waits is told at once where
//! the person comes back to this process, and within a second where another one took the callback.

use std::pin::pin;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep_until};
use utoipa::{IntoParams, ToSchema};

use super::extract::{Body, Caller, Path, Query, wrong};
use super::integrations::known as known_integration;
use super::problem::Refused;
use super::time::Moment;
use super::{Api, Touched};
use crate::authorization::{self, Authorize, SessionState, Usual};
use crate::failure::{AuthorizationLink, Failure, FailureKind, Result, plain_text};
use crate::host::Host;
use crate::ids::{ProfileId, SessionId, WorkspaceId};
use crate::service::room::on_a_thread;

/// The longest that a request may wait, in seconds: below what proxies have patience for.
pub(super) const LONGEST_WAIT: u64 = 55;

/// How often the store is looked into, for what other processes did.
pub(super) const LOOK: Duration = Duration::from_secs(1);

/// The longest name of an end user, site or tenant, in characters.
const LONGEST_NAME: usize = 255;

/// Who is to connect what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewSession {
    /// The integration; not needed with `connection`.
    #[serde(default)]
    integration: Option<String>,
    /// The profile to connect with; absent: the usual one.
    #[serde(default)]
    profile: Option<String>,
    /// The end user; absent: the connection serves everybody.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 255)]
    user: Option<String>,
    /// The site to work in, by name, URL or id, for accounts that reach several.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 255)]
    site: Option<String>,
    /// The tenant, for profiles with `{tenant}` in their URLs.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 255)]
    tenant: Option<String>,
    /// A connection to authorize again; all else is as it was then.
    #[serde(default)]
    connection: Option<String>,
}

/// A session, with the link for the person.
#[derive(Serialize, ToSchema)]
pub(super) struct CreatedSession {
    /// The session's id.
    id: String,
    /// The token of the link. It is for the person alone, and good once.
    token: String,
    /// Where the person has to go.
    connect_link: String,
    /// Until when the link is good.
    expires_at: Moment,
    /// The scopes that will be asked for.
    scopes: Vec<String>,
}

/// What came of a link.
#[derive(Serialize, ToSchema)]
pub(super) struct Session {
    /// The session's id.
    id: String,
    /// The integration.
    integration: String,
    /// The end user.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    /// How it stands.
    state: State_,
    /// The connection that came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<String>,
    /// Why nothing came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Reason>,
    /// When it was made.
    created_at: Moment,
    /// Until when the person has to be done with what comes next.
    expires_at: Moment,
}

/// How a session stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = SessionState)]
enum State_ {
    /// Nobody opened the link yet.
    Waiting,
    /// Somebody is at the vendor, or chooses a site.
    Opened,
    /// The account is connected.
    Connected,
    /// It came to nothing.
    Failed,
    /// It took too long.
    Expired,
}

/// Why a session came to nothing.
#[derive(Serialize, ToSchema)]
#[schema(as = SessionFailure)]
struct Reason {
    /// The kind of the failure.
    kind: String,
    /// Its code.
    code: String,
    /// Its sentence.
    message: String,
}

impl From<authorization::Session> for Session {
    fn from(session: authorization::Session) -> Self {
        Self {
            id: session.id.to_string(),
            integration: session.request.integration.to_string(),
            user: session.request.user,
            state: match session.state {
                SessionState::Waiting => State_::Waiting,
                SessionState::Opened => State_::Opened,
                SessionState::Connected => State_::Connected,
                SessionState::Failed => State_::Failed,
                SessionState::Expired => State_::Expired,
            },
            connection: session.connection.map(|connection| connection.to_string()),
            failure: session.failure.map(|failure| Reason {
                kind: failure.kind,
                code: failure.code,
                message: failure.message,
            }),
            created_at: Moment(session.created_at),
            expires_at: Moment(session.expires_at),
        }
    }
}

/// Make a link at which a person connects an account
///
/// The link is good for half an hour and once. Looking at it does nothing, so that a chat may show a preview of it.
#[utoipa::path(post, path = "/connect/sessions", operation_id = "create_session", tag = "connect",
    request_body = NewSession, responses((status = 201, body = CreatedSession)), security(("key" = ["connect"])))]
pub(super) async fn create(
    State(api): State<Api>,
    caller: Caller,
    Body(new): Body<NewSession>,
) -> Result<Response, Refused> {
    let made = api.work(move |host| {
        let workspace = caller.workspace();
        if let Some(connection) = new.connection.clone() {
            new.check_renewal()?;
            let connection = super::connections::known(connection)?;
            return host.authorizations().session_to_renew(&workspace, &connection);
        }
        host.authorizations().begin_session(&new.request(host, workspace)?)
    });
    Ok(created(made.await?))
}

/// Make a link anew
///
/// For the connection that came of the session, which is authorized again and keeps its id; or for what was asked for,
/// where none came of it.
#[utoipa::path(post, path = "/connect/sessions/{session}/reconnect", operation_id = "reconnect_session",
    tag = "connect", params(("session" = String, Path)), responses((status = 201, body = CreatedSession)),
    security(("key" = ["connect"])))]
pub(super) async fn reconnect(
    State(api): State<Api>,
    caller: Caller,
    Path(session): Path<String>,
) -> Result<Response, Refused> {
    let made =
        api.work(move |host| host.authorizations().repeat_session(&caller.workspace(), &known(session)?));
    Ok(created(made.await?))
}

fn created((session, link): (authorization::Session, AuthorizationLink)) -> Response {
    let id = session.id.to_string();
    let token = link.url.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default();
    let created = CreatedSession {
        id: id.clone(),
        token: token.to_owned(),
        connect_link: link.url.to_string(),
        expires_at: Moment(link.expires_at),
        scopes: link.scopes,
    };
    let mut response = (StatusCode::CREATED, Json(created)).into_response();
    response.extensions_mut().insert(Touched(vec![("session", id)]));
    response
}

/// How long to wait.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Waiting {
    /// For how many seconds to wait for the session to be over: 0 to 55.
    #[param(minimum = 0, maximum = 55, default = 0)]
    #[serde(default)]
    wait: u64,
}

/// Show what came of a link, or wait for it
#[utoipa::path(get, path = "/connect/sessions/{session}", operation_id = "show_session", tag = "connect",
    params(("session" = String, Path), Waiting), responses((status = 200, body = Session)),
    security(("key" = ["connect"])))]
pub(super) async fn show(
    State(api): State<Api>,
    caller: Caller,
    Path(session): Path<String>,
    Query(Waiting { wait }): Query<Waiting>,
) -> Result<Json<Session>, Refused> {
    if wait > LONGEST_WAIT {
        return Err(wrong("bad-wait", &format!("A request waits for 0 to {LONGEST_WAIT} seconds.")).into());
    }
    let (workspace, id) = (caller.workspace(), known(session)?);
    let end = Instant::now() + Duration::from_secs(wait);
    let _place = if wait > 0 { Some(api.waiting.place()?) } else { None };
    let mut ending = api.ending.clone();
    loop {
        // Before the look, so that nobody comes back between the two.
        let mut arrival = pin!(api.arrivals.notified());
        arrival.as_mut().enable();
        let session = look(&api.host, &workspace, &id).await?;
        if session.state.is_over() || Instant::now() >= end || *ending.borrow() {
            return Ok(Json(session.into()));
        }
        tokio::select! {
            () = arrival => {}
            () = sleep_until(end.min(Instant::now() + LOOK)) => {}
            _ = ending.changed() => {}
        }
    }
}

async fn look(host: &Host, workspace: &WorkspaceId, id: &SessionId) -> Result<authorization::Session> {
    let (host, workspace, id) = (host.clone(), workspace.clone(), id.clone());
    on_a_thread(move || host.authorizations().session(&workspace, &id)).await
}

impl NewSession {
    /// What is asked for, with the usual profile where none is named.
    fn request(self, host: &Host, workspace: WorkspaceId) -> Result<Authorize> {
        let Some(integration) = self.integration else {
            return Err(wrong("integration-missing", "It is not said what is to be connected.")
                .hint("Name an integration, or a connection to authorize again."));
        };
        let integration = known_integration(integration)?;
        host.plugin(&integration)?;
        let profile = match self.profile {
            Some(profile) => ProfileId::new(profile)?,
            None => match host.authorizations().usual_profile(&workspace, &integration)? {
                Usual::One(profile) => profile,
                Usual::Unclear(profiles) => return Err(unclear(&profiles)),
            },
        };
        let request = Authorize::new(workspace, integration, profile)
            .user(named("user", self.user)?)
            .site(named("site", self.site)?);
        Ok(request.tenant(named("tenant", self.tenant)?))
    }

    /// A connection is authorized again as it was, so that nothing else can be said.
    fn check_renewal(&self) -> Result<()> {
        let others = [&self.integration, &self.profile, &self.user, &self.site, &self.tenant];
        if others.iter().all(|other| other.is_none()) {
            return Ok(());
        }
        Err(wrong(
            "connection-alone",
            "A connection is authorized again as it was, and nothing else can be said.",
        ))
    }
}

/// A name of somebody or something, which is passed on and shown.
pub(super) fn named(what: &str, name: Option<String>) -> Result<Option<String>> {
    let Some(name) = name else { return Ok(None) };
    if name.is_empty() || plain_text(&name, LONGEST_NAME) != name {
        let failure = wrong("bad-name", &format!("This cannot be the name of a {what}."));
        return Err(failure.hint("Use 1 to 255 characters that can be seen."));
    }
    Ok(Some(name))
}

fn unclear(profiles: &[ProfileId]) -> Failure {
    let names: Vec<&str> = profiles.iter().map(ProfileId::as_str).collect();
    let failure = wrong("profile-unclear", "It is not said with which profile to connect.");
    match names.as_slice() {
        [] => failure.hint("Make a profile first, with POST /v1/profiles."),
        names => failure.hint(format!("Profiles: {}.", names.join(", "))),
    }
}

/// The id of a session as it stands in a path; one that cannot be is none that there is.
fn known(text: String) -> Result<SessionId> {
    SessionId::new(text)
        .map_err(|_| Failure::new(FailureKind::NotFound, "unknown-session", "There is no such session."))
}
