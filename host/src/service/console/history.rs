//! What happened: runs, and the audit log.

use axum::extract::{Query, State};
use axum::response::Response;
use maud::html;
use serde::Deserialize;

use super::super::audit::{Audit, Wanted};
use super::session::Admin;
use super::{Console, layout};
use crate::clock::date;

/// How many are shown on a page.
const PAGE: usize = 100;

/// From where on.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct From {
    before: Option<String>,
}

pub(super) async fn runs(State(console): State<Console>, Query(from): Query<From>, admin: Admin) -> Response {
    let (workspace, known) = (admin.key.workspace.clone(), console.clone());
    let listed = console.work(move |_| known.runs.list(&workspace, from.before.as_deref(), PAGE)).await;
    let listed = match listed {
        Ok(listed) => listed,
        Err(failure) => return layout::failed(&console, Some(&admin), &failure),
    };
    let next = listed.last().filter(|_| listed.len() == PAGE).map(|run| run.id.to_string());
    let body = html! {
        h1 { "Runs" }
        @if listed.is_empty() { p { "Nothing was run yet." } } @else {
            div class="wide" role="region" aria-label="Runs" tabindex="0" {
                table {
                    thead { tr { th { "Began" } th { "Template" } th { "For" } th { "State" } th { "Duration" } th { "Requests" } th { "Outcome" } } }
                    tbody {
                        @for run in &listed {
                            tr {
                                td { (date(run.began_at)) }
                                td { (run.integration) " " (layout::line(&run.template)) }
                                td { (run.user.as_deref().map_or_else(|| "everybody".to_owned(), layout::line)) }
                                td { (run.state.as_str()) }
                                td { @if let Some(took) = run.milliseconds { (took) " ms" } }
                                td { @if let Some(requests) = run.requests { (requests) } }
                                td {
                                    @if let Some(failure) = &run.failure { (layout::line(&failure.code)) }
                                    @if run.may_have_effect && run.failure.is_some() { ", and something may have come of it" }
                                }
                            }
                        }
                    }
                }
            }
        }
        @if let Some(next) = next { p { a href={ (console.at("/runs")) "?before=" (next) } { "Earlier ones" } } }
    };
    layout::shown(&console, &admin, "Runs", &body)
}

pub(super) async fn audit(
    State(console): State<Console>,
    Query(from): Query<From>,
    admin: Admin,
) -> Response {
    let workspace = admin.key.workspace.clone();
    let listed = console
        .work(move |host| Audit::of(host).list(&workspace, &Wanted::default(), from.before.as_deref(), PAGE))
        .await;
    let listed = match listed {
        Ok(listed) => listed,
        Err(failure) => return layout::failed(&console, Some(&admin), &failure),
    };
    let next = listed.last().filter(|_| listed.len() == PAGE).map(|entry| entry.id.clone());
    let body = html! {
        h1 { "Audit log" }
        @if listed.is_empty() { p { "Nothing was done yet." } } @else {
            div class="wide" role="region" aria-label="Audit log" tabindex="0" {
                table {
                    thead { tr { th { "When" } th { "Who" } th { "What" } th { "To what" } th { "Outcome" } } }
                    tbody {
                        @for entry in &listed {
                            tr {
                                td { (date(entry.at)) }
                                td { (layout::line(&entry.by)) }
                                td { (layout::line(&entry.action)) }
                                td {
                                    @for name in entry.subject.names() { (layout::line(name)) " " }
                                }
                                td { (layout::line(&entry.outcome)) }
                            }
                        }
                    }
                }
            }
        }
        @if let Some(next) = next { p { a href={ (console.at("/audit")) "?before=" (next) } { "Earlier ones" } } }
    };
    layout::shown(&console, &admin, "Audit log", &body)
}
