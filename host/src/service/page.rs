//! The pages that people see: plain, without script, and with nothing in them that a page must not hold.
//!
//! Everything is escaped, and what comes from outside is shortened and made plain first. No page says its own address,
//! which may hold a code or a link's secret, and no page is kept or passed on.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use super::requests::for_people;
use super::status;
use crate::authorization::{Connection, LinkFacts, NOT_APPROVED};
use crate::clock::date;
use crate::failure::{Failure, FailureKind, Result, plain_text};

/// The longest text from outside that is shown, in characters: a line or two.
const MAX_SHOWN: usize = 200;

/// The most sites that are listed.
const MAX_SITES: usize = 100;

/// The most scopes that are listed.
const MAX_SCOPES: usize = 100;

const STYLE: &str = "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:38rem;margin:10vh auto;padding:0 1rem;\
    color-scheme:light dark}dt{font-weight:600}dd{margin:0 0 .6rem}button{font:inherit;padding:.5rem 1.2rem}";

/// What no page may do, whatever stands in it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

/// The name of the field by which a person says that another account may be connected.
pub(super) const ANOTHER_ACCOUNT: &str = "another-account";

/// What happened, and what to do next.
pub(super) fn told(status: StatusCode, title: &str, text: &str, next: &str) -> Response {
    told_with(status, title, text, &html! { (plain_text(next, crate::failure::MAX_TEXT)) })
}

fn told_with(status: StatusCode, title: &str, text: &str, next: &Markup) -> Response {
    let body = html! {
        h1 { (title) }
        p { (plain_text(text, crate::failure::MAX_TEXT)) }
        p { (next) }
    };
    answer(status, title, &body, &format!("{POLICY}; form-action 'none'"), "no-referrer")
}

/// A form that was sent from elsewhere.
pub(super) fn foreign() -> Response {
    told(
        StatusCode::FORBIDDEN,
        "Not from here",
        "This was sent by a page of somebody else.",
        "Open the link itself, and go on from there.",
    )
}

/// The sites to choose among, in a form that goes to `action`.
pub(super) fn sites(connection: &Connection, action: &str) -> Response {
    let heading = "Which site?";
    let body = html! {
        h1 { (heading) }
        p { "Your account reaches several sites. Choose the one to connect." }
        form method="post" action=(action) {
            input type="hidden" name="workspace" value=(connection.workspace);
            input type="hidden" name="connection" value=(connection.id);
            @for offered in connection.offered_sites.iter().take(MAX_SITES) {
                @let is_closed = offered.reachable == Some(false);
                p {
                    label {
                        input type="radio" name="site" value=(offered.site.id) required disabled[is_closed];
                        " " (plain_text(&offered.site.name, MAX_SHOWN))
                        " (" (plain_text(&offered.site.url, MAX_SHOWN)) ")"
                        @if is_closed { ", which your account cannot open" }
                    }
                }
            }
            button type="submit" { "Connect" }
        }
    };
    answer(StatusCode::OK, heading, &body, &format!("{POLICY}; form-action 'self'"), "same-origin")
}

/// What came of a callback.
pub(super) fn connected(result: &Result<Connection>) -> Response {
    match result {
        Ok(connection) => {
            let text = match &connection.site {
                Some(site) => format!(
                    "{} is connected to {} ({}).",
                    connection.integration,
                    plain_text(&site.name, MAX_SHOWN),
                    plain_text(&site.url, MAX_SHOWN)
                ),
                None => format!("{} is connected.", connection.integration),
            };
            told(StatusCode::OK, "Connected", &text, "You can close this page.")
        }
        Err(failure) => failed(failure),
    }
}

/// That it did not work, and why.
pub(super) fn failed(failure: &Failure) -> Response {
    let failure = for_people(failure);
    told(status::of_page(&failure), title_of(&failure), text_of(&failure), next(&failure))
}

/// The same for an admin, who goes on at the console.
pub(super) fn failed_for_admin(failure: &Failure, console: &str) -> Response {
    let failure = for_people(failure);
    let next = html! {
        @if status::is_ours(&failure) { (next(&failure)) " " }
        a href=(console) { "Back to the console" }
    };
    told_with(status::of_page(&failure), title_of(&failure), text_of(&failure), &next)
}

fn title_of(failure: &Failure) -> &'static str {
    match failure.kind {
        FailureKind::AccessDenied => "Not connected",
        _ => "This did not work",
    }
}

/// What may be told to anybody: what a component that nobody approved declares is for whoever runs this.
fn text_of(failure: &Failure) -> &str {
    if failure.code == NOT_APPROVED { "Something went wrong here." } else { &failure.message }
}

/// What the person in front of the page can do. The failure's own hint is for people at a command, but where the fault is
/// ours.
fn next(failure: &Failure) -> &str {
    const TELL: &str = "Tell whoever runs this service.";
    match (failure.code.as_ref(), &failure.kind) {
        _ if status::is_ours(failure) => failure.hint.as_deref().unwrap_or(TELL),
        ("link-unknown" | "link-expired" | "link-used", _) => {
            failure.hint.as_deref().unwrap_or("Ask for a new link where you got this one.")
        }
        ("other-account" | "other-site", _) => {
            "Ask for a new link, and either sign in with the account of before, or tick that another one may be \
             connected."
        }
        ("site-not-reachable" | "site-unknown" | "site-ambiguous" | "site-required", _) => {
            "Ask an admin of the site to give your account access to it, then ask for a new link."
        }
        (_, FailureKind::AccessDenied) => "To connect after all, ask for a new link and allow access.",
        (_, FailureKind::AuthorizationRequired | FailureKind::NotFound) => {
            "Begin the authorization again where you began this one, or ask for a new link."
        }
        (
            _,
            FailureKind::Upstream
            | FailureKind::Unreachable
            | FailureKind::TimedOut
            | FailureKind::RateLimited
            | FailureKind::LimitExceeded,
        ) => "Try again in a while, with a new link.",
        _ => TELL,
    }
}

/// What a link is for, and the button that opens it.
pub(super) fn link(facts: &LinkFacts) -> Response {
    let shown = |text: &str| plain_text(text, MAX_SHOWN);
    let title = shown(&facts.title);
    let heading =
        if facts.renews.is_some() { format!("Reconnect {title}") } else { format!("Connect {title}") };
    let provider = Some(shown(&facts.identity_provider)).filter(|name| !name.is_empty());
    let body = html! {
        h1 { (heading) }
        p { "Go on to " (provider.as_deref().unwrap_or(&title)) ", sign in, and allow access." }
        dl {
            dt { "Integration" } dd { (title) }
            dt { "Workspace" } dd { (facts.workspace) }
            dt { "Connected for" } dd { (facts.user.as_deref().map_or_else(|| "everybody".to_owned(), shown)) }
            @if let Some(renewed) = &facts.renews {
                dt { "Renews" }
                dd {
                    (renewed.id)
                    @if let Some(account) = &renewed.account {
                        ", " (shown(account.name.as_ref().unwrap_or(&account.id)))
                    }
                    @if let Some(site) = &renewed.site { ", " (shown(&site.name)) " (" (shown(&site.url)) ")" }
                }
            }
            @for field in &facts.additional_fields {
                dt { (shown(&field.key)) } dd { (shown(&field.value)) }
            }
            dt { "Will be asked for" }
            dd { @for scope in facts.scopes.iter().take(MAX_SCOPES) { code { (shown(scope)) } br; } }
            dt { "This link is good until" } dd { (date(facts.expires_at)) }
        }
        // Without an action the form goes to the page's own address, whose secret the page need not repeat.
        form method="post" {
            @if facts.renews.is_some() {
                p {
                    label {
                        input type="checkbox" name=(ANOTHER_ACCOUNT) value="yes";
                        " Another account than before may be connected"
                    }
                }
            }
            button type="submit" { "Go on" }
        }
    };
    // Without form-action: browsers hold every redirect after a form to it, and where the vendor sends people to sign in
    // is not known. The form itself cannot be turned elsewhere, since nothing on the page is taken as markup.
    // With no-referrer the form's own request would come with "Origin: null", as from a stranger.
    answer(StatusCode::OK, &heading, &body, POLICY, "same-origin")
}

fn answer(status: StatusCode, title: &str, body: &Markup, policy: &str, referrer: &'static str) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) }
                style { (STYLE) }
            }
            body { main { (body) } }
        }
    };
    let html = (header::CONTENT_TYPE, "text/html; charset=utf-8");
    let mut response = guarded((status, [html], page.into_string()).into_response(), referrer);
    if let Ok(policy) = HeaderValue::from_str(policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// The same, neither to be kept nor to be taken for what it is not, and giving its address to nobody it should not.
pub(super) fn guarded(mut response: Response, referrer: &'static str) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static(referrer));
    response
}
