//! Confluence's REST API, version 2: the operations that the templates use.

pub(crate) mod create;
pub(crate) mod fields;
pub(crate) mod objects;
pub(crate) mod paging;
pub(crate) mod query;
pub(crate) mod read;
pub(crate) mod spaces;
pub(crate) mod update;
