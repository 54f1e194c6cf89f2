//! Dialogs, drawn as the flow that they are, with a form for each node.

use axum::extract::{Path, State};
use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value;

use super::super::audit::Subject;
use super::form::{Fields, Posted};
use super::session::Admin;
use super::{Console, layout};
use crate::dialog::{Dialog, Entity, Message, Node, Presence, Service};
use crate::failure::{Failure, FailureKind, Result};

pub(super) async fn list(State(console): State<Console>, admin: Admin) -> Response {
    let workspace = admin.key.workspace.clone();
    let found = console.work(move |host| Ok((host.dialogs(&workspace)?, host.configurations(&workspace)?)));
    let (dialogs, configurations) = match found.await {
        Ok(found) => found,
        Err(failure) => return layout::failed(&console, Some(&admin), &failure),
    };
    let body = html! {
        h1 { "Dialogs" }
        @if dialogs.is_empty() { p { "There are none yet. Installing a template makes one." } }
        ul class="cards" {
            @for dialog in &dialogs {
                li class="card" {
                    h2 { (layout::line(&dialog.title)) }
                    p { code { (dialog.name) } ", of " code { (dialog.template) } " of " (dialog.integration) @if dialog.edited { ", changed here" } }
                    a class="button" href=(console.at(&format!("/dialogs/{}", dialog.name))) { "Open " (dialog.name) } " "
                    a class="button quiet" href=(console.at(&format!("/dialogs/{}/talk", dialog.name))) { "Talk to Bot" }
                }
            }
        }
        h2 { "Create Dialog" }
        @if configurations.is_empty() {
            p { "No integration is configured. " a class="button" href=(console.at("/actions")) { "Explore Integrations" } }
        } @else {
            ul {
                @for configuration in &configurations {
                    li { a href=(console.at(&format!("/actions/{}/templates", configuration.integration))) { "From a template of " (configuration.integration) } }
                }
            }
        }
    };
    layout::shown(&console, &admin, "Dialogs", &body)
}

pub(super) async fn show(State(console): State<Console>, Path(name): Path<String>, admin: Admin) -> Response {
    shown(&console, &admin, name, html! {}).await
}

async fn shown(console: &Console, admin: &Admin, name: String, told: Markup) -> Response {
    let workspace = admin.key.workspace.clone();
    let found = console.work(move |host| {
        let dialog = host.dialog(&workspace, &name)?;
        let service_type = host.service_type(&workspace, &dialog)?;
        let outdated = host.is_outdated(&dialog).unwrap_or(false);
        Ok((dialog, service_type, outdated))
    });
    let (dialog, service_type, outdated) = match found.await {
        Ok(found) => found,
        Err(failure) => return layout::failed(console, Some(admin), &failure),
    };
    let at = |what: &str| console.at(&format!("/dialogs/{}{what}", dialog.name));
    let body = html! {
        p { a href=(console.at("/dialogs")) { "Dialogs" } }
        h1 { (layout::line(&dialog.title)) }
        p { code { (dialog.name) } ", version " (dialog.version) @if dialog.edited { ", changed here" } }
        (told)
        p { a class="button" href=(at("/talk")) { "Talk to Bot" } }
        @if outdated {
            form method="post" action=(at("/update")) {
                (layout::token(admin))
                p { "Its template is newer than this dialog." }
                @if dialog.edited {
                    p { label class="choice" { input type="checkbox" name="overwrite" value="yes"; " Lose what was changed here" } }
                }
                button type="submit" class="quiet" { "Make it anew from the template" }
            }
        }
        ol class="flow" aria-label="Nodes" {
            @for (index, node) in dialog.nodes.iter().enumerate() { (drawn(admin, &dialog, &at(""), service_type, index, node)) }
        }
        p { a href=(at("/delete")) { "Delete…" } }
    };
    layout::shown(console, admin, &layout::line(&dialog.title), &body)
}

fn drawn(
    admin: &Admin,
    dialog: &Dialog,
    action: &str,
    service_type: &str,
    index: usize,
    node: &Node,
) -> Markup {
    let (kind, what) = match node {
        Node::Intent(_) => ("User intent", html! {}),
        Node::Entity(entity) => ("Entity", html! { p { (layout::line(&entity.prompt)) } }),
        Node::Confirmation(node) => ("Confirmation", html! { p { (layout::line(&node.prompt)) } }),
        Node::Service(service) if service.request.is_null() => {
            (service_type, html! { p { "Reads the site that the connection works in." } })
        }
        Node::Service(_) => {
            (service_type, html! { p { "Runs the template " code { (dialog.template) } "." } })
        }
        Node::Message(message) => ("Message", html! { p { (layout::line(&message.text)) } }),
    };
    html! {
        li id=(node.name()) {
            span class="kind" { (kind) }
            h2 { (node.name()) }
            (what)
            details {
                summary { "Edit " (node.name()) }
                form method="post" action=(action) {
                    (layout::token(admin))
                    input type="hidden" name="version" value=(dialog.version);
                    input type="hidden" name="node" value=(index);
                    (fields(index, node))
                    button type="submit" { "Save" }
                }
            }
        }
    }
}

fn text(index: usize, name: &str, label: &str, value: &str, rows: bool) -> Markup {
    let id = format!("{name}-{index}");
    html! {
        p {
            label for=(id) { (label) }
            @if rows { textarea id=(id) name=(name) { (value) } } @else { input id=(id) name=(name) value=(value); }
        }
    }
}

fn fields(index: usize, node: &Node) -> Markup {
    match node {
        Node::Intent(intent) => {
            text(index, "utterances", "Sample utterances, a line each", &intent.utterances.join("\n"), true)
        }
        Node::Entity(entity) => html! {
            (text(index, "prompt", "User prompt", &entity.prompt, true))
            (text(index, "error-prompt", "Error prompt", entity.error_prompt.as_deref().unwrap_or_default(), false))
            p {
                label for={ "presence-" (index) } { "Presence" }
                select id={ "presence-" (index) } name="presence" {
                    @for (value, label) in PRESENCES { option value=(label) selected[entity.presence == value] { (label) } }
                }
            }
            (text(index, "retries", "Allowed retries, 1 to 5", &entity.retries.to_string(), false))
            (text(index, "on-failure", "Node to go on with after that; empty: the dialog ends", entity.on_failure.as_deref().unwrap_or_default(), false))
        },
        Node::Confirmation(node) => text(index, "prompt", "User prompt", &node.prompt, true),
        Node::Service(service) => html! {
            @if !service.request.is_null() {
                (text(index, "request", "Edit Request (JSON)", &pretty(&service.request), true))
            }
            (text(index, "timeout-seconds", "Timeout in seconds, 1 to 60", &service.timeout_seconds.to_string(), false))
            (text(index, "on-failure", "Node to go on with where it fails; empty: the dialog ends", service.on_failure.as_deref().unwrap_or_default(), false))
            (text(index, "sample-responses", "Sample responses (a JSON array)", &pretty(&Value::Array(service.sample_responses.clone())), true))
        },
        Node::Message(message) => html! {
            (text(index, "text", "Message", &message.text, true))
            (text(index, "button-label", "Button", message.button.as_ref().map(|b| b.label.as_str()).unwrap_or_default(), false))
            (text(index, "button-url", "Where the button leads", message.button.as_ref().map(|b| b.url.as_str()).unwrap_or_default(), false))
        },
    }
}

const PRESENCES: [(Presence, &str); 3] =
    [(Presence::Mandatory, "mandatory"), (Presence::Optional, "optional"), (Presence::Hidden, "hidden")];

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn of_dialog(name: &str) -> Subject {
    Subject { dialog: Some(crate::failure::plain_text(name, 100)), ..Subject::default() }
}

pub(super) async fn edit(
    State(console): State<Console>,
    Path(name): Path<String>,
    posted: Posted,
) -> Response {
    let Posted { admin, fields } = posted;
    let (workspace, of) = (admin.key.workspace.clone(), name.clone());
    let edited = console.change(&admin, "edit_dialog", of_dialog(&name), move |host| {
        let version = fields.text("version").parse().ok();
        let index: usize = fields.text("node").parse().map_err(|_| wrong("That is no node."))?;
        let mut node = host
            .dialog(&workspace, &of)?
            .nodes
            .get(index)
            .cloned()
            .ok_or_else(|| wrong("That is no node."))?;
        apply(&mut node, &fields)?;
        host.edit_dialog(&workspace, &of, version, |dialog| {
            if let Some(place) = dialog.nodes.get_mut(index) {
                *place = node;
            }
        })
    });
    let told = match edited.await {
        Ok(dialog) => html! { p class="told" role="status" { "Saved as version " (dialog.version) "." } },
        Err(failure) => {
            let page = shown(&console, &admin, name, layout::trouble(&failure)).await;
            return layout::refused(&failure, page);
        }
    };
    shown(&console, &admin, name, told).await
}

fn apply(node: &mut Node, fields: &Fields) -> Result<()> {
    match node {
        Node::Intent(intent) => {
            let lines = fields.lines("utterances");
            intent.utterances =
                lines.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
        }
        Node::Entity(entity) => apply_to_entity(entity, fields)?,
        Node::Confirmation(node) => node.prompt = fields.lines("prompt"),
        Node::Service(service) => apply_to_service(service, fields)?,
        Node::Message(message) => apply_to_message(message, fields),
    }
    Ok(())
}

fn apply_to_entity(entity: &mut Entity, fields: &Fields) -> Result<()> {
    entity.prompt = fields.lines("prompt");
    entity.error_prompt = fields.given("error-prompt").map(str::to_owned);
    entity.retries = number(fields, "retries")?;
    entity.on_failure = fields.given("on-failure").map(str::to_owned);
    let presence = PRESENCES.iter().find(|(_, label)| *label == fields.text("presence"));
    entity.presence = presence.map_or(entity.presence, |(presence, _)| *presence);
    Ok(())
}

fn apply_to_service(service: &mut Service, fields: &Fields) -> Result<()> {
    if !service.request.is_null() {
        service.request = json(fields, "request")?;
    }
    service.timeout_seconds = number(fields, "timeout-seconds")?;
    service.on_failure = fields.given("on-failure").map(str::to_owned);
    service.sample_responses = match json(fields, "sample-responses")? {
        Value::Array(samples) => samples,
        other => vec![other],
    };
    Ok(())
}

fn apply_to_message(message: &mut Message, fields: &Fields) {
    message.text = fields.lines("text");
    let url = fields.given("button-url");
    message.button = url.map(|url| crate::dialog::Button {
        label: fields.text("button-label").to_owned(),
        url: url.to_owned(),
    });
}

fn number(fields: &Fields, name: &str) -> Result<u8> {
    fields.text(name).parse().map_err(|_| wrong(&format!("{name}: that is no number.")))
}

fn json(fields: &Fields, name: &str) -> Result<Value> {
    serde_json::from_str(&fields.lines(name))
        .map_err(|error| wrong(&format!("{name}: that is no JSON: {error}.")))
}

fn wrong(message: &str) -> Failure {
    Failure::new(FailureKind::InvalidInput, "bad-field", message)
}

pub(super) async fn update(
    State(console): State<Console>,
    Path(name): Path<String>,
    posted: Posted,
) -> Response {
    let Posted { admin, fields } = posted;
    let (workspace, of) = (admin.key.workspace.clone(), name.clone());
    let overwrite = fields.text("overwrite") == "yes";
    let updated = console.change(&admin, "update_dialog", of_dialog(&name), move |host| {
        host.update_dialog(&workspace, &of, overwrite)
    });
    let told = match updated.await {
        Ok(_) => html! { p class="told" role="status" { "It is as its template makes it." } },
        Err(failure) => {
            let page = shown(&console, &admin, name, layout::trouble(&failure)).await;
            return layout::refused(&failure, page);
        }
    };
    shown(&console, &admin, name, told).await
}

pub(super) async fn confirm_delete(
    State(console): State<Console>,
    Path(name): Path<String>,
    admin: Admin,
) -> Response {
    let workspace = admin.key.workspace.clone();
    match console.work(move |host| host.dialog(&workspace, &name)).await {
        Ok(dialog) => {
            let at = console.at(&format!("/dialogs/{}", dialog.name));
            let body = html! {
                h1 { "Delete " (layout::line(&dialog.title)) "?" }
                p { "This cannot be undone: the dialog " code { (dialog.name) } " is gone with all that was changed in it." }
                (layout::button(&admin, &format!("{at}/delete"), "Delete", "danger"))
                a href=(at) { "Keep it" }
            };
            layout::shown(&console, &admin, "Delete a dialog", &body)
        }
        Err(failure) => layout::failed(&console, Some(&admin), &failure),
    }
}

pub(super) async fn delete(
    State(console): State<Console>,
    Path(name): Path<String>,
    posted: Posted,
) -> Response {
    let (workspace, subject) = (posted.admin.key.workspace.clone(), of_dialog(&name));
    let deleted = console
        .change(&posted.admin, "delete_dialog", subject, move |host| host.delete_dialog(&workspace, &name));
    match deleted.await {
        Ok(_) => console.to("/dialogs"),
        Err(failure) => layout::failed(&console, Some(&posted.admin), &failure),
    }
}
