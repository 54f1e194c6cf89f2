//! Whether a component keeps to the contract, found out by using it while everything is denied.
//!
//! Nothing is connected and nothing leaves: there is no transport, no account and no store. What can be seen that way
//! is what every author can know before the first real run: that the component loads, that it says the same of itself
//! each time, that its manifest tells people and programs what they need, and that it fails in order where it cannot
//! succeed.
//!
//! | file | subject |
//! |---|---|
//! | `description.rs` | what the manifest and its schemas say |
//! | `behaviour.rs` | what its functions do under denial |
//! | `sample.rs` | an input by a schema |

mod behaviour;
mod description;
mod sample;

use serde::Serialize;

use crate::failure::{Failure, Result};
use crate::runtime::{Engine, Manifest, Plugin};

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As it should be.
    Passed,
    /// It works, and somebody will miss something.
    Advice,
    /// A host refuses it, or people run into it.
    Failed,
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Finding {
    /// The check, such as `manifest`.
    pub check: &'static str,
    /// How it ended.
    pub verdict: Verdict,
    /// What was found, in one sentence.
    pub message: String,
    /// How to mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

/// What all checks found, in the order of the checks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The findings; a check that passed is one.
    pub findings: Vec<Finding>,
}

impl Report {
    /// The gravest verdict.
    pub fn verdict(&self) -> Verdict {
        self.findings.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::Passed)
    }

    fn passed(&mut self, check: &'static str, message: impl Into<String>) {
        let message = message.into();
        self.findings.push(Finding { check, verdict: Verdict::Passed, message, mend: None });
    }

    fn advice(&mut self, check: &'static str, message: impl Into<String>, mend: impl Into<String>) {
        let (message, mend) = (message.into(), Some(mend.into()));
        self.findings.push(Finding { check, verdict: Verdict::Advice, message, mend });
    }

    fn failed(&mut self, check: &'static str, message: impl Into<String>, mend: impl Into<String>) {
        let (message, mend) = (message.into(), Some(mend.into()));
        self.findings.push(Finding { check, verdict: Verdict::Failed, message, mend });
    }

    /// A refusal of the host as a finding.
    fn refused(&mut self, check: &'static str, failure: &Failure) {
        let mend = failure.hint.clone().unwrap_or_else(|| "Tell the author of the component.".to_owned());
        self.failed(check, failure.message.clone(), mend);
    }
}

/// Checks a component's bytes.
///
/// # Errors
/// `Internal` where this machine cannot run components. What is wrong with the component is in the report.
pub fn check(engine: &Engine, bytes: &[u8]) -> Result<Report> {
    let mut report = Report::default();
    let plugin = match engine.load(bytes) {
        Ok(plugin) => plugin,
        Err(failure) => {
            report.refused(if failure.code == "bad-manifest" { "manifest" } else { "component" }, &failure);
            return Ok(report);
        }
    };
    imports(&plugin, &mut report);
    // What it said before may be kept beside its code, so it is asked itself.
    match plugin.described_anew().and_then(|one| Ok((one, plugin.described_anew()?))) {
        Ok((one, other)) if same(&one, &other) && same(&one, plugin.manifest()) => {
            report.passed("determinism", "It says the same of itself each time.");
        }
        Ok(_) => report.failed(
            "determinism",
            "It said something else of itself the second time.",
            "Let `describe` return a constant: no counters, no randomness.",
        ),
        Err(failure) => report.refused("determinism", &failure),
    }
    description::check(&plugin, &mut report);
    behaviour::check(&plugin, &mut report);
    Ok(report)
}

fn imports(plugin: &Plugin, report: &mut Report) {
    let foreign: Vec<String> =
        plugin.imports().into_iter().filter(|name| !name.starts_with("integration:action/")).collect();
    if foreign.is_empty() {
        report.passed("component", "It implements integration:action@0.1.0 and imports nothing else.");
    } else {
        report.advice(
            "component",
            format!("It implements integration:action@0.1.0, and also imports {}.", foreign.join(", ")),
            "They lead nowhere: leave them out where the language can, so that its imports say what it does.",
        );
    }
}

fn same(one: &Manifest, other: &Manifest) -> bool {
    serde_json::to_value(one).ok() == serde_json::to_value(other).ok()
}
