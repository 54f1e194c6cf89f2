//! Lists, a page at a time.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::extract::wrong;
use crate::failure::{Failure, Result};

/// How many items a page has where nothing else is said.
const USUAL: usize = 50;

/// How many it has at most.
const MOST: usize = 200;

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Paging {
    /// How many items: 1 to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub(super) limit: Option<usize>,
    /// Where the page begins: `next_cursor` of the one before.
    #[param(max_length = 128)]
    pub(super) cursor: Option<String>,
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Page<T> {
    /// The items.
    items: Vec<T>,
    /// What to ask for the next page with; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

impl Paging {
    pub(super) fn limit(&self) -> Result<usize> {
        match self.limit {
            None => Ok(USUAL),
            Some(limit) if (1..=MOST).contains(&limit) => Ok(limit),
            Some(_) => Err(wrong("bad-limit", &format!("A page has 1 to {MOST} items."))),
        }
    }

    /// The id that the page before ended with.
    pub(super) fn after(&self) -> Result<Option<String>> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let id = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        match id {
            Some(id) if crate::ids::is_id(&id) => Ok(Some(id)),
            _ => Err(bad_cursor()),
        }
    }

    /// The page of a list that is there as a whole, by ids that tell its items apart.
    pub(super) fn of<T, V>(
        &self,
        mut all: Vec<T>,
        id: impl Fn(&T) -> &str,
        view: impl FnMut(T) -> V,
    ) -> Result<Page<V>> {
        let (limit, after) = (self.limit()?, self.after()?);
        all.sort_by(|one, other| id(one).cmp(id(other)));
        let start = after.map_or(0, |after| all.partition_point(|item| id(item) <= after.as_str()));
        let rest: Vec<T> = all.into_iter().skip(start).take(limit + 1).collect();
        Ok(Page::new(rest, limit, id, view))
    }
}

impl<V> Page<V> {
    /// A page out of as many items as it has and one more, if there is one.
    pub(super) fn new<T>(
        mut items: Vec<T>,
        limit: usize,
        id: impl Fn(&T) -> &str,
        view: impl FnMut(T) -> V,
    ) -> Self {
        let has_more = items.len() > limit;
        items.truncate(limit);
        let last = items.last().filter(|_| has_more).map(|last| URL_SAFE_NO_PAD.encode(id(last)));
        Self { items: items.into_iter().map(view).collect(), next_cursor: last }
    }
}

impl<V> Page<Result<V>> {
    /// The same, if each of its items could be made.
    pub(super) fn transposed(self) -> Result<Page<V>> {
        let items = self.items.into_iter().collect::<Result<_>>()?;
        Ok(Page { items, next_cursor: self.next_cursor })
    }
}

fn bad_cursor() -> Failure {
    wrong("bad-cursor", "This cursor was not given by this service.")
        .hint("Take next_cursor of the page before as it is, or begin without one.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_on_one_page_whatever_the_size_of_pages() {
        let all = || ["c", "a", "e", "b", "d"].map(str::to_owned).to_vec();
        for limit in 1..=6 {
            let (mut cursor, mut seen) = (None, Vec::new());
            loop {
                let paging = Paging { limit: Some(limit), cursor };
                let page = paging.of(all(), |id| id, |id| id).unwrap();
                assert!(page.items.len() <= limit);
                seen.extend(page.items);
                cursor = page.next_cursor;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(seen, ["a", "b", "c", "d", "e"]);
        }
    }

    #[test]
    fn a_cursor_of_somebody_else_is_refused() {
        for cursor in ["", "!", "Li4vLi4", "AAAA"] {
            let paging = Paging { limit: None, cursor: Some(cursor.to_owned()) };
            assert_eq!(paging.after().unwrap_err().code, "bad-cursor", "{cursor}");
        }
    }
}
