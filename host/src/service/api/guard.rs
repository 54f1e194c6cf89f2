//! What every request of the API passes on its way in and out, beside what all requests do.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use tracing::{Instrument as _, Span, warn};

use super::Api;
use super::document::Route;
use super::extract::Caller;
use super::idempotency::REPLAYED;
use super::problem::Refused;
use crate::failure::{Failure, FailureKind, Result};
use crate::ids::KeyId;
use crate::secret::{ExposeSecret as _, SecretString};
use crate::service::audit::{Asked, Audit, Entry};
use crate::service::keys::{ApiKey, Scope};
use crate::service::requests::{RequestId, Told};
use crate::service::room::on_a_thread;
use crate::service::settings::Settings;

/// Has what went wrong written, and says for the log and the metrics what came of a request.
pub(super) async fn answered(State(api): State<Api>, request: Request, next: Next) -> Response {
    let (method, began) = (request.method().clone(), Instant::now());
    let id = request.extensions().get::<RequestId>().cloned();
    let mut response = next.run(request).await;
    let route = response.extensions_mut().remove::<Arc<Route>>();
    let caller = response.extensions_mut().remove::<Caller>();
    let refused = response.extensions_mut().remove::<Refused>();
    if let Some(refused) = &refused {
        response = refused.written(&api.public, id.as_ref().map_or("", |id| &id.0));
    }
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let route = route.as_ref().map_or("", |route| route.path.as_str());
    api.metrics.answered(&method, route, response.status(), began.elapsed());
    response.extensions_mut().insert(Told {
        route: Some(route.to_owned()),
        key: caller.map(|caller| caller.key().clone()),
        failure: refused.map(|refused| Box::new(refused.failure().clone())),
    });
    response
}

/// Lets in who has a key that is good for the route, as often as a key may ask.
pub(super) async fn admitted(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let Some(route) = api.route(&request) else {
        // A path that the document does not know has no function behind it.
        return Refused::from(Failure::internal("A route is not in the document.")).into_response();
    };
    let Some(scope) = route.scope else { return marked(next.run(request).await, route, None) };
    let caller = match known(&api, request.headers()).await {
        Ok(key) => Caller(Arc::new(key)),
        Err(refused) => return marked(refused.into_response(), route, None),
    };
    if let Err(failure) = allowed(&api, &caller, scope) {
        return marked(Refused::from(failure).into_response(), route, Some(caller));
    }
    request.extensions_mut().insert(caller.clone());
    let asked = Asked::of(&request, &route, &api.prefix(), caller.key());
    let response = match asked {
        Some(asked) => noted(&api, &caller, asked, request, next).await,
        None => next.run(request).await,
    };
    marked(response, route, Some(caller))
}

/// Does what changes something, and notes it: whether somebody waits for the answer or not.
async fn noted(api: &Api, caller: &Caller, asked: Asked, request: Request, next: Next) -> Response {
    let (api, caller) = (api.clone(), caller.clone());
    let done = async move {
        let response = next.run(request).await;
        // What was answered before was noted then.
        if !response.headers().contains_key(REPLAYED) {
            note(&api, &caller, asked.answered(&response)).await;
        }
        response
    };
    tokio::spawn(done.instrument(Span::current())).await.unwrap_or_else(|_| {
        Refused::from(Failure::internal("The request could not be done.")).into_response()
    })
}

/// The response, with what the line in the log is about.
fn marked(mut response: Response, route: Arc<Route>, caller: Option<Caller>) -> Response {
    response.extensions_mut().insert(route);
    if let Some(caller) = caller {
        response.extensions_mut().insert(caller);
    }
    response
}

/// The key of a request.
pub(super) async fn known(api: &Api, headers: &HeaderMap) -> Result<ApiKey, Refused> {
    let unauthorized = |failure| Refused::with(StatusCode::UNAUTHORIZED, failure);
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let text = match (given.next(), given.next()) {
        (Some(value), None) => bearer(value.as_bytes()),
        _ => None,
    };
    let text: SecretString = text.map(str::to_owned).map(SecretString::from).ok_or_else(|| {
        let failure = Failure::new(FailureKind::Denied, "key-missing", "The request carries no key.");
        unauthorized(failure.hint("Send one as in \"Authorization: Bearer ab_…\"."))
    })?;
    let keys = api.keys.clone();
    let key = on_a_thread(move || keys.authenticate(text.expose_secret())).await;
    key.map_err(|failure| api.guesses.told(failure)).map_err(|failure| match failure.kind {
        FailureKind::Denied => unauthorized(failure),
        _ => failure.into(),
    })
}

/// The token of `Bearer TOKEN` (RFC 6750 section 2.1; a scheme's letter case does not count).
fn bearer(value: &[u8]) -> Option<&str> {
    let (scheme, token) = std::str::from_utf8(value).ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_matches(' '))
}

/// Whether a key may do this, and has not asked too often.
fn allowed(api: &Api, caller: &Caller, scope: Scope) -> Result<()> {
    api.limiter.check(caller.key())?;
    if caller.0.may(scope) {
        return Ok(());
    }
    Err(Failure::new(
        FailureKind::Denied,
        "key-lacks-scope",
        format!("This key is not good for what the scope {scope} is for."),
    )
    .hint("Use a key with this scope, or one with the scope admin."))
}

/// Writes into the audit log what was done. That it cannot be written must not hide what happened.
async fn note(api: &Api, caller: &Caller, entries: Vec<Entry>) {
    let (host, workspace) = (api.host.clone(), caller.workspace());
    let written = on_a_thread(move || Audit::of(&host).write(&workspace, entries)).await;
    if let Err(failure) = written {
        warn!(%failure, "what was done could not be written into the audit log");
    }
}

/// How often each key may ask: a bucket of tokens for each, which fills up by the minute.
pub(super) struct RateLimiter {
    buckets: DefaultKeyedRateLimiter<KeyId>,
    clock: DefaultClock,
}

impl RateLimiter {
    pub(super) fn new(settings: &Settings) -> Self {
        let per_minute = NonZeroU32::new(settings.requests_per_minute).unwrap_or(NonZeroU32::MIN);
        Self {
            buckets: DefaultKeyedRateLimiter::keyed(Quota::per_minute(per_minute)),
            clock: DefaultClock::default(),
        }
    }

    fn check(&self, key: &KeyId) -> Result<()> {
        self.buckets.check_key(key).map_err(|not_until| {
            let wait = not_until.wait_time_from(self.clock.now());
            let mut failure =
                Failure::new(FailureKind::RateLimited, "key-too-fast", "This key asks too often.");
            failure.retry_after = u32::try_from(wait.as_secs_f64().ceil() as u64).ok();
            failure.hint("Wait as long as Retry-After says.")
        })
    }
}
