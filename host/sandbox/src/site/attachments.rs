//! Files that are attached to pages and blog posts.

use bytes::Bytes;

use crate::clock::Moment;

use super::{Status, Version};

/// One version of a file.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) version: Version,
    pub(crate) media_type: String,
    pub(crate) bytes: Bytes,
}

#[derive(Debug, Clone)]
pub(crate) struct Attachment {
    pub(crate) id: u64,
    /// The page or blog post.
    pub(crate) container: u64,
    pub(crate) title: String,
    /// What bodies in atlas_doc_format name it by, which is not its id.
    pub(crate) file_id: String,
    pub(crate) status: Status,
    pub(crate) created: Moment,
    /// Every version, oldest first; at least one.
    pub(crate) files: Vec<File>,
}

impl Attachment {
    /// The newest version, or the one with a number.
    pub(crate) fn file(&self, number: Option<u32>) -> Option<&File> {
        match number {
            None => self.files.last(),
            Some(number) => self.files.iter().find(|file| file.version.number == number),
        }
    }

    /// The id as answers have it.
    pub(crate) fn name(&self) -> String {
        format!("att{}", self.id)
    }
}

/// The number in an attachment's id, which is `att` and the number, or the number alone.
pub(crate) fn number(id: &str) -> Option<u64> {
    id.strip_prefix("att").unwrap_or(id).parse().ok()
}
