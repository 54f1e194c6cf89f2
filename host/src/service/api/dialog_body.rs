//! What a dialog is made of, as requests and answers have it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::dialog::{self, Action, Button, Detail, EntityType, Presence, RETRIES, TIMEOUT};

/// One step of a dialog.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(tag = "node", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Node {
    /// What people say when they want it.
    Intent {
        /// Its name.
        name: String,
        /// Sample utterances.
        utterances: Vec<String>,
    },
    /// Something to be known.
    Entity {
        /// Its name, by which texts and requests refer to it: `{{context.entities.NAME}}`.
        name: String,
        /// The field of the template's input whose schema says what it may be.
        field: String,
        /// How it is asked for.
        #[serde(rename = "type")]
        entity_type: EntityType,
        /// What to ask.
        prompt: String,
        /// What to say of an answer that will not do, before the reason.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error_prompt: Option<String>,
        /// Whether it has to be known.
        presence: Presence,
        /// How often it is asked for again, before the dialog ends.
        #[serde(default = "retries")]
        #[schema(minimum = 1, maximum = 5)]
        retries: u8,
        /// The node to go on with where no answer would do; absent: the dialog ends.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on_failure: Option<String>,
    },
    /// A question that has to be answered with yes.
    Confirmation {
        /// Its name.
        name: String,
        /// What to ask.
        prompt: String,
    },
    /// Something to be done. What comes of it is `{{context.NAME}}` from then on.
    Service {
        /// Its name.
        name: String,
        /// What it does.
        does: Action,
        /// The template's input, in which `{{…}}` stands for what is known.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        request: Value,
        /// How long it may take.
        #[serde(default = "timeout")]
        #[schema(minimum = 1, maximum = 60)]
        timeout_seconds: u8,
        /// The node to go on with where it fails; absent: the dialog ends.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on_failure: Option<String>,
        /// What it may come to, for whoever writes the messages.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        sample_responses: Vec<Value>,
    },
    /// Something to be said.
    Message {
        /// Its name.
        name: String,
        /// The text, in which `{{…}}` stands for what is known.
        text: String,
        /// What it can be expanded to; what comes out empty is left out.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        details: Vec<Detail>,
        /// A button that leads somewhere.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        button: Option<Button>,
    },
}

fn retries() -> u8 {
    RETRIES
}

fn timeout() -> u8 {
    TIMEOUT
}

impl From<dialog::Node> for Node {
    fn from(node: dialog::Node) -> Self {
        match node {
            dialog::Node::Intent(dialog::Intent { name, utterances }) => Self::Intent { name, utterances },
            dialog::Node::Entity(entity) => Self::Entity {
                name: entity.name,
                field: entity.field,
                entity_type: entity.entity_type,
                prompt: entity.prompt,
                error_prompt: entity.error_prompt,
                presence: entity.presence,
                retries: entity.retries,
                on_failure: entity.on_failure,
            },
            dialog::Node::Confirmation(dialog::Confirmation { name, prompt }) => {
                Self::Confirmation { name, prompt }
            }
            dialog::Node::Service(service) => Self::Service {
                name: service.name,
                does: service.does,
                request: service.request,
                timeout_seconds: service.timeout_seconds,
                on_failure: service.on_failure,
                sample_responses: service.sample_responses,
            },
            dialog::Node::Message(dialog::Message { name, text, details, button }) => {
                Self::Message { name, text, details, button }
            }
        }
    }
}

impl From<Node> for dialog::Node {
    fn from(node: Node) -> Self {
        match node {
            Node::Intent { name, utterances } => Self::Intent(dialog::Intent { name, utterances }),
            Node::Entity {
                name,
                field,
                entity_type,
                prompt,
                error_prompt,
                presence,
                retries,
                on_failure,
            } => Self::Entity(dialog::Entity {
                name,
                field,
                entity_type,
                prompt,
                error_prompt,
                presence,
                retries,
                on_failure,
            }),
            Node::Confirmation { name, prompt } => Self::Confirmation(dialog::Confirmation { name, prompt }),
            Node::Service { name, does, request, timeout_seconds, on_failure, sample_responses } => {
                Self::Service(dialog::Service {
                    name,
                    does,
                    request,
                    timeout_seconds,
                    on_failure,
                    sample_responses,
                })
            }
            Node::Message { name, text, details, button } => {
                Self::Message(dialog::Message { name, text, details, button })
            }
        }
    }
}
