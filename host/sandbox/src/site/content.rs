//! A page or a blog post, with its versions.

use std::collections::BTreeSet;

use crate::accounts::Account;
use crate::clock::Moment;
use crate::html::percent;

use super::Space;
use super::access::Restrictions;
use super::body::Body;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Page,
    BlogPost,
}

impl Kind {
    /// The kind as answers name it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::BlogPost => "blogpost",
        }
    }

    /// The kind in the paths of v2.
    pub(crate) fn collection(self) -> &'static str {
        match self {
            Self::Page => "pages",
            Self::BlogPost => "blogposts",
        }
    }

    /// The kind in the words of Confluence's messages.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::BlogPost => "blog post",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Current,
    Draft,
    Archived,
    Trashed,
}

impl Status {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Draft => "draft",
            Self::Archived => "archived",
            Self::Trashed => "trashed",
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Version {
    pub(crate) number: u32,
    pub(crate) author: &'static Account,
    pub(crate) message: String,
    /// Whether nobody was told of the change.
    pub(crate) minor: bool,
    pub(crate) at: Moment,
}

/// What a version or a draft holds of a page.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    pub(crate) title: String,
    pub(crate) body: Body,
    pub(crate) version: Version,
}

/// A page or a blog post.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    pub(crate) kind: Kind,
    pub(crate) id: u64,
    pub(crate) status: Status,
    pub(crate) space: u64,
    pub(crate) parent: Option<u64>,
    pub(crate) position: usize,
    pub(crate) subtype: Option<String>,
    pub(crate) private: bool,
    pub(crate) author: &'static Account,
    /// An account id; an update may name any.
    pub(crate) owner: String,
    pub(crate) created: Moment,
    pub(crate) text: Text,
    /// Unpublished changes of a published page.
    pub(crate) draft: Option<Text>,
    pub(crate) history: Vec<Text>,
    /// The ids of its labels.
    pub(crate) labels: BTreeSet<u64>,
    pub(crate) restrictions: Restrictions,
    pub(crate) found: Found,
}

/// Since when, and until when, the search index has to know of something; the index learns of both late.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Found {
    pub(crate) since: Option<Moment>,
    pub(crate) until: Option<Moment>,
}

impl Content {
    /// Every version, oldest first.
    pub(crate) fn versions(&self) -> impl DoubleEndedIterator<Item = &Text> {
        self.history.iter().chain([&self.text])
    }

    /// The content as its open draft shows it, or as it is where there is none.
    pub(crate) fn as_draft(&self) -> Self {
        match &self.draft {
            Some(draft) => Self { text: draft.clone(), status: Status::Draft, ..self.clone() },
            None => self.clone(),
        }
    }

    /// The content as a version of it stood.
    pub(crate) fn as_version(&self, number: u32) -> Option<Self> {
        if number == self.text.version.number {
            return Some(self.clone());
        }
        let text = self.history.iter().find(|text| text.version.number == number)?;
        Some(Self { text: text.clone(), ..self.clone() })
    }

    /// The address below the site's base, as `_links.webui` has it.
    pub(crate) fn webui(&self, space: &Space) -> String {
        let slug = percent(&self.text.title).replace("%20", "+");
        match (self.status, self.kind) {
            (Status::Draft, _) => self.editui(),
            (_, Kind::Page) => format!("/spaces/{}/pages/{}/{slug}", space.key, self.id),
            (_, Kind::BlogPost) => {
                format!("/spaces/{}/blog/{}/{}/{slug}", space.key, self.created.day_path(), self.id)
            }
        }
    }

    pub(crate) fn editui(&self) -> String {
        format!("/pages/resumedraft.action?draftId={}", self.id)
    }
}
