//! Spaces: all of them, or one.

pub(super) mod list_spaces;
pub(super) mod view_space;

use serde::Serialize;

use crate::confluence::model::Space;

/// A space with all that is known of it.
#[derive(Serialize)]
struct WholeSpaceOut {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    homepage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

impl From<Space> for WholeSpaceOut {
    fn from(space: Space) -> Self {
        Self {
            id: space.id.to_string(),
            key: space.key,
            name: space.name,
            kind: space.kind,
            status: space.status,
            homepage: space.homepage.map(|id| id.to_string()),
            description: space.description,
            created: space.created,
            url: space.url,
        }
    }
}
