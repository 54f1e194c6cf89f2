//! Logging in, with a key of the scope `admin`.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::html;

use super::super::keys::Scope;
use super::form::{Fields, Posted, foreign, is_of_own_page};
use super::{Console, layout, session};
use crate::failure::{Failure, FailureKind};

pub(super) async fn page(State(console): State<Console>) -> Response {
    shown(&console, StatusCode::OK, None)
}

fn shown(console: &Console, status: StatusCode, why: Option<&str>) -> Response {
    let body = html! {
        h1 { "Log in" }
        @if let Some(why) = why { p role="alert" class="trouble" { (why) } }
        form method="post" action=(console.at("/login")) {
            p {
                label for="key" { "Key" }
                input id="key" name="key" type="password" autocomplete="current-password" required;
            }
            p class="hint" {
                "A key of this workspace with the scope admin: " code { "actionbay keys create console --scope admin" }
            }
            button type="submit" { "Log in" }
        }
    };
    layout::page(console, None, status, "Log in", &body)
}

pub(super) async fn log_in(State(console): State<Console>, headers: HeaderMap, body: Bytes) -> Response {
    if !is_of_own_page(&console, &headers) {
        return foreign(&console);
    }
    let key = Fields::read(&body).text("key").to_owned();
    let known = console.clone();
    let begun = console
        .work(move |host| {
            let key = known.keys.authenticate(&key)?;
            if !key.may(Scope::Admin) {
                return Err(Failure::new(
                    FailureKind::Denied,
                    "key-lacks-scope",
                    "This key has not the scope admin.",
                ));
            }
            session::begin(host, &key)
        })
        .await;
    let begun = begun.map_err(|failure| console.guesses.told(failure));
    match begun.and_then(|secret| console.cookie.set(&secret)) {
        Ok(cookie) => ([(header::SET_COOKIE, cookie)], console.to("/actions")).into_response(),
        Err(failure) if failure.kind == FailureKind::Denied => {
            shown(&console, StatusCode::FORBIDDEN, Some(&failure.message))
        }
        Err(failure) if failure.kind == FailureKind::RateLimited => {
            shown(&console, StatusCode::TOO_MANY_REQUESTS, Some(&failure.to_string()))
        }
        Err(failure) => layout::failed(&console, None, &failure),
    }
}

pub(super) async fn log_out(State(console): State<Console>, headers: HeaderMap, _posted: Posted) -> Response {
    if let Some(secret) = console.cookie.read(&headers)
        && let Err(failure) = console.work(move |host| session::end(host, &secret)).await
    {
        return layout::failed(&console, None, &failure);
    }
    match console.cookie.clear() {
        Ok(cookie) => ([(header::SET_COOKIE, cookie)], console.to("/login")).into_response(),
        Err(failure) => layout::failed(&console, None, &failure),
    }
}
