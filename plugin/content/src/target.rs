//! Where links and images point to.
//!
//! Confluence's own resources have no URL in storage format (`<ri:page ri:content-title="…"/>`). In Markdown they are
//! written as URLs of the scheme `confluence:`, which read well and lose nothing:
//!
//! | Markdown | storage |
//! |---|---|
//! | `confluence:page/My%20Title?space=DOC#part` | `ri:page` with title and space key, `ac:anchor` |
//! | `confluence:blog/News?space=DOC&day=2026/01/31` | `ri:blog-post` |
//! | `confluence:attachment/plan.pdf?page=My%20Title` | `ri:attachment`, of another page if there is `page` |
//! | `confluence:user/5b10a2844c20165700ede21g` | `ri:user` |
//! | `confluence:space/DOC` | `ri:space` |
//! | `confluence:content/12345` | `ri:content-entity` |
//! | `confluence:date/2026-01-31` | `<time datetime="2026-01-31"/>` |
//! | `confluence:macro/jira?3f2a91` | a marker, see [`super`] |
//!
//! A link that could run a script is no target at all: [`Target::parse`] has no answer for it, and its text stays.

use percent_encoding::percent_decode_str;

use super::document::{MarkerId, MarkerKind};

/// Schemes whose links run a script or carry a whole document in the link.
const DANGEROUS_SCHEMES: [&str; 6] = ["javascript", "vbscript", "data", "livescript", "blob", "filesystem"];

/// Where a link points to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Target {
    /// Cleaned: no white space, no control characters, none of `<>"\^|` and no backtick.
    Url(String),
    Resource(Resource),
}

/// Where an image comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Source {
    Url(String),
    Attachment(Resource),
}

/// Something that lives in Confluence.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Resource {
    pub(super) kind: ResourceKind,
    /// Title, file name, account id, space key or content id.
    pub(super) name: String,
    pub(super) space: Option<String>,
    /// The page that holds an attachment, if it is another one.
    pub(super) page: Option<String>,
    /// The day of a blog post.
    pub(super) day: Option<String>,
    pub(super) anchor: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum ResourceKind {
    Page,
    Blog,
    Attachment,
    User,
    Space,
    Content,
    /// A day. It is no resource, but it is written as one.
    Date,
}

impl ResourceKind {
    const ALL: [Self; 7] =
        [Self::Page, Self::Blog, Self::Attachment, Self::User, Self::Space, Self::Content, Self::Date];

    fn path(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Blog => "blog",
            Self::Attachment => "attachment",
            Self::User => "user",
            Self::Space => "space",
            Self::Content => "content",
            Self::Date => "date",
        }
    }

    /// The element of storage format, and its attribute that holds the name.
    pub(super) fn element(self) -> (&'static str, &'static str) {
        match self {
            Self::Page => ("ri:page", "ri:content-title"),
            Self::Blog => ("ri:blog-post", "ri:content-title"),
            Self::Attachment => ("ri:attachment", "ri:filename"),
            Self::User => ("ri:user", "ri:account-id"),
            Self::Space => ("ri:space", "ri:space-key"),
            Self::Content => ("ri:content-entity", "ri:content-id"),
            Self::Date => ("time", "datetime"),
        }
    }

    pub(super) fn of_element(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.element().0 == name)
    }
}

impl Target {
    /// Reads the destination of a link. `None`: the link leads nowhere, or somewhere dangerous.
    pub(super) fn parse(destination: &str) -> Option<Self> {
        let url = clean(destination);
        let dangerous = |scheme: &str| DANGEROUS_SCHEMES.iter().any(|each| each.eq_ignore_ascii_case(scheme));
        // The address of a marker leads nowhere, and behind other words it would stand for an element.
        if url.is_empty() || scheme(&url).is_some_and(dangerous) || marker_of_url(&url).is_some() {
            return None;
        }
        Some(match Resource::parse(&url) {
            Some(resource) => Self::Resource(resource),
            None => Self::Url(url),
        })
    }

    pub(super) fn to_url(&self) -> String {
        match self {
            Self::Url(url) => url.clone(),
            Self::Resource(resource) => resource.to_url(),
        }
    }
}

impl Source {
    /// Reads the destination of an image: the web, or the name of an attached file. `None` for anything else.
    pub(super) fn parse(destination: &str) -> Option<Self> {
        let url = clean(destination);
        if let Some(scheme) = scheme(&url) {
            if ["http", "https"].iter().any(|web| web.eq_ignore_ascii_case(scheme)) {
                return Some(Self::Url(url));
            }
            let resource = Resource::parse(&url)?;
            return (resource.kind == ResourceKind::Attachment).then_some(Self::Attachment(resource));
        }
        if url.starts_with("//") {
            return Some(Self::Url(url));
        }
        // Confluence keeps the files of a page in one flat list: folders of the author's disk mean nothing there.
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let file = path.rsplit('/').next().unwrap_or_default();
        let file = file.rsplit("%5C").next().unwrap_or_default();
        let file = decode(file);
        (!file.trim().is_empty()).then(|| Self::Attachment(Resource::new(ResourceKind::Attachment, file)))
    }

    pub(super) fn to_url(&self) -> String {
        match self {
            Self::Url(url) => url.clone(),
            // A relative path is what authors write; it cannot say which page.
            Self::Attachment(resource) if resource.page.is_none() => encode(&resource.name),
            Self::Attachment(resource) => resource.to_url(),
        }
    }
}

impl Resource {
    pub(super) fn new(kind: ResourceKind, name: String) -> Self {
        Self { kind, name, space: None, page: None, day: None, anchor: None }
    }

    fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once(':')?;
        if !scheme.eq_ignore_ascii_case("confluence") {
            return None;
        }
        let (rest, anchor) = rest.split_once('#').unwrap_or((rest, ""));
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (kind, name) = path.split_once('/')?;
        let kind = ResourceKind::ALL.into_iter().find(|known| known.path() == kind)?;
        let mut resource = Self::new(kind, decode(name));
        resource.anchor = Some(decode(anchor)).filter(|anchor| !anchor.is_empty());
        for pair in query.split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = Some(decode(value)).filter(|value| !value.is_empty());
            match key {
                "space" => resource.space = value,
                "page" => resource.page = value,
                "day" => resource.day = value,
                _ => {}
            }
        }
        (!resource.name.is_empty()).then_some(resource)
    }

    fn to_url(&self) -> String {
        let mut url = format!("confluence:{}/{}", self.kind.path(), encode(&self.name));
        let mut separator = '?';
        for (key, value) in [("page", &self.page), ("space", &self.space), ("day", &self.day)] {
            if let Some(value) = value {
                url.push(separator);
                url.push_str(key);
                url.push('=');
                url.push_str(&encode(value));
                separator = '&';
            }
        }
        if let Some(anchor) = &self.anchor {
            url.push('#');
            url.push_str(&encode(anchor));
        }
        url
    }

    /// What a link without words of its own says. White space at its edges would move out of the link.
    pub(super) fn label(&self) -> String {
        match self.kind {
            ResourceKind::User => format!("@{}", self.name.trim()),
            _ => self.name.trim().to_owned(),
        }
    }
}

/// The URL that makes a link in Markdown a marker.
pub(super) fn marker_url(kind: MarkerKind, name: &str, id: &MarkerId) -> String {
    let separator = if id.0.is_empty() { "" } else { "?" };
    format!("confluence:{}/{}{separator}{}", kind.name(), encode(name), id.0)
}

/// Kind, name and id, if the destination of a link is the one of a marker.
pub(super) fn marker_of_url(destination: &str) -> Option<(MarkerKind, String, MarkerId)> {
    let path = destination.strip_prefix("confluence:")?;
    let (kind, name) = path.split_once('/')?;
    let kind = MarkerKind::ALL.into_iter().find(|known| known.name() == kind)?;
    let name = name.split('#').next().unwrap_or_default();
    let (name, id) = name.split_once('?').unwrap_or((name, ""));
    let id = id.chars().filter(|each| each.is_ascii_alphanumeric() || *each == '-').collect();
    Some((kind, decode(name), MarkerId(id)))
}

/// A URL as a browser takes it: tabs, line ends and white space at the edges do not count (or they would hide a
/// scheme), and what may not stand in a URL is percent-encoded. Cleaning twice changes nothing.
fn clean(destination: &str) -> String {
    let trimmed = destination.trim_matches(|character: char| character <= ' ');
    let stays = |byte| {
        matches!(byte, b'!'..=b'~') && !matches!(byte, b'<' | b'>' | b'"' | b'`' | b'\\' | b'^' | b'|')
    };
    if trimmed.bytes().all(stays) {
        return trimmed.to_owned();
    }
    let mut url = String::with_capacity(trimmed.len());
    for character in trimmed.chars() {
        match character {
            '\t' | '\n' | '\r' => {}
            '<' | '>' | '"' | '`' | '\\' | '^' | '|' => encode_char(character, &mut url),
            _ if character.is_whitespace() || character.is_control() => encode_char(character, &mut url),
            _ => url.push(character),
        }
    }
    url
}

/// The scheme of an absolute URL, in upper or lower case.
fn scheme(url: &str) -> Option<&str> {
    let (scheme, _) = url.split_once(':')?;
    let valid = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|each| each.is_ascii_alphanumeric() || matches!(each, '+' | '-' | '.'));
    valid.then_some(scheme)
}

/// Percent-encodes all but letters and digits (of any script) and `-_.~`.
fn encode(value: &str) -> String {
    let mut encoded = String::with_capacity(value.len());
    for character in value.chars() {
        if character.is_alphanumeric() || matches!(character, '-' | '_' | '.' | '~') {
            encoded.push(character);
        } else {
            encode_char(character, &mut encoded);
        }
    }
    encoded
}

fn encode_char(character: char, into: &mut String) {
    for byte in character.encode_utf8(&mut [0; 4]).bytes() {
        into.push('%');
        for digit in [byte >> 4, byte & 15] {
            into.extend(char::from_digit(u32::from(digit), 16).map(|digit| digit.to_ascii_uppercase()));
        }
    }
}

fn decode(value: &str) -> String {
    percent_decode_str(value).decode_utf8_lossy().into_owned()
}
