//! Which content is meant: by id, by address, or by space and title.

use std::ops::ControlFlow;

use serde::Deserialize;

use super::input::{self, Type};
use super::space;
use crate::confluence::client::{Client, first_of};
use crate::confluence::model::{Content, Space};
use crate::confluence::paging::LARGEST_PAGE;
use crate::confluence::paths::{self, Id, Kind};
use crate::confluence::reference::Reference;
use crate::confluence::walk::List;
use crate::platform::{Failure, FailureKind, Parameter};

/// The fields that name content.
#[derive(Debug, Deserialize)]
pub(super) struct Name {
    id: Option<String>,
    url: Option<String>,
    space: Option<String>,
    title: Option<String>,
}

/// The fields that name content that may be a page or a blog post.
#[derive(Debug, Deserialize)]
pub(super) struct Target {
    #[serde(flatten)]
    name: Name,
    #[serde(rename = "type")]
    kind: Option<Type>,
}

/// Content whose id is known. What kind it is may be known only when a request about it succeeds.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) id: Id,
    /// The kinds it may be, the likeliest first.
    kinds: Vec<Kind>,
    /// Its space, where it was named by it.
    pub(super) space: Option<Space>,
}

impl Target {
    /// Finds the content. Only where it is named by space and title does this take requests.
    pub(super) fn find(&self, client: &Client<'_>) -> Result<Found, Failure> {
        let kinds = match self.kind {
            Some(kind) => vec![Kind::from(kind)],
            // Most content is pages, so most calls need one request.
            None => vec![Kind::Page, Kind::BlogPost],
        };
        self.name.find(client, kinds)
    }

    /// Whether any content is named.
    pub(super) fn is_given(&self) -> bool {
        let Name { id, url, space, title } = &self.name;
        [id, url, space, title].into_iter().any(Option::is_some) || self.kind.is_some()
    }
}

impl Name {
    /// A name of these parts, for where the fields are called otherwise.
    pub(super) fn new(
        (id, url): (Option<String>, Option<String>),
        (space, title): (Option<String>, Option<String>),
    ) -> Self {
        Self { id, url, space, title }
    }

    /// Finds the page of this name.
    pub(super) fn find_page(&self, client: &Client<'_>) -> Result<Found, Failure> {
        self.find(client, vec![Kind::Page])
    }

    /// Finds the content of this name, of one of these kinds.
    pub(super) fn find(&self, client: &Client<'_>, kinds: Vec<Kind>) -> Result<Found, Failure> {
        match (&self.id, &self.url, &self.space, &self.title) {
            (Some(id), None, None, None) => Ok(Found { id: Id::from_input("id", id)?, kinds, space: None }),
            (None, Some(url), None, None) => match Reference::of_url(url, client.site_host())? {
                Reference::Id(id, None) => Ok(Found { id, kinds, space: None }),
                Reference::Id(id, Some(kind)) if kinds.contains(&kind) => {
                    Ok(Found { id, kinds: vec![kind], space: None })
                }
                Reference::Id(_, Some(kind)) => Err(wrong_type(kind.noun(), &kinds)),
                Reference::Folder(_) => Err(wrong_type("folder", &kinds)),
                Reference::Title { space, title } => by_title(client, kinds, &space, &title),
            },
            (None, None, Some(space), Some(title)) => by_title(client, kinds, space, title),
            _ => Err(Failure::invalid_input(
                "invalid-input",
                "Content is named by `id`, by `url`, or by `space` and `title` together.",
            )),
        }
    }
}

impl Found {
    /// Carries out a request about the content: as the first kind that there is with its id.
    pub(super) fn attempt<T>(
        &self,
        attempt: impl Fn(Kind) -> Result<T, Failure>,
    ) -> Result<(Kind, T), Failure> {
        first_of(&self.kinds, attempt).map_err(|failure| match failure.upstream_status {
            Some(404) => {
                let named = not_found(&self.kinds, &format!("with the id {}", self.id));
                Failure { message: named.message, ..failure }
            }
            _ => failure,
        })
    }

    /// What people call it, for where its kind does not matter.
    pub(super) fn label(&self) -> String {
        format!("content {}", self.id)
    }
}

/// The page that a field names, by id or address.
pub(super) fn page_id(client: &Client<'_>, field: &str, text: &str) -> Result<Id, Failure> {
    match reference(client, field, text)? {
        Reference::Id(id, None | Some(Kind::Page)) => Ok(id),
        _ => Err(Failure::invalid_input(
            "wrong-type",
            format!("`{field}` is not the address of a page by its id."),
        )),
    }
}

/// What a page can be under, by id or address: another page or a folder.
pub(super) fn parent_id(client: &Client<'_>, field: &str, text: &str) -> Result<Id, Failure> {
    match reference(client, field, text)? {
        Reference::Id(id, None | Some(Kind::Page)) | Reference::Folder(id) => Ok(id),
        _ => Err(Failure::invalid_input(
            "wrong-type",
            format!("`{field}` is not the address of a page or a folder by its id."),
        )),
    }
}

fn reference(client: &Client<'_>, field: &str, text: &str) -> Result<Reference, Failure> {
    let text = text.trim();
    if text.contains('/') {
        Reference::of_url(text, client.site_host())
    } else {
        Id::from_input(field, text).map(|id| Reference::Id(id, None))
    }
}

/// The content with exactly this title. Confluence's filter is only a filter: whether it compares whole
/// titles is not documented, so the results are compared here and followed to the end.
fn by_title(client: &Client<'_>, kinds: Vec<Kind>, space: &str, title: &str) -> Result<Found, Failure> {
    let title = input::title(title)?;
    let space = space::resolve(client, space)?;
    for kind in &kinds {
        if let Some(found) = in_space(client, *kind, &space, title)? {
            return Ok(Found { id: found.id, kinds: vec![*kind], space: Some(space) });
        }
    }
    Err(not_found(&kinds, &format!("with the title {title:?} in the space {}", space.label()))
        .hint("Titles are compared exactly, with case. An unpublished draft is found by its id only."))
}

fn in_space(client: &Client<'_>, kind: Kind, space: &Space, title: &str) -> Result<Option<Content>, Failure> {
    let list = List {
        path: paths::contents_of_space(kind, &space.id),
        query: vec![Parameter::new("title", title), Parameter::new("limit", LARGEST_PAGE.to_string())],
        subject: format!("space {}", space.label()),
        not_found: "space-not-found",
    };
    let mut found: Option<Content> = None;
    client.walk(&list, None, &mut |batch| {
        for item in batch.items {
            let content = Content::read(item, batch.base)
                .ok_or_else(|| batch.unreadable("a result has no id or no status"))?;
            if content.title != title {
                continue;
            }
            let is_current = content.status == "current";
            if is_current || found.is_none() {
                found = Some(content);
            }
            if is_current {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found)
}

fn wrong_type(noun: &str, wanted: &[Kind]) -> Failure {
    Failure::invalid_input(
        "wrong-type",
        format!("The address is that of a {noun}, and a {} is wanted.", nouns(wanted)),
    )
}

fn not_found(kinds: &[Kind], named: &str) -> Failure {
    Failure::new(
        FailureKind::NotFound,
        "content-not-found",
        format!("There is no {} {named}, or this account has no permission to see it.", nouns(kinds)),
    )
}

fn nouns(kinds: &[Kind]) -> String {
    kinds.iter().map(|kind| kind.noun()).collect::<Vec<_>>().join(" or ")
}
