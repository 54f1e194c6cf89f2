//! Files attached to pages and blog posts.

pub(super) mod delete_attachment;
pub(super) mod download_attachment;
pub(super) mod list_attachments;
pub(super) mod upload_attachment;
