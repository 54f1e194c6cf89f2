//! `/conversations`: talking with a dialog, for a platform that has the person in front of it.
//!
//! What is answered to a message is in the answer. What comes by itself, because the person connected an account, is
//! waited for as sessions are.

use std::pin::pin;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep_until};
use utoipa::{IntoParams, ToSchema};

use super::extract::{Body, Caller, Path, Query, wrong};
use super::paging::{Page, Paging};
use super::problem::Refused;
use super::sessions::{LONGEST_WAIT, LOOK, named};
use super::time::Moment;
use super::{Api, Gone, Touched};
use crate::dialog::{
    self, Button, ConversationStatus, Detail, ENGLISH, EntityType, Line as Kept, Start, Turn as Taken, Words,
};
use crate::failure::{Failure, FailureKind, Result};
use crate::ids::{ConversationId, WorkspaceId};
use crate::service::keys::Scope;
use crate::service::room::on_a_thread;

/// A conversation, without what was said.
#[derive(Serialize, ToSchema)]
pub(super) struct Conversation {
    /// Its id.
    id: String,
    /// The dialog's name.
    dialog: String,
    /// The integration.
    integration: String,
    /// The end user.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    /// The language that it is held in.
    language: String,
    /// How it stands.
    status: ConversationStatus,
    /// How many lines were said in it, by both.
    said: usize,
    /// Since when it is held.
    created_at: Moment,
    /// When something was said last.
    updated_at: Moment,
    /// Until when it is kept.
    expires_at: Moment,
}

impl From<dialog::Conversation> for Conversation {
    fn from(conversation: dialog::Conversation) -> Self {
        Self {
            id: conversation.id.to_string(),
            dialog: conversation.dialog,
            integration: conversation.integration.to_string(),
            user: conversation.user,
            language: conversation.language,
            status: conversation.status,
            said: conversation.said,
            created_at: Moment(conversation.created_at),
            updated_at: Moment(conversation.updated_at),
            expires_at: Moment(conversation.expires_at),
        }
    }
}

/// Something that the host says.
#[derive(Serialize, ToSchema)]
pub(super) struct Reply {
    /// The words.
    text: String,
    /// What may be answered, where there are a few things only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    choices: Vec<String>,
    /// What it can be expanded to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    details: Vec<Detail>,
    /// A button that leads somewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    button: Option<Button>,
    /// What is asked for, where something is.
    #[serde(skip_serializing_if = "Option::is_none")]
    asks_for: Option<EntityType>,
}

impl From<dialog::Reply> for Reply {
    fn from(reply: dialog::Reply) -> Self {
        Self {
            text: reply.text,
            choices: reply.choices,
            details: reply.details,
            button: reply.button,
            asks_for: reply.asks_for,
        }
    }
}

/// What came of a message.
#[derive(Serialize, ToSchema)]
pub(super) struct Turn {
    /// The conversation's id.
    id: String,
    /// How it stands.
    status: ConversationStatus,
    /// What the host says, in this order.
    replies: Vec<Reply>,
    /// How many lines were said by now: `since` of whoever waits for more.
    said: usize,
}

impl From<Taken> for Turn {
    fn from(turn: Taken) -> Self {
        Self {
            id: turn.conversation.id.to_string(),
            status: turn.conversation.status,
            replies: turn.replies.into_iter().map(Reply::from).collect(),
            said: turn.conversation.said,
        }
    }
}

/// One thing that was said.
#[derive(Serialize, ToSchema)]
pub(super) struct Line {
    /// Who said it: the person, or else the host.
    by_user: bool,
    /// When.
    at: Moment,
    /// What.
    said: Reply,
}

/// A conversation, with what was said.
#[derive(Serialize, ToSchema)]
pub(super) struct Transcript {
    /// The conversation.
    conversation: Conversation,
    /// What was said after the lines that are known: the last 400 lines at most, and of a long one its beginning.
    lines: Vec<Line>,
}

/// How a conversation is begun.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewConversation {
    /// The end user; needed where each user connects an account of their own.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 255)]
    user: Option<String>,
    /// The language; absent: English.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 255, examples("de"))]
    language: Option<String>,
    /// What the person said first, from which values are taken.
    #[serde(default)]
    text: Option<String>,
}

/// Something that the person says.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewMessage {
    /// The words; where a file is asked for, the id of one.
    text: String,
}

/// Begin a conversation
#[utoipa::path(post, path = "/dialogs/{dialog}/conversations", operation_id = "start_conversation",
    tag = "conversations", params(("dialog" = String, Path)), request_body = NewConversation,
    responses((status = 201, body = Turn)), security(("key" = ["run"])))]
pub(super) async fn start(
    State(api): State<Api>,
    caller: Caller,
    Path(name): Path<String>,
    Body(new): Body<NewConversation>,
) -> Result<Response, Refused> {
    let started = api.work(move |host| {
        let language = named("language", new.language)?.unwrap_or_else(|| ENGLISH.to_owned());
        let start = Start::new(caller.workspace(), name)
            .user(named("user", new.user)?)
            .language(language)
            .words(new.text.map(Words::new));
        host.start_conversation(&start)
    });
    let turn = Turn::from(started.await?);
    api.arrivals.notify_waiters();
    let touched = Touched(vec![("conversation", turn.id.clone())]);
    let mut response = (StatusCode::CREATED, Json(turn)).into_response();
    response.extensions_mut().insert(touched);
    Ok(response)
}

/// Say something in a conversation
#[utoipa::path(post, path = "/conversations/{conversation}/messages", operation_id = "say",
    tag = "conversations", params(("conversation" = String, Path)), request_body = NewMessage,
    responses((status = 200, body = Turn)), security(("key" = ["run"])))]
pub(super) async fn say(
    State(api): State<Api>,
    caller: Caller,
    Path(conversation): Path<String>,
    Body(NewMessage { text }): Body<NewMessage>,
) -> Result<Json<Turn>, Refused> {
    let said = api.work(move |host| host.say(&caller.workspace(), &known(conversation)?, &Words::new(text)));
    let turn = said.await?;
    api.arrivals.notify_waiters();
    Ok(Json(turn.into()))
}

/// List the conversations
#[utoipa::path(get, path = "/conversations", operation_id = "list_conversations", tag = "conversations",
    params(Paging), responses((status = 200, body = Page<Conversation>)), security(("key" = ["read"])))]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<Conversation>>, Refused> {
    let page = api.work(move |host| {
        let all = host.conversations(&caller.workspace())?;
        paging.of(all, |conversation| conversation.id.as_str(), Conversation::from)
    });
    Ok(Json(page.await?))
}

/// What is known, and how long to wait for more.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Listening {
    /// How many lines are known already.
    #[serde(default)]
    since: usize,
    /// For how many seconds to wait for another one: 0 to 55.
    #[param(minimum = 0, maximum = 55, default = 0)]
    #[serde(default)]
    wait: u64,
}

/// Show a conversation, or wait until something is said
///
/// With a key that may run, what the conversation waits for is looked at, and it goes on where that has come.
#[utoipa::path(get, path = "/conversations/{conversation}", operation_id = "show_conversation",
    tag = "conversations", params(("conversation" = String, Path), Listening),
    responses((status = 200, body = Transcript)), security(("key" = ["read"])))]
pub(super) async fn show(
    State(api): State<Api>,
    caller: Caller,
    Path(conversation): Path<String>,
    Query(Listening { since, wait }): Query<Listening>,
) -> Result<Json<Transcript>, Refused> {
    if wait > LONGEST_WAIT {
        return Err(wrong("bad-wait", &format!("A request waits for 0 to {LONGEST_WAIT} seconds.")).into());
    }
    let (workspace, id) = (caller.workspace(), known(conversation)?);
    let end = Instant::now() + Duration::from_secs(wait);
    let _place = if wait > 0 { Some(api.waiting.place()?) } else { None };
    let mut ending = api.ending.clone();
    loop {
        // Before the look, so that nothing is said between the two.
        let mut arrival = pin!(api.arrivals.notified());
        arrival.as_mut().enable();
        let conversation = look(&api, &workspace, &id, caller.0.may(Scope::Run)).await?;
        let is_told = conversation.said > since || conversation.status.is_over();
        if is_told || Instant::now() >= end || *ending.borrow() {
            let told = api.work(move |host| host.said_since(&workspace, &id, since)).await?;
            return Ok(Json(transcript(told)));
        }
        tokio::select! {
            () = arrival => {}
            () = sleep_until(end.min(Instant::now() + LOOK)) => {}
            _ = ending.changed() => {}
        }
    }
}

/// How a conversation stands, after it went on with what it waits for.
async fn look(
    api: &Api,
    workspace: &WorkspaceId,
    id: &ConversationId,
    goes_on: bool,
) -> Result<dialog::Conversation, Refused> {
    let (host, at, of) = (api.host.clone(), workspace.clone(), id.clone());
    let conversation = on_a_thread(move || host.conversation(&at, &of)).await?;
    let waits = matches!(
        conversation.status,
        ConversationStatus::AwaitingAuthorization | ConversationStatus::Running
    );
    if !goes_on || !waits {
        return Ok(conversation);
    }
    let (at, of) = (workspace.clone(), id.clone());
    match api
        .room
        .work({
            let host = api.host.clone();
            move || host.poll_conversation(&at, &of)
        })
        .await
    {
        Ok(turn) => Ok(turn.conversation),
        // Somebody else looks at the same moment, or there is no room: later, then.
        Err(Failure { kind: FailureKind::Conflict | FailureKind::LimitExceeded, .. }) => Ok(conversation),
        Err(failure) => Err(failure.into()),
    }
}

fn transcript((conversation, lines): (dialog::Conversation, Vec<Kept>)) -> Transcript {
    let line = |line: Kept| Line { by_user: line.by_user, at: Moment(line.at), said: line.said.into() };
    Transcript { conversation: conversation.into(), lines: lines.into_iter().map(line).collect() }
}

/// What was forgotten of an end user.
#[derive(Serialize, ToSchema)]
pub(super) struct Erased {
    /// How many connections.
    connections: usize,
    /// How many conversations.
    conversations: usize,
    /// How many records of runs.
    runs: usize,
    /// How many files.
    files: usize,
}

/// Erase an end user's data
///
/// Their connections with their tokens, links and sessions to connect others, their conversations, their files, and the records
/// of their runs that are over. What was answered under an `Idempotency-Key` is gone within a day, and what waits to be told to a
/// webhook within three; the audit log says who did what for as long as the operator keeps it.
#[utoipa::path(delete, path = "/users/{user}/data", operation_id = "erase_user", tag = "conversations",
    params(("user" = String, Path)), responses((status = 200, body = Erased)),
    security(("key" = ["admin"])))]
pub(super) async fn erase(
    State(api): State<Api>,
    caller: Caller,
    Path(user): Path<String>,
) -> Result<(Extension<Gone>, Json<Erased>), Refused> {
    let runs = api.runs.clone();
    let erased = api.work(move |host| {
        let workspace = caller.workspace();
        // First, since one that waits makes new links.
        let conversations = host.erase_conversations(&workspace, &user)?;
        let gone = host.forget_user(&workspace, &user)?;
        let told = Erased {
            connections: gone.len(),
            conversations,
            runs: runs.erase(&workspace, &user)?,
            files: runs.files().erase(&workspace, &user)?,
        };
        Ok((Extension(Gone(gone.into())), Json(told)))
    });
    erased.await
}

/// The id of a conversation as it stands in a path; one that cannot be is none that there is.
fn known(text: String) -> Result<ConversationId> {
    ConversationId::new(text).map_err(|_| {
        Failure::new(FailureKind::NotFound, "unknown-conversation", "There is no such conversation.")
    })
}
