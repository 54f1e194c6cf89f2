//! Paths of the REST API, below the audience's prefix.
//!
//! A path consists of fixed words and of an [`Id`], and an id consists of digits. So no input, whatever it
//! holds, can make a path with an empty segment, a `..` or a second `/wiki`. Everything else a person may
//! type (keys, titles, cursors) travels in the query, which the host percent-encodes.

use std::fmt;

use crate::platform::Failure;

/// The most digits of a number of 64 bits, which is what Atlassian's ids are.
const MOST_DIGITS: usize = 19;

/// An id of a page, a blog post, a comment or a space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Id(String);

impl Id {
    /// The id, if the text is one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let fits = (1..=MOST_DIGITS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| Self(text.to_owned()))
    }

    /// The id in the input's field `field`.
    pub(crate) fn from_input(field: &str, text: &str) -> Result<Self, Failure> {
        Self::parse(text).ok_or_else(|| {
            Failure::invalid_input(
                "invalid-id",
                format!(
                    "`{field}` is not an id of Confluence: {text:?}. An id has 1 to {MOST_DIGITS} digits."
                ),
            )
            .hint("The id stands in the page's address, after `/pages/`.")
        })
    }

    /// The digits.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A kind of content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Page,
    BlogPost,
}

impl Kind {
    /// The word of inputs and outputs.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::BlogPost => "blogpost",
        }
    }

    /// What people call it.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::BlogPost => "blog post",
        }
    }

    fn collection(self) -> &'static str {
        match self {
            Self::Page => "pages",
            Self::BlogPost => "blogposts",
        }
    }
}

/// All content of a kind.
pub(crate) fn contents(kind: Kind) -> String {
    format!("/api/v2/{}", kind.collection())
}

/// One page or blog post.
pub(crate) fn content(kind: Kind, id: &Id) -> String {
    format!("/api/v2/{}/{id}", kind.collection())
}

/// What belongs to one page or blog post, by the last word of its path.
pub(crate) fn of_content(kind: Kind, id: &Id, what: &'static str) -> String {
    format!("/api/v2/{}/{id}/{what}", kind.collection())
}

/// All spaces.
pub(crate) fn spaces() -> String {
    "/api/v2/spaces".to_owned()
}

/// One space.
pub(crate) fn space(id: &Id) -> String {
    format!("/api/v2/spaces/{id}")
}

/// The content of a kind in a space.
pub(crate) fn contents_of_space(kind: Kind, space: &Id) -> String {
    format!("/api/v2/spaces/{space}/{}", kind.collection())
}

/// A kind of comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommentKind {
    /// Below the content.
    Footer,
    /// On a part of its text.
    Inline,
}

impl CommentKind {
    /// The word of inputs and outputs.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Footer => "footer",
            Self::Inline => "inline",
        }
    }

    /// The last word of the paths.
    pub(crate) fn collection(self) -> &'static str {
        match self {
            Self::Footer => "footer-comments",
            Self::Inline => "inline-comments",
        }
    }
}

/// All comments of a kind.
pub(crate) fn comments(kind: CommentKind) -> String {
    format!("/api/v2/{}", kind.collection())
}

/// One comment.
pub(crate) fn comment(kind: CommentKind, id: &Id) -> String {
    format!("/api/v2/{}/{id}", kind.collection())
}

/// The replies to a comment.
pub(crate) fn replies(kind: CommentKind, id: &Id) -> String {
    format!("/api/v2/{}/{id}/children", kind.collection())
}

/// An id of an attachment: digits, with or without `att` before them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AttachmentId(String);

impl AttachmentId {
    /// The id, if the text is one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Id::parse(text.strip_prefix("att").unwrap_or(text)).map(|_| Self(text.to_owned()))
    }

    /// The id as it was given.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// One attachment.
pub(crate) fn attachment(id: &AttachmentId) -> String {
    format!("/api/v2/attachments/{}", id.as_str())
}

/// The attachments of content of any kind (v1), for adding to them.
pub(crate) fn attachments(content: &Id) -> String {
    format!("/rest/api/content/{content}/child/attachment")
}

/// Where an attached file is fetched (v1).
pub(crate) fn attachment_file(content: &Id, id: &AttachmentId) -> String {
    format!("/rest/api/content/{content}/child/attachment/{}/download", id.as_str())
}

/// Who it is that the connection acts for (v1).
pub(crate) const CURRENT_USER: &str = "/rest/api/user/current";
/// Search by CQL (v1).
pub(crate) const SEARCH: &str = "/rest/api/search";
/// Archiving of pages (v1).
pub(crate) const ARCHIVE: &str = "/rest/api/content/archive";

/// The labels of content of any kind (v1), for changing them.
pub(crate) fn labels(id: &Id) -> String {
    format!("/rest/api/content/{id}/label")
}

/// Copying of a page (v1).
pub(crate) fn copy(id: &Id) -> String {
    format!("/rest/api/content/{id}/copy")
}

/// Moving of a page to a place beside another (v1).
pub(crate) fn move_beside(id: &Id, position: &'static str, target: &Id) -> String {
    format!("/rest/api/content/{id}/move/{position}/{target}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attachments_id_keeps_its_prefix() {
        let path = |text| AttachmentId::parse(text).map(|id| attachment(&id));
        assert_eq!(path("att123").as_deref(), Some("/api/v2/attachments/att123"));
        assert_eq!(path("123").as_deref(), Some("/api/v2/attachments/123"));
        assert_eq!((path("att"), path("attatt1"), path("ATT1")), (None, None, None));
    }

    /// API-16, AUTH-19
    #[test]
    fn an_id_is_nothing_but_digits() {
        assert_eq!(
            Id::parse("131073").map(|id| content(Kind::Page, &id)).as_deref(),
            Some("/api/v2/pages/131073")
        );
        for bad in ["", "..", "1/2", "1%2f2", "12a", "-1", " 1", "１", "12345678901234567890", "1?x=y", "1#"]
        {
            assert_eq!(Id::parse(bad), None, "{bad:?}");
            assert_eq!(AttachmentId::parse(bad), None, "{bad:?}");
        }
    }
}
