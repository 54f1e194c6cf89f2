//! What listing pages and listing blog posts have in common.

use serde::Deserialize;
use serde_json::Value;

use super::input::{self, SpaceOut};
use super::items::ContentOut;
use super::listing::{self, Range};
use super::space;
use crate::confluence::client::Client;
use crate::confluence::model::Content;
use crate::confluence::paths::{self, Kind};
use crate::confluence::walk::List;
use crate::platform::{Failure, Parameter};

/// The fields that choose and order.
#[derive(Deserialize)]
pub(super) struct Filter {
    status: Option<Status>,
    title: Option<String>,
    sort: Option<Sort>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Status {
    Current,
    Archived,
    Trashed,
    Deleted,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Sort {
    Oldest,
    Newest,
    LeastRecentlyChanged,
    RecentlyChanged,
    Title,
    TitleBackwards,
}

impl Status {
    fn word(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Archived => "archived",
            Self::Trashed => "trashed",
            Self::Deleted => "deleted",
        }
    }
}

impl Sort {
    /// Confluence's word for it.
    fn word(self) -> &'static str {
        match self {
            Self::Oldest => "created-date",
            Self::Newest => "-created-date",
            Self::LeastRecentlyChanged => "modified-date",
            Self::RecentlyChanged => "-modified-date",
            Self::Title => "title",
            Self::TitleBackwards => "-title",
        }
    }
}

/// The content of a kind in a space.
pub(super) fn of_space(
    client: &Client<'_>,
    (kind, space): (Kind, &str),
    depth: Option<Parameter>,
    filter: &Filter,
    range: &Range,
) -> Result<Value, Failure> {
    range.check()?;
    let title = filter.title.as_deref().map(input::title).transpose()?;
    let by_title = matches!(filter.sort, Some(Sort::Title | Sort::TitleBackwards));
    if kind == Kind::BlogPost && (by_title || filter.status == Some(Status::Archived)) {
        return Err(input::invalid("blog posts are neither archived nor sorted by title"));
    }
    let space = space::resolve(client, space)?;
    let parameters = [
        depth,
        filter.status.map(|status| Parameter::new("status", status.word())),
        // Only a filter: whether it compares whole titles is not documented, so they are compared here.
        title.map(|title| Parameter::new("title", title)),
        filter.sort.map(|sort| Parameter::new("sort", sort.word())),
    ];
    let list = List {
        path: paths::contents_of_space(kind, &space.id),
        query: parameters.into_iter().flatten().collect(),
        subject: format!("space {}", space.label()),
        not_found: "space-not-found",
    };
    let listed = range.list(client, vec![list], (kind.noun(), title.is_some()), |_, value, base| {
        let content = Content::read(value, base).ok_or("a result has no id or no status")?;
        Ok(title.is_none_or(|title| content.title == title).then(|| ContentOut::from(content)))
    })?;
    let name = match kind {
        Kind::Page => "pages",
        Kind::BlogPost => "blogposts",
    };
    Ok(listing::output_of(("space", input::write(&SpaceOut::from(space))?), name, listed))
}
