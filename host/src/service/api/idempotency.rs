//! Requests that are done once under a name of the caller's.
//!
//! | the first request of the name | one like it gets |
//! |---|---|
//! | was done | its answer |
//! | failed | an answer of its own: nothing was done |
//! | is being done | 409 |
//! | was interrupted, or takes longer than most | 409: it is not known what came of it |
//! | asked for something else | 422 |
//!
//! Runs have names too, which the host knows: see `crate::outcomes`. An answer is sealed, since it may hold a link.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tracing::{Instrument as _, Span, warn};

use super::Api;
use super::extract::{Caller, bytes, is_json};
use super::problem::Refused;
use super::runs::idempotency_key;
use crate::failure::{Failure, FailureKind, Result};
use crate::host::Host;
use crate::ids::WorkspaceId;
use crate::outcomes::{STILL_RUNNING, UNKNOWN_OUTCOME};
use crate::secret::{ExposeSecret as _, SecretString};
use crate::service::room::on_a_thread;
use crate::vault::{Collection, Expect, RecordKey, SecretPlace, Write};

/// How long an answer is kept, in seconds: longer than callers try again.
const KEPT: u64 = 24 * 60 * 60;

/// How long a request may be in doing, in seconds: longer than the slowest, which asks the vendor.
const IN_DOING: u64 = 180;

/// Says that an answer is one of before.
pub(super) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// What is stored of a request.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Stored {
    /// What was asked for, as a hash.
    what: String,
    /// Until when it may be in doing.
    until: u64,
    /// Until when this is kept.
    kept_until: u64,
    /// The status of the answer, once there is one; its body is in the vault.
    status: Option<u16>,
}

/// The right to do a request, once.
struct Claim {
    workspace: WorkspaceId,
    id: String,
    stored: Stored,
}

/// Whether a request is to be done.
enum Begin {
    Now(Claim),
    Before(StatusCode, SecretString),
}

/// Has a POST that has a name done once.
pub(super) async fn once(State(api): State<Api>, request: Request, next: Next) -> Response {
    let key = match idempotency_key(request.headers()) {
        Ok(Some(key)) if request.method() == Method::POST => key,
        Ok(_) => return next.run(request).await,
        Err(failure) => return Refused::from(failure).into_response(),
    };
    let Some(Caller(caller)) = request.extensions().get::<Caller>().cloned() else {
        return next.run(request).await;
    };
    let (parts, body) = request.into_parts();
    let body = match bytes(Request::from_parts(parts.clone(), body), &api).await {
        Ok(body) => body,
        Err(refused) => return refused.into_response(),
    };
    let id = hash(&[key.as_bytes()]);
    let (asked, whole) = (parts.clone(), body.clone());
    let (host, workspace) = (api.host.clone(), caller.workspace.clone());
    let claimed = on_a_thread(move || begin(&host, workspace, id, asked_for(&asked, &whole)));
    let claim = match claimed.await {
        Ok(Begin::Now(claim)) => claim,
        Ok(Begin::Before(status, body)) => return again(status, &body),
        Err(failure) => return Refused::from(failure).into_response(),
    };
    // It is done to its end, whether somebody waits for the answer or not.
    let host = api.host.clone();
    let done = async move {
        let response = next.run(Request::from_parts(parts, Body::from(body))).await;
        kept(host, claim, response).await
    };
    tokio::spawn(done.instrument(Span::current())).await.unwrap_or_else(|_| {
        Refused::from(Failure::internal("The request could not be done.")).into_response()
    })
}

/// What a request asks for, as a hash. Of what may be anything it counts what it is said to be.
fn asked_for(parts: &Parts, body: &[u8]) -> String {
    let target = parts.uri.path_and_query().map_or("", PathAndQuery::as_str);
    let media_type = parts.headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let media_type = media_type.filter(|media_type| !is_json(media_type));
    let all = [Some(target.as_bytes()), Some(body), media_type];
    hash(&all.into_iter().flatten().collect::<Vec<_>>())
}

/// Claims a request, or says what was answered to it.
fn begin(host: &Host, workspace: WorkspaceId, id: String, what: String) -> Result<Begin> {
    let authorizations = host.authorizations();
    let place = place(&workspace, &id);
    loop {
        let now = authorizations.clock.now()?;
        let expect = match authorizations.vault.get(&place)? {
            None => Expect::Absent,
            Some(record) => {
                let before = serde_json::from_slice::<Stored>(&record.body).ok();
                match before.filter(|before| now < before.kept_until) {
                    Some(before) if before.what != what => return Err(reused()),
                    Some(Stored { status: Some(status), .. }) => {
                        let body = authorizations.vault.read(&sealed(&workspace, &id))?;
                        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
                        return Ok(Begin::Before(status, body.unwrap_or_else(|| String::new().into())));
                    }
                    Some(before) if now < before.until => return Err(in_doing(before.until - now)),
                    Some(_) => return Err(interrupted()),
                    None => Expect::Generation(record.generation),
                }
            }
        };
        let stored =
            Stored { what: what.clone(), until: now + IN_DOING, kept_until: now + KEPT, status: None };
        match authorizations.vault.commit(&[write(&place, &stored, expect)?]) {
            Ok(()) => return Ok(Begin::Now(Claim { workspace, id, stored })),
            // Somebody else was first: look what came of it.
            Err(failure) if failure.kind == FailureKind::Conflict => {}
            Err(failure) => return Err(failure),
        }
    }
}

/// Keeps an answer of something that was done, or gives the name free.
async fn kept(host: Host, claim: Claim, response: Response) -> Response {
    let (parts, body) = response.into_parts();
    // It is in memory already, however large.
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return Refused::from(Failure::internal("An answer broke off.")).into_response();
    };
    let answer = SecretString::from(String::from_utf8_lossy(&body).into_owned());
    let status = parts.status;
    let settled = on_a_thread(move || {
        let Claim { workspace, id, stored } = claim;
        let (place, vault) = (place(&workspace, &id), &host.authorizations().vault);
        if !status.is_success() {
            return vault.commit(&[Write::delete(place, Expect::Any)]);
        }
        let stored = Stored { status: Some(status.as_u16()), ..stored };
        let write = write(&place, &stored, Expect::Any)?;
        vault.commit_with(&[write], &[(sealed(&workspace, &id), &answer)])
    });
    // What happened has happened: that it could not be kept must not hide it.
    if let Err(failure) = settled.await {
        warn!(%failure, "an answer could not be kept");
    }
    Response::from_parts(parts, Body::from(body))
}

fn again(status: StatusCode, body: &SecretString) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (REPLAYED, HeaderValue::from_static("true")),
    ];
    (status, headers, body.expose_secret().to_owned()).into_response()
}

/// Forgets the answers of a workspace that are kept no longer, and which runs have which names.
pub(in crate::service) fn sweep(host: &Host, workspace: &WorkspaceId) -> Result<()> {
    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct Kept {
        kept_until: u64,
    }
    let authorizations = host.authorizations();
    let now = authorizations.clock.now()?;
    for (id, record) in authorizations.vault.list(Collection::Answers, workspace.as_str())? {
        if serde_json::from_slice::<Kept>(&record.body).is_ok_and(|kept| now < kept.kept_until) {
            continue;
        }
        let mut writes = vec![Write::delete(place(workspace, &id), Expect::Generation(record.generation))];
        writes.extend(sealed(workspace, &id).destroy());
        match authorizations.vault.commit(&writes) {
            Ok(()) | Err(Failure { kind: FailureKind::Conflict, .. }) => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(())
}

fn place(workspace: &WorkspaceId, id: &str) -> RecordKey {
    RecordKey::new(Collection::Answers, workspace.as_str(), id)
}

fn sealed(workspace: &WorkspaceId, id: &str) -> SecretPlace {
    SecretPlace::new(workspace, format!("answer/{id}"), "body")
}

fn write(place: &RecordKey, stored: &Stored, expect: Expect) -> Result<Write> {
    let body = serde_json::to_vec(stored).map_err(|_| Failure::internal("An answer cannot be written."))?;
    Ok(Write::put(place.clone(), expect, body))
}

fn reused() -> Failure {
    Failure::new(
        FailureKind::Conflict,
        "idempotency-key-reused",
        "This idempotency key was used for another request.",
    )
    .hint("Use a new key for each thing to be done.")
}

fn in_doing(seconds: u64) -> Failure {
    let mut failure = Failure::new(
        FailureKind::Conflict,
        STILL_RUNNING,
        "A request with this idempotency key is still being done.",
    );
    failure.retry_after = u32::try_from(seconds).ok();
    failure.hint("Wait for it, and send it again with the same key.")
}

fn interrupted() -> Failure {
    Failure::new(
        FailureKind::Conflict,
        UNKNOWN_OUTCOME,
        "It is not known what came of the request with this idempotency key: it was interrupted, or takes very long.",
    )
    .hint("Look whether it was done, or send it again later with the same key, before you use a new one.")
}

/// One hash of several texts, which cannot be confused by where one ends.
fn hash(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
