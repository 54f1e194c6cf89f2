//! The client of Confluence's REST API: v2, and what v2 lacks from v1.
//!
//! It guards five things, so that a template cannot get them wrong: a path is made of fixed words and checked ids
//! only (`paths`), an address of a page is taken apart and never called (`reference`), pages of results are followed
//! without ever following a URL (`paging`, `walk`), nothing is sent twice (`call`), and every answer that is not a
//! success becomes one failure that says what to do (`errors`).

pub(crate) mod call;
pub(crate) mod client;
pub(crate) mod cql;
pub(crate) mod errors;
pub(crate) mod model;
pub(crate) mod paging;
pub(crate) mod paths;
pub(crate) mod reference;
pub(crate) mod requests;
pub(crate) mod scopes;
pub(crate) mod walk;

/// The audience of the REST API, in the connection's site.
pub(crate) const CONFLUENCE: &str = "confluence";
