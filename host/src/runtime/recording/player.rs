//! Stands in for the host in a replay: gives what was recorded, for as long as the component asks for it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde_json::Value;

use super::cleaning::texts;
use super::format::{Asked, Call, Exchange, KeptFile, NewFile, Opened, Recording};
use super::presigned;
use super::replay::Difference;
use crate::failure::Failure;
use crate::runtime::ConnectionFacts;

/// The recording of a run, as far as it was not asked for yet. Cheap to clone.
#[derive(Clone)]
pub(super) struct Player(Arc<Mutex<State>>);

struct State {
    calls: VecDeque<Call>,
    facts: ConnectionFacts,
    fixed: (u64, String),
    requests: usize,
    difference: Option<Difference>,
}

/// The component asked for something else than was recorded; the difference is kept.
pub(super) struct Departed;

impl Player {
    pub(super) fn of(recording: &Recording) -> Self {
        Self(Arc::new(Mutex::new(State {
            calls: recording.calls.iter().cloned().collect(),
            facts: recording.connection.clone(),
            fixed: (recording.clock, recording.seed.clone()),
            requests: 0,
            difference: None,
        })))
    }

    pub(super) fn fixed(&self) -> (u64, String) {
        self.state().fixed.clone()
    }

    /// The facts of the connection, as they were at this point.
    pub(super) fn facts(&self) -> ConnectionFacts {
        let mut state = self.state();
        if let Some(Call::Facts { facts }) = state.calls.front() {
            state.facts = facts.clone();
            state.calls.pop_front();
        }
        state.facts.clone()
    }

    pub(super) fn open(&self, name: &str) -> Result<Result<KeptFile, Failure>, Departed> {
        let mut state = self.state();
        match state.next() {
            Some(Call::Open { name: recorded, opened }) if recorded == name => Ok(match opened {
                Opened::File(file) => Ok(file),
                Opened::Failure(failure) => Err(failure.given()),
            }),
            recorded => Err(state.departed("a file", &recorded, &serde_json::json!({ "files.open": name }))),
        }
    }

    pub(super) fn send(&self, asked: &Asked) -> Result<Exchange, Departed> {
        let mut state = self.state();
        state.requests += 1;
        match state.next() {
            Some(Call::Send(exchange)) if same(&exchange.request, asked) => Ok(exchange),
            recorded => {
                let what = format!("request {}", state.requests);
                Err(state.departed(&what, &recorded, asked))
            }
        }
    }

    pub(super) fn download(
        &self,
        asked: &Asked,
        into: &NewFile,
    ) -> Result<(Exchange, Option<KeptFile>), Departed> {
        let mut state = self.state();
        state.requests += 1;
        match state.next() {
            Some(Call::Download { exchange, into: recorded, made })
                if same(&(&exchange.request, &recorded), &(asked, into)) =>
            {
                Ok((exchange, made))
            }
            recorded => {
                let what = format!("request {}", state.requests);
                Err(state.departed(&what, &recorded, &serde_json::json!({ "request": asked, "into": into })))
            }
        }
    }

    /// Whether the component departed from the recording, and was ended for it.
    pub(super) fn departed(&self) -> bool {
        self.state().difference.is_some()
    }

    /// How the component departed from the recording; or what it left out of it, now that it has ended.
    pub(super) fn ended(&self) -> Option<Difference> {
        let mut state = self.state();
        if state.difference.is_some() {
            return state.difference.clone();
        }
        let recorded = state.next()?;
        let what = format!("request {}", state.requests + 1);
        let nothing = "(nothing: the component had ended)";
        Some(Difference::new(what, shown(&recorded), nothing.to_owned()))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What was asked for next. That facts were asked for in between makes no difference.
    fn next(&mut self) -> Option<Call> {
        loop {
            match self.calls.pop_front()? {
                Call::Facts { facts } => self.facts = facts,
                call => return Some(call),
            }
        }
    }

    fn departed(&mut self, what: &str, recorded: &Option<Call>, asked: &impl Serialize) -> Departed {
        let recorded = match recorded {
            Some(call) => shown(call),
            None => "(nothing: the recorded run had ended)".to_owned(),
        };
        let replayed = pretty(asked);
        self.difference.get_or_insert_with(|| Difference::new(what.to_owned(), recorded, replayed));
        Departed
    }
}

/// What a component asked for, without what it got.
fn shown(call: &Call) -> String {
    match call {
        Call::Facts { facts } => pretty(facts),
        Call::Open { name, .. } => pretty(&serde_json::json!({ "files.open": name })),
        Call::Send(exchange) => pretty(&exchange.request),
        Call::Download { exchange, into, .. } => {
            pretty(&serde_json::json!({ "request": exchange.request, "into": into }))
        }
    }
}

/// Whether two things are written the same, to the letter: values that are equal may have their fields in another order.
pub(super) fn same(recorded: &impl Serialize, replayed: &impl Serialize) -> bool {
    let (recorded, replayed) = (written(recorded).to_string(), written(replayed).to_string());
    recorded == replayed
}

/// As people read it.
pub(super) fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(&written(value)).unwrap_or_default()
}

/// As a recording has it.
fn written(value: &impl Serialize) -> Value {
    texts(serde_json::to_value(value).unwrap_or_default(), &presigned::left_out)
}
