//! Confluence's REST API, version 2: the operations that the templates use.

pub(crate) mod attachments;
pub(crate) mod comments;
pub(crate) mod create;
pub(crate) mod fields;
pub(crate) mod labels;
pub(crate) mod lists;
pub(crate) mod objects;
pub(crate) mod paging;
pub(crate) mod query;
pub(crate) mod read;
pub(crate) mod spaces;
pub(crate) mod title;
pub(crate) mod tree;
pub(crate) mod update;
pub(crate) mod versions;
