//! `actionbay quickstart`

use atlassian_sandbox::scenario::{self, Step};
use atlassian_sandbox::{Sandbox, SandboxConfig};
use clap::Args;
use serde_json::{Value, json};

use super::home::{Home, HostSettings};
use super::output::{Output, document};
use super::sandbox::{self, StandIn, Wish};
use crate::failure::{Failure, Result};
use crate::run::{Run, RunOutcome};
use crate::vault::MasterKey;

/// The whole way on the sandbox: authorize, create, read back
///
/// Starts the stand-in for the vendor, gives consent over HTTP as a person would, runs templates in the sandboxed
/// component, and shows what came of it. Asks nothing, and leaves nothing behind unless --home is given.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  actionbay quickstart
  actionbay quickstart --keep        then open the link it shows")]
pub(super) struct Quickstart {
    /// Leave the sandbox up until Ctrl-C, so that the link opens in a browser
    #[arg(long)]
    keep: bool,
}

impl Quickstart {
    pub(super) fn run(self, home: &Home, output: &Output) -> Result<()> {
        if home.is_named() {
            return self.go(home, None, output);
        }
        let folder = tempfile::tempdir().map_err(|error| {
            Failure::storage("no-home", format!("There is no place for temporary data: {error}."))
        })?;
        let temporary = Home::new(Some(folder.path().join("home")), home.workspace().clone());
        self.go(&temporary, Some(MasterKey::random()?), output)
    }

    fn go(self, home: &Home, key: Option<MasterKey>, output: &Output) -> Result<()> {
        let scenario = scenario::quickstart();
        let steps = scenario.steps.len() + 2;
        let said = |step: usize, text: String| output.note(&format!("[{step}/{steps}] {text}"));

        let sandbox = sandbox::start(SandboxConfig::default())?;
        said(1, format!("The sandbox stands in for the vendor at {}", sandbox.url()));

        let plugin = home.plugin(&scenario.integration)?;
        let title = plugin.manifest().title.clone();
        let key_again = key.as_ref().map(MasterKey::duplicate);
        let wish = Wish { key, ..Wish::default() };
        let connection = StandIn::new(sandbox.url())?.authorize(home, plugin.clone(), wish, output)?;
        let site = connection.site.as_ref().map(|site| site.name.as_str()).unwrap_or_default();
        said(2, format!("A person allowed access: {title} is connected to {site}"));

        let mut settings = HostSettings::new(vec![plugin], output);
        settings.key = key_again;
        let host = home.host(settings)?;
        let mut outcomes: Vec<RunOutcome> = Vec::new();
        for (position, step) in scenario.steps.iter().enumerate() {
            let input = filled_in(&step.input, &outcomes);
            let run =
                Run::new(home.workspace().clone(), connection.integration.clone(), &step.template, input);
            let outcome = host.run(&run.connection(Some(connection.id.clone())))?;
            let (requests, time) = (outcome.report.requests, outcome.report.duration.as_millis());
            let requests =
                if requests == 1 { "1 request".to_owned() } else { format!("{requests} requests") };
            said(position + 3, format!("The component ran {}: {requests}, {time} ms", step.template));
            outcomes.push(outcome);
        }
        show(&scenario.steps, &outcomes, output)?;
        self.leave(&sandbox, output);
        Ok(())
    }

    fn leave(&self, sandbox: &Sandbox, output: &Output) {
        if self.keep {
            output
                .note(&format!("\nThe sandbox stays up at {} until you end it with Ctrl-C.", sandbox.url()));
            sandbox.wait();
        } else {
            output.note("\nThe sandbox is gone now, and the link with it. With --keep it stays up.");
        }
    }
}

/// An input with its references to earlier outputs filled in.
fn filled_in(input: &Value, outcomes: &[RunOutcome]) -> Value {
    match input {
        Value::Object(fields) => match fields.get("$ref") {
            Some(reference) => referred(reference, outcomes).unwrap_or_default(),
            None => fields.iter().map(|(name, field)| (name.clone(), filled_in(field, outcomes))).collect(),
        },
        Value::Array(items) => items.iter().map(|item| filled_in(item, outcomes)).collect(),
        plain => plain.clone(),
    }
}

fn referred(reference: &Value, outcomes: &[RunOutcome]) -> Option<Value> {
    let step = usize::try_from(reference.get("step")?.as_u64()?).ok()?;
    outcomes.get(step)?.output.pointer(reference.get("pointer")?.as_str()?).cloned()
}

/// The last step's output is the end of the story; in JSON all of them are told.
fn show(steps: &[Step], outcomes: &[RunOutcome], output: &Output) -> Result<()> {
    let told: Vec<Value> = steps
        .iter()
        .zip(outcomes)
        .map(|(step, outcome)| json!({"template": step.template, "outcome": outcome}))
        .collect();
    output.note("");
    output.result(&json!({ "steps": told }), || {
        outcomes.last().map(|outcome| document(&outcome.output)).unwrap_or_default()
    })
}
