//! Comments below a page, at its text, and the answers to them.

use crate::accounts::Account;
use crate::clock::Moment;

use super::Version;
use super::body::Body;

/// Where a comment stands; v2 has two sets of operations for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Footer,
    Inline,
}

impl Place {
    /// The place in the paths of v2.
    pub(crate) fn collection(self) -> &'static str {
        match self {
            Self::Footer => "footer-comments",
            Self::Inline => "inline-comments",
        }
    }

    /// The kind of content, as v2 names it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Footer => "footer-comment",
            Self::Inline => "inline-comment",
        }
    }
}

/// What a comment is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A page or a blog post.
    Content(u64),
    Attachment(u64),
}

/// The text that an inline comment marks.
#[derive(Debug, Clone)]
pub(crate) struct Mark {
    pub(crate) reference: String,
    pub(crate) selection: String,
}

/// Who last resolved or reopened a comment, and when.
#[derive(Debug, Clone)]
pub(crate) struct Resolution {
    pub(crate) resolved: bool,
    pub(crate) by: &'static Account,
    pub(crate) at: Moment,
}

#[derive(Debug, Clone)]
pub(crate) struct Comment {
    pub(crate) id: u64,
    pub(crate) place: Place,
    pub(crate) subject: Subject,
    /// The comment that this one answers.
    pub(crate) parent: Option<u64>,
    pub(crate) created: Moment,
    pub(crate) mark: Option<Mark>,
    pub(crate) resolution: Option<Resolution>,
    /// Every version, oldest first; at least one.
    pub(crate) versions: Vec<(Version, Body)>,
}

impl Comment {
    /// The newest version, or the one with a number.
    pub(crate) fn version(&self, number: Option<u32>) -> Option<&(Version, Body)> {
        match number {
            None => self.versions.last(),
            Some(number) => self.versions.iter().find(|(version, _)| version.number == number),
        }
    }

    pub(crate) fn resolution_status(&self) -> &'static str {
        match &self.resolution {
            None => "open",
            Some(resolution) if resolution.resolved => "resolved",
            Some(_) => "reopened",
        }
    }
}
