//! Versions of pages and blog posts.

pub(super) mod compare_versions;
pub(super) mod list_versions;
