//! One Confluence site: its spaces, and the pages and blog posts in them.

pub(crate) mod access;
pub(crate) mod attachments;
pub(crate) mod body;
pub(crate) mod comments;
mod content;
pub(crate) mod labels;
pub(crate) mod seed;
pub(crate) mod tasks;
pub(crate) mod tree;

use std::collections::{BTreeMap, BTreeSet};

use crate::accounts::Account;
use crate::clock::Moment;

use access::Restrictions;
use attachments::Attachment;
use body::Body;
use comments::{Comment, Subject};
use labels::Labels;
use tasks::Tasks;

pub(crate) use content::{Content, Found, Kind, Status, Text, Version};

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

#[derive(Debug, Clone)]
pub(crate) struct Space {
    pub(crate) id: u64,
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) created: Moment,
    pub(crate) homepage: Option<u64>,
    /// Whose personal space it is.
    pub(crate) personal: Option<&'static Account>,
    pub(crate) archived: bool,
    /// The accounts that do not know of the space, by their numbers.
    pub(crate) hidden_from: BTreeSet<usize>,
}

impl Space {
    /// The type that answers give.
    pub(crate) fn kind(&self) -> &'static str {
        if self.personal.is_some() { "personal" } else { "global" }
    }

    pub(crate) fn status(&self) -> &'static str {
        if self.archived { "archived" } else { "current" }
    }
}

/// A Confluence site.
pub(crate) struct Site {
    pub(crate) cloud_id: String,
    pub(crate) name: String,
    /// The site's address, as accessible-resources gives it.
    pub(crate) url: String,
    pub(crate) spaces: Vec<Space>,
    pub(crate) contents: BTreeMap<u64, Content>,
    pub(crate) comments: BTreeMap<u64, Comment>,
    pub(crate) attachments: BTreeMap<u64, Attachment>,
    pub(crate) labels: Labels,
    pub(crate) tasks: Tasks,
    /// What was taken away for good, for as long as the search index does not know it.
    pub(crate) purged: Vec<Content>,
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
    /// A site without anything in it.
    pub(crate) fn empty(cloud_id: String, name: String, url: String) -> Self {
        Self {
            cloud_id,
            name,
            url,
            spaces: Vec::new(),
            contents: BTreeMap::new(),
            comments: BTreeMap::new(),
            attachments: BTreeMap::new(),
            labels: Labels::default(),
            tasks: Tasks::default(),
            purged: Vec::new(),
        }
    }

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
        let version =
            Version { number: 1, author: draft.author, message: String::new(), minor: false, at: now };
        let since = (draft.status != Status::Draft).then_some(now);
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
            labels: BTreeSet::new(),
            restrictions: Restrictions::default(),
            found: Found { since, until: None },
        };
        self.contents.entry(id).insert_entry(content).into_mut()
    }

    /// Takes a page away for good; its children move up to its parent.
    pub(crate) fn purge(&mut self, id: u64) {
        self.lift_children(id);
        self.attachments.retain(|_, attachment| attachment.container != id);
        self.comments.retain(|_, comment| comment.subject != Subject::Content(id));
        self.purged.extend(self.contents.remove(&id).filter(|content| content.status != Status::Draft));
    }

    /// Puts a page into the trash; its children move up to its parent.
    pub(crate) fn trash(&mut self, id: u64, now: Moment) {
        self.lift_children(id);
        if let Some(content) = self.contents.get_mut(&id) {
            content.status = Status::Trashed;
            content.draft = None;
            content.found.until = Some(now);
        }
    }

    /// Lets the search index know pages as though they had long been there.
    pub(crate) fn index_at_once(&mut self, ids: &[u64]) {
        for id in ids {
            if let Some(content) = self.contents.get_mut(id).filter(|content| content.found.since.is_some()) {
                content.found.since = Some(Moment(0));
            }
        }
    }

    fn lift_children(&mut self, id: u64) {
        let parent = self.contents.get(&id).and_then(|content| content.parent);
        for child in self.contents.values_mut().filter(|content| content.parent == Some(id)) {
            child.parent = parent;
        }
    }
}
