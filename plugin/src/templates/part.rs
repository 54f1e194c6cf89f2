//! Lists of what belongs to a page or a blog post: its labels, attachments, versions.

use serde::Serialize;
use serde_json::Value;

use super::listing::{self, Range};
use super::target::Target;
use crate::confluence::client::Client;
use crate::confluence::paths;
use crate::confluence::walk;
use crate::platform::{Failure, Parameter};

/// A list that belongs to content.
pub(super) struct List {
    /// The last word of its path, and the name of the items in the output.
    pub(super) part: &'static str,
    /// What chooses among the items.
    pub(super) query: Vec<Parameter>,
    /// What one item is called.
    pub(super) noun: &'static str,
    /// Whether items are left out that Confluence gives.
    pub(super) filtered: bool,
}

impl List {
    /// Gives the items. The content may be a page or a blog post, which have the same lists in two places.
    pub(super) fn give<T: Serialize>(
        &self,
        client: &Client<'_>,
        (target, range): (&Target, &Range),
        pick: impl Fn(&Value, Option<&str>) -> Result<Option<T>, &'static str>,
    ) -> Result<Value, Failure> {
        range.check()?;
        let found = target.find(client)?;
        let (_, listed) = found.attempt(|kind| {
            let list = walk::List {
                path: paths::of_content(kind, &found.id, self.part),
                query: self.query.clone(),
                subject: format!("{} {}", kind.noun(), found.id),
                not_found: "content-not-found",
            };
            range
                .list(client, vec![list], (self.noun, self.filtered), |_, value, base| Ok(pick(value, base)?))
        })?;
        Ok(listing::output_of(("id", found.id.as_str().into()), self.part, listed))
    }
}
