//! Conversations: what is kept of them, and where.
//!
//! Whose a conversation is and how it stands is a record that can be looked for. What was said, what is known and the
//! links that were sent are sealed, as secrets are: they are people's words, and a link is a key.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::model::{Button, Detail, Dialog, EntityType};
use crate::failure::{Failure, FailureKind, Result};
use crate::host::Host;
use crate::ids::{ConnectionId, ConversationId, IntegrationId, SessionId, WorkspaceId};
use crate::secret::{ExposeSecret as _, SecretString};
use crate::vault::{Collection, Expect, RecordKey, SecretPlace, Write};

/// The most lines that are kept of what was said.
const MOST_LINES: usize = 400;

/// The most that is kept of all lines together, in bytes.
const MOST_OF_LINES: usize = 1 << 20;

/// The longest text that is kept of one line, in bytes: what is said to be used is kept as a value, as long as it is.
const LONGEST_OF_A_LINE: usize = 64 << 10;

/// The most that a conversation holds in all, in bytes: an input and an output as large as calls may have them.
const LARGEST: usize = 32 << 20;

/// How a conversation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ConversationStatus {
    /// Something was asked.
    AwaitingAnswer,
    /// A link was sent, and goes on by itself once an account is connected.
    AwaitingAuthorization,
    /// A template is being run.
    Running,
    /// It did what it was for.
    Done,
    /// It was dropped: by the person, or after too many answers that would not do.
    Discarded,
    /// Something failed.
    Failed,
}

impl ConversationStatus {
    /// Whether nothing comes any more.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Discarded | Self::Failed)
    }
}

/// A conversation, without what was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The dialog's name.
    pub dialog: String,
    /// The integration.
    pub integration: IntegrationId,
    /// The end user.
    pub user: Option<String>,
    /// The language that it is held in.
    pub language: String,
    /// How it stands.
    pub status: ConversationStatus,
    /// Since when it is held, in seconds since 1970 UTC.
    pub created_at: u64,
    /// When something was said last.
    pub updated_at: u64,
    /// Until when it is kept.
    pub expires_at: u64,
    /// How many lines were said in it, by both.
    #[serde(default)]
    pub said: usize,
}

/// Something that the host says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Reply {
    /// The words.
    pub text: String,
    /// What may be answered, where there are a few things only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// What it can be expanded to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Detail>,
    /// A button that leads somewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub button: Option<Button>,
    /// What is asked for, where something is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks_for: Option<EntityType>,
}

impl Reply {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), choices: Vec::new(), details: Vec::new(), button: None, asks_for: None }
    }

    /// As much of it as is kept.
    fn kept(mut self) -> Self {
        let values = self.details.iter_mut().map(|detail| &mut detail.value);
        for text in std::iter::once(&mut self.text).chain(values) {
            if text.len() > LONGEST_OF_A_LINE {
                text.truncate(text.floor_char_boundary(LONGEST_OF_A_LINE));
                text.push('…');
            }
        }
        self
    }

    /// How long it is, in bytes.
    fn length(&self) -> usize {
        let details = self.details.iter().map(|detail| detail.label.len() + detail.value.len());
        let button = self.button.iter().map(|button| button.label.len() + button.url.len());
        self.text.len() + self.choices.iter().map(String::len).chain(details).chain(button).sum::<usize>()
    }
}

/// One thing that was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Line {
    /// Who said it: the person, or else the host.
    pub by_user: bool,
    /// When, in seconds since 1970 UTC.
    pub at: u64,
    /// What.
    #[serde(flatten)]
    pub said: Reply,
}

/// What is known in a conversation. It is sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Content {
    /// The dialog as it was when the conversation began.
    pub(super) dialog: Dialog,
    /// The node that it is at.
    pub(super) at: usize,
    /// What is known of entities, by name.
    pub(super) values: Map<String, Value>,
    /// The entities that were left out.
    pub(super) skipped: Vec<String>,
    /// What came of services, by name.
    pub(super) results: Map<String, Value>,
    /// What it waits for.
    pub(super) waits_for: WaitsFor,
    /// How often what was answered would not do, of what is asked.
    pub(super) tries: u8,
    /// How often connecting failed, one time after the other.
    pub(super) failed_authorizations: u8,
    /// The account that the person chose.
    pub(super) account: Option<ConnectionId>,
    /// The tenant that the person named, where accounts are connected at one.
    #[serde(default)]
    pub(super) tenant: Option<String>,
    /// Counts the runs of templates.
    pub(super) runs: u32,
    /// What was said.
    pub(super) lines: Vec<Line>,
}

/// What a conversation waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "for")]
pub(super) enum WaitsFor {
    /// Nothing: it goes on.
    Nothing,
    /// The value of the entity that it is at.
    Value,
    /// Yes or no.
    Confirmation,
    /// The tenant that an account is to be connected at.
    Tenant,
    /// An account that the person connects at a link.
    Authorization { session: SessionId, url: String, is_expired: bool },
    /// The person's choice among their accounts.
    Account { accounts: Vec<(ConnectionId, String)>, deletes: bool },
    /// A run, by its name.
    Run { key: String },
}

impl Content {
    pub(super) fn new(dialog: Dialog) -> Self {
        Self {
            dialog,
            at: 0,
            values: Map::new(),
            skipped: Vec::new(),
            results: Map::new(),
            waits_for: WaitsFor::Nothing,
            tries: 0,
            failed_authorizations: 0,
            account: None,
            tenant: None,
            runs: 0,
            lines: Vec::new(),
        }
    }

    /// Notes something that was said.
    pub(super) fn note(&mut self, by_user: bool, at: u64, said: Reply) {
        self.lines.push(Line { by_user, at, said: said.kept() });
        let mut left = MOST_OF_LINES;
        let last = self.lines.iter().rev().take(MOST_LINES).take_while(|line| {
            let rest = left.checked_sub(line.said.length());
            left = rest.unwrap_or_default();
            rest.is_some()
        });
        let kept = last.count().max(1);
        self.lines.drain(..self.lines.len().saturating_sub(kept));
    }

    /// Whether it can hold this as well, and as much again as is said on the way.
    ///
    /// # Errors
    /// `Internal` where it makes no JSON.
    pub(super) fn has_room(&self, more: &Value) -> Result<bool> {
        let written = |_| Failure::internal("A conversation makes no JSON.");
        let size = serde_json::to_vec(self).map_err(written)?.len() + more.to_string().len();
        Ok(size + MOST_OF_LINES <= LARGEST)
    }

    /// Forgets what only goes on needs: of what is over, what was said is enough.
    fn forget(&mut self) {
        self.values.clear();
        self.results.clear();
        self.skipped.clear();
        self.dialog.nodes.clear();
    }
}

fn too_large() -> Failure {
    Failure::new(
        FailureKind::TooLarge,
        "conversation-too-large",
        format!("A conversation holds at most {LARGEST} bytes (32 MB), and this would be more."),
    )
    .hint("Say less at once, or begin another conversation.")
}

/// A conversation as it was read, with what is expected of its record when it is written.
pub(super) struct Stored {
    pub(super) conversation: Conversation,
    pub(super) content: Content,
    pub(super) generation: i64,
}

impl Host {
    /// The conversations of a workspace, ordered by id.
    ///
    /// # Errors
    /// `Storage`.
    pub fn conversations(&self, workspace: &WorkspaceId) -> Result<Vec<Conversation>> {
        let stored = self.authorizations().vault.list(Collection::Conversations, workspace.as_str())?;
        stored.iter().map(|(_, record)| read(&record.body)).collect()
    }

    /// How a conversation stands.
    ///
    /// # Errors
    /// `NotFound`; `Storage`.
    pub fn conversation(&self, workspace: &WorkspaceId, id: &ConversationId) -> Result<Conversation> {
        let record = self.authorizations().vault.get(&key(workspace, id))?;
        read(&record.ok_or_else(|| unknown(id))?.body)
    }

    /// All that was said in a conversation.
    ///
    /// # Errors
    /// `NotFound`; `Storage`.
    pub fn transcript(&self, workspace: &WorkspaceId, id: &ConversationId) -> Result<Vec<Line>> {
        Ok(self.stored_conversation(workspace, id)?.content.lines)
    }

    /// How a conversation stands, and what was said in it after its first lines, as far as that is kept.
    ///
    /// # Errors
    /// `NotFound`; `Storage`.
    pub fn said_since(
        &self,
        workspace: &WorkspaceId,
        id: &ConversationId,
        lines: usize,
    ) -> Result<(Conversation, Vec<Line>)> {
        let Stored { conversation, content, .. } = self.stored_conversation(workspace, id)?;
        let wanted = conversation.said.saturating_sub(lines);
        let known = content.lines.len().saturating_sub(wanted);
        Ok((conversation, content.lines.into_iter().skip(known).collect()))
    }

    /// Forgets the conversations of a workspace that are kept no longer.
    ///
    /// # Errors
    /// `Storage`.
    pub fn sweep_conversations(&self, workspace: &WorkspaceId) -> Result<usize> {
        let now = self.authorizations().clock.now()?;
        self.forget_conversations(workspace, |conversation| conversation.expires_at <= now)
    }

    /// Forgets all conversations of an end user.
    ///
    /// # Errors
    /// `Storage`.
    pub fn erase_conversations(&self, workspace: &WorkspaceId, user: &str) -> Result<usize> {
        self.forget_conversations(workspace, |conversation| conversation.user.as_deref() == Some(user))
    }

    fn forget_conversations(
        &self,
        workspace: &WorkspaceId,
        is_forgotten: impl Fn(&Conversation) -> bool,
    ) -> Result<usize> {
        let mut forgotten = 0;
        for conversation in
            self.conversations(workspace)?.iter().filter(|conversation| is_forgotten(conversation))
        {
            let mut writes = vec![Write::delete(key(workspace, &conversation.id), Expect::Any)];
            writes.extend(place(workspace, &conversation.id).destroy());
            self.authorizations().vault.commit(&writes)?;
            forgotten += 1;
        }
        Ok(forgotten)
    }

    pub(super) fn stored_conversation(&self, workspace: &WorkspaceId, id: &ConversationId) -> Result<Stored> {
        let vault = &self.authorizations().vault;
        let unreadable = || Failure::storage("record-unreadable", "A stored conversation cannot be read.");
        // Record and content are two records: they fit where the first is the same before and after.
        loop {
            let record = vault.get(&key(workspace, id))?.ok_or_else(|| unknown(id))?;
            let content = vault.read(&place(workspace, id))?;
            let after = vault.get(&key(workspace, id))?;
            if after.is_some_and(|after| after.generation == record.generation) {
                let content = content.ok_or_else(unreadable)?;
                let content = serde_json::from_str(content.expose_secret()).map_err(|_| unreadable())?;
                return Ok(Stored {
                    conversation: read(&record.body)?,
                    content,
                    generation: record.generation,
                });
            }
        }
    }

    /// Stores a conversation with its content, and what is to be written beside, as one.
    ///
    /// # Errors
    /// `TooLarge`; `Conflict` where somebody else did meanwhile; `Storage`.
    pub(super) fn put_conversation(
        &self,
        conversation: &Conversation,
        content: &mut Content,
        expect: Expect,
        beside: Vec<Write>,
    ) -> Result<()> {
        if conversation.status.is_over() {
            content.forget();
        }
        let written = |_| Failure::internal("A conversation makes no JSON.");
        let body = serde_json::to_vec(conversation).map_err(written)?;
        let content = SecretString::from(serde_json::to_string(content).map_err(written)?);
        if content.expose_secret().len() > LARGEST {
            return Err(too_large());
        }
        let (workspace, id) = (&conversation.workspace, &conversation.id);
        let mut writes = beside;
        writes.push(Write::put(key(workspace, id), expect, body));
        self.authorizations().vault.commit_with(&writes, &[(place(workspace, id), &content)])
    }
}

fn key(workspace: &WorkspaceId, id: &ConversationId) -> RecordKey {
    RecordKey::new(Collection::Conversations, workspace.as_str(), id.as_str())
}

fn place(workspace: &WorkspaceId, id: &ConversationId) -> SecretPlace {
    SecretPlace::new(workspace, format!("conversation/{id}"), "content")
}

fn read(body: &[u8]) -> Result<Conversation> {
    serde_json::from_slice(body)
        .map_err(|_| Failure::storage("record-unreadable", "A stored conversation cannot be read."))
}

fn unknown(id: &ConversationId) -> Failure {
    Failure::new(FailureKind::NotFound, "unknown-conversation", format!("There is no conversation \"{id}\"."))
        .hint("Start one with the name of a dialog.")
}
