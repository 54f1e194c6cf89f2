//! `actionbay check`

use std::process::ExitCode;

use clap::Args;

use super::components::read_component;
use super::home::Home;
use super::output::{Output, table};
use crate::conformance::{self, Finding, Report, Verdict};
use crate::failure::Result;

/// Check whether a component keeps to the contract
///
/// The component is loaded and used while everything is denied: nothing is sent, nobody is connected. Each finding
/// says how to mend it. Ends with 1 where something failed; advice alone ends with 0.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  actionbay check ./my-integration.wasm
  actionbay check ./my-integration.wasm --json")]
pub(super) struct Check {
    /// The component
    #[arg(value_name = "FILE")]
    component: String,
}

impl Check {
    pub(super) fn run(self, home: &Home, output: &Output) -> Result<ExitCode> {
        let bytes = read_component(&self.component)?;
        let report = conformance::check(&home.engine()?, &bytes)?;
        output.result(&report, || people(&report))?;
        Ok(match report.verdict() {
            Verdict::Failed => ExitCode::FAILURE,
            Verdict::Passed | Verdict::Advice => ExitCode::SUCCESS,
        })
    }
}

fn people(report: &Report) -> String {
    let row = |finding: &Finding| {
        let verdict = match finding.verdict {
            Verdict::Passed => "ok",
            Verdict::Advice => "advice",
            Verdict::Failed => "FAILED",
        };
        let mend = finding.mend.as_ref().map(|mend| format!(" {mend}")).unwrap_or_default();
        vec![finding.check.to_owned(), verdict.to_owned(), format!("{}{mend}", finding.message)]
    };
    let mut text =
        table(&["check", "verdict", "what was found"], &report.findings.iter().map(row).collect::<Vec<_>>());
    text.push_str(match report.verdict() {
        Verdict::Failed => "\nIt does not keep to the contract.\n",
        Verdict::Passed | Verdict::Advice => "\nIt keeps to the contract.\n",
    });
    text
}
