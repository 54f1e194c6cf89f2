//! `actionbay dialogs`

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::{Value, json};

use super::confirm::confirm;
use super::home::{Home, HostSettings};
use super::output::{Output, facts, plain_json, table};
use super::values::read_file;
use crate::dialog::{Dialog, Export, Import, Node};
use crate::failure::{Failure, FailureKind, Result};
use crate::host::Host;

#[derive(Debug, Subcommand)]
pub(super) enum Dialogs {
    /// List the dialogs of the installed templates
    #[command(after_help = "Example: actionbay dialogs list")]
    List,
    /// Show what a dialog goes through
    #[command(after_help = "Example: actionbay dialogs show createContent")]
    Show(Named),
    /// Change a dialog: the file holds it as `show --json` prints it
    #[command(after_help = "Example:
  actionbay dialogs show createContent --json > dialog.json
  actionbay dialogs edit createContent dialog.json")]
    Edit(Edit),
    /// Make a dialog anew from its template as it is by now
    #[command(after_help = "Example: actionbay dialogs update createContent --overwrite")]
    Update(Update),
    /// Delete one dialog for good; its template stays installed
    #[command(after_help = "Examples:
  actionbay dialogs delete createContent          asks
  actionbay dialogs delete createContent --yes    for scripts")]
    Delete(Delete),
    /// Write all dialogs to standard output, with profiles without secrets, to be taken elsewhere
    #[command(after_help = "Example: actionbay dialogs export > dialogs.json")]
    Export,
    /// Take dialogs in that were exported
    #[command(after_help = "Example: actionbay dialogs import dialogs.json")]
    Import(ImportFile),
    /// Show the standard responses, or change one
    #[command(after_help = "Examples:
  actionbay dialogs responses --language de
  actionbay dialogs responses discarded --text 'Never mind.'
  actionbay dialogs responses discarded --reset")]
    Responses(Responses),
    /// Forget the conversations of an end user
    #[command(after_help = "Example: actionbay dialogs erase ann@example.com")]
    Erase(Erase),
}

#[derive(Debug, Args)]
pub(super) struct Named {
    /// The dialog's name
    #[arg(id = "dialog", value_name = "NAME")]
    name: String,
}

#[derive(Debug, Args)]
pub(super) struct Edit {
    /// The dialog's name
    #[arg(id = "dialog", value_name = "NAME")]
    name: String,
    /// The file with the dialog
    file: String,
}

#[derive(Debug, Args)]
pub(super) struct Update {
    /// The dialog's name
    #[arg(id = "dialog", value_name = "NAME")]
    name: String,
    /// Lose the changes that were made here
    #[arg(long)]
    overwrite: bool,
}

#[derive(Debug, Args)]
pub(super) struct Delete {
    /// The dialog's name
    #[arg(id = "dialog", value_name = "NAME")]
    name: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Args)]
pub(super) struct ImportFile {
    /// The file
    file: String,
    /// Remove the dialogs that are not in it
    #[arg(long)]
    full: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Args)]
pub(super) struct Responses {
    /// The standard response to change
    name: Option<String>,
    /// The language
    #[arg(long, default_value = "en")]
    language: String,
    /// What to say
    #[arg(long, requires = "name", conflicts_with = "reset")]
    text: Option<String>,
    /// Say what the host says
    #[arg(long, requires = "name")]
    reset: bool,
}

#[derive(Debug, Args)]
pub(super) struct Erase {
    /// The end user
    user: String,
}

impl Dialogs {
    pub(super) fn run(self, home: &Home, output: &Output) -> Result<()> {
        let host = home.host(HostSettings::new(home.plugins()?, output))?;
        let workspace = home.workspace();
        match self {
            Self::List => {
                let listed: Result<Vec<Shown>> = host
                    .dialogs(workspace)?
                    .into_iter()
                    .map(|dialog| Shown::of(&host, home, dialog))
                    .collect();
                let listed = listed?;
                output.result(&listed, || people(&listed))
            }
            Self::Show(Named { name }) => {
                let shown = Shown::of(&host, home, host.dialog(workspace, &name)?)?;
                output.result(&shown, || flow(&shown))
            }
            Self::Edit(Edit { name, file }) => {
                let wanted: Wanted = parsed(&file)?;
                let Wanted { title, version, nodes } = wanted;
                let dialog = host.edit_dialog(workspace, &name, Some(version), |dialog| {
                    dialog.title = title;
                    dialog.nodes = nodes;
                })?;
                output.result(&dialog, || format!("{name} is at version {}.", dialog.version))
            }
            Self::Update(Update { name, overwrite }) => {
                let dialog = host.update_dialog(workspace, &name, overwrite)?;
                output.result(&dialog, || format!("{name} is at version {}.", dialog.version))
            }
            Self::Delete(Delete { name, yes }) => {
                host.dialog(workspace, &name)?;
                confirm(&format!("The dialog {name} would be gone, with all that was changed in it."), yes)?;
                let gone = host.delete_dialog(workspace, &name)?;
                output.result(&gone, || format!("{name} is deleted."))
            }
            Self::Export => {
                let export = host.export_dialogs(workspace)?;
                // Escaped, since it is read again.
                output.result(&export, || {
                    plain_json(&serde_json::to_string_pretty(&export).unwrap_or_default())
                })
            }
            Self::Import(ImportFile { file, full, yes }) => {
                let export: Export = parsed(&file)?;
                let how = if full { Import::Full } else { Import::Merge };
                confirm(
                    "The dialogs of this workspace that are not in the file would be gone.",
                    yes || !full,
                )?;
                let imported = host.import_dialogs(workspace, &export, how)?;
                output.result(&imported, || {
                    facts(&[
                        ("added", imported.added.join(", ")),
                        ("replaced", imported.replaced.join(", ")),
                        ("removed", imported.removed.join(", ")),
                        ("profiles to make", imported.profiles_to_make.join(", ")),
                    ])
                })
            }
            Self::Responses(Responses { name, language, text, reset }) => {
                if let Some(name) = name.as_deref().filter(|_| text.is_some() || reset) {
                    host.set_response(workspace, &language, name, text.as_deref())?;
                }
                let responses = host.responses(workspace, &language)?;
                let shown: Vec<_> = responses
                    .iter()
                    .filter(|(key, _)| name.as_deref().is_none_or(|name| name == *key))
                    .map(|(key, text)| vec![key.to_owned(), text.to_owned()])
                    .collect();
                output.result(&responses, || table(&["response", "text"], &shown))
            }
            Self::Erase(Erase { user }) => {
                let erased = host.erase_conversations(workspace, &user)?;
                output
                    .result(&json!({ "erased": erased }), || format!("{erased} conversations are forgotten."))
            }
        }
    }
}

/// What of a file is taken for a dialog: what it is of stays.
#[derive(serde::Deserialize)]
struct Wanted {
    title: String,
    version: u64,
    nodes: Vec<Node>,
}

fn parsed<T: serde::de::DeserializeOwned>(file: &str) -> Result<T> {
    serde_json::from_str(&read_file(file)?).map_err(|error| {
        Failure::new(
            FailureKind::InvalidInput,
            "bad-input",
            format!("The file {file} cannot be read: {error}."),
        )
        .hint("Give JSON as `dialogs show --json` or `dialogs export` prints it.")
    })
}

/// A dialog as it is shown.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Shown {
    #[serde(flatten)]
    dialog: Dialog,
    /// What its services are by now.
    service_type: &'static str,
    /// Whether its template is another by now; none, where it is not there.
    outdated: Option<bool>,
}

impl Shown {
    fn of(host: &Host, home: &Home, dialog: Dialog) -> Result<Self> {
        let service_type = host.service_type(home.workspace(), &dialog)?;
        let outdated = host.is_outdated(&dialog).ok();
        Ok(Self { dialog, service_type, outdated })
    }
}

fn people(listed: &[Shown]) -> String {
    if listed.is_empty() {
        return "There are no dialogs. Install a template: actionbay templates install INTEGRATION TEMPLATE"
            .to_owned();
    }
    let row = |shown: &Shown| {
        let dialog = &shown.dialog;
        let state = match (dialog.edited, shown.outdated) {
            (_, None) => "its template is gone",
            (true, Some(true)) => "changed here; its template is newer",
            (true, Some(false)) => "changed here",
            (false, Some(true)) => "its template is newer",
            (false, Some(false)) => "",
        };
        vec![
            dialog.name.clone(),
            dialog.integration.to_string(),
            dialog.template.to_string(),
            state.to_owned(),
        ]
    };
    table(&["dialog", "integration", "template", "state"], &listed.iter().map(row).collect::<Vec<_>>())
}

fn flow(shown: &Shown) -> String {
    let row = |node: &Node| {
        let (kind, what) = match node {
            Node::Intent(intent) => ("user intent", intent.utterances.join(" · ")),
            Node::Entity(entity) => {
                let word = |value: Value| value.as_str().unwrap_or_default().to_owned();
                let how = serde_json::to_value(entity.presence).map(word).unwrap_or_default();
                let of = serde_json::to_value(entity.entity_type).map(word).unwrap_or_default();
                ("entity", format!("{of}, {how}: {}", entity.prompt))
            }
            Node::Confirmation(confirmation) => ("confirmation", confirmation.prompt.clone()),
            Node::Service(service) => (
                shown.service_type,
                match &service.request {
                    Value::Null => "the site that the connection works in".to_owned(),
                    request => request.to_string(),
                },
            ),
            Node::Message(message) => ("message", message.text.clone()),
        };
        vec![node.name().to_owned(), kind.to_owned(), what.replace('\n', " ")]
    };
    let rows: Vec<_> = shown.dialog.nodes.iter().map(row).collect();
    let mut text = facts(&[
        ("dialog", shown.dialog.name.clone()),
        ("title", shown.dialog.title.clone()),
        ("template", format!("{} of {}", shown.dialog.template, shown.dialog.integration)),
        ("version", shown.dialog.version.to_string()),
    ]);
    text.push('\n');
    text.push_str(&table(&["node", "kind", "what"], &rows));
    text
}
