//! What every request passes, whatever it is for: its id, and its line in the log.
//!
//! An answer carries the id of its request. Whoever is told that something went wrong here is told no more than that and the
//! id, and what it was stands in the log beside the id.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::{Instrument as _, info, warn};

use super::{status, traces};
use crate::failure::Failure;
use crate::ids::{KeyId, random_id};

/// The header with the id of a request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id of a request that is taken from whoever sends it.
const LONGEST_ID: usize = 100;

tokio::task_local! {
    /// The id of the request that this task attends to.
    static ID: Arc<str>;
}

/// The id of a request.
#[derive(Debug, Clone)]
pub(super) struct RequestId(pub(super) Arc<str>);

/// What is said of an answer in the log, beside its status. An answer carries it on its way out.
#[derive(Debug, Clone, Default)]
pub(super) struct Told {
    /// The route, as the document of the API has it.
    pub(super) route: Option<String>,
    /// The key that asked.
    pub(super) key: Option<KeyId>,
    /// Why it was refused.
    pub(super) failure: Option<Box<Failure>>,
}

/// Gives every request an id, and says in the log what came of it.
pub(super) async fn answered(mut request: Request, next: Next) -> Response {
    let id: Arc<str> = id_of(&request).into();
    let (method, began) = (request.method().clone(), Instant::now());
    let matched = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    request.extensions_mut().insert(RequestId(Arc::clone(&id)));
    let span = traces::request(&id, &method, request.headers());
    let mut response = ID.scope(Arc::clone(&id), next.run(request)).instrument(span.clone()).await;
    let Told { route, key, failure } = response.extensions_mut().remove().unwrap_or_default();
    let route = route.or(matched).unwrap_or_default();
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let status = response.status();
    traces::answered(&span, &method, &route, status);
    let _entered = span.enter();
    let key = key.as_ref().map(KeyId::as_str);
    let code = failure.as_ref().map(|failure| failure.code.as_ref());
    let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    match failure.as_ref().filter(|failure| status::is_ours(failure)) {
        Some(failure) => {
            warn!(route, status = status.as_u16(), milliseconds, key, code, %failure, "answered");
        }
        None => info!(route, status = status.as_u16(), milliseconds, key, code, "answered"),
    }
    response
}

/// What people may be told of a failure: of a fault here no more than that, and the id by which it is found in the log.
pub(super) fn for_people(failure: &Failure) -> Failure {
    if !status::is_ours(failure) {
        return failure.clone();
    }
    let told = Failure::new(failure.kind.clone(), failure.code.clone(), "Something went wrong here.");
    let Ok(id) = ID.try_with(Arc::clone) else { return told };
    warn!(%failure, "a page could not be made");
    told.hint(format!("Tell whoever runs this service the id of the request: {id}."))
}

/// The id that whoever sends a request gave it, as a proxy does, or one of ours.
fn id_of(request: &Request) -> String {
    let given = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let is_plain = |id: &&str| {
        (1..=LONGEST_ID).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    let given = given.filter(is_plain).map(str::to_owned);
    given.or_else(|| random_id("q-").ok()).unwrap_or_default()
}
