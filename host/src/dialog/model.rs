//! What a dialog is: a list of nodes, gone through from the first to the last.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::{IntegrationId, TemplateId};

/// How often something is asked for again at most, where nothing else is said.
pub const RETRIES: u8 = 5;

/// How long a service may take, in seconds, where nothing else is said.
pub const TIMEOUT: u8 = 20;

/// A dialog: how a template is run by talking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct Dialog {
    /// Its name, unique in its workspace, such as `createContent`.
    pub name: String,
    /// By what it is known wherever it is taken to; empty in exports that name none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reference: String,
    /// What people call it.
    pub title: String,
    /// The integration.
    pub integration: IntegrationId,
    /// The template that it runs.
    pub template: TemplateId,
    /// Counts its changes, from 1.
    pub version: u64,
    /// Which description of the template it was made from: a hash.
    pub made_from: String,
    /// Whether a person changed it since.
    pub edited: bool,
    /// What it goes through.
    pub nodes: Vec<Node>,
}

/// One step of a dialog.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "node", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Node {
    /// What people say when they want it.
    Intent(Intent),
    /// Something to be known.
    Entity(Entity),
    /// A question that has to be answered with yes.
    Confirmation(Confirmation),
    /// Something to be done.
    Service(Service),
    /// Something to be said.
    Message(Message),
}

/// What people say when they want it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct Intent {
    /// Its name.
    pub name: String,
    /// Sample utterances.
    pub utterances: Vec<String>,
}

/// Something to be known: a field of the template's input, unless its `field` is gone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct Entity {
    /// Its name, by which texts and requests refer to it: `{{context.entities.NAME}}`.
    pub name: String,
    /// The field of the template's input whose schema says what it may be.
    pub field: String,
    /// How it is asked for.
    #[serde(rename = "type")]
    pub entity_type: EntityType,
    /// What to ask.
    pub prompt: String,
    /// What to say of an answer that will not do, before the reason; absent: the standard response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_prompt: Option<String>,
    /// Whether it has to be known.
    pub presence: Presence,
    /// How often it is asked for again, 1 to 5, before the dialog ends.
    #[serde(default = "retries")]
    pub retries: u8,
    /// The node to go on with where no answer would do; absent: the dialog ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<String>,
}

fn retries() -> u8 {
    RETRIES
}

/// How an entity is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum EntityType {
    /// One of several, which are offered.
    List,
    /// A line of text.
    String,
    /// A text of any length.
    Description,
    /// A number.
    Number,
    /// The name of a file.
    File,
    /// Several values of a kind.
    Several,
    /// Anything that has to be written as JSON.
    Json,
}

/// Whether an entity has to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Presence {
    /// It is asked for until it is known.
    Mandatory,
    /// It is asked for once.
    Optional,
    /// It is taken where it is said, and never asked for.
    Hidden,
}

/// A question that has to be answered with yes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct Confirmation {
    /// Its name.
    pub name: String,
    /// What to ask.
    pub prompt: String,
}

/// Something to be done. What comes of it is `{{context.NAME}}` from then on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct Service {
    /// Its name.
    pub name: String,
    /// What it does.
    pub does: Action,
    /// The template's input, in which `{{…}}` stands for what is known.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub request: Value,
    /// How long it may take, 1 to 60 seconds.
    #[serde(default = "timeout")]
    pub timeout_seconds: u8,
    /// The node to go on with where it fails; absent: the dialog ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<String>,
    /// What it may come to, for whoever writes the messages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sample_responses: Vec<Value>,
}

fn timeout() -> u8 {
    TIMEOUT
}

/// What a service does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Action {
    /// Makes sure of the connection, and tells its site: `id`, `name` and `url`.
    FindSite,
    /// Runs the template.
    RunTemplate,
}

/// Something to be said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct Message {
    /// Its name.
    pub name: String,
    /// The text, in which `{{…}}` stands for what is known.
    pub text: String,
    /// What it can be expanded to; what comes out empty is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Detail>,
    /// A button that leads somewhere; one whose URL comes out empty is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub button: Option<Button>,
}

/// A line of a message's details.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Detail {
    /// What it is.
    pub label: String,
    /// The value.
    pub value: String,
}

/// A button that leads somewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Button {
    /// What stands on it.
    pub label: String,
    /// Where it leads.
    pub url: String,
}

impl Node {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Intent(node) => &node.name,
            Self::Entity(node) => &node.name,
            Self::Confirmation(node) => &node.name,
            Self::Service(node) => &node.name,
            Self::Message(node) => &node.name,
        }
    }
}

impl Dialog {
    /// Its entities, in the order in which they are asked for.
    pub fn entities(&self) -> impl Iterator<Item = &Entity> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Entity(entity) => Some(entity),
            _ => None,
        })
    }

    /// What people say when they want it.
    pub fn utterances(&self) -> impl Iterator<Item = &str> {
        self.nodes
            .iter()
            .flat_map(|node| match node {
                Node::Intent(intent) => intent.utterances.as_slice(),
                _ => &[],
            })
            .map(String::as_str)
    }
}
