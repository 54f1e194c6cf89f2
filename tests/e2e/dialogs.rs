//! Dialogs: a template is installed, and run by talking.

mod connecting;
mod keeping;
mod making;
mod services;
mod talking;
mod updating;

use actionbay::Host;
use actionbay::dialog::{ConversationStatus, Reply, Start, Turn, Words};
use actionbay::ids::ConversationId;

use crate::support::{World, integration, workspace};

/// A conversation, from a person's side.
struct Chat<'h> {
    host: &'h Host,
    id: ConversationId,
    /// What was said in the last turn.
    replies: Vec<Reply>,
    status: ConversationStatus,
}

impl<'h> Chat<'h> {
    fn start(host: &'h Host, dialog: &str, first: &str) -> Self {
        Self::of(host, Start::new(workspace(), dialog).words(Some(Words::new(first))))
    }

    fn with_user(host: &'h Host, user: &str, dialog: &str, first: &str) -> Self {
        let start = Start::new(workspace(), dialog).user(Some(user.to_owned()));
        Self::of(host, start.words(Some(Words::new(first))))
    }

    fn of(host: &'h Host, start: Start) -> Self {
        let Turn { conversation, replies, .. } = host.start_conversation(&start).unwrap();
        Self { host, id: conversation.id, replies, status: conversation.status }
    }

    fn say(&mut self, text: &str) -> &str {
        let turn = self.host.say(&workspace(), &self.id, &Words::new(text)).unwrap();
        self.took(turn)
    }

    /// Looks whether something has come, without saying anything.
    fn poll(&mut self) -> &str {
        let turn = self.host.poll_conversation(&workspace(), &self.id).unwrap();
        self.took(turn)
    }

    /// What was said last by now, without anybody looking.
    fn meanwhile(&mut self) -> String {
        self.status = self.host.conversation(&workspace(), &self.id).unwrap().status;
        let said = self.host.transcript(&workspace(), &self.id).unwrap();
        said.last().unwrap().said.text.clone()
    }

    fn took(&mut self, turn: Turn) -> &str {
        self.replies = turn.replies;
        self.status = turn.conversation.status;
        self.text()
    }

    /// What was said last.
    fn text(&self) -> &str {
        self.replies.last().map(|reply| reply.text.as_str()).unwrap_or_default()
    }

    fn last(&self) -> &Reply {
        self.replies.last().unwrap()
    }

    /// The URL of the button that was sent last.
    fn button(&self) -> String {
        self.last().button.as_ref().unwrap_or_else(|| panic!("no button: {:?}", self.replies)).url.clone()
    }
}

fn install(host: &Host, template: &str) -> String {
    host.install(&workspace(), &integration(), template).unwrap().dialog.name
}

/// A pre-authorized world with a dialog.
fn world_with(template: &str) -> World {
    let world = World::authorized();
    install(&world.host, template);
    world
}

/// The bodies of the requests that created content.
pub(crate) fn created(world: &World) -> Vec<serde_json::Value> {
    let is_create = |request: &serde_json::Value| {
        let path = request["path"].as_str().unwrap_or_default();
        request["method"] == "POST" && (path.ends_with("/pages") || path.ends_with("/blogposts"))
    };
    world.received("/api/v2/").into_iter().filter(is_create).collect()
}
