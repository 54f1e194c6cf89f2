//! The console: what an admin does with a browser, screen by screen.
//!
//! Pages are made here and work without script where they can; a little script keeps a conversation fresh. An admin logs in
//! with a key of the scope `admin`, and sees the workspace of that key alone.
//!
//! Every page forbids itself everything that it does not need (Content-Security-Policy), is of no other site's frames, and
//! shows what comes from outside as text. Whatever changes something is a form that carries a token of its session and comes
//! from a page of the console.
//!
//! | file | screens |
//! |---|---|
//! | `session.rs`, `login.rs` | who it is |
//! | `form.rs` | what a form sends |
//! | `layout.rs` | what all pages look like |
//! | `actions.rs` | *Integrations › Actions*: available and configured; disable, enable, delete |
//! | `configure.rs` | the *Configurations* of an integration: instructions, authorization, consent |
//! | `profiles.rs` | authorization profiles |
//! | `templates.rs` | *Explore Templates* |
//! | `dialogs.rs` | dialogs as flows, edited node by node |
//! | `talk.rs`, `said.rs` | *Talk to Bot* |
//! | `accounts.rs`, `history.rs` | connections; runs and the audit log |

mod accounts;
mod actions;
mod configure;
mod dialogs;
mod form;
mod history;
mod layout;
mod login;
mod profiles;
mod said;
mod session;
mod talk;
mod templates;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};

use self::session::Admin;
pub(super) use self::session::ConsoleCookie;
use super::addressed;
use super::audit::{Audit, Entry, Subject};
use super::cookie::BrowserCookie;
use super::keys::{Guesses, Keys};
use super::room::Room;
use super::runs::Runs;
use crate::authorization::{Connection, PublicUrl};
use crate::failure::{Failure, FailureKind, Result};
use crate::host::Host;

/// The most that a form may have without a file, in bytes: the body of a large page, said in a conversation.
const MAX_FORM: usize = 8 << 20;

/// How long a request may take: a template that is run by talking.
const LONGEST_REQUEST: Duration = Duration::from_secs(130);

/// How many requests are worked on at a time. Each takes a thread.
const MOST_AT_A_TIME: usize = 32;

/// What all pages know. Cheap to clone.
#[derive(Clone)]
pub(super) struct Console(Arc<Known>);

pub(super) struct Known {
    host: Host,
    public: PublicUrl,
    keys: Keys,
    runs: Runs,
    room: Room,
    cookie: ConsoleCookie,
    browser: BrowserCookie,
    guesses: Guesses,
}

impl std::ops::Deref for Console {
    type Target = Known;

    fn deref(&self) -> &Known {
        &self.0
    }
}

impl Console {
    /// The address of a page.
    fn at(&self, path: &str) -> String {
        format!("{}/console{path}", self.public.prefix())
    }

    fn to(&self, path: &str) -> Response {
        Redirect::to(&self.at(path)).into_response()
    }

    /// Does something with the host that takes a thread, if there is room.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Host) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let host = self.host.clone();
        self.room.work(move || work(&host)).await
    }

    /// The same for what changes something, with a line in the audit log that says what came of it.
    async fn change<T: Send + 'static>(
        &self,
        admin: &Admin,
        action: &'static str,
        subject: Subject,
        work: impl FnOnce(&Host) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.change_noting(admin, action, subject, |host, _| work(host)).await
    }

    /// The same, where it shows in doing it to what it was done.
    async fn change_noting<T: Send + 'static>(
        &self,
        admin: &Admin,
        action: &'static str,
        subject: Subject,
        work: impl FnOnce(&Host, &mut Noted) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (host, admin) = (self.host.clone(), admin.clone());
        self.room
            .work(move || {
                let mut noted = Noted { subject, gone: Vec::new() };
                let result = work(&host, &mut noted);
                let outcome =
                    result.as_ref().map_or_else(|failure| failure.code.to_string(), |_| "done".to_owned());
                let entry = Entry {
                    by: format!("key:{}", admin.key.id),
                    action: action.to_owned(),
                    outcome,
                    subject: noted.subject,
                    request_id: admin.request.as_ref().map(|id| id.0.to_string()),
                    ..Entry::default()
                };
                // That it cannot be written must not hide what happened.
                let entries = entry.and_gone(&noted.gone);
                if let Err(failure) = Audit::of(&host).write(&admin.key.workspace, entries) {
                    log::warn!("what was done could not be written into the audit log: {failure}");
                }
                result
            })
            .await
    }
}

/// To what something was done.
struct Noted {
    subject: Subject,
    /// The connections that went with it.
    gone: Vec<Connection>,
}

/// What was done to an integration.
fn of_integration(id: &str) -> Subject {
    Subject { integration: Some(crate::failure::plain_text(id, 100)), ..Subject::default() }
}

/// The pages, below `/console` of the public URL.
pub(super) fn router(host: &Host, public: &PublicUrl, runs: &Runs) -> Router {
    let console = Console(Arc::new(Known {
        host: host.clone(),
        public: public.clone(),
        keys: Keys::of(host),
        runs: runs.clone(),
        room: Room::new(MOST_AT_A_TIME),
        cookie: ConsoleCookie::of(public),
        browser: BrowserCookie::of(public),
        guesses: Guesses::new(),
    }));
    let pages = Router::new()
        .route("/", get(|State(console): State<Console>| async move { console.to("/actions") }))
        .route("/style.css", get(layout::style))
        .route("/script.js", get(layout::script))
        .route("/login", get(login::page).post(login::log_in))
        .route("/logout", post(login::log_out))
        .route("/actions", get(actions::list))
        .route("/actions/{integration}", get(configure::page))
        .route("/actions/{integration}/authorize", post(configure::authorize))
        .route("/actions/{integration}/enable", post(configure::enable))
        .route("/actions/{integration}/introduced", post(configure::introduced))
        .route("/actions/{integration}/disable", post(actions::disable))
        .route("/actions/{integration}/delete", get(actions::confirm_delete).post(actions::delete))
        .route("/actions/{integration}/templates", get(templates::list))
        .route("/actions/{integration}/templates/{template}/install", post(templates::install))
        .route("/actions/{integration}/templates/{template}/uninstall", post(templates::uninstall))
        .route("/actions/{integration}/profiles/new", get(profiles::new).post(profiles::create))
        .route("/profiles/{profile}", get(profiles::show).post(profiles::edit))
        .route("/profiles/{profile}/test", post(profiles::test))
        .route("/profiles/{profile}/delete", get(profiles::confirm_delete).post(profiles::delete))
        .route("/dialogs", get(dialogs::list))
        .route("/dialogs/{name}", get(dialogs::show).post(dialogs::edit))
        .route("/dialogs/{name}/update", post(dialogs::update))
        .route("/dialogs/{name}/delete", get(dialogs::confirm_delete).post(dialogs::delete))
        .route("/dialogs/{name}/talk", get(talk::begin).post(talk::start))
        .route("/conversations/{conversation}", get(talk::show).post(talk::say))
        .route("/files/{file}", get(talk::file))
        .route("/connections", get(accounts::list))
        .route("/connections/{connection}/check", post(accounts::check))
        .route("/connections/{connection}/authorize", post(accounts::authorize))
        .route("/connections/{connection}/site", post(accounts::choose_site))
        .route("/connections/{connection}/secret", post(accounts::replace_secret))
        .route("/connections/{connection}/delete", get(accounts::confirm_delete).post(accounts::delete))
        .route("/runs", get(history::runs))
        .route("/audit", get(history::audit))
        .fallback(nothing)
        .layer(DefaultBodyLimit::max(MAX_FORM))
        .layer(middleware::from_fn_with_state(console.clone(), guard))
        .with_state(console.clone());
    Router::new()
        // The route of the pages that is only a slash is this one without it.
        .route(&format!("{}/console/", public.prefix()), get(move || async move { console.to("/actions") }))
        .nest(&format!("{}/console", public.prefix()), pages)
}

/// Lets through what is meant for this service, for as long as a request may take.
async fn guard(State(console): State<Console>, request: Request, next: Next) -> Response {
    if !addressed::is_meant(&request, &console.public) {
        return layout::plain(
            &console,
            StatusCode::MISDIRECTED_REQUEST,
            "This request is for another host than this one.",
        );
    }
    match tokio::time::timeout(LONGEST_REQUEST, next.run(request)).await {
        Ok(response) => response,
        Err(_) => layout::plain(&console, StatusCode::REQUEST_TIMEOUT, "This took too long."),
    }
}

async fn nothing(State(console): State<Console>) -> Response {
    layout::plain(&console, StatusCode::NOT_FOUND, "There is no such page.")
}

/// The page of a console session to go back to after consent, if this browser has one.
pub(super) fn way_back(public: &PublicUrl, headers: &HeaderMap, integration: &str) -> Option<Response> {
    let at = format!("{}/{integration}", actions(public, headers)?);
    Some((StatusCode::SEE_OTHER, [(header::LOCATION, at)]).into_response())
}

/// Where the console's integrations are, if this browser has a session of it.
pub(super) fn actions(public: &PublicUrl, headers: &HeaderMap) -> Option<String> {
    ConsoleCookie::of(public).read(headers)?;
    Some(format!("{}/console/actions", public.prefix()))
}

fn unknown(what: &str) -> Failure {
    Failure::new(FailureKind::NotFound, "unknown-page", format!("There is no such {what}."))
}
