//! The pages for people who connect an account by a link, and the endpoint that they come back to.
//!
//! | request | what it does |
//! |---|---|
//! | `GET /connect/{token}` | says what the link is for; nothing comes of it, so that previews may fetch it |
//! | `POST /connect/{token}` | uses the link up and sends the browser to the vendor |
//! | `GET /oauth/callback` | takes the callback, from that browser only |
//! | `POST /connect/site` | takes the choice of a site, where the account reaches several, from that browser only |

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::sync::Notify;

use super::cookie::BrowserCookie;
use super::room::Room;
use super::{addressed, console, page, requests, server};
use crate::authorization::{Begun, Browser, Connection, PublicUrl};
use crate::failure::{Failure, FailureKind, Result};
use crate::host::Host;
use crate::ids::{ConnectionId, WorkspaceId};

/// The most that a form may have, in bytes: it has one checkbox.
const MAX_FORM: usize = 4 << 10;

/// How long a request may take: an exchange of a code, and some looking around for sites.
const LONGEST_REQUEST: Duration = Duration::from_secs(90);

/// How many requests are worked on at a time. Each takes a thread.
const MOST_AT_A_TIME: usize = 64;

/// Who a browser says has made a request (Fetch Metadata, section 2.3).
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What the pages know.
#[derive(Clone)]
struct Pages {
    host: Host,
    public: PublicUrl,
    cookie: BrowserCookie,
    room: Room,
    /// Rung when somebody came back from a vendor.
    arrivals: Arc<Notify>,
}

/// The pages of a host, at the paths of its public URL, whose own path a proxy must leave in place. The host has to be
/// built with the same public URL as its callback router.
///
/// A request whose `Host` is not that of the public URL is refused, whatever a proxy says it was.
pub fn routes(host: Host, public: &PublicUrl) -> Router {
    pages(host, public, Arc::default()).layer(middleware::from_fn(requests::answered))
}

/// The pages, which ring when somebody came back.
pub(super) fn pages(host: Host, public: &PublicUrl, arrivals: Arc<Notify>) -> Router {
    let pages = Pages {
        host,
        public: public.clone(),
        cookie: BrowserCookie::of(public),
        room: Room::new(MOST_AT_A_TIME),
        arrivals,
    };
    let prefix = public.prefix();
    // A HEAD that was answered as a GET would use the state up.
    let callback = get(callback).head(|| async { StatusCode::METHOD_NOT_ALLOWED });
    Router::new()
        // No token is this word: they have a dot in them.
        .route(&format!("{prefix}/connect/site"), post(choose))
        .route(&format!("{prefix}/connect/{{token}}"), get(link).post(open))
        .route(&format!("{prefix}/oauth/callback"), callback)
        .fallback(nothing)
        .layer(DefaultBodyLimit::max(MAX_FORM))
        .layer(middleware::from_fn_with_state(pages.clone(), guard))
        .layer(middleware::map_response(server::one_request))
        .with_state(pages)
}

/// Lets through what is meant for this service, for as long as a request may take.
async fn guard(State(pages): State<Pages>, request: Request, next: Next) -> Response {
    if !addressed::is_meant(&request, &pages.public) {
        return page::told(
            StatusCode::MISDIRECTED_REQUEST,
            "Not here",
            "This request is for another host than this one.",
            "Check the address.",
        );
    }
    match tokio::time::timeout(LONGEST_REQUEST, next.run(request)).await {
        Ok(response) => response,
        Err(_) => page::told(StatusCode::REQUEST_TIMEOUT, "Too slow", "This took too long.", "Try again."),
    }
}

async fn nothing() -> Response {
    page::told(StatusCode::NOT_FOUND, "Not here", "There is no such page.", "Check the address.")
}

async fn link(State(pages): State<Pages>, token: Result<Path<String>, PathRejection>) -> Response {
    let token = text(token);
    let host = pages.host.clone();
    match pages.room.work(move || host.link(&token)).await {
        Ok(facts) => page::link(&facts),
        Err(failure) => page::failed(&failure),
    }
}

async fn open(
    State(pages): State<Pages>,
    token: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    form: Bytes,
) -> Response {
    if !pages.is_of_own_page(&headers) {
        return page::foreign();
    }
    let (token, host) = (text(token), pages.host.clone());
    let another_account = url::form_urlencoded::parse(&form)
        .any(|(name, value)| name == page::ANOTHER_ACCOUNT && value == "yes");
    let known = pages.cookie.read(&headers);
    let opened = move || {
        let browser = known.map_or_else(Browser::new, Ok)?;
        let begun = host.open_link(&token, &browser, another_account)?;
        let seconds = begun.expires_at.saturating_sub(host.authorizations().clock.now()?);
        Ok((browser, begun, seconds))
    };
    let sent = match pages.room.work(opened).await {
        Ok((browser, begun, seconds)) => {
            pages.cookie.set(&browser, seconds).and_then(|cookie| sent_on(&begun, cookie))
        }
        Err(failure) => Err(failure),
    };
    sent.unwrap_or_else(|failure| page::failed(&failure))
}

async fn callback(State(pages): State<Pages>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let (host, browser) = (pages.host.clone(), pages.cookie.read(&headers));
    let handled = pages.room.work(move || {
        let failure = match host.handle_callback(&query.unwrap_or_default(), browser.as_ref()) {
            Ok(connection) => return Ok(Handled::connected(&host, connection)),
            Err(failure) => failure,
        };
        match (&failure.waiting, browser) {
            (Some(waiting), Some(browser)) => {
                host.waiting_in(&waiting.workspace, &waiting.connection, &browser).map(Handled::Waiting)
            }
            _ => Err(failure),
        }
    });
    shown(handled.await, &pages, &headers)
}

/// What came of a callback.
enum Handled {
    /// The connection works.
    Connected(Connection),
    /// Its site has to be chosen.
    Waiting(Connection),
}

impl Handled {
    /// The connection works: what waited for it goes on.
    fn connected(host: &Host, connection: Connection) -> Self {
        if let Err(failure) = host.resume_conversations(&connection) {
            log::warn!("the conversations that wait for a connection do not go on: {failure}");
        }
        Self::Connected(connection)
    }
}

async fn choose(State(pages): State<Pages>, headers: HeaderMap, form: Bytes) -> Response {
    if !pages.is_of_own_page(&headers) {
        return page::foreign();
    }
    let field = |wanted: &str| {
        url::form_urlencoded::parse(&form)
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    };
    let (workspace, connection, site) = (field("workspace"), field("connection"), field("site"));
    let (host, browser) = (pages.host.clone(), pages.cookie.read(&headers));
    let finished = pages.room.work(move || {
        let (workspace, id) = (WorkspaceId::new(workspace)?, ConnectionId::new(connection)?);
        let browser = browser.ok_or_else(|| refused_without_cookie(&id))?;
        host.waiting_in(&workspace, &id, &browser)?;
        match host.finish(&workspace, &id, Some(&site)) {
            Ok(connection) => Ok(Handled::connected(&host, connection)),
            // It still waits, and another one may be chosen.
            Err(failure) if failure.code.starts_with("site-") => {
                host.waiting_in(&workspace, &id, &browser).map(Handled::Waiting)
            }
            Err(failure) => Err(failure),
        }
    });
    shown(finished.await, &pages, &headers)
}

fn shown(handled: Result<Handled>, pages: &Pages, headers: &HeaderMap) -> Response {
    pages.arrivals.notify_waiters();
    match handled {
        Ok(Handled::Connected(connection)) => {
            // An admin goes on where they came from.
            let is_for_all = connection.user.is_none();
            let back = console::way_back(&pages.public, headers, connection.integration.as_str());
            back.filter(|_| is_for_all).unwrap_or_else(|| page::connected(&Ok(connection)))
        }
        Ok(Handled::Waiting(connection)) => {
            page::sites(&connection, &format!("{}/connect/site", pages.public.prefix()))
        }
        Err(failure) => match console::actions(&pages.public, headers) {
            Some(actions) => page::failed_for_admin(&failure, &actions),
            None => page::failed(&failure),
        },
    }
}

/// A browser that keeps no cookie cannot be recognised.
fn refused_without_cookie(id: &ConnectionId) -> Failure {
    Failure::new(
        FailureKind::NotFound,
        "unknown-connection",
        format!("No connection \"{id}\" waits for its site in this browser."),
    )
    .hint("Ask for a new link where you got this one, and allow this site to keep a cookie.")
}

/// Sends the browser to the vendor, with the cookie to come back with.
fn sent_on(begun: &Begun, cookie: HeaderValue) -> Result<Response> {
    let url = HeaderValue::from_str(begun.authorization_url.as_str())
        .map_err(|_| Failure::internal("An authorization URL cannot be written."))?;
    let headers = [(header::LOCATION, url), (header::SET_COOKIE, cookie)];
    Ok(page::guarded((StatusCode::SEE_OTHER, headers).into_response(), "no-referrer"))
}

/// A token as it stands in the path; none that can be read is none that there is.
fn text(token: Result<Path<String>, PathRejection>) -> String {
    token.map(|Path(token)| token).unwrap_or_default()
}

impl Pages {
    /// Whether a form was sent by a page of this service, as far as the browser says.
    fn is_of_own_page(&self, headers: &HeaderMap) -> bool {
        let origin = self.public.origin();
        let all = |name: &HeaderName, fits: &dyn Fn(&[u8]) -> bool| {
            headers.get_all(name).iter().all(|value| fits(value.as_bytes()))
        };
        all(&header::ORIGIN, &|value| value == origin.as_str().as_bytes())
            && all(&SEC_FETCH_SITE, &|value| value == b"same-origin")
    }
}
