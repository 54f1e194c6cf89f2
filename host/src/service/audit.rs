//! The audit log: who did what to what. Never what went in or came out.
//!
//! What changes something through the API is noted where all requests pass, so that no route can be forgotten; a run is
//! noted with its end, and what the command changes, by the command.

use axum::extract::Request;
use axum::http::Method;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::api::document::Route;
use super::api::{Gone, Touched, failure_of};
use super::requests::RequestId;
use super::runs::{RunRecord, RunState, drop_before};
use crate::authorization::Connection;
use crate::failure::{Failure, Result};
use crate::host::Host;
use crate::ids::{ConversationId, IntegrationId, KeyId, WorkspaceId, from_time, is_id};
use crate::run::RunOutcome;
use crate::vault::{Collection, Expect, RecordKey, Write};

/// How many entries are read at once.
const AT_ONCE: usize = 200;

/// What the ids of entries begin with.
const PREFIX: &str = "a-";

/// What is said of who did something by the command.
pub const BY_COMMAND: &str = "command";

/// What is said of a connection that is gone, whatever it went with.
const DELETED: &str = "delete_connection";

/// What was done, and to what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
#[non_exhaustive]
pub struct Entry {
    /// Its id.
    pub id: String,
    /// When, in seconds since 1970 UTC.
    pub at: u64,
    /// Who: `key:` and the id of a key, `conversation:` and the id of one, `user:` and an end user who authorized,
    /// `authorization` where that was for everybody, or `command`.
    pub by: String,
    /// What was asked for: an operation of the API, or the words of the command; or what happened, by the name that webhooks
    /// know it by.
    pub action: String,
    /// What came of it: `done`, the code of the failure, `interrupted` of a run whose process died, or how a connection
    /// stands.
    pub outcome: String,
    /// To what.
    pub subject: Subject,
    /// The request it was asked for with.
    pub request_id: Option<String>,
}

/// What something was done to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
#[non_exhaustive]
pub struct Subject {
    /// The integration.
    pub integration: Option<String>,
    /// The template.
    pub template: Option<String>,
    /// The profile.
    pub profile: Option<String>,
    /// The connection.
    pub connection: Option<String>,
    /// The vendor's id of what a run made, changed, removed or looked at.
    pub content: Option<String>,
    /// The session.
    pub session: Option<String>,
    /// The run.
    pub run: Option<String>,
    /// The key of the API.
    pub key: Option<String>,
    /// The dialog.
    pub dialog: Option<String>,
    /// The conversation.
    pub conversation: Option<String>,
    /// The file.
    pub file: Option<String>,
    /// The webhook.
    pub webhook: Option<String>,
}

impl Entry {
    /// This entry, and one for each connection that went with what was done.
    pub(crate) fn and_gone(self, gone: &[Connection]) -> Vec<Self> {
        let of_one = |connection: &Connection| Self {
            action: DELETED.to_owned(),
            outcome: done(),
            subject: of_the(connection),
            ..self.clone()
        };
        let gone: Vec<Self> = gone.iter().map(of_one).collect();
        gone.into_iter().chain([self]).collect()
    }
}

impl Subject {
    /// All that is named.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let all = [
            &self.integration,
            &self.template,
            &self.profile,
            &self.connection,
            &self.content,
            &self.session,
            &self.run,
            &self.key,
            &self.dialog,
            &self.conversation,
            &self.file,
            &self.webhook,
        ];
        all.into_iter().flatten().map(String::as_str)
    }

    fn set(&mut self, name: &str, value: String) {
        let place = match name {
            "integration" => &mut self.integration,
            "template" => &mut self.template,
            "profile" => &mut self.profile,
            "connection" => &mut self.connection,
            "session" => &mut self.session,
            "run" => &mut self.run,
            "dialog" => &mut self.dialog,
            "conversation" => &mut self.conversation,
            "file" => &mut self.file,
            "webhook" => &mut self.webhook,
            _ => return,
        };
        *place = Some(value);
    }
}

/// Which entries are looked for: those that are so in all that is said.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Wanted {
    /// By whom, as [`Entry::by`] has it.
    pub by: Option<String>,
    /// What was asked for.
    pub action: Option<String>,
    /// Of this integration.
    pub integration: Option<String>,
    /// Of this template.
    pub template: Option<String>,
    /// Of this connection.
    pub connection: Option<String>,
    /// Of this content.
    pub content: Option<String>,
    /// From then on, in seconds since 1970 UTC.
    pub since: Option<u64>,
    /// Before then.
    pub until: Option<u64>,
}

impl Wanted {
    fn is(&self, entry: &Entry) -> bool {
        let Subject { integration, template, connection, content, .. } = &entry.subject;
        let is_so = |wanted: &Option<String>, found: Option<&String>| {
            wanted.as_ref().is_none_or(|wanted| Some(wanted) == found)
        };
        is_so(&self.by, Some(&entry.by))
            && is_so(&self.action, Some(&entry.action))
            && is_so(&self.integration, integration.as_ref())
            && is_so(&self.template, template.as_ref())
            && is_so(&self.connection, connection.as_ref())
            && is_so(&self.content, content.as_ref())
            && self.until.is_none_or(|until| entry.at < until)
    }
}

/// What a run concerned, by the vendor's id: the field `id` of its output, or else of its input. Anything that cannot be an id
/// is left out: it could be content.
pub(crate) fn content_of(input: &Value, result: &Result<RunOutcome>) -> Option<String> {
    let output = result.as_ref().ok().map(|outcome| &outcome.output);
    output.and_then(id_in).or_else(|| id_in(input))
}

/// The vendor's id of what a run is to concern, as far as its input says it.
pub(super) fn id_in(fields: &Value) -> Option<String> {
    let id = match fields.get("id")? {
        Value::String(id) => id.clone(),
        Value::Number(id) => id.to_string(),
        _ => return None,
    };
    is_id(&id).then_some(id)
}

/// The audit log of a host.
#[derive(Debug, Clone)]
pub struct Audit(Host);

impl Audit {
    /// The audit log of a host.
    pub fn of(host: &Host) -> Self {
        Self(host.clone())
    }

    /// Writes entries, as one.
    ///
    /// # Errors
    /// `Storage`.
    pub(crate) fn write(&self, workspace: &WorkspaceId, entries: Vec<Entry>) -> Result<()> {
        let writes: Result<Vec<Write>> =
            entries.into_iter().map(|entry| written(&self.0, workspace, entry)).collect();
        self.0.authorizations().vault.commit(&writes?)
    }

    /// The last entries of a workspace that are looked for, of those before `before`, the last one first.
    ///
    /// # Errors
    /// `Storage`.
    pub fn list(
        &self,
        workspace: &WorkspaceId,
        wanted: &Wanted,
        before: Option<&str>,
        most: usize,
    ) -> Result<Vec<Entry>> {
        let vault = &self.0.authorizations().vault;
        let (mut found, mut before) = (Vec::new(), before.map(str::to_owned));
        loop {
            let records =
                vault.list_before(Collection::Audit, workspace.as_str(), before.as_deref(), AT_ONCE)?;
            for (id, record) in &records {
                let entry: Entry = serde_json::from_slice(&record.body).map_err(|_| {
                    Failure::storage("record-unreadable", "An entry of the audit log cannot be read.")
                })?;
                // Those that come after it are older still.
                if found.len() == most || wanted.since.is_some_and(|since| entry.at < since) {
                    return Ok(found);
                }
                if wanted.is(&entry) {
                    found.push(entry);
                }
                before = Some(id.clone());
            }
            if records.len() < AT_ONCE {
                return Ok(found);
            }
        }
    }

    /// Forgets the entries of a workspace that are older than this.
    pub(super) fn drop_old(&self, workspace: &WorkspaceId, seconds: u64) -> Result<()> {
        let authorizations = self.0.authorizations();
        let first_kept = from_time(PREFIX, authorizations.clock.now()?.saturating_sub(seconds));
        drop_before(&authorizations.vault, Collection::Audit, workspace, &first_kept)
    }
}

/// The write of an entry that came about now.
fn written(host: &Host, workspace: &WorkspaceId, entry: Entry) -> Result<Write> {
    let authorizations = host.authorizations();
    let id = authorizations.ordered_id(PREFIX)?;
    let entry = Entry { id, at: authorizations.clock.now()?, ..entry };
    let body = serde_json::to_vec(&entry).map_err(|_| Failure::internal("An entry cannot be written."))?;
    let place = RecordKey::new(Collection::Audit, workspace.as_str(), entry.id.as_str());
    Ok(Write::put(place, Expect::Absent, body))
}

/// The write of a run that ended.
pub(super) fn of_run(host: &Host, workspace: &WorkspaceId, record: &RunRecord) -> Result<Write> {
    let subject = Subject {
        integration: Some(record.integration.to_string()),
        template: Some(record.template.clone()),
        connection: record.connection.as_ref().map(ToString::to_string),
        content: record.content.clone(),
        run: Some(record.id.to_string()),
        conversation: record.conversation.as_ref().map(ToString::to_string),
        ..Subject::default()
    };
    let entry = Entry {
        by: match (&record.key, &record.conversation) {
            (Some(key), _) => by(key),
            (None, Some(conversation)) => by_conversation(conversation),
            (None, None) => String::new(),
        },
        action: "run_template".to_owned(),
        outcome: match (&record.failure, record.state) {
            (Some(failure), _) => failure.code.clone(),
            (None, RunState::Succeeded) => done(),
            (None, state) => state.as_str().to_owned(),
        },
        subject,
        ..Entry::default()
    };
    written(host, workspace, entry)
}

/// The write of what became of a connection: by its end user, or by whoever authorized it for everybody.
pub(super) fn of_connection(host: &Host, connection: &Connection, action: &str) -> Result<Write> {
    let by =
        connection.user.as_ref().map_or_else(|| "authorization".to_owned(), |user| format!("user:{user}"));
    let (action, outcome) = (action.to_owned(), connection.status.as_str().to_owned());
    let subject = of_the(connection);
    written(host, &connection.workspace, Entry { by, action, outcome, subject, ..Entry::default() })
}

/// The write of a connection that its person has deleted in a conversation.
pub(super) fn of_deleted(
    host: &Host,
    connection: &Connection,
    conversation: &ConversationId,
) -> Result<Write> {
    let entry = Entry {
        by: by_conversation(conversation),
        action: DELETED.to_owned(),
        outcome: done(),
        subject: Subject { conversation: Some(conversation.to_string()), ..of_the(connection) },
        ..Entry::default()
    };
    written(host, &connection.workspace, entry)
}

fn of_the(connection: &Connection) -> Subject {
    Subject {
        integration: Some(connection.integration.to_string()),
        profile: Some(connection.profile.to_string()),
        connection: Some(connection.id.to_string()),
        ..Subject::default()
    }
}

/// The write of what only an admin can mend.
pub(super) fn of_admin_needed(
    host: &Host,
    workspace: &WorkspaceId,
    integration: &IntegrationId,
    conversation: &ConversationId,
    failure: &Failure,
) -> Result<Write> {
    let subject = Subject {
        integration: Some(integration.to_string()),
        conversation: Some(conversation.to_string()),
        ..Subject::default()
    };
    let entry = Entry {
        by: by_conversation(conversation),
        action: "admin.needed".to_owned(),
        outcome: failure.code.clone().into_owned(),
        subject,
        ..Entry::default()
    };
    written(host, workspace, entry)
}

fn by_conversation(conversation: &ConversationId) -> String {
    format!("conversation:{conversation}")
}

fn by(key: &KeyId) -> String {
    format!("key:{key}")
}

fn done() -> String {
    "done".to_owned()
}

/// What a request asks for, before it is known what comes of it.
pub(super) struct Asked(Entry);

impl Asked {
    /// What a request asks for, where it is to change something. Runs are noted with their end.
    pub(super) fn of(request: &Request, route: &Route, prefix: &str, key: &KeyId) -> Option<Self> {
        if matches!(*request.method(), Method::GET | Method::HEAD) || route.operation == "run_template" {
            return None;
        }
        let mut subject = Subject::default();
        let path = request.uri().path();
        let parts = path.strip_prefix(prefix).unwrap_or(path).split('/');
        for (name, value) in route.path.split('/').zip(parts) {
            if let Some(name) = name.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                let value = percent_encoding::percent_decode_str(value).decode_utf8_lossy();
                subject.set(name, crate::failure::plain_text(&value, 100));
            }
        }
        Some(Self(Entry {
            by: by(key),
            action: route.operation.clone(),
            subject,
            request_id: request.extensions().get::<RequestId>().map(|id| id.0.to_string()),
            ..Entry::default()
        }))
    }

    /// The same, with what came of it.
    pub(super) fn answered(self, response: &Response) -> Vec<Entry> {
        let mut entry = self.0;
        entry.outcome = failure_of(response).map_or_else(done, |failure| failure.code.clone().into_owned());
        if let Some(Touched(names)) = response.extensions().get::<Touched>() {
            names.iter().for_each(|(name, value)| entry.subject.set(name, value.clone()));
        }
        let gone = response.extensions().get::<Gone>();
        entry.and_gone(gone.map_or(&[], |Gone(connections)| connections))
    }
}
