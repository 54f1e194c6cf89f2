//! What a person says in a conversation, and what is taken from it: values, answers to what is asked, commands.

use serde_json::{Value, json};

use super::answers::{self, Answer};
use super::conversation::{ConversationStatus, Reply, WaitsFor};
use super::model::{Entity, Node, Presence, RETRIES};
use super::said;
use super::talk::Talk;
use crate::failure::{Failure, FailureKind, Result};
use crate::runtime::Template;

/// The longest text that is taken, in bytes: the body of a large page.
const LONGEST: usize = 8 << 20;

impl Talk<'_> {
    /// Takes what the person began with.
    pub(super) fn hear_first(&mut self, text: &str) -> Result<()> {
        self.note(text)?;
        let plugin = self.plugin.clone();
        let template = self.template(&plugin)?;
        let said = said::in_first_message(&self.content.dialog, template, text);
        self.take(template, said);
        Ok(())
    }

    /// Takes what the person said.
    pub(super) fn hear(&mut self, text: &str) -> Result<()> {
        self.note(text)?;
        if self.content.waits_for != WaitsFor::Nothing
            && !matches!(self.content.waits_for, WaitsFor::Run { .. })
            && self.responses.is("discard", text)
        {
            self.tell("discarded", &json!({}));
            self.end(ConversationStatus::Discarded);
            return Ok(());
        }
        if self.heard_of_accounts(text)? {
            return Ok(());
        }
        match self.content.waits_for.clone() {
            WaitsFor::Value => self.hear_value(text),
            WaitsFor::Confirmation => self.hear_confirmation(text),
            WaitsFor::Account { accounts, deletes } => self.hear_account(&accounts, deletes, text),
            WaitsFor::Tenant => self.hear_tenant(text),
            WaitsFor::Nothing | WaitsFor::Authorization { .. } | WaitsFor::Run { .. } => Ok(()),
        }
    }

    fn note(&mut self, text: &str) -> Result<()> {
        if text.len() > LONGEST {
            return Err(Failure::new(
                FailureKind::InvalidInput,
                "text-too-long",
                format!("At most {LONGEST} bytes (8 MB) can be said at once."),
            ));
        }
        self.heard = true;
        self.conversation.said += 1;
        self.content.note(true, self.now, Reply::text(text));
        Ok(())
    }

    fn hear_value(&mut self, text: &str) -> Result<()> {
        let Some(Node::Entity(entity)) = self.node() else { return Ok(()) };
        let plugin = self.plugin.clone();
        let template = self.template(&plugin)?;
        let mut others = said::in_answer(&self.content.dialog, template, text);
        let own = others.iter().position(|(name, _)| *name == entity.name).map(|at| others.remove(at).1);
        let known = self.content.values.len();
        let is_of_others = !others.is_empty();
        self.take(template, others);
        match own {
            Some(own) => self.answer(&entity, template, &own),
            None if !is_of_others => self.answer(&entity, template, text),
            // Each of the others becomes known once, so that nobody is asked for ever.
            None if self.content.values.len() > known => self.content.waits_for = WaitsFor::Nothing,
            None => {
                let asked = self.asked(&entity, template);
                self.ask_again(entity.retries, entity.on_failure.as_deref(), asked);
            }
        }
        Ok(())
    }

    /// Takes what was said of the entity that is asked for.
    fn answer(&mut self, entity: &Entity, template: &Template, text: &str) {
        if entity.presence == Presence::Optional
            && (text.trim().is_empty() || self.responses.is("skip", text))
        {
            self.content.skipped.push(entity.name.clone());
            self.content.waits_for = WaitsFor::Nothing;
            return;
        }
        let reply = match self.read(template, &entity.field, text) {
            Answer::Value(value) => {
                self.content.values.insert(entity.name.clone(), value);
                self.content.waits_for = WaitsFor::Nothing;
                return;
            }
            Answer::Ambiguous(choices) => {
                let text = self.response("ambiguous", &json!({}));
                let choices = choices.into_iter().map(|choice| choice.text).collect();
                Reply { choices, ..Reply::text(text) }
            }
            Answer::Invalid(reason) => {
                let said = match &entity.error_prompt {
                    Some(prompt) => format!("{} {reason}", self.filled(prompt)),
                    None => self.response("invalid", &json!({ "reason": reason })),
                };
                let asked = self.asked(entity, template);
                Reply { text: format!("{said}\n{}", asked.text), ..asked }
            }
        };
        self.ask_again(entity.retries, entity.on_failure.as_deref(), reply);
    }

    fn hear_confirmation(&mut self, text: &str) -> Result<()> {
        let Some(Node::Confirmation(confirmation)) = self.node() else { return Ok(()) };
        if self.responses.is("yes", text) {
            self.content.waits_for = WaitsFor::Nothing;
            self.go_to(self.content.at + 1);
        } else if self.responses.is("no", text) {
            self.tell("declined", &json!({}));
            self.end(ConversationStatus::Discarded);
        } else {
            let asked = self.confirmed(&confirmation);
            self.ask_again(RETRIES, None, asked);
        }
        Ok(())
    }

    /// Takes what was said of entities, as far as their fields' schemas take it; of the rest the reason is told.
    fn take(&mut self, template: &Template, said: Vec<(String, String)>) {
        for (name, text) in said {
            let Some(entity) = self.content.dialog.entities().find(|entity| entity.name == name) else {
                continue;
            };
            match self.read(template, &entity.field, &text) {
                Answer::Value(value) => {
                    self.content.values.insert(name, value);
                }
                Answer::Invalid(reason) => self.tell("invalid", &json!({ "reason": reason })),
                Answer::Ambiguous(choices) => {
                    let words: Vec<&str> = choices.iter().map(|choice| choice.text.as_str()).collect();
                    self.tell("invalid", &json!({ "reason": words.join(", ") }));
                }
            }
        }
    }

    /// What an answer comes to. A file that there is not will not do.
    fn read(&self, template: &Template, field: &str, text: &str) -> Answer {
        match answers::read(template, field, text, &self.responses) {
            Answer::Value(Value::String(name)) if template.input.is_file(field) => {
                let will_not_do = [FailureKind::NotFound, FailureKind::InvalidInput, FailureKind::Denied];
                match self.files.open(&name) {
                    Err(failure) if will_not_do.contains(&failure.kind) => Answer::Invalid(failure.message),
                    _ => Answer::Value(Value::String(name)),
                }
            }
            answer => answer,
        }
    }

    /// Asks once more, unless that was done so often before: then it goes on at this node, or ends.
    pub(super) fn ask_again(&mut self, most: u8, otherwise: Option<&str>, reply: Reply) {
        self.content.tries = self.content.tries.saturating_add(1);
        if self.content.tries <= most {
            self.say_reply(reply);
        } else if let Some(place) = otherwise.and_then(|name| self.later(name)) {
            self.content.waits_for = WaitsFor::Nothing;
            self.go_to(place);
        } else {
            let tries = self.content.tries;
            self.tell("too-many-tries", &json!({ "tries": tries }));
            self.end(ConversationStatus::Discarded);
        }
    }
}
