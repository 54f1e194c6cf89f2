//! Connections: who, which account and site, how it stands and why, and the one button that mends it.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use maud::{Markup, html};

use super::super::audit::Subject;
use super::form::Posted;
use super::session::Admin;
use super::{Console, configure, layout};
use crate::authorization::{Authorize, Browser, Connection, ConnectionStatus, Proof};
use crate::clock::date;
use crate::ids::ConnectionId;

pub(super) async fn list(State(console): State<Console>, admin: Admin) -> Response {
    let workspace = admin.key.workspace.clone();
    let connections = match console.work(move |host| host.connections(&workspace)).await {
        Ok(connections) => connections,
        Err(failure) => return layout::failed(&console, Some(&admin), &failure),
    };
    let body = html! {
        h1 { "Connections" }
        @if connections.is_empty() { p { "Nobody has connected an account yet." } }
        ul class="cards" { @for connection in &connections { (card(&console, &admin, connection)) } }
    };
    layout::shown(&console, &admin, "Connections", &body)
}

fn card(console: &Console, admin: &Admin, connection: &Connection) -> Markup {
    let account = connection.account.as_ref().map(|account| account.name.as_ref().unwrap_or(&account.id));
    let at = |what: &str| console.at(&format!("/connections/{}/{what}", connection.id));
    html! {
        li class="card" {
            h2 { (connection.integration) ": " (connection.user.as_deref().map_or_else(|| "everybody".to_owned(), layout::line)) }
            dl {
                @if let Some(account) = account { dt { "Account" } dd { (layout::line(account)) } }
                @if let Some(site) = &connection.site { dt { "Site" } dd { (layout::line(&site.name)) " (" (layout::line(&site.url)) ")" } }
                dt { "Status" } dd { (connection.status.as_str()) }
                @if let Some(reason) = &connection.reason { dt { "Why" } dd { (layout::line(reason)) } }
                dt { "Authorization" } dd { (connection.profile) }
                @if let Some(until) = connection.expires_at { dt { "Token until" } dd { (date(until)) } }
            }
            @let needs_person = !connection.status.works() || !connection.missing.is_empty();
            @if connection.status == ConnectionStatus::AwaitingSite || connection.proof != Proof::OAuth2 {
                p { "Delete it, and connect the account again." }
            } @else if needs_person {
                @if connection.user.is_none() { (layout::button(admin, &at("authorize"), "Authorize again", "")) }
                @else { p { "Its user gets a link in the next conversation." } }
            } @else {
                (layout::button(admin, &at("check"), "Check", "quiet"))
            }
            a href=(at("delete")) { "Delete…" }
        }
    }
}

fn of_connection(id: &str) -> Subject {
    Subject { connection: Some(crate::failure::plain_text(id, 100)), ..Subject::default() }
}

pub(super) async fn check(
    State(console): State<Console>,
    Path(id): Path<String>,
    posted: Posted,
) -> Response {
    let workspace = posted.admin.key.workspace.clone();
    let subject = of_connection(&id);
    let checked = console.change(&posted.admin, "check_connection", subject, move |host| {
        host.check(&workspace, &ConnectionId::new(id)?)
    });
    match checked.await {
        Ok(_) => console.to("/connections"),
        Err(failure) => layout::failed(&console, Some(&posted.admin), &failure),
    }
}

pub(super) async fn authorize(
    State(console): State<Console>,
    Path(id): Path<String>,
    headers: HeaderMap,
    posted: Posted,
) -> Response {
    let admin = posted.admin;
    let (workspace, known) = (admin.key.workspace.clone(), console.browser.read(&headers));
    let begun = console.change(&admin, "reconnect", of_connection(&id), move |host| {
        let connection = host.connection(&workspace, &ConnectionId::new(id)?)?;
        if connection.user.is_some() {
            return Err(super::unknown("connection that serves everybody"));
        }
        let browser = known.map_or_else(Browser::new, Ok)?;
        let request = Authorize::new(workspace, connection.integration.clone(), connection.profile.clone())
            .tenant(connection.tenant.clone())
            .reconnect(Some(connection.id.clone()))
            .browser(browser.clone());
        let begun = host.begin(&request)?;
        let seconds = begun.expires_at.saturating_sub(host.authorizations().clock.now()?);
        Ok((begun.authorization_url.to_string(), browser, seconds))
    });
    match begun.await {
        Ok((url, browser, seconds)) => configure::sent_on(&console, &admin, &url, &browser, seconds),
        Err(failure) => layout::failed(&console, Some(&admin), &failure),
    }
}

pub(super) async fn confirm_delete(
    State(console): State<Console>,
    Path(id): Path<String>,
    admin: Admin,
) -> Response {
    let workspace = admin.key.workspace.clone();
    match console.work(move |host| host.connection(&workspace, &ConnectionId::new(id)?)).await {
        Ok(connection) => {
            let body = html! {
                h1 { "Delete this connection?" }
                p { "This cannot be undone. Its tokens are removed; at the vendor the account's owner withdraws the consent." }
                (layout::button(&admin, &console.at(&format!("/connections/{}/delete", connection.id)), "Delete", "danger"))
                a href=(console.at("/connections")) { "Keep it" }
            };
            layout::shown(&console, &admin, "Delete a connection", &body)
        }
        Err(failure) => layout::failed(&console, Some(&admin), &failure),
    }
}

pub(super) async fn delete(
    State(console): State<Console>,
    Path(id): Path<String>,
    posted: Posted,
) -> Response {
    let workspace = posted.admin.key.workspace.clone();
    let deleted = console.change(&posted.admin, "delete_connection", of_connection(&id), move |host| {
        host.forget(&host.connection(&workspace, &ConnectionId::new(id)?)?)
    });
    match deleted.await {
        Ok(()) => console.to("/connections"),
        Err(failure) => layout::failed(&console, Some(&posted.admin), &failure),
    }
}
