//! Who sees and who changes what.
//!
//! Confluence masks what may not be seen: it is absent from lists, and 404 where it is asked for by id.

use crate::accounts::Account;

use super::attachments::Attachment;
use super::comments::{Comment, Place, Subject};
use super::{Content, Kind, Site, Space, Status};

/// Who may view a page, and who may edit it; nobody is shut out where there is no list. Who may not view a page
/// may not view what is below it either.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Restrictions {
    pub(crate) view: Option<Vec<&'static Account>>,
    pub(crate) edit: Option<Vec<&'static Account>>,
}

fn allows(list: &Option<Vec<&'static Account>>, account: &Account) -> bool {
    list.as_ref().is_none_or(|list| list.contains(&account))
}

impl Space {
    pub(crate) fn is_visible_to(&self, account: &Account) -> bool {
        !self.hidden_from.contains(&account.number())
    }
}

impl Site {
    /// Whether an account may view a page or blog post.
    pub(crate) fn sees(&self, account: &Account, content: &Content) -> bool {
        let hidden = content.private || content.status == Status::Draft;
        if hidden && content.author != account {
            return false;
        }
        self.space(content.space).is_some_and(|space| space.is_visible_to(account))
            && self.lineage(content).all(|one| allows(&one.restrictions.view, account))
    }

    /// Whether an account may change a page or blog post that it may view.
    pub(crate) fn may_edit(&self, account: &Account, content: &Content) -> bool {
        self.sees(account, content) && allows(&content.restrictions.edit, account)
    }

    /// A page or blog post, if it exists and the account may view it.
    pub(crate) fn seen_by(&self, account: &Account, kind: Kind, id: u64) -> Option<&Content> {
        self.content(kind, id).filter(|content| self.sees(account, content))
    }

    /// A space, if it exists and the account may view it.
    pub(crate) fn space_seen_by(&self, account: &Account, id: u64) -> Option<&Space> {
        self.space(id).filter(|space| space.is_visible_to(account))
    }

    /// An attachment, if it exists and the account may view what it is attached to.
    pub(crate) fn attachment_seen_by(&self, account: &Account, id: u64) -> Option<&Attachment> {
        let attachment = self.attachments.get(&id)?;
        let container = self.contents.get(&attachment.container)?;
        (container.status != Status::Trashed && self.sees(account, container)).then_some(attachment)
    }

    /// The page or blog post that a comment stands at, itself or by way of an attachment.
    pub(crate) fn commented(&self, subject: Subject) -> Option<&Content> {
        match subject {
            Subject::Content(id) => self.contents.get(&id),
            Subject::Attachment(id) => self.contents.get(&self.attachments.get(&id)?.container),
        }
    }

    /// A comment, if it exists and the account may view what it is about.
    pub(crate) fn comment_seen_by(&self, account: &Account, place: Place, id: u64) -> Option<&Comment> {
        let comment = self.comments.get(&id).filter(|comment| comment.place == place)?;
        let content = self.commented(comment.subject)?;
        (content.status != Status::Trashed && self.sees(account, content)).then_some(comment)
    }

    /// A page and everything above it, from the bottom to the top.
    pub(crate) fn lineage<'a>(&'a self, content: &'a Content) -> impl Iterator<Item = &'a Content> {
        std::iter::successors(Some(content), |at| self.contents.get(&at.parent?))
    }
}
