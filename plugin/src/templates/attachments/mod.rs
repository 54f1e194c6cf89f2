//! Files attached to pages and blog posts, as far as they are not moved themselves.

pub(super) mod delete_attachment;
pub(super) mod list_attachments;
