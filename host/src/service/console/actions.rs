//! *Integrations › Actions*: what can be connected, and what is; turned off, and removed.

use axum::extract::{Path, State};
use axum::response::Response;
use maud::{Markup, html};

use super::form::Posted;
use super::session::Admin;
use super::{Console, layout, of_integration};
use crate::authorization::{Configuration, Connection};
use crate::failure::Result;
use crate::host::Host;
use crate::ids::IntegrationId;
use crate::runtime::Plugin;

/// How an integration stands in a workspace.
struct Action {
    plugin: Plugin,
    configuration: Option<Configuration>,
    connections: Vec<Connection>,
}

fn all(host: &Host, admin: &Admin) -> Result<Vec<Action>> {
    let workspace = &admin.key.workspace;
    let connections = host.connections(workspace)?;
    host.plugins()
        .into_iter()
        .map(|plugin| {
            let id = plugin.manifest().id.clone();
            let of_it = connections.iter().filter(|connection| connection.integration == id);
            Ok(Action {
                configuration: host.configuration(workspace, &id)?,
                connections: of_it.cloned().collect(),
                plugin,
            })
        })
        .collect()
}

pub(super) async fn list(State(console): State<Console>, admin: Admin) -> Response {
    let known = admin.clone();
    let actions = match console.work(move |host| all(host, &known)).await {
        Ok(actions) => actions,
        Err(failure) => return layout::failed(&console, Some(&admin), &failure),
    };
    let (configured, available): (Vec<_>, Vec<_>) =
        actions.into_iter().partition(|action| action.configuration.is_some());
    let region = |title: &str, id: &str, actions: &[Action], none: &str| {
        html! {
            section aria-labelledby=(id) {
                h2 id=(id) { (title) }
                @if actions.is_empty() { p { (none) } }
                ul class="cards" { @for action in actions { (card(&console, &admin, action)) } }
            }
        }
    };
    let body = html! {
        p { "Integrations › Actions" }
        h1 { "Actions" }
        (region("Configured", "configured", &configured, "Nothing is configured yet. Choose one of those that are available."))
        (region("Available", "available", &available, "Everything that there is is configured."))
    };
    layout::shown(&console, &admin, "Actions", &body)
}

fn card(console: &Console, admin: &Admin, action: &Action) -> Markup {
    let manifest = action.plugin.manifest();
    let at = |path: &str| console.at(&format!("/actions/{}{path}", manifest.id));
    html! {
        li class="card" {
            h3 { (layout::line(&manifest.title)) }
            p { (layout::line(&manifest.summary)) }
            @match &action.configuration {
                None => a class="button" href=(at("")) { "Configure " (layout::line(&manifest.title)) },
                Some(configuration) => {
                    p { (state(configuration, &action.connections)) }
                    p {
                        a class="button" href=(at("")) { "Configurations" } " "
                        a class="button quiet" href=(at("/templates")) { "Templates" }
                    }
                    @if configuration.enabled {
                        (layout::button(admin, &at("/disable"), "Disable", "quiet"))
                    } @else {
                        (layout::button(admin, &at("/enable"), "Enable", "quiet"))
                    }
                    a href=(at("/delete")) { "Delete…" }
                }
            }
        }
    }
}

/// How it stands, in a sentence.
fn state(configuration: &Configuration, connections: &[Connection]) -> String {
    if !configuration.enabled {
        return "Disabled. Its authorization is kept.".to_owned();
    }
    let broken: Vec<&Connection> =
        connections.iter().filter(|connection| !connection.status.works()).collect();
    match (configuration.mode.as_str(), broken.first()) {
        ("per-user", _) => format!("Enabled. Users authorize it themselves: {} so far.", connections.len()),
        (_, Some(broken)) => {
            let why = broken.reason.as_deref().unwrap_or(broken.status.as_str());
            format!("Enabled, and in an error state: {}", layout::line(why))
        }
        _ if connections.is_empty() => "Enabled, and not authorized yet.".to_owned(),
        _ => "Enabled. One account serves everybody.".to_owned(),
    }
}

pub(super) async fn disable(
    State(console): State<Console>,
    Path(integration): Path<String>,
    posted: Posted,
) -> Response {
    let workspace = posted.admin.key.workspace.clone();
    let subject = of_integration(&integration);
    let disabled = console.change(&posted.admin, "disable_integration", subject, move |host| {
        host.disable(&workspace, &IntegrationId::new(integration)?)
    });
    match disabled.await {
        Ok(_) => console.to("/actions"),
        Err(failure) => layout::failed(&console, Some(&posted.admin), &failure),
    }
}

pub(super) async fn confirm_delete(
    State(console): State<Console>,
    Path(integration): Path<String>,
    admin: Admin,
) -> Response {
    let workspace = admin.key.workspace.clone();
    let found = console.work(move |host| {
        let plugin = host.plugin(&IntegrationId::new(integration)?)?;
        let deletion = host.deletion(&workspace, &plugin.manifest().id)?;
        Ok((plugin, deletion))
    });
    let (plugin, deletion) = match found.await {
        Ok(found) => found,
        Err(failure) => return layout::failed(&console, Some(&admin), &failure),
    };
    let title = layout::line(&plugin.manifest().title);
    let body = html! {
        h1 { "Delete " (title) "?" }
        p { "This cannot be undone. It removes from this workspace:" }
        ul {
            li { (deletion.connections.len()) " connections, with their tokens" }
            li { (deletion.profiles.len()) " authorization profiles, with their secrets" }
            li { "its configuration, and that " (deletion.templates.len()) " templates are installed" }
        }
        p { "Its dialogs stay." }
        (layout::button(&admin, &console.at(&format!("/actions/{}/delete", plugin.manifest().id)), "Delete", "danger"))
        a href=(console.at("/actions")) { "Keep it" }
    };
    layout::shown(&console, &admin, &format!("Delete {title}"), &body)
}

pub(super) async fn delete(
    State(console): State<Console>,
    Path(integration): Path<String>,
    posted: Posted,
) -> Response {
    let workspace = posted.admin.key.workspace.clone();
    let subject = of_integration(&integration);
    let deleted = console.change_noting(&posted.admin, "delete_integration", subject, move |host, noted| {
        noted.gone = host.delete_integration(&workspace, &IntegrationId::new(integration)?)?.connections;
        Ok(())
    });
    match deleted.await {
        Ok(()) => console.to("/actions"),
        Err(failure) => layout::failed(&console, Some(&posted.admin), &failure),
    }
}
