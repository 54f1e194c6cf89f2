//! Connections: who, which account and site, how it stands and why, and the one button that mends it.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use maud::{Markup, html};

use super::super::audit::Subject;
use super::form::Posted;
use super::session::Admin;
use super::{Console, configure, layout};
use crate::authorization::{Authorize, Browser, Connect, Connection, ConnectionStatus, Proof};
use crate::clock::date;
use crate::failure::Result;
use crate::host::Host;
use crate::ids::{ConnectionId, WorkspaceId};
use crate::secret::SecretString;

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
            (mending(console, admin, connection))
            a href=(at("delete")) { "Delete…" }
        }
    }
}

/// The one thing that mends it; of one that works, a look whether it does.
fn mending(console: &Console, admin: &Admin, connection: &Connection) -> Markup {
    let at = |what: &str| console.at(&format!("/connections/{}/{what}", connection.id));
    let id = |field: &str| format!("{field}-{}", connection.id);
    if connection.status.works() && connection.missing.is_empty() {
        return layout::button(admin, &at("check"), "Check", "quiet");
    }
    if connection.user.is_some() {
        return html! { p { "Its user gets a link in the next conversation." } };
    }
    match (connection.status, &connection.proof) {
        (_, Proof::Basic { username }) => html! {
            form method="post" action=(at("secret")) {
                (layout::token(admin))
                p {
                    label for=(id("secret")) { "Another secret of " (layout::line(username)) }
                    input id=(id("secret")) name="secret" type="password" autocomplete="off" required;
                }
                button type="submit" { "Connect again" }
            }
        },
        (ConnectionStatus::AwaitingSite, Proof::OAuth2) => html! {
            form method="post" action=(at("site")) {
                (layout::token(admin))
                @if !connection.offered_sites.is_empty() {
                    p {
                        label for=(id("site")) { "Which site?" }
                        select id=(id("site")) name="site" {
                            @for offered in connection.offered_sites.iter().filter(|offered| offered.reachable != Some(false)) {
                                option value=(offered.site.id) { (layout::line(&offered.site.name)) " (" (layout::line(&offered.site.url)) ")" }
                            }
                        }
                    }
                }
                button type="submit" { "Work in this site" }
            }
        },
        (ConnectionStatus::BadClientCredentials, Proof::OAuth2) => html! {
            a class="button" href=(console.at(&format!("/profiles/{}", connection.profile))) { "Correct its client id and secret" }
        },
        (_, Proof::OAuth2) => layout::button(admin, &at("authorize"), "Authorize again", ""),
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
    back(&console, &posted.admin, checked.await)
}

/// Has a connection that waits for its site work in the one that was chosen.
pub(super) async fn choose_site(
    State(console): State<Console>,
    Path(id): Path<String>,
    posted: Posted,
) -> Response {
    let Posted { admin, fields } = posted;
    let workspace = admin.key.workspace.clone();
    let chosen = console.change(&admin, "choose_site", of_connection(&id), move |host| {
        let connection = for_everybody(host, &workspace, id)?;
        host.finish(&workspace, &connection.id, fields.given("site"))
    });
    back(&console, &admin, chosen.await)
}

/// Connects again with another secret of the same account.
pub(super) async fn replace_secret(
    State(console): State<Console>,
    Path(id): Path<String>,
    posted: Posted,
) -> Response {
    let Posted { admin, fields } = posted;
    let workspace = admin.key.workspace.clone();
    let replaced = console.change(&admin, "reconnect", of_connection(&id), move |host| {
        let connection = for_everybody(host, &workspace, id)?;
        let Proof::Basic { username } = &connection.proof else {
            return Err(super::unknown("connection with a name and a secret"));
        };
        let secret = SecretString::from(fields.text("secret").trim().to_owned());
        let connect =
            Connect::new(workspace, connection.integration, connection.profile.as_str(), username, secret)
                .tenant(connection.tenant)
                .reconnect(Some(connection.id), false);
        host.connect(&connect)
    });
    back(&console, &admin, replaced.await)
}

/// The connections as they stand then, or why nothing was done.
fn back<T>(console: &Console, admin: &Admin, done: Result<T>) -> Response {
    match done {
        Ok(_) => console.to("/connections"),
        Err(failure) => layout::failed(console, Some(admin), &failure),
    }
}

/// A connection that is an admin's to mend: those of users are theirs.
fn for_everybody(host: &Host, workspace: &WorkspaceId, id: String) -> Result<Connection> {
    let connection = host.connection(workspace, &ConnectionId::new(id)?)?;
    if connection.user.is_some() {
        return Err(super::unknown("connection that serves everybody"));
    }
    Ok(connection)
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
        let connection = for_everybody(host, &workspace, id)?;
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
    back(&console, &posted.admin, deleted.await)
}
