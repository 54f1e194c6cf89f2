//! *Talk to Bot*: a conversation with a dialog, as an end user has it.

use axum::extract::{Path, State};
use axum::response::Response;
use maud::{Markup, html};

use super::form::{Posted, SentFile};
use super::said::{FileNames, said};
use super::session::Admin;
use super::{Console, layout};
use crate::dialog::{Conversation, EntityType, Line, Start, Words};
use crate::failure::{Result, plain_text};
use crate::ids::{ConversationId, FileId};
use crate::service::audit::Subject;
use crate::service::files;

pub(super) async fn begin(
    State(console): State<Console>,
    Path(name): Path<String>,
    admin: Admin,
) -> Response {
    let (workspace, of) = (admin.key.workspace.clone(), name.clone());
    let dialog = match console.work(move |host| host.dialog(&workspace, &of)).await {
        Ok(dialog) => dialog,
        Err(failure) => return layout::failed(&console, Some(&admin), &failure),
    };
    let title = format!("Talk to Bot: {}", layout::line(&dialog.title));
    let body = html! {
        p { a href=(console.at(&format!("/dialogs/{name}"))) { (layout::line(&dialog.title)) } }
        h1 { (title) }
        form method="post" action=(console.at(&format!("/dialogs/{name}/talk"))) {
            (layout::token(&admin))
            p {
                label for="text" { "Say something to begin with" }
                input id="text" name="text" list="utterances" autocomplete="off";
                datalist id="utterances" { @for said in dialog.utterances() { option value=(layout::line(said)) {} } }
            }
            p {
                label for="user" { "As the end user" }
                input id="user" name="user" autocomplete="off" aria-describedby="user-hint";
                span class="hint" id="user-hint" { "Needed where users authorize the integration themselves." }
            }
            p {
                label for="language" { "Language" }
                select id="language" name="language" { option value="en" { "English" } option value="de" { "Deutsch" } }
            }
            button type="submit" { "Talk to Bot" }
        }
    };
    layout::shown(&console, &admin, &title, &body)
}

pub(super) async fn start(
    State(console): State<Console>,
    Path(name): Path<String>,
    posted: Posted,
) -> Response {
    let Posted { admin, fields } = posted;
    let start = Start::new(admin.key.workspace.clone(), name.clone())
        .user(fields.given("user").map(str::to_owned))
        .language(fields.given("language").unwrap_or("en"))
        .words(Some(Words::new(fields.lines("text"))));
    let subject = Subject { dialog: Some(plain_text(&name, 100)), ..Subject::default() };
    let started = console.change_noting(&admin, "start_conversation", subject, move |host, noted| {
        let turn = host.start_conversation(&start)?;
        noted.subject.conversation = Some(turn.conversation.id.to_string());
        Ok(turn)
    });
    match started.await {
        Ok(turn) => console.to(&format!("/conversations/{}", turn.conversation.id)),
        Err(failure) => layout::failed(&console, Some(&admin), &failure),
    }
}

pub(super) async fn say(State(console): State<Console>, Path(id): Path<String>, posted: Posted) -> Response {
    let Posted { admin, mut fields } = posted;
    let text = match fields.file.take() {
        Some(file) => keep(&console, &admin, &id, file).await,
        None => Ok(fields.given("choice").map_or_else(|| fields.lines("text"), str::to_owned)),
    };
    let said = match text {
        Ok(text) => {
            let (workspace, words) = (admin.key.workspace.clone(), Words::new(text));
            let say = console.change(&admin, "say", of_conversation(&id), move |host| {
                host.say(&workspace, &ConversationId::new(id)?, &words)
            });
            say.await
        }
        Err(failure) => Err(failure),
    };
    match said {
        Ok(turn) => console.to(&format!("/conversations/{}", turn.conversation.id)),
        Err(failure) => layout::failed(&console, Some(&admin), &failure),
    }
}

fn of_conversation(id: &str) -> Subject {
    Subject { conversation: Some(plain_text(id, 100)), ..Subject::default() }
}

/// Keeps a file for whomever the conversation is with. What is said is its id.
async fn keep(console: &Console, admin: &Admin, conversation: &str, file: SentFile) -> Result<String> {
    let (files, workspace) = (console.runs.files().clone(), admin.key.workspace.clone());
    let id = conversation.to_owned();
    let kept = console.change(admin, "upload_file", of_conversation(conversation), move |host| {
        let conversation = host.conversation(&workspace, &ConversationId::new(id)?)?;
        let called = (file.name.as_str(), file.media_type.as_deref());
        files.keep(&workspace, conversation.user.as_deref(), called, &file.bytes)
    });
    Ok(kept.await?.id.to_string())
}

/// A file that was said or came of a run, to be saved.
pub(super) async fn file(State(console): State<Console>, Path(id): Path<String>, admin: Admin) -> Response {
    let (files, workspace) = (console.runs.files().clone(), admin.key.workspace.clone());
    let read = console.work(move |_| {
        let (facts, bytes) = files.read(&workspace, &FileId::new(id).map_err(|_| files::unknown())?)?;
        files::served(&facts, bytes)
    });
    match read.await {
        Ok(response) => response,
        Err(failure) => layout::failed(&console, Some(&admin), &failure),
    }
}

pub(super) async fn show(State(console): State<Console>, Path(id): Path<String>, admin: Admin) -> Response {
    let (files, workspace) = (console.runs.files().clone(), admin.key.workspace.clone());
    let found = console.work(move |host| {
        let id = ConversationId::new(id)?;
        // Whoever looks has what it waits for looked at.
        let conversation = host.poll_conversation(&workspace, &id)?.conversation;
        let lines = host.transcript(&workspace, &id)?;
        let names = FileNames::of(&files, &workspace, &lines)?;
        Ok((conversation, lines, names))
    });
    match found.await {
        Ok((conversation, lines, names)) => {
            let title = format!("Talk to Bot: {}", conversation.dialog);
            let body = html! {
                p { a href=(console.at(&format!("/dialogs/{}", conversation.dialog))) { (conversation.dialog) } }
                h1 { (title) }
                div id="conversation" { (held(&console, &admin, &conversation, &lines, &names)) }
            };
            layout::shown(&console, &admin, &title, &body)
        }
        Err(failure) => layout::failed(&console, Some(&admin), &failure),
    }
}

fn held(
    console: &Console,
    admin: &Admin,
    conversation: &Conversation,
    lines: &[Line],
    names: &FileNames,
) -> Markup {
    let action = console.at(&format!("/conversations/{}", conversation.id));
    let asked = lines.last().filter(|line| !line.by_user).map(|line| &line.said);
    let choices = asked.map(|said| said.choices.as_slice()).unwrap_or_default();
    let asks_for_a_file = asked.is_some_and(|said| said.asks_for == Some(EntityType::File));
    let is_over = conversation.status.is_over();
    let waits = !is_over && conversation.status != crate::dialog::ConversationStatus::AwaitingAnswer;
    html! {
        div role="log" aria-live="polite" aria-label="Conversation" data-waits[waits] {
            ol class="said" {
                @for (index, line) in lines.iter().enumerate() {
                    // The first ones may be kept no longer.
                    @let at = conversation.said.saturating_sub(lines.len()) + index;
                    li data-at=(at) class=[line.by_user.then_some("user")] data-last[index + 1 == lines.len()] { (said(console, names, line)) }
                }
            }
        }
        div id="answer" {
            @if is_over {
                p role="status" { "The conversation is over." }
                a class="button" href=(console.at(&format!("/dialogs/{}/talk", conversation.dialog))) { "Talk again" }
            } @else {
                @if waits { noscript { p { a href=(action) { "Look again" } } } }
                @if !choices.is_empty() {
                    form method="post" action=(action) aria-label="Choices" {
                        (layout::token(admin))
                        @for choice in choices { button type="submit" name="choice" value=(choice) class="quiet" { (layout::line(choice)) } " " }
                    }
                }
                @if asks_for_a_file {
                    form method="post" action=(action) enctype="multipart/form-data" aria-label="File" {
                        (layout::token(admin))
                        p { label for="file" { "Your file" } input id="file" name="file" type="file" required autofocus; }
                        button type="submit" { "Send the file" }
                    }
                }
                form method="post" action=(action) {
                    (layout::token(admin))
                    p { label for="text" { "Your answer" } textarea id="text" name="text" autofocus[!asks_for_a_file] {} }
                    button type="submit" { "Send" }
                }
            }
        }
    }
}
