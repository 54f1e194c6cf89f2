//! What a workspace lets a call do with which containers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::failure::{Failure, FailureKind, Result, plain_text};

/// What may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Nothing.
    Deny,
    /// Reading.
    ReadOnly,
    /// Everything.
    #[default]
    Allow,
}

impl Access {
    /// The access as one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::ReadOnly => "read-only",
            Self::Allow => "allow",
        }
    }
}

/// How a container is named in a policy: `DOCS`, or `id:131073`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ContainerName {
    /// By its key, without regard to case.
    Key(String),
    /// By its id.
    Id(String),
}

/// What makes an id of a key.
const ID_PREFIX: &str = "id:";

/// The longest id or key, in bytes.
pub(super) const LONGEST_NAME: usize = 255;

impl FromStr for ContainerName {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self> {
        let (name, is_id) = match text.strip_prefix(ID_PREFIX) {
            Some(id) => (id, true),
            None => (text, false),
        };
        if !is_name(name) {
            return Err(Failure::new(
                FailureKind::InvalidInput,
                "invalid-container",
                format!("\"{}\" is neither a key nor id: and an id.", plain_text(text, 64)),
            )
            .hint("Write the key, such as DOCS, or the id after id:, such as id:131073."));
        }
        Ok(if is_id { Self::Id(name.to_owned()) } else { Self::Key(name.to_lowercase()) })
    }
}

/// Whether a text can be a key or an id: one word.
pub(super) fn is_name(text: &str) -> bool {
    (1..=LONGEST_NAME).contains(&text.len())
        && !text.chars().any(|c| c.is_control() || c.is_whitespace() || c == ',')
}

impl TryFrom<String> for ContainerName {
    type Error = Failure;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<ContainerName> for String {
    fn from(name: ContainerName) -> Self {
        name.to_string()
    }
}

impl fmt::Display for ContainerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => f.write_str(&key.to_uppercase()),
            Self::Id(id) => write!(f, "{ID_PREFIX}{id}"),
        }
    }
}

/// One container, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Container {
    pub(super) id: Option<String>,
    pub(super) key: Option<String>,
}

impl Container {
    /// Whether a policy means it by this name.
    fn is(&self, name: &ContainerName) -> bool {
        match name {
            ContainerName::Id(id) => self.id.as_ref() == Some(id),
            ContainerName::Key(key) => self.key.as_ref().is_some_and(|known| known.to_lowercase() == *key),
        }
    }

    /// As it is named in a policy.
    pub(super) fn label(&self) -> String {
        match (&self.key, &self.id) {
            (Some(key), _) => key.clone(),
            (None, Some(id)) => format!("{ID_PREFIX}{id}"),
            (None, None) => String::new(),
        }
    }
}

/// Which containers calls may read and change.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
#[non_exhaustive]
pub struct ContainerPolicy {
    /// What holds for those that are not named.
    pub others: Access,
    /// What holds for those that are.
    pub named: std::collections::BTreeMap<ContainerName, Access>,
}

impl ContainerPolicy {
    /// Whether anything is not allowed.
    pub fn restricts(&self) -> bool {
        self.others != Access::Allow || self.named.values().any(|access| *access != Access::Allow)
    }

    /// What may be done with a container, and whether it is named. Of two names the stricter one counts.
    pub(super) fn access(&self, container: &Container) -> (Access, bool) {
        let named = self.named.iter().filter(|(name, _)| container.is(name)).map(|(_, access)| *access).min();
        (named.unwrap_or(self.others), named.is_some())
    }

    /// Whether a container has to be known by its key for it to be told what may be done with it.
    pub(super) fn needs_key(&self) -> bool {
        self.named.keys().any(|name| matches!(name, ContainerName::Key(_)))
    }

    /// What a text in the input of a template is meant to be, where it is the name of a container that the policy names.
    pub(crate) fn named_as(&self, text: &str) -> Option<(&ContainerName, Access)> {
        let text = text.trim();
        let means = |name: &ContainerName| match name {
            ContainerName::Id(id) => id == text,
            ContainerName::Key(key) => *key == text.to_lowercase(),
        };
        self.named
            .iter()
            .filter(|(name, _)| means(name))
            .map(|(name, access)| (name, *access))
            .min_by_key(|it| it.1)
    }
}
