//! What the templates may send, as the manifest declares it, and how the host learns in which space something is.
//!
//! The host holds every template to its list, and by the subjects it holds every template to the spaces that a workspace
//! allows. The paths are those that `paths` makes; a test holds every request of the tests against them.

use super::CONFLUENCE;
use crate::platform::Method;

/// A request that a template may send, as the contract's `request-rule` has it.
#[derive(Debug)]
pub struct Rule {
    /// The method.
    pub method: Method,
    /// The path; `{name}` stands for one segment.
    pub path: &'static str,
    /// What it concerns; absent: nothing that is in a space.
    pub subjects: Option<&'static [Subject]>,
    /// What of an answer with lists is not taken away.
    pub keeps: &'static [&'static str],
}

/// Something that a request concerns.
#[derive(Debug)]
pub struct Subject {
    /// Where it is named.
    pub place: Place,
    /// What is named.
    pub what: Named,
    /// The text of the body that must be there for it, and where.
    pub when: Option<(&'static str, &'static str)>,
}

/// Where something is named.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the contract documents each case, and the names are the same")]
pub enum Place {
    Path(&'static str),
    Body(&'static str),
    Answer(&'static str),
}

/// What is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract documents each case, and the names are the same")]
pub enum Named {
    SpaceId,
    SpaceKey,
    Item(&'static str),
}

/// A request of the host's own, as the contract's `lookup` has it.
#[derive(Debug)]
pub struct Lookup {
    /// The path; `{id}` stands for what is looked up.
    pub path: &'static str,
    /// The query, where `{id}` stands for the same.
    pub query: &'static [(&'static str, &'static str)],
    /// Where in the answer what is named.
    pub names: &'static [(&'static str, Named)],
}

/// What is in spaces, and how to learn in which.
#[derive(Debug)]
pub struct ItemKind {
    /// The name of the kind.
    pub name: &'static str,
    /// How to learn it.
    pub lookups: &'static [Lookup],
}

/// The containers of Confluence: its spaces.
#[derive(Debug)]
pub struct Container {
    /// What people call one.
    pub name: &'static str,
    /// The audience of all lookups.
    pub audience: &'static str,
    /// How to learn the key of one.
    pub by_id: Lookup,
    /// How to learn the id of one.
    pub by_key: Lookup,
    /// What is in them.
    pub items: &'static [ItemKind],
}

/// A page or a blog post. An id does not tell which of the two it is of.
const CONTENT: Named = Named::Item("content");
/// A comment, below content or on a part of its text.
const COMMENT: Named = Named::Item("comment");
const ATTACHMENT: Named = Named::Item("attachment");

/// Spaces.
pub(crate) static SPACES: Container = Container {
    name: "space",
    audience: CONFLUENCE,
    by_id: Lookup {
        path: "/api/v2/spaces/{id}",
        query: &[],
        names: &[("/id", Named::SpaceId), ("/key", Named::SpaceKey)],
    },
    by_key: Lookup {
        path: "/api/v2/spaces",
        query: &[("keys", "{id}")],
        names: &[("/results/0/id", Named::SpaceId), ("/results/0/key", Named::SpaceKey)],
    },
    items: &[
        ItemKind {
            name: "content",
            lookups: &[
                content("/api/v2/pages/{id}", &[]),
                content("/api/v2/blogposts/{id}", &[]),
                content("/api/v2/pages/{id}", &[("get-draft", "true")]),
                content("/api/v2/blogposts/{id}", &[("get-draft", "true")]),
                content("/api/v2/pages/{id}", &[("status", "trashed")]),
                content("/api/v2/blogposts/{id}", &[("status", "trashed")]),
            ],
        },
        ItemKind {
            name: "comment",
            lookups: &[comment("/api/v2/footer-comments/{id}"), comment("/api/v2/inline-comments/{id}")],
        },
        // One in the trash is not found, so that it is undecided.
        ItemKind {
            name: "attachment",
            lookups: &[Lookup {
                path: "/api/v2/attachments/{id}",
                query: &[],
                names: &[("/pageId", CONTENT), ("/blogPostId", CONTENT)],
            }],
        },
    ],
};

const fn content(path: &'static str, query: &'static [(&'static str, &'static str)]) -> Lookup {
    Lookup { path, query, names: &[("/spaceId", Named::SpaceId)] }
}

const fn comment(path: &'static str) -> Lookup {
    Lookup {
        path,
        query: &[],
        names: &[("/pageId", CONTENT), ("/blogPostId", CONTENT), ("/attachmentId", ATTACHMENT)],
    }
}

const fn rule(method: Method, path: &'static str, subjects: &'static [Subject]) -> Rule {
    Rule { method, path, subjects: Some(subjects), keeps: &[] }
}

/// A list out of which the host takes what may not be read.
const fn list(path: &'static str, subjects: &'static [Subject]) -> Rule {
    Rule { method: Method::Get, path, subjects: Some(subjects), keeps: &["/_links/next", "/_links/base"] }
}

const fn at(place: Place, what: Named) -> Subject {
    Subject { place, what, when: None }
}

const fn in_path(name: &'static str, what: Named) -> Subject {
    at(Place::Path(name), what)
}

const fn in_body(pointer: &'static str, what: Named) -> Subject {
    at(Place::Body(pointer), what)
}

const fn in_answer(pointer: &'static str, what: Named) -> Subject {
    at(Place::Answer(pointer), what)
}

/// Where a copy goes to, by the type of the destination.
const fn destination(kind: &'static str, what: Named) -> Subject {
    Subject { place: Place::Body("/destination/value"), what, when: Some(("/destination/type", kind)) }
}

const OF_CONTENT: &[Subject] = &[in_path("content", CONTENT)];
const OF_COMMENT: &[Subject] = &[in_path("comment", COMMENT)];
const IN_SPACE: &[Subject] = &[in_path("space", Named::SpaceId)];
/// The answer says the space itself, so that nothing has to be looked up.
const READ_CONTENT: &[Subject] = &[in_path("content", CONTENT), in_answer("/spaceId", Named::SpaceId)];
const READ_COMMENT: &[Subject] = &[
    in_path("comment", COMMENT),
    in_answer("/pageId", CONTENT),
    in_answer("/blogPostId", CONTENT),
    in_answer("/attachmentId", ATTACHMENT),
    in_answer("/customContentId", CONTENT),
];
const READ_ATTACHED: &[Subject] = &[
    in_path("attachment", ATTACHMENT),
    in_answer("/pageId", CONTENT),
    in_answer("/blogPostId", CONTENT),
    in_answer("/customContentId", CONTENT),
];
const CREATE_CONTENT: &[Subject] = &[in_body("/spaceId", Named::SpaceId), in_body("/parentId", CONTENT)];
const REPLACE_CONTENT: &[Subject] = &[
    in_path("content", CONTENT),
    in_body("/id", CONTENT),
    in_body("/spaceId", Named::SpaceId),
    in_body("/parentId", CONTENT),
];
const CREATE_COMMENT: &[Subject] = &[
    in_body("/pageId", CONTENT),
    in_body("/blogPostId", CONTENT),
    in_body("/parentCommentId", COMMENT),
    in_body("/attachmentId", ATTACHMENT),
    in_body("/customContentId", CONTENT),
];

const LIST_SPACES: Rule = list(
    "/api/v2/spaces",
    &[in_answer("/results/*/id", Named::SpaceId), in_answer("/results/*/key", Named::SpaceKey)],
);

/// Finding a space by key, id or name.
pub(crate) const SPACE: &[Rule] = &[
    LIST_SPACES,
    rule(
        Method::Get,
        "/api/v2/spaces/{space}",
        &[in_answer("/id", Named::SpaceId), in_answer("/key", Named::SpaceKey)],
    ),
];
/// Pages of a space.
pub(crate) const PAGES: &[Rule] = &[rule(Method::Get, "/api/v2/spaces/{space}/pages", IN_SPACE)];
/// Blog posts of a space.
pub(crate) const BLOGPOSTS: &[Rule] = &[rule(Method::Get, "/api/v2/spaces/{space}/blogposts", IN_SPACE)];
/// Reading a page.
pub(crate) const READ_PAGE: &[Rule] = &[rule(Method::Get, "/api/v2/pages/{content}", READ_CONTENT)];
/// Reading a page or a blog post.
pub(crate) const READ: &[Rule] = &[
    rule(Method::Get, "/api/v2/pages/{content}", READ_CONTENT),
    rule(Method::Get, "/api/v2/blogposts/{content}", READ_CONTENT),
];
/// Creating a page or a blog post.
pub(crate) const CREATE: &[Rule] = &[
    rule(Method::Post, "/api/v2/pages", CREATE_CONTENT),
    rule(Method::Post, "/api/v2/blogposts", CREATE_CONTENT),
];
/// Replacing a page.
pub(crate) const REPLACE_PAGE: &[Rule] = &[rule(Method::Put, "/api/v2/pages/{content}", REPLACE_CONTENT)];
/// Replacing a page or a blog post.
pub(crate) const REPLACE: &[Rule] = &[
    rule(Method::Put, "/api/v2/pages/{content}", REPLACE_CONTENT),
    rule(Method::Put, "/api/v2/blogposts/{content}", REPLACE_CONTENT),
];
/// Deleting a page or a blog post.
pub(crate) const DELETE: &[Rule] = &[
    rule(Method::Delete, "/api/v2/pages/{content}", OF_CONTENT),
    rule(Method::Delete, "/api/v2/blogposts/{content}", OF_CONTENT),
];
/// The versions of content.
pub(crate) const VERSIONS: &[Rule] = &[
    rule(Method::Get, "/api/v2/pages/{content}/versions", OF_CONTENT),
    rule(Method::Get, "/api/v2/blogposts/{content}/versions", OF_CONTENT),
];
/// The labels of content.
pub(crate) const LABELS: &[Rule] = &[
    rule(Method::Get, "/api/v2/pages/{content}/labels", OF_CONTENT),
    rule(Method::Get, "/api/v2/blogposts/{content}/labels", OF_CONTENT),
];
/// Adding labels.
pub(crate) const ADD_LABELS: &[Rule] = &[rule(Method::Post, "/rest/api/content/{content}/label", OF_CONTENT)];
/// Removing labels.
pub(crate) const REMOVE_LABEL: &[Rule] =
    &[rule(Method::Delete, "/rest/api/content/{content}/label", OF_CONTENT)];
/// The attachments of content.
pub(crate) const ATTACHMENTS: &[Rule] = &[
    rule(Method::Get, "/api/v2/pages/{content}/attachments", OF_CONTENT),
    rule(Method::Get, "/api/v2/blogposts/{content}/attachments", OF_CONTENT),
];
/// Reading what is said of a file.
pub(crate) const ATTACHMENT_BY_ID: &[Rule] =
    &[rule(Method::Get, "/api/v2/attachments/{attachment}", READ_ATTACHED)];
/// Attaching a file, or a new version of one.
pub(crate) const UPLOAD: &[Rule] =
    &[rule(Method::Put, "/rest/api/content/{content}/child/attachment", OF_CONTENT)];
/// Fetching a file.
pub(crate) const DOWNLOAD: &[Rule] = &[rule(
    Method::Get,
    "/rest/api/content/{content}/child/attachment/{attachment}/download",
    &[in_path("content", CONTENT), in_path("attachment", ATTACHMENT)],
)];
/// Deleting a file.
pub(crate) const DELETE_ATTACHMENT: &[Rule] =
    &[rule(Method::Delete, "/api/v2/attachments/{attachment}", &[in_path("attachment", ATTACHMENT)])];
/// What is directly below a page.
pub(crate) const CHILDREN: &[Rule] =
    &[rule(Method::Get, "/api/v2/pages/{content}/direct-children", OF_CONTENT)];
/// All that is below a page.
pub(crate) const DESCENDANTS: &[Rule] =
    &[rule(Method::Get, "/api/v2/pages/{content}/descendants", OF_CONTENT)];
/// What is above a page.
pub(crate) const ANCESTORS: &[Rule] = &[rule(Method::Get, "/api/v2/pages/{content}/ancestors", OF_CONTENT)];
/// Moving a page beside another.
pub(crate) const MOVE: &[Rule] = &[rule(
    Method::Put,
    "/rest/api/content/{content}/move/{position}/{target}",
    &[in_path("content", CONTENT), in_path("target", CONTENT)],
)];
/// Copying a page.
pub(crate) const COPY: &[Rule] = &[rule(
    Method::Post,
    "/rest/api/content/{content}/copy",
    &[
        in_path("content", CONTENT),
        destination("space", Named::SpaceKey),
        destination("parent_page", CONTENT),
        destination("parent_content", CONTENT),
        destination("existing_page", CONTENT),
    ],
)];
/// Archiving pages.
pub(crate) const ARCHIVE: &[Rule] =
    &[rule(Method::Post, super::paths::ARCHIVE, &[in_body("/pages/*/id", CONTENT)])];
/// The comments of content.
pub(crate) const COMMENTS: &[Rule] = &[
    rule(Method::Get, "/api/v2/pages/{content}/footer-comments", OF_CONTENT),
    rule(Method::Get, "/api/v2/pages/{content}/inline-comments", OF_CONTENT),
    rule(Method::Get, "/api/v2/blogposts/{content}/footer-comments", OF_CONTENT),
    rule(Method::Get, "/api/v2/blogposts/{content}/inline-comments", OF_CONTENT),
];
/// The replies to a comment.
pub(crate) const REPLIES: &[Rule] = &[
    rule(Method::Get, "/api/v2/footer-comments/{comment}/children", OF_COMMENT),
    rule(Method::Get, "/api/v2/inline-comments/{comment}/children", OF_COMMENT),
];
/// Reading a comment.
pub(crate) const COMMENT_BY_ID: &[Rule] = &[
    rule(Method::Get, "/api/v2/footer-comments/{comment}", READ_COMMENT),
    rule(Method::Get, "/api/v2/inline-comments/{comment}", READ_COMMENT),
];
/// Commenting.
pub(crate) const ADD_COMMENT: &[Rule] = &[
    rule(Method::Post, "/api/v2/footer-comments", CREATE_COMMENT),
    rule(Method::Post, "/api/v2/inline-comments", CREATE_COMMENT),
];
/// Replacing a comment.
pub(crate) const REPLACE_COMMENT: &[Rule] = &[
    rule(Method::Put, "/api/v2/footer-comments/{comment}", OF_COMMENT),
    rule(Method::Put, "/api/v2/inline-comments/{comment}", OF_COMMENT),
];
/// Deleting a comment.
pub(crate) const DELETE_COMMENT: &[Rule] = &[
    rule(Method::Delete, "/api/v2/footer-comments/{comment}", OF_COMMENT),
    rule(Method::Delete, "/api/v2/inline-comments/{comment}", OF_COMMENT),
];
/// Searching. What is no content and no space, such as a person, names no space and is not given where one is denied.
pub(crate) const SEARCH: &[Rule] = &[list(
    super::paths::SEARCH,
    &[
        in_answer("/results/*/content/space/id", Named::SpaceId),
        in_answer("/results/*/content/space/key", Named::SpaceKey),
        in_answer("/results/*/space/id", Named::SpaceId),
        in_answer("/results/*/space/key", Named::SpaceKey),
    ],
)];
/// Who it is.
pub(crate) const ACCOUNT: &[Rule] =
    &[Rule { method: Method::Get, path: super::paths::CURRENT_USER, subjects: None, keeps: &[] }];
