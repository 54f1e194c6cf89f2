//! `actionbay dialog`: a conversation, in the terminal.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use clap::Args;

use super::home::{Home, HostSettings};
use super::output::Output;
use super::values::value;
use crate::dialog::{ConversationStatus, EntityType, Reply, Start, Turn, Words};
use crate::failure::{Failure, FailureKind, Result};
use crate::fields::Kind;
use crate::host::Host;
use crate::runtime::FolderFiles;
use crate::service::Keeping;

/// How often it is looked whether an account is connected by now.
const LOOK: Duration = Duration::from_secs(1);

/// Run a template by talking
///
/// It asks for what it does not know, and takes what is said by name, as in "space: DOCS". A line that ends with a
/// backslash goes on in the next one, and @FILE stands for what is in a file.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  actionbay templates install INTEGRATION TEMPLATE
  actionbay dialogs list
  actionbay dialog createContent
  actionbay dialog createContent --user ann --say 'Create a page in the space DOCS, title: Hello'")]
pub(super) struct Dialog {
    /// The dialog's name
    name: String,
    /// The end user to talk as
    #[arg(long)]
    user: Option<String>,
    /// The language that the host speaks
    #[arg(long, default_value = "en")]
    language: String,
    /// What to begin with
    #[arg(long, value_name = "TEXT")]
    say: Option<String>,
    /// Where files go that are fetched
    #[arg(long, value_name = "DIR", default_value = ".")]
    files: PathBuf,
}

impl Dialog {
    pub(super) fn run(self, home: &Home, output: &Output) -> Result<()> {
        let folder = std::path::absolute(&self.files).ok().filter(|folder| folder.is_dir());
        let folder = folder.ok_or_else(|| {
            let message = format!("There is no folder {}.", self.files.display());
            Failure::new(FailureKind::InvalidInput, "bad-input", message).hint("Give a folder that is there.")
        })?;
        let host = home.host(HostSettings::new(home.plugins()?, output))?;
        let _keeping = Keeping::begin(&host)?;
        let files = FolderFiles::new(folder);
        let words = self.say.map(|text| Words::new(text).files(Arc::new(files.clone())));
        let start = Start::new(home.workspace().clone(), self.name);
        let start = start.user(self.user).language(self.language).words(words);
        host.sweep_conversations(home.workspace())?;
        let turn = host.start_conversation(&start)?;
        Talk { host, files, output, lines: lines() }.on(turn)
    }
}

struct Talk<'a> {
    host: Host,
    files: FolderFiles,
    output: &'a Output,
    lines: Receiver<String>,
}

impl Talk<'_> {
    fn on(mut self, mut turn: Turn) -> Result<()> {
        let mut asked: Option<EntityType> = None;
        loop {
            if !turn.replies.is_empty() {
                asked = turn.replies.last().and_then(|reply| reply.asks_for);
                self.output
                    .result(&turn, || turn.replies.iter().map(shown).collect::<Vec<_>>().join("\n"))?;
            }
            let (workspace, id) = (turn.conversation.workspace.clone(), turn.conversation.id.clone());
            match turn.conversation.status {
                ConversationStatus::Failed => return Err(over("dialog-failed", "The conversation failed.")),
                status if status.is_over() => {
                    let made = self.files.made();
                    made.iter().for_each(|path| self.output.note(&format!("saved {}", path.display())));
                    return Ok(());
                }
                _ => {}
            }
            let awaits = turn.conversation.status != ConversationStatus::AwaitingAnswer;
            turn = match self.line(awaits) {
                Some(line) => match self.words(&line, asked) {
                    Ok(words) => self.host.say(&workspace, &id, &words)?,
                    Err(failure) => {
                        self.output.note(&failure.message);
                        turn.replies.clear();
                        turn
                    }
                },
                None if awaits => self.host.poll_conversation(&workspace, &id)?,
                None => return Err(over("nothing-said", "Nothing more was said, and it is not done.")),
            };
        }
    }

    /// What the person says next; nothing, where it is time to look, or where there is nobody any more.
    fn line(&self, awaits: bool) -> Option<String> {
        if std::io::stdin().is_terminal() && !self.output.is_json() && !awaits {
            let _ = write!(std::io::stderr(), "> ").and_then(|()| std::io::stderr().flush());
        }
        if !awaits {
            return self.lines.recv().ok();
        }
        let said = self.lines.recv_timeout(LOOK);
        if said == Err(RecvTimeoutError::Disconnected) {
            std::thread::sleep(LOOK);
        }
        said.ok()
    }

    /// What is said, with what stands for a file replaced.
    fn words(&mut self, line: &str, asked: Option<EntityType>) -> Result<Words> {
        let kind = if asked == Some(EntityType::File) { Kind::File } else { Kind::Text };
        let text = value(Some(&kind), line, &mut self.files)?;
        let text = text.as_str().unwrap_or_default().to_owned();
        Ok(Words::new(text).files(Arc::new(self.files.clone())))
    }
}

/// The lines that are said, read beside whatever else is waited for.
fn lines() -> Receiver<String> {
    let (say, said) = channel();
    std::thread::spawn(move || {
        let mut whole = String::new();
        for line in std::io::stdin().lock().lines().map_while(std::result::Result::ok) {
            match line.strip_suffix('\\') {
                Some(part) => whole = whole + part + "\n",
                None => {
                    let said = std::mem::take(&mut whole) + &line;
                    if say.send(said).is_err() {
                        return;
                    }
                }
            }
        }
    });
    said
}

fn shown(reply: &Reply) -> String {
    let mut text = reply.text.clone();
    for (number, choice) in reply.choices.iter().enumerate() {
        text.push_str(&format!("\n  {}. {choice}", number + 1));
    }
    for detail in &reply.details {
        text.push_str(&format!("\n  {}: {}", detail.label, detail.value));
    }
    if let Some(button) = &reply.button {
        text.push_str(&format!("\n[{}] {}", button.label, button.url));
    }
    text
}

fn over(code: &'static str, message: &str) -> Failure {
    Failure::new(FailureKind::Other("not-done".to_owned()), code, message)
}
