//! The client of Confluence's REST API v2, as far as the templates need it.
//!
//! It guards three things, so that a template cannot get them wrong: a path is made of fixed words and
//! checked ids only (`paths`), pages of results are followed without ever following a URL (`paging`), and
//! every answer that is not a success becomes one failure that says what to do (`errors`).

pub(crate) mod client;
pub(crate) mod errors;
pub(crate) mod model;
pub(crate) mod paging;
pub(crate) mod paths;
pub(crate) mod scopes;

/// The audience of the REST API, in the connection's site.
pub(crate) const CONFLUENCE: &str = "confluence";
