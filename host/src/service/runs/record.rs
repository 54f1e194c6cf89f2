//! What is kept of a run.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::failure::{Failure, Result};
use crate::ids::{ConnectionId, ConversationId, IntegrationId, KeyId, RunId};
use crate::run::{RunOutcome, Trace};
use crate::service::audit;

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RunState {
    /// It is not over.
    Running,
    /// It gave its output.
    Succeeded,
    /// It failed.
    Failed,
    /// Its process died.
    Interrupted,
}

impl RunState {
    /// The state as one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }
}

/// Why a run failed. The sentence is for whoever asked: it may name what is in the vendor's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct RunFailure {
    /// The kind of the failure.
    pub kind: String,
    /// Its code.
    pub code: String,
}

/// What is kept of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct RunRecord {
    /// Its id.
    pub id: RunId,
    /// The integration.
    pub integration: IntegrationId,
    /// The template.
    pub template: String,
    /// The connection that it uses, as far as that is known.
    pub connection: Option<ConnectionId>,
    /// The vendor's id of what it made, changed, removed or looked at, where there is one.
    #[serde(default)]
    pub content: Option<String>,
    /// The end user it was for.
    pub user: Option<String>,
    /// The key of whoever asked.
    pub key: Option<KeyId>,
    /// The conversation in which somebody asked.
    #[serde(default)]
    pub conversation: Option<ConversationId>,
    /// When it began, in seconds since 1970 UTC.
    pub began_at: u64,
    /// When it ended, or was found to have.
    pub ended_at: Option<u64>,
    /// How long it took, where that is known.
    pub milliseconds: Option<u64>,
    /// How many requests it sent, where that is known.
    pub requests: Option<u32>,
    /// How it stands.
    pub state: RunState,
    /// Why it failed.
    pub failure: Option<RunFailure>,
    /// Whether something may have come of it at the vendor.
    pub may_have_effect: bool,
}

impl RunRecord {
    pub(super) fn read(body: &[u8]) -> Result<Self> {
        serde_json::from_slice(body)
            .map_err(|_| Failure::storage("record-unreadable", "A stored run cannot be read."))
    }

    /// The same, once it is over.
    pub(super) fn ended(self, input: &Value, result: &Result<RunOutcome>, trace: &Trace, now: u64) -> Self {
        let failure = result.as_ref().err();
        Self {
            ended_at: Some(now),
            connection: trace.connection.clone().or(self.connection),
            content: audit::content_of(input, result),
            milliseconds: u64::try_from(trace.report.duration.as_millis()).ok(),
            requests: Some(trace.report.requests),
            state: if failure.is_none() { RunState::Succeeded } else { RunState::Failed },
            failure: failure.map(|failure| RunFailure {
                kind: failure.kind.as_str().to_owned(),
                code: failure.code.clone().into_owned(),
            }),
            may_have_effect: match failure {
                None => self.may_have_effect,
                Some(failure) => trace.report.effect_sent || failure.request_sent,
            },
            ..self
        }
    }

    /// The same, of a process that died. What may have come of it stays as it was known when it began.
    pub(super) fn interrupted(self, now: u64) -> Self {
        Self { state: RunState::Interrupted, ended_at: Some(now), ..self }
    }

    /// What is known of what came of it, in a sentence.
    pub fn known(&self) -> &'static str {
        match (self.state, self.may_have_effect) {
            (RunState::Running, _) => "It is running.",
            (RunState::Succeeded, true) => "It was done.",
            (RunState::Succeeded, false) => "It was done, and changed nothing.",
            (RunState::Failed, true) => "It failed, and something may have come of it.",
            (RunState::Failed, false) => "It failed, and nothing came of it.",
            (RunState::Interrupted, true) => {
                "It was interrupted, and it is not known whether something came of it."
            }
            (RunState::Interrupted, false) => "It was interrupted, and nothing can have come of it.",
        }
    }
}
