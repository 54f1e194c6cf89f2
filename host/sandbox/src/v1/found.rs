//! What the search index holds.
//!
//! The index lags: what was made is found only after a while, and what was deleted is found for a while longer.

use std::time::Duration;

use crate::accounts::Account;
use crate::clock::Moment;
use crate::cql::Searched;
use crate::site::attachments::{Attachment, File};
use crate::site::comments::{Comment, Subject};
use crate::site::{Content, Site, Space, Status};

/// Something that can be found, with the page that it belongs to.
#[derive(Clone, Copy)]
pub(super) enum Found<'a> {
    Content(&'a Site, &'a Content),
    Comment(&'a Site, &'a Content, &'a Comment),
    Attachment(&'a Site, &'a Content, &'a Attachment, &'a File),
    Space(&'a Space),
    User(&'static Account),
}

/// Everything that an account finds at a moment, of content in these states.
pub(super) fn everything<'a>(
    site: &'a Site,
    account: &Account,
    (now, lag): (Moment, Duration),
    statuses: &[&str],
) -> Vec<Found<'a>> {
    let known = |since: Moment| since.plus(lag) <= now;
    let is_found = |content: &Content| {
        let status = if content.status == Status::Trashed { Status::Current } else { content.status };
        content.found.since.is_some_and(known)
            && content.found.until.is_none_or(|until| !known(until))
            && statuses.contains(&status.as_str())
            && site.sees(account, content)
    };
    let mut found: Vec<Found<'a>> = site
        .contents
        .values()
        .chain(&site.purged)
        .filter(|content| is_found(content))
        .map(|content| Found::Content(site, content))
        .collect();
    for comment in site.comments.values().filter(|comment| known(comment.created)) {
        let content = site.commented(comment.subject);
        if let Some(content) =
            content.filter(|content| content.status != Status::Trashed && is_found(content))
        {
            found.push(Found::Comment(site, content, comment));
        }
    }
    for attachment in
        site.attachments.values().filter(|one| one.status == Status::Current && known(one.created))
    {
        let content = site.contents.get(&attachment.container);
        let content = content.filter(|content| content.status != Status::Trashed && is_found(content));
        if let (Some(content), Some(file)) = (content, attachment.file(None)) {
            found.push(Found::Attachment(site, content, attachment, file));
        }
    }
    let spaces = site.spaces.iter().filter(|space| space.is_visible_to(account) && !space.archived);
    found.extend(spaces.map(Found::Space));
    found
}

impl Searched for Found<'_> {
    fn id(&self) -> u64 {
        match self {
            Self::Content(_, content) => content.id,
            Self::Comment(_, _, comment) => comment.id,
            Self::Attachment(_, _, attachment, _) => attachment.id,
            Self::Space(space) => space.id,
            Self::User(account) => u64::try_from(account.number()).unwrap_or_default(),
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Content(_, content) => content.kind.as_str(),
            Self::Comment(..) => "comment",
            Self::Attachment(..) => "attachment",
            Self::Space(_) => "space",
            Self::User(_) => "user",
        }
    }

    fn title(&self) -> &str {
        match self {
            Self::Content(_, content) | Self::Comment(_, content, _) => &content.text.title,
            Self::Attachment(_, _, attachment, _) => &attachment.title,
            Self::Space(space) => &space.name,
            Self::User(account) => account.name,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Content(_, content) => content.text.body.lines().join(" "),
            Self::Comment(_, _, comment) => {
                comment.version(None).map(|(_, body)| body.lines().join(" ")).unwrap_or_default()
            }
            Self::Attachment(_, _, _, file) => file.version.message.clone(),
            Self::Space(space) => space.description.clone(),
            Self::User(_) => String::new(),
        }
    }

    fn space(&self) -> Option<&Space> {
        match self {
            Self::Content(site, content)
            | Self::Comment(site, content, _)
            | Self::Attachment(site, content, ..) => site.space(content.space),
            Self::Space(space) => Some(space),
            Self::User(_) => None,
        }
    }

    fn labels(&self) -> Vec<&str> {
        match self {
            Self::Content(site, content) => {
                content.labels.iter().filter_map(|id| Some(site.labels.get(*id)?.name.as_str())).collect()
            }
            _ => Vec::new(),
        }
    }

    fn creator(&self) -> &'static Account {
        let first =
            |accounts: Vec<&'static Account>| accounts.first().copied().unwrap_or_else(Account::first);
        match self {
            Self::Content(_, content) => content.author,
            Self::Space(space) => space.personal.unwrap_or_else(Account::first),
            Self::User(account) => account,
            Self::Comment(..) | Self::Attachment(..) => first(self.contributors()),
        }
    }

    fn contributors(&self) -> Vec<&'static Account> {
        match self {
            Self::Content(_, content) => content.versions().map(|text| text.version.author).collect(),
            Self::Comment(_, _, comment) => {
                comment.versions.iter().map(|(version, _)| version.author).collect()
            }
            Self::Attachment(_, _, attachment, _) => {
                attachment.files.iter().map(|file| file.version.author).collect()
            }
            Self::Space(_) | Self::User(_) => Vec::new(),
        }
    }

    fn ancestors(&self) -> Vec<u64> {
        match self {
            Self::Content(site, content) => site.lineage(content).skip(1).map(|page| page.id).collect(),
            Self::Comment(_, _, comment) => match (comment.parent, comment.subject) {
                (Some(parent), _) => vec![parent],
                (None, Subject::Content(id) | Subject::Attachment(id)) => vec![id],
            },
            Self::Attachment(_, content, ..) => vec![content.id],
            Self::Space(_) | Self::User(_) => Vec::new(),
        }
    }

    fn created(&self) -> Moment {
        match self {
            Self::Content(_, content) => content.created,
            Self::Comment(_, _, comment) => comment.created,
            Self::Attachment(_, _, attachment, _) => attachment.created,
            Self::Space(space) => space.created,
            Self::User(_) => Moment(0),
        }
    }

    fn modified(&self) -> Moment {
        match self {
            Self::Content(_, content) => content.text.version.at,
            Self::Comment(_, _, comment) => {
                comment.version(None).map_or(comment.created, |(version, _)| version.at)
            }
            Self::Attachment(_, _, _, file) => file.version.at,
            Self::Space(space) => space.created,
            Self::User(_) => Moment(0),
        }
    }
}
