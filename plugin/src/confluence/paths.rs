//! Paths of the REST API, below the audience's prefix.
//!
//! A path consists of fixed words and of an [`Id`], and an id consists of digits. So no input, whatever it
//! holds, can make a path with an empty segment, a `..` or a second `/wiki`. Everything else a person may
//! type (keys, titles, cursors) travels in the query, which the host percent-encodes.

use std::fmt;

use crate::platform::Failure;

/// The most digits of a number of 64 bits, which is what Atlassian's ids are.
const MOST_DIGITS: usize = 19;

/// An id of a page, a blog post or a space.
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

#[cfg(test)]
mod tests {
    use super::*;

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
        }
    }
}
