//! What the plugin reads of Confluence's answers.
//!
//! Read leniently: ids come as text or as numbers, statuses are open, and a field that is not there is
//! absent, not an error. Only what a template cannot answer without makes an answer unreadable.

use serde_json::Value;

use super::paging;
use super::paths::Id;

/// A space.
#[derive(Clone, Debug)]
pub(crate) struct Space {
    pub(crate) id: Id,
    pub(crate) key: Option<String>,
    pub(crate) name: Option<String>,
    /// The key it is also found by.
    pub(crate) alias: Option<String>,
    /// Confluence's word for its kind, such as `global` or `personal`.
    pub(crate) kind: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) homepage: Option<Id>,
    pub(crate) description: Option<String>,
    pub(crate) created: Option<String>,
    /// Where people open it.
    pub(crate) url: Option<String>,
}

impl Space {
    /// Reads one space. `base` is what its links are relative to, where it does not say so itself.
    pub(crate) fn read(value: &Value, base: Option<&str>) -> Option<Self> {
        let description = value.get("description").and_then(|formats| formats.get("plain"));
        Some(Self {
            id: id(value, "id")?,
            key: text(value, "key"),
            name: text(value, "name"),
            alias: text(value, "currentActiveAlias"),
            kind: text(value, "type"),
            status: text(value, "status"),
            homepage: id(value, "homepageId"),
            description: description.and_then(|plain| text(plain, "value")).filter(|text| !text.is_empty()),
            created: text(value, "createdAt"),
            url: address(value, base),
        })
    }

    /// What people call it: its key, else its id.
    pub(crate) fn label(&self) -> &str {
        self.key.as_deref().unwrap_or(self.id.as_str())
    }
}

/// A version of content.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    pub(crate) number: u64,
    pub(crate) message: Option<String>,
    pub(crate) created: Option<String>,
    pub(crate) author: Option<String>,
    pub(crate) minor: bool,
}

/// A page or a blog post.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    pub(crate) id: Id,
    pub(crate) status: String,
    /// Empty for a draft without one.
    pub(crate) title: String,
    pub(crate) space: Option<Id>,
    pub(crate) parent: Option<Id>,
    pub(crate) created: Option<String>,
    pub(crate) version: Option<Version>,
    pub(crate) body: Option<String>,
    /// Where people open it.
    pub(crate) url: Option<String>,
}

impl Content {
    /// Reads one item. `base` is what its links are relative to, where it does not say so itself.
    pub(crate) fn read(value: &Value, base: Option<&str>) -> Option<Self> {
        Some(Self {
            id: id(value, "id")?,
            status: text(value, "status")?,
            title: text(value, "title").unwrap_or_default(),
            space: id(value, "spaceId"),
            parent: id(value, "parentId"),
            created: text(value, "createdAt"),
            version: value.get("version").and_then(Version::read),
            body: value.get("body").and_then(body),
            url: address(value, base),
        })
    }
}

impl Version {
    pub(crate) fn read(value: &Value) -> Option<Self> {
        Some(Self {
            number: value.get("number")?.as_u64()?,
            message: text(value, "message").filter(|message| !message.is_empty()),
            created: text(value, "createdAt"),
            author: text(value, "authorId"),
            minor: value.get("minorEdit").and_then(Value::as_bool).unwrap_or(false),
        })
    }
}

/// Where people open something: its `webui`, on its own base or the given one.
pub(crate) fn address(value: &Value, base: Option<&str>) -> Option<String> {
    let links = value.get("_links")?;
    let own_base = text(links, "base");
    absolute(own_base.as_deref().or(base), &text(links, "webui")?)
}

/// The value of the one format that was asked for.
pub(crate) fn body(value: &Value) -> Option<String> {
    value.as_object()?.values().find_map(|format| format.get("value")?.as_str()).map(ToOwned::to_owned)
}

/// The address, where both parts are what they should be. It ends up as a link that people open, so nothing
/// but http may be in it.
pub(crate) fn absolute(base: Option<&str>, webui: &str) -> Option<String> {
    if paging::host(webui).is_some() {
        return is_http(webui).then(|| webui.to_owned());
    }
    let base = base.filter(|base| is_http(base))?;
    webui.starts_with('/').then(|| format!("{}{webui}", base.trim_end_matches('/')))
}

fn is_http(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// A text, or a number in its digits.
pub(crate) fn text(value: &Value, name: &str) -> Option<String> {
    match value.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// An id, if it is one.
pub(crate) fn id(value: &Value, name: &str) -> Option<Id> {
    Id::parse(&text(value, name)?)
}
