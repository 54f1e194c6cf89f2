//! What all pages look like, and what none of them may do.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use super::super::requests::for_people;
use super::super::{page as pages, status};
use super::Console;
use super::form::TOKEN;
use super::session::Admin;
use crate::failure::{Failure, FailureKind, plain_text};

/// The longest text from outside that is shown in a line, in characters.
const LONGEST: usize = 300;

/// What no page may do, whatever stands in it. Forms may lead anywhere: browsers hold every redirect after a form to a rule
/// about it, and where vendors send people to sign in is not known.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
    frame-ancestors 'none'; base-uri 'none'";

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

pub(super) async fn style() -> Response {
    asset("text/css; charset=utf-8", STYLE)
}

pub(super) async fn script() -> Response {
    asset("text/javascript; charset=utf-8", SCRIPT)
}

fn asset(kind: &'static str, text: &'static str) -> Response {
    let mut response = ([(header::CONTENT_TYPE, kind)], text).into_response();
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// A page, with the ways to the others where somebody is logged in.
pub(super) fn page(
    console: &Console,
    admin: Option<&Admin>,
    status: StatusCode,
    title: &str,
    body: &Markup,
) -> Response {
    let links = [
        ("/actions", "Integrations"),
        ("/dialogs", "Dialogs"),
        ("/connections", "Connections"),
        ("/runs", "Runs"),
        ("/audit", "Audit log"),
    ];
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) " – Actionbay" }
                link rel="stylesheet" href=(console.at("/style.css"));
                script src=(console.at("/script.js")) defer {}
            }
            body {
                a class="skip" href="#main" { "Skip to the content" }
                header {
                    strong { "Actionbay" }
                    @if let Some(admin) = admin {
                        nav aria-label="Main" {
                            @for (path, name) in links { a href=(console.at(path)) { (name) } }
                        }
                        form method="post" action=(console.at("/logout")) class="logout" {
                            (token(admin))
                            span { "Workspace " (admin.key.workspace) }
                            button type="submit" class="quiet" { "Log out" }
                        }
                    }
                }
                main id="main" { (body) }
            }
        }
    };
    let html = (header::CONTENT_TYPE, "text/html; charset=utf-8");
    let mut response = pages::guarded((status, [html], page.into_string()).into_response(), "same-origin");
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    );
    response
}

/// A page for somebody who is logged in.
pub(super) fn shown(console: &Console, admin: &Admin, title: &str, body: &Markup) -> Response {
    page(console, Some(admin), StatusCode::OK, title, body)
}

/// A sentence, for whoever it is.
pub(super) fn plain(console: &Console, status: StatusCode, text: &str) -> Response {
    let title = status.canonical_reason().unwrap_or("Something is wrong");
    let body = html! { h1 { (title) } p { (text) } p { a href=(console.at("/actions")) { "Go on" } } };
    page(console, None, status, title, &body)
}

/// That something did not work, and what to do.
pub(super) fn failed(console: &Console, admin: Option<&Admin>, failure: &Failure) -> Response {
    let body = html! {
        h1 { "This did not work" }
        (trouble(failure))
        p { a href=(console.at("/actions")) { "Integrations" } }
    };
    let status = match failure.kind {
        FailureKind::NotFound => StatusCode::NOT_FOUND,
        _ => status::of_page(failure),
    };
    page(console, admin, status, "This did not work", &body)
}

/// A page that says why what it was asked for was not done, as an answer of that kind.
pub(super) fn refused(failure: &Failure, page: Response) -> Response {
    match page.status() {
        StatusCode::OK => (status::of_page(failure), page).into_response(),
        _ => page,
    }
}

/// What is wrong, and what to do about it.
pub(super) fn trouble(failure: &Failure) -> Markup {
    let failure = for_people(failure);
    html! {
        div role="alert" class="trouble" {
            p { (failure.message) }
            @if !failure.violations.is_empty() {
                ul { @for violation in &failure.violations { li { code { (violation.pointer) } " " (violation.message) } } }
            }
            @if let Some(hint) = &failure.hint { p { (hint) } }
        }
    }
}

/// The field that every form carries.
pub(super) fn token(admin: &Admin) -> Markup {
    html! { input type="hidden" name=(TOKEN) value=(admin.token); }
}

/// A form of one button.
pub(super) fn button(admin: &Admin, action: &str, label: &str, class: &str) -> Markup {
    html! {
        form method="post" action=(action) class="inline" {
            (token(admin))
            button type="submit" class=(class) { (label) }
        }
    }
}

/// A text from outside, as a line.
pub(super) fn line(text: &str) -> String {
    plain_text(text, LONGEST)
}
