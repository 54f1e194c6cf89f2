//! The one door: every request passes here, in this order.
//!
//! 1. A `Host` that is not loopback is refused: a web page of another origin may have had its name pointed at
//!    this machine.
//! 2. `/_sandbox/` goes to the scripts' own endpoints, which are neither counted nor recorded.
//! 3. A fault that was ordered for the request answers in its handler's stead, or after it.
//! 4. The handler answers; the request is counted and recorded with the status that the caller sees.
//! 5. Where a cut was ordered, the connection ends instead of the answer, or in its midst.

use std::sync::Arc;
use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{ConnectInfo, Request, State as Shared};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use bytes::Bytes;
use rand::RngCore as _;

use crate::cut::Cut;
use crate::http::{Call, Reply};
use crate::line::Scissors;
use crate::routes::{CONFLUENCE, Found, OUTER, Visit, find};
use crate::state::{App, State};
use crate::v2::fields::too_large;
use crate::{control_api, direct, gateway, media, upload, view};

/// The most of a body that is read; Confluence's own limit is checked by its operations.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

/// Which listener a request came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entrance {
    /// The one for everything but files.
    Main,
    /// The one of the media host.
    Media,
}

pub(crate) async fn serve(
    Shared((app, entrance)): Shared<(Arc<App>, Entrance)>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    request: Request,
) -> Response {
    if !is_loopback(request.headers()) {
        return Reply::text(421, "This sandbox answers on loopback addresses only.\n").into_response();
    }
    let (parts, body) = request.into_parts();
    let upload = upload::boundary(&parts.headers).filter(|_| parts.uri.path().contains("/child/attachment"));
    let call = match upload {
        Some(boundary) => {
            let largest = app.state().settings.attachment_limit;
            let mut call = Call::new(&parts, Bytes::new());
            // A broken form is one without a file.
            call.parts = upload::read(body, boundary, largest).await.unwrap_or_default();
            call
        }
        None => match to_bytes(body, LARGEST_BODY).await {
            Ok(body) => Call::new(&parts, body),
            Err(_) => return too_large().into_response(),
        },
    };
    if entrance == Entrance::Main && call.path.starts_with("/_sandbox") {
        return control_api::handle(&mut app.state(), &call).into_response();
    }
    let Outcome { reply, delay, cut } = answer(&mut app.state(), &call, entrance);
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let id = trace_id();
    let reply = reply.header("atl-request-id", id.clone()).header("atl-traceid", id.replace('-', ""));
    if let Some(cut) = cut {
        scissors.cut_after(cut.last_words(reply.clone()));
    }
    reply.into_response()
}

/// What is answered, and how.
struct Outcome {
    reply: Reply,
    delay: Duration,
    cut: Option<Cut>,
}

fn answer(state: &mut State, call: &Call, entrance: Entrance) -> Outcome {
    let (template, below) = names(call, entrance);
    let fault = state.faults.take(&call.method, &[&template, below, &call.path]);
    let outcome = match fault {
        None => Outcome { reply: dispatch(state, call, entrance), delay: Duration::ZERO, cut: None },
        Some(fault) => {
            state.counters.faults += 1;
            let done = fault.lets_through().then(|| dispatch(state, call, entrance));
            // Where neither is there, the connection is cut before an answer.
            let reply = fault.reply().or(done).unwrap_or_else(|| Reply::empty(503));
            Outcome { reply, delay: fault.delay(), cut: fault.cut }
        }
    };
    let seen = (outcome.cut != Some(Cut::Before)).then_some(outcome.reply.status);
    state.counters.answered(&format!("{} {template}", call.method), seen);
    let now = state.clock.now();
    state.recorder.record(&state.authorizations.credentials, now, call, seen);
    outcome
}

fn dispatch(state: &mut State, call: &Call, entrance: Entrance) -> Reply {
    if entrance == Entrance::Media {
        return media::serve(state, call);
    }
    if let Some((cloud_id, path)) = gateway::split(&call.path) {
        return gateway::handle(state, call, cloud_id, path);
    }
    if let Some((site, path)) = direct::split(call) {
        return direct::handle(state, call, site, path);
    }
    match find(OUTER, &call.method, &call.path) {
        Found::Route(route, parameters) => {
            let account = state.settings.account;
            let mut visit = Visit { state, call, account, parameters, site: 0 };
            (route.handler)(&mut visit).unwrap_or_else(|refusal| refusal)
        }
        Found::OtherMethod(_) => Reply::text(405, "This method is not played here.\n"),
        Found::Nothing => gateway::lost_prefix(state.clock.now(), &call.path).unwrap_or_else(view::nothing),
    }
}

/// The names that counters and faults know a request by: its template, and its path from `/wiki` on.
fn names(call: &Call, entrance: Entrance) -> (String, &str) {
    if entrance == Entrance::Media {
        return (media::TEMPLATE.to_owned(), &call.path);
    }
    let below = gateway::split(&call.path)
        .map(|(_, below)| below)
        .or_else(|| direct::split(call).map(|(_, below)| below));
    let (table, below) = below.map_or((OUTER, call.path.as_str()), |below| (CONFLUENCE, below));
    let template = match find(table, &call.method, below) {
        Found::Route(route, _) => route.template,
        Found::OtherMethod(template) => template,
        Found::Nothing => "(unknown path)",
    };
    (template.to_owned(), below)
}

fn is_loopback(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else { return false };
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port),
        _ => (host, ""),
    };
    port.chars().all(|c| c.is_ascii_digit())
        && (matches!(name, "127.0.0.1" | "[::1]") || name.eq_ignore_ascii_case("localhost"))
}

/// An id for the answer, of the shape of Atlassian's.
fn trace_id() -> String {
    let random = rand::rng().next_u64();
    let more = rand::rng().next_u64();
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        random >> 32,
        (random >> 16) & 0xffff,
        random & 0xffff,
        more >> 48,
        more & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_pass_as_host() {
        let host = |host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            is_loopback(&headers)
        };
        for name in ["127.0.0.1", "127.0.0.1:8080", "localhost:1", "LOCALHOST", "[::1]:80", "[::1]"] {
            assert!(host(name), "{name}");
        }
        for name in
            ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "0.0.0.0", "a@localhost"]
        {
            assert!(!host(name), "{name}");
        }
        assert!(!is_loopback(&HeaderMap::new()));
    }
}
