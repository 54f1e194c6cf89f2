//! One Confluence site: its spaces, and the pages and blog posts in them.

pub(crate) mod body;
pub(crate) mod seed;

use std::collections::BTreeMap;

use crate::accounts::Account;
use crate::clock::Moment;
use crate::html::percent;

use body::Body;

/// The next free ids, shared by all sites, so that an id names one thing.
pub(crate) struct Ids {
    space: u64,
    content: u64,
}

impl Default for Ids {
    fn default() -> Self {
        Self { space: 98_304, content: 131_072 }
    }
}

impl Ids {
    pub(crate) fn space(&mut self) -> u64 {
        self.space += 1;
        self.space
    }

    pub(crate) fn content(&mut self) -> u64 {
        self.content += 1;
        self.content
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Page,
    BlogPost,
}

impl Kind {
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
}

impl Content {
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

#[derive(Debug, Clone)]
pub(crate) struct Space {
    pub(crate) id: u64,
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) created: Moment,
    pub(crate) homepage: Option<u64>,
}

/// A Confluence site.
pub(crate) struct Site {
    pub(crate) cloud_id: String,
    pub(crate) name: String,
    /// The site's address, as accessible-resources gives it.
    pub(crate) url: String,
    pub(crate) spaces: Vec<Space>,
    pub(crate) contents: BTreeMap<u64, Content>,
}

/// What is needed to make a page or a blog post.
pub(crate) struct Draft {
    pub(crate) author: &'static Account,
    pub(crate) kind: Kind,
    pub(crate) status: Status,
    pub(crate) space: u64,
    pub(crate) parent: Option<u64>,
    pub(crate) title: String,
    pub(crate) body: Body,
}

impl Site {
    /// What `_links.base` says: the address that every `webui` is relative to.
    pub(crate) fn base(&self) -> String {
        format!("{}/wiki", self.url)
    }

    pub(crate) fn space(&self, id: u64) -> Option<&Space> {
        self.spaces.iter().find(|space| space.id == id)
    }

    pub(crate) fn space_by_key(&self, key: &str) -> Option<&Space> {
        self.spaces.iter().find(|space| space.key.eq_ignore_ascii_case(key))
    }

    /// A page or blog post that exists, in whatever status.
    pub(crate) fn content(&self, kind: Kind, id: u64) -> Option<&Content> {
        self.contents.get(&id).filter(|content| content.kind == kind)
    }

    /// Whether a title is in use in a space. Archived pages keep theirs reserved, trashed ones do not; case
    /// does not tell titles apart.
    pub(crate) fn title_taken(&self, space: u64, kind: Kind, title: &str, except: Option<u64>) -> bool {
        let title = title.to_lowercase();
        self.contents.values().any(|content| {
            content.kind == kind
                && content.space == space
                && Some(content.id) != except
                && matches!(content.status, Status::Current | Status::Archived)
                && content.text.title.to_lowercase() == title
        })
    }

    /// Whether `page` is `ancestor` or lies below it.
    pub(crate) fn is_below(&self, page: u64, ancestor: u64) -> bool {
        let mut at = Some(page);
        while let Some(id) = at {
            if id == ancestor {
                return true;
            }
            at = self.contents.get(&id).and_then(|content| content.parent);
        }
        false
    }

    pub(crate) fn add(&mut self, id: u64, now: Moment, draft: Draft) -> &mut Content {
        let position = self.contents.values().filter(|other| other.parent == draft.parent).count();
        let version = Version { number: 1, author: draft.author, message: String::new(), at: now };
        let content = Content {
            kind: draft.kind,
            id,
            status: draft.status,
            space: draft.space,
            parent: draft.parent,
            position,
            subtype: None,
            private: false,
            author: draft.author,
            owner: draft.author.id.to_owned(),
            created: now,
            text: Text { title: draft.title, body: draft.body, version },
            draft: None,
            history: Vec::new(),
        };
        self.contents.entry(id).insert_entry(content).into_mut()
    }

    /// Takes a page away for good; its children move up to its parent.
    pub(crate) fn purge(&mut self, id: u64) {
        self.lift_children(id);
        self.contents.remove(&id);
    }

    /// Puts a page into the trash; its children move up to its parent.
    pub(crate) fn trash(&mut self, id: u64) {
        self.lift_children(id);
        if let Some(content) = self.contents.get_mut(&id) {
            content.status = Status::Trashed;
            content.draft = None;
        }
    }

    fn lift_children(&mut self, id: u64) {
        let parent = self.contents.get(&id).and_then(|content| content.parent);
        for child in self.contents.values_mut().filter(|content| content.parent == Some(id)) {
            child.parent = parent;
        }
    }
}
