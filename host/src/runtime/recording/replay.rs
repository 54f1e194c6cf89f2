//! A replay of a recording, and how it differs from what was recorded.

use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;

use super::format::{Outcome, RecordedFailure, Recording};
use super::player::{Player, pretty, same};
use super::tape::Tape;
use crate::clock::SystemClock;
use crate::egress::{Credential, DenyTransport, Egress, OperatorPolicy, Response};
use crate::failure::{Failure, FailureKind, Result};
use crate::runtime::{Authority, CallContext, CallLimits, ConnectionFacts, Pacer, Plugin};

/// What came of a replay.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Replay {
    /// How it differs from the recording, in the order of the run; empty: in nothing.
    pub differences: Vec<Difference>,
}

impl Replay {
    /// Whether each request and the outcome were the same, byte for byte.
    pub fn is_same(&self) -> bool {
        self.differences.is_empty()
    }
}

/// Something that a replay did otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Difference {
    /// What is different, such as `request 2` or `outcome`.
    pub what: String,
    /// As it was recorded, in several lines.
    pub recorded: String,
    /// As it was in the replay.
    pub replayed: String,
}

impl Difference {
    pub(super) fn new(what: String, recorded: String, replayed: String) -> Self {
        Self { what, recorded, replayed }
    }
}

impl Recording {
    /// Runs a component again with what was recorded: it gets the recorded answers as long as its requests are the
    /// recorded ones. Nothing is sent, and no store, account or file is used.
    ///
    /// # Errors
    /// `InvalidInput` where the component is one of another integration.
    pub fn replay(&self, plugin: &Plugin) -> Result<Replay> {
        self.replay_within(plugin, CallLimits::default())
    }

    /// The same, within the limits that a run has.
    ///
    /// # Errors
    /// As `replay`.
    pub fn replay_within(&self, plugin: &Plugin, limits: CallLimits) -> Result<Replay> {
        let id = &plugin.manifest().id;
        if id.as_str() != self.component.integration {
            let message = format!(
                "The recording is of {}, and the component says that it is {id}.",
                self.component.integration
            );
            return Err(Failure::new(FailureKind::InvalidInput, "other-integration", message)
                .hint("Give the component that was recorded, or one that is to replace it."));
        }
        let player = Player::of(self);
        let egress = Egress::new(Arc::new(DenyTransport), OperatorPolicy::default());
        let mut context = CallContext::new(egress, Pacer::new(Arc::new(SystemClock)));
        context.limits = limits;
        context.tape = Tape::playing(player.clone());
        let nobody = Arc::new(Nobody(self.connection.clone()));
        let (result, _) = plugin.execute(context, &self.template, &self.input, nobody);
        let mut differences: Vec<Difference> = player.ended().into_iter().collect();
        let outcome = match &result {
            Ok(output) => Outcome::Output(output.clone()),
            Err(failure) => Outcome::Failure(RecordedFailure::of(failure)),
        };
        if !player.departed() && !same(&self.outcome, &outcome) {
            differences.push(Difference::new("outcome".to_owned(), pretty(&self.outcome), pretty(&outcome)));
        }
        Ok(Replay { differences })
    }
}

/// Whose connection it was: facts, and nothing behind them.
struct Nobody(ConnectionFacts);

impl Authority for Nobody {
    fn facts(&self) -> ConnectionFacts {
        self.0.clone()
    }

    fn profile(&self) -> &str {
        "replay"
    }

    fn credential(&self, _: Instant) -> Result<Credential> {
        Err(Failure::new(FailureKind::Denied, "replay", "Nothing is sent in a replay."))
    }

    fn renewed_after(&self, _: &Response, _: Instant) -> Result<bool> {
        Ok(false)
    }
}
