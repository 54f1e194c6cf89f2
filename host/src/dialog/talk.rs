//! The conversation engine: what a person says goes in, what the host says comes out.
//!
//! A conversation is where its dialog stands, what is known, and what it waits for. A turn takes what was said, goes on as
//! far as that leads, and is stored as one; of two turns at the same moment one is told that the other was first. Any
//! process of the store takes the next one.
//!
//! | it waits for | what goes on |
//! |---|---|
//! | a value | an answer that its field's schema takes |
//! | a confirmation | yes |
//! | an account of several | a choice |
//! | a tenant | one that can be one |
//! | an authorization | the account is connected, wherever that was done |
//! | a run | what came of it, also where the process that began it is gone |

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};

use super::answers;
use super::conversation::{Content, Conversation, ConversationStatus, Reply, Stored, WaitsFor};
use super::model::{Confirmation, Entity, Message, Node, Presence};
use super::render::Renderer;
use super::responses::{ENGLISH, Responses};
use crate::failure::{Failure, Result};
use crate::host::Host;
use crate::ids::{ConversationId, WorkspaceId, random_id};
use crate::runtime::{DenyFiles, Event, Files, Plugin, Template};
use crate::vault::Expect;

/// What somebody says, with the files that they may name.
#[derive(Debug, Clone)]
pub struct Words {
    text: String,
    files: Option<Arc<dyn Files>>,
}

impl Words {
    /// A text. Where a service runs conversations, it may name the files that were sent there.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), files: None }
    }

    /// The same, with the files that it may name, and where new ones go.
    #[must_use]
    pub fn files(mut self, files: Arc<dyn Files>) -> Self {
        self.files = Some(files);
        self
    }
}

/// With whom, about what and how a conversation is begun.
#[derive(Debug, Clone)]
pub struct Start {
    workspace: WorkspaceId,
    dialog: String,
    user: Option<String>,
    language: String,
    words: Option<Words>,
}

impl Start {
    /// A conversation of a dialog, in English, with nobody in particular.
    pub fn new(workspace: WorkspaceId, dialog: impl Into<String>) -> Self {
        let language = ENGLISH.to_owned();
        Self { workspace, dialog: dialog.into(), user: None, language, words: None }
    }

    /// The same, with an end user.
    #[must_use]
    pub fn user(mut self, user: Option<String>) -> Self {
        self.user = user;
        self
    }

    /// The same, in a language.
    #[must_use]
    pub fn language(mut self, language: impl Into<String>) -> Self {
        self.language = language.into();
        self
    }

    /// The same, begun by what the person said.
    #[must_use]
    pub fn words(mut self, words: Option<Words>) -> Self {
        self.words = words;
        self
    }
}

/// What came of one turn.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Turn {
    /// The conversation, as it stands.
    #[serde(flatten)]
    pub conversation: Conversation,
    /// What the host says, in this order.
    pub replies: Vec<Reply>,
}

impl Host {
    /// Begins a conversation.
    ///
    /// # Errors
    /// `NotFound` (dialog, integration, template); `Denied` where the integration is disabled; `InvalidInput` where each
    /// user connects for themselves and none is named; `Storage`.
    pub fn start_conversation(&self, start: &Start) -> Result<Turn> {
        let workspace = &start.workspace;
        let dialog = self.dialog(workspace, &start.dialog)?;
        self.authorizations().acting_for(workspace, &dialog.integration, start.user.as_deref())?;
        let now = self.authorizations().clock.now()?;
        let conversation = Conversation {
            id: ConversationId::new(random_id("talk-")?)?,
            workspace: workspace.clone(),
            dialog: dialog.name.clone(),
            integration: dialog.integration.clone(),
            user: start.user.clone(),
            language: start.language.clone(),
            status: ConversationStatus::AwaitingAnswer,
            created_at: now,
            updated_at: now,
            expires_at: self.conversation_expires(now),
            said: 0,
        };
        let stored = Stored { conversation, content: Content::new(dialog), generation: 0 };
        let files = start.words.as_ref().and_then(|words| words.files.clone());
        let mut talk = Talk::new(self, stored, files)?;
        if let Some(words) = &start.words {
            talk.hear_first(&words.text)?;
        }
        talk.go_on()?;
        talk.end_of_turn()
    }

    /// Says something in a conversation.
    ///
    /// # Errors
    /// `NotFound`; `InvalidInput` for a text that is too long; `TooLarge` where the conversation would hold more than it may;
    /// `Conflict` where something was said at the same moment; `Storage`.
    pub fn say(&self, workspace: &WorkspaceId, id: &ConversationId, words: &Words) -> Result<Turn> {
        let stored = self.stored_conversation(workspace, id)?;
        let is_over = stored.conversation.status.is_over();
        let mut talk = Talk::new(self, stored, words.files.clone())?;
        if is_over {
            let text = talk.response("ended", &json!({}));
            return Ok(Turn { conversation: talk.conversation, replies: vec![Reply::text(text)] });
        }
        talk.hear(&words.text)?;
        talk.go_on()?;
        talk.end_of_turn()
    }

    /// Looks whether what a conversation waits for has come, without anything being said.
    ///
    /// # Errors
    /// As [`say`](Self::say).
    pub fn poll_conversation(&self, workspace: &WorkspaceId, id: &ConversationId) -> Result<Turn> {
        let conversation = self.conversation(workspace, id)?;
        if conversation.status.is_over() || conversation.status == ConversationStatus::AwaitingAnswer {
            return Ok(Turn { conversation, replies: Vec::new() });
        }
        let mut talk = Talk::new(self, self.stored_conversation(workspace, id)?, None)?;
        talk.go_on()?;
        if talk.replies.is_empty() {
            return Ok(Turn { conversation: talk.conversation, replies: Vec::new() });
        }
        talk.end_of_turn()
    }
}

/// One turn.
pub(super) struct Talk<'h> {
    pub(super) host: &'h Host,
    pub(super) plugin: Plugin,
    pub(super) conversation: Conversation,
    pub(super) content: Content,
    pub(super) replies: Vec<Reply>,
    pub(super) files: Arc<dyn Files>,
    pub(super) now: u64,
    /// Whether the person said something in this turn.
    pub(super) heard: bool,
    /// The words with which the next link is sent.
    pub(super) link_words: &'static str,
    pub(super) responses: Responses,
    renderer: Renderer,
    expect: Expect,
    /// Why it failed in this turn.
    failure: Option<Failure>,
}

impl<'h> Talk<'h> {
    fn new(host: &'h Host, stored: Stored, files: Option<Arc<dyn Files>>) -> Result<Self> {
        let Stored { conversation, content, generation } = stored;
        let responses = host.responses(&conversation.workspace, &conversation.language)?;
        let kept = || {
            let keeper = host.authorizations().keeper()?;
            Some(keeper.files(&conversation.workspace, conversation.user.as_deref()))
        };
        Ok(Self {
            host,
            // What it says of itself may be told before it is approved; nothing runs.
            plugin: host.authorizations().plugin(&conversation.integration)?,
            renderer: Renderer::new(&responses),
            now: host.authorizations().clock.now()?,
            files: files.or_else(kept).unwrap_or_else(|| Arc::new(DenyFiles)),
            replies: Vec::new(),
            heard: false,
            link_words: "authorize",
            failure: None,
            expect: if generation == 0 { Expect::Absent } else { Expect::Generation(generation) },
            conversation,
            content,
            responses,
        })
    }

    /// Goes on as far as what is known leads.
    fn go_on(&mut self) -> Result<()> {
        while !self.conversation.status.is_over() {
            let goes_on = match self.content.waits_for.clone() {
                WaitsFor::Nothing => self.step()?,
                WaitsFor::Value | WaitsFor::Confirmation | WaitsFor::Account { .. } | WaitsFor::Tenant => {
                    false
                }
                WaitsFor::Authorization { session, url, is_expired } => {
                    self.look_at_authorization(&session, &url, is_expired)?
                }
                WaitsFor::Run { key } => self.run(&key)?,
            };
            if !goes_on {
                break;
            }
        }
        Ok(())
    }

    /// Goes one node on, and says whether to go on further.
    fn step(&mut self) -> Result<bool> {
        match self.node() {
            None => self.end(ConversationStatus::Done),
            Some(Node::Intent(_)) => self.go_to(self.content.at + 1),
            Some(Node::Entity(entity)) => return self.step_entity(&entity),
            Some(Node::Confirmation(confirmation)) => {
                let asked = self.confirmed(&confirmation);
                self.say_reply(asked);
                self.content.tries = 0;
                self.content.waits_for = WaitsFor::Confirmation;
            }
            Some(Node::Service(service)) => return self.step_service(&service),
            Some(Node::Message(message)) => {
                match self.message(&message) {
                    Ok(reply) => {
                        self.say_reply(reply);
                        self.go_to(self.content.at + 1);
                    }
                    // What was done before it is done: it is not asked for again and again.
                    Err(failure) => {
                        self.tell("something-went-wrong", &json!({}));
                        self.fail(failure);
                    }
                }
            }
        }
        Ok(self.content.waits_for == WaitsFor::Nothing)
    }

    fn step_entity(&mut self, entity: &Entity) -> Result<bool> {
        let is_settled = self.content.values.contains_key(&entity.name)
            || self.content.skipped.contains(&entity.name)
            || entity.presence == Presence::Hidden;
        if is_settled {
            self.go_to(self.content.at + 1);
            return Ok(true);
        }
        let plugin = self.plugin.clone();
        let asked = self.asked(entity, self.template(&plugin)?);
        self.say_reply(asked);
        self.content.waits_for = WaitsFor::Value;
        Ok(false)
    }

    pub(super) fn asked(&self, entity: &Entity, template: &Template) -> Reply {
        let prompt = self.filled(&entity.prompt);
        let text = match entity.presence {
            Presence::Optional => self.response("ask-optional", &json!({ "prompt": prompt })),
            Presence::Mandatory | Presence::Hidden => prompt,
        };
        let choices = answers::choices(template, &entity.field, &self.responses);
        let choices = choices.into_iter().map(|choice| choice.text).collect();
        Reply { choices, asks_for: Some(entity.entity_type), ..Reply::text(text) }
    }

    pub(super) fn confirmed(&self, confirmation: &Confirmation) -> Reply {
        let word = |key: &str| self.responses.text(key).split(',').next().unwrap_or(key).trim().to_owned();
        Reply { choices: vec![word("yes"), word("no")], ..Reply::text(self.filled(&confirmation.prompt)) }
    }

    fn message(&self, message: &Message) -> Result<Reply> {
        let known = self.known();
        let mut details = Vec::new();
        for detail in &message.details {
            let value = self.renderer.text(&detail.value, &known)?;
            if !value.is_empty() {
                details.push(super::model::Detail { label: detail.label.clone(), value });
            }
        }
        let button = match &message.button {
            Some(button) => {
                let url = self.renderer.text(&button.url, &known)?;
                is_address(&url).then(|| super::model::Button { label: button.label.clone(), url })
            }
            None => None,
        };
        Ok(Reply { details, button, ..Reply::text(self.renderer.text(&message.text, &known)?) })
    }

    /// The node that it is at.
    pub(super) fn node(&self) -> Option<Node> {
        self.content.dialog.nodes.get(self.content.at).cloned()
    }

    /// The place of a node that comes later.
    pub(super) fn later(&self, name: &str) -> Option<usize> {
        let place = self.content.dialog.nodes.iter().position(|node| node.name() == name);
        place.filter(|place| *place > self.content.at)
    }

    /// Goes to a node, at which nothing was tried yet.
    pub(super) fn go_to(&mut self, place: usize) {
        self.content.at = place;
        self.content.tries = 0;
    }

    pub(super) fn template<'p>(&self, plugin: &'p Plugin) -> Result<&'p Template> {
        plugin.known_template(self.content.dialog.template.as_str())
    }

    /// What texts and requests can refer to.
    fn known(&self) -> Value {
        let mut context = self.content.results.clone();
        context.insert("entities".to_owned(), Value::Object(self.content.values.clone()));
        json!({ "context": context, "user": self.conversation.user, "dialog": self.content.dialog.title })
    }

    /// The template's input.
    pub(super) fn input(&self, request: &Value) -> Result<Value> {
        self.renderer.request(request, &self.known())
    }

    /// A text with what is known; one that cannot be filled in as it is.
    pub(super) fn filled(&self, text: &str) -> String {
        self.renderer.text(text, &self.known()).unwrap_or_else(|_| text.to_owned())
    }

    /// A standard response.
    pub(super) fn response(&self, key: &str, values: &Value) -> String {
        let text = self.responses.text(key);
        self.renderer.text(text, values).unwrap_or_else(|_| text.to_owned())
    }

    /// Whether what was said is a word of a standard response, and what follows it.
    pub(super) fn after<'t>(&self, key: &str, said: &'t str) -> Option<&'t str> {
        self.responses.after(key, said)
    }

    /// Says a standard response.
    pub(super) fn tell(&mut self, key: &str, values: &Value) {
        let text = self.response(key, values);
        self.say_reply(Reply::text(text));
    }

    pub(super) fn say_reply(&mut self, reply: Reply) {
        self.conversation.said += 1;
        self.content.note(false, self.now, reply.clone());
        self.replies.push(reply);
    }

    pub(super) fn end(&mut self, status: ConversationStatus) {
        self.content.waits_for = WaitsFor::Nothing;
        self.conversation.status = status;
    }

    /// Ends it because of a failure, which is told where the conversation is stored.
    pub(super) fn fail(&mut self, failure: Failure) {
        self.failure = Some(failure);
        self.end(ConversationStatus::Failed);
    }

    /// Stores it as it stands.
    pub(super) fn store(&mut self) -> Result<()> {
        if !self.conversation.status.is_over() {
            self.conversation.status = match self.content.waits_for {
                WaitsFor::Authorization { .. } => ConversationStatus::AwaitingAuthorization,
                WaitsFor::Run { .. } => ConversationStatus::Running,
                _ => ConversationStatus::AwaitingAnswer,
            };
        }
        self.conversation.updated_at = self.now;
        self.conversation.expires_at = self.host.conversation_expires(self.now);
        let failure = self.failure.take();
        let keeper = self.host.authorizations().keeper();
        let beside = match (&keeper, &failure) {
            (Some(keeper), Some(failure)) => keeper.conversation_failed(&self.conversation, failure)?,
            _ => Vec::new(),
        };
        self.host.put_conversation(&self.conversation, &mut self.content, self.expect, beside)?;
        self.expect = match self.expect {
            Expect::Generation(generation) => Expect::Generation(generation + 1),
            _ => Expect::Generation(1),
        };
        if let Some(failure) = failure {
            self.host.authorizations().events.event(Event::ConversationFailed {
                workspace: self.conversation.workspace.as_str(),
                dialog: &self.conversation.dialog,
                conversation: self.conversation.id.as_str(),
                code: &failure.code,
            });
        }
        Ok(())
    }

    fn end_of_turn(mut self) -> Result<Turn> {
        self.store()?;
        Ok(Turn { conversation: self.conversation, replies: self.replies })
    }
}

/// Where a button may lead: to a page, and not to a script.
fn is_address(url: &str) -> bool {
    url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "https" | "http"))
}
