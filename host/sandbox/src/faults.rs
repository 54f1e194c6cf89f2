//! Answers that scripts order in advance: "the next two lists of spaces get a 503".

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::cut::Cut;
use crate::http::Reply;

/// A fault as it is ordered at `POST /_sandbox/faults`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    #[serde(default, rename = "match")]
    matches: Match,
    /// For how many requests.
    #[serde(default = "once")]
    times: u64,
    /// The answer's status. Without one the real answer is given, after the delay.
    status: Option<u16>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// A string is sent as it is, anything else as JSON.
    body: Option<Value>,
    #[serde(default)]
    delay_ms: u64,
    /// Do the work first, then answer with the fault: the caller cannot know that it was done.
    #[serde(default)]
    after_effect: bool,
    /// Cut the connection before or during the answer.
    pub(crate) cut: Option<Cut>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Match {
    method: Option<String>,
    /// A path template such as `/wiki/api/v2/pages/{id}`, or a path in which `*` stands for anything.
    path: Option<String>,
}

fn once() -> u64 {
    1
}

impl Fault {
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.status.is_some_and(|status| !(200..=599).contains(&status)) {
            return Err("status must lie between 200 and 599".to_owned());
        }
        if self.status.is_none() && (self.body.is_some() || !self.headers.is_empty()) {
            return Err("body and headers need a status".to_owned());
        }
        if self.status.is_none() && self.cut.is_none() && self.after_effect {
            return Err("after_effect needs a status or a cut".to_owned());
        }
        if self.status.is_some() && self.cut == Some(Cut::Before) {
            return Err("a connection that is cut before the answer has no status".to_owned());
        }
        if self.status.is_none() && self.cut.is_none() && self.delay_ms == 0 {
            return Err("a fault needs a status, a cut or a delay_ms".to_owned());
        }
        Ok(())
    }

    /// Whether the work is done all the same: because it was ordered, or because its answer is needed.
    pub(crate) fn lets_through(&self) -> bool {
        self.after_effect || (self.status.is_none() && self.cut != Some(Cut::Before))
    }

    pub(crate) fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }

    /// The ordered answer, or none where only a delay or a cut was ordered.
    pub(crate) fn reply(&self) -> Option<Reply> {
        let mut reply = match &self.body {
            None => Reply::empty(self.status?),
            Some(Value::String(text)) => Reply::text(self.status?, text.clone()),
            Some(json) => Reply::json(self.status?, json),
        };
        for (name, value) in &self.headers {
            reply.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
            reply.headers.push((name.clone(), value.clone()));
        }
        Some(reply)
    }
}

/// The faults that wait for their requests, first ordered first.
#[derive(Default)]
pub(crate) struct Faults {
    waiting: Vec<Fault>,
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.waiting.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// How many requests will still meet a fault.
    pub(crate) fn left(&self) -> u64 {
        self.waiting.iter().map(|fault| fault.times).sum()
    }

    /// The fault for a request, known by any of its names: template, path below the gateway, whole path.
    pub(crate) fn take(&mut self, method: &str, names: &[&str]) -> Option<Fault> {
        let at =
            self.waiting.iter().position(|fault| fault.times > 0 && fault.matches.hits(method, names))?;
        let fault = self.waiting.get_mut(at)?;
        fault.times -= 1;
        let taken = fault.clone();
        if fault.times == 0 {
            self.waiting.remove(at);
        }
        Some(taken)
    }
}

impl Match {
    fn hits(&self, method: &str, names: &[&str]) -> bool {
        self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self.path.as_deref().is_none_or(|wanted| names.iter().any(|name| glob(wanted, name)))
    }
}

/// Whether a pattern matches a whole text; `*` stands for any characters, also slashes.
fn glob(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return pattern == text };
    let Some(rest) = text.strip_prefix(head) else { return false };
    rest.char_indices()
        .map(|(at, _)| at)
        .chain([rest.len()])
        .any(|at| rest.get(at..).is_some_and(|rest| glob(tail, rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        assert!(glob("/wiki/api/v2/spaces*", "/wiki/api/v2/spaces/1/pages"));
        assert!(glob("*/pages/*", "/wiki/api/v2/pages/7"));
        assert!(glob("/oauth/token", "/oauth/token"));
        assert!(!glob("/oauth/token", "/oauth/token/accessible-resources"));
        assert!(!glob("/wiki/*/x", "/wiki/api/v2/y"));
    }
}
