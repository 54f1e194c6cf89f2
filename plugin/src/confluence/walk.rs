//! Walking over a list, one page of results at a time.

use std::ops::ControlFlow;

use serde_json::Value;

use super::client::Client;
use super::paging::{self, Walk};
use crate::platform::{Failure, Parameter};

/// A list of Confluence.
#[derive(Debug)]
pub(crate) struct List {
    /// Its path.
    pub(crate) path: String,
    /// What every request for it carries. With the `limit`, which stays the same while a cursor is followed.
    pub(crate) query: Vec<Parameter>,
    /// What it belongs to, such as `space DOCS`.
    pub(crate) subject: String,
    /// The code of the failure where that is not there.
    pub(crate) not_found: &'static str,
}

/// One page of results.
pub(crate) struct Batch<'b> {
    /// The results.
    pub(crate) items: &'b [Value],
    /// What links of the results are relative to.
    pub(crate) base: Option<&'b str>,
    /// Where this page of results is; absent: it is the first.
    pub(crate) cursor: Option<&'b str>,
    /// Whether there are more pages of results.
    pub(crate) more: bool,
    /// Where the next one is, as far as it is said in a way that can be trusted.
    pub(crate) next: Option<&'b str>,
    answer: &'b super::call::Answer,
}

impl Batch<'_> {
    /// The failure of a result that lacks something.
    pub(crate) fn unreadable(&self, lacks: &str) -> Failure {
        self.answer.unreadable(lacks)
    }
}

impl Client<'_> {
    /// Walks over a list from a cursor, or from its beginning, until there is no more or `visit` has enough.
    pub(crate) fn walk(
        &self,
        list: &List,
        from: Option<String>,
        visit: &mut dyn FnMut(&Batch<'_>) -> Result<ControlFlow<()>, Failure>,
    ) -> Result<(), Failure> {
        let mut walk = Walk::default();
        let mut cursor = from;
        loop {
            let answer = self
                .get(list.path.clone())
                .queries(list.query.iter().cloned())
                .queries(cursor.clone().map(|cursor| Parameter::new("cursor", cursor)))
                .about(list.subject.clone(), list.not_found)
                .answer()?;
            let base = answer.link("base").map(ToOwned::to_owned).or_else(|| self.base());
            let link = paging::link(answer.link("next"), &answer.response);
            let next = link.map(|link| walk.cursor_of(link, self.site_host())).transpose();
            let known = next.as_ref().ok().and_then(Option::as_deref);
            let batch = Batch {
                items: answer.results()?,
                base: base.as_deref(),
                cursor: cursor.as_deref(),
                more: link.is_some(),
                next: known,
                answer: &answer,
            };
            if visit(&batch)?.is_break() {
                return Ok(());
            }
            match next.map_err(|failure| answer.answered(failure))? {
                Some(next) => cursor = Some(next),
                None => return Ok(()),
            }
        }
    }
}
