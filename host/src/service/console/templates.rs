//! *Explore Templates*: what each does, what it needs, and whether it is installed.

use axum::extract::{Path, State};
use axum::response::Response;
use maud::{Markup, html};

use super::super::audit::Subject;
use super::form::Posted;
use super::session::Admin;
use super::{Console, layout, of_integration};
use crate::dialog::Dialog;
use crate::ids::{IntegrationId, TemplateId};
use crate::runtime::Template;

pub(super) async fn list(
    State(console): State<Console>,
    Path(integration): Path<String>,
    admin: Admin,
) -> Response {
    let workspace = admin.key.workspace.clone();
    let found = console.work(move |host| {
        let plugin = host.plugin(&IntegrationId::new(integration)?)?;
        let configuration = host.configuration(&workspace, &plugin.manifest().id)?;
        Ok((plugin, configuration, host.dialogs(&workspace)?))
    });
    let (plugin, configuration, dialogs) = match found.await {
        Ok(found) => found,
        Err(failure) => return layout::failed(&console, Some(&admin), &failure),
    };
    let manifest = plugin.manifest();
    let installed = configuration.as_ref().map(|known| known.templates.as_slice()).unwrap_or_default();
    let dialog_of = |template: &TemplateId| {
        dialogs.iter().find(|dialog| dialog.integration == manifest.id && dialog.template == *template)
    };
    let body = html! {
        p { a href=(console.at("/actions")) { "Integrations › Actions" } }
        h1 { (layout::line(&manifest.title)) ": Templates" }
        @if configuration.is_none() {
            p { "It is not configured yet. " a href=(console.at(&format!("/actions/{}", manifest.id))) { "Configure it" } " first." }
        }
        ul class="cards" {
            @for template in &manifest.templates {
                @let is_installed = installed.contains(&template.id);
                (card(&console, &admin, (manifest.id.as_str(), template), is_installed, dialog_of(&template.id), configuration.is_some()))
            }
        }
    };
    layout::shown(&console, &admin, &format!("{}: Templates", layout::line(&manifest.title)), &body)
}

fn card(
    console: &Console,
    admin: &Admin,
    (integration, template): (&str, &Template),
    is_installed: bool,
    dialog: Option<&Dialog>,
    may_install: bool,
) -> Markup {
    let at = |what: &str| console.at(&format!("/actions/{integration}/templates/{}/{what}", template.id));
    html! {
        li class="card" {
            h2 { (layout::line(&template.title)) }
            p { (layout::line(&template.summary)) }
            dl {
                dt { "Effect" } dd { (template.effect.as_str()) }
                dt { "Scopes" } dd { @for scope in &template.scopes { code { (layout::line(scope)) } " " } }
            }
            @if is_installed {
                @if let Some(dialog) = dialog {
                    p { a class="button" href=(console.at(&format!("/dialogs/{}", dialog.name))) { "Go to Dialog" } }
                }
                (layout::button(admin, &at("uninstall"), "Uninstall", "quiet"))
            } @else if may_install {
                (layout::button(admin, &at("install"), "Install", ""))
            }
        }
    }
}

fn of_template(integration: &str, template: &str) -> Subject {
    Subject { template: Some(crate::failure::plain_text(template, 100)), ..of_integration(integration) }
}

pub(super) async fn install(
    State(console): State<Console>,
    Path((integration, template)): Path<(String, String)>,
    posted: Posted,
) -> Response {
    let workspace = posted.admin.key.workspace.clone();
    let subject = of_template(&integration, &template);
    let back = format!("/actions/{integration}/templates");
    let installed = console.change(&posted.admin, "install_template", subject, move |host| {
        host.install(&workspace, &IntegrationId::new(integration)?, &template)
    });
    let admin = &posted.admin;
    match installed.await {
        Ok(installed) => {
            let title = layout::line(&installed.dialog.title);
            let body = html! {
                h1 { (title) " is installed" }
                p class="told" role="status" { "Its dialog " code { (installed.dialog.name) } " is ready." }
                @if !installed.lacking.is_empty() {
                    p {
                        (installed.lacking.len()) " connections lack scopes for it: they have to be authorized again. "
                        a href=(console.at("/connections")) { "Connections" }
                    }
                }
                p {
                    a class="button" href=(console.at(&format!("/dialogs/{}", installed.dialog.name))) { "Go to Dialog" } " "
                    a class="button quiet" href=(console.at(&back)) { "More templates" }
                }
            };
            layout::shown(&console, admin, &format!("{title} is installed"), &body)
        }
        Err(failure) => layout::failed(&console, Some(admin), &failure),
    }
}

pub(super) async fn uninstall(
    State(console): State<Console>,
    Path((integration, template)): Path<(String, String)>,
    posted: Posted,
) -> Response {
    let workspace = posted.admin.key.workspace.clone();
    let subject = of_template(&integration, &template);
    let back = format!("/actions/{integration}/templates");
    let uninstalled = console.change(&posted.admin, "uninstall_template", subject, move |host| {
        host.uninstall(&workspace, &IntegrationId::new(integration)?, &TemplateId::new(template)?)
    });
    match uninstalled.await {
        Ok(_) => console.to(&back),
        Err(failure) => layout::failed(&console, Some(&posted.admin), &failure),
    }
}
