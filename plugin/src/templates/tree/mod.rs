//! What is above and below a page, and changing that.

pub(super) mod archive_content;
pub(super) mod copy_content;
pub(super) mod list_ancestors;
pub(super) mod list_children;
pub(super) mod list_descendants;
pub(super) mod move_content;

use serde_json::Value;

use super::items::NodeOut;
use super::listing::{self, Range};
use crate::confluence::client::Client;
use crate::confluence::paths::{self, Id, Kind};
use crate::confluence::walk::List;
use crate::platform::{Failure, Parameter};

/// What is below a page, as a list of Confluence has it: of every type, so one type is chosen here.
fn below(
    client: &Client<'_>,
    (page, what): (&Id, &'static str),
    query: Vec<Parameter>,
    kind: Option<&str>,
    range: &Range,
) -> Result<Value, Failure> {
    let list = List {
        path: paths::of_content(Kind::Page, page, what),
        query,
        subject: format!("page {page}"),
        not_found: "content-not-found",
    };
    let listed = range.list(client, vec![list], ("item", kind.is_some()), |_, value, _| {
        let node = NodeOut::read(value)?;
        Ok(kind.is_none_or(|kind| node.kind == kind).then_some(node))
    })?;
    Ok(listing::output_of(("page", page.as_str().into()), "items", listed))
}
