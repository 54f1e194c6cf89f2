//! Confluence, as the templates call it.

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::model::{Content, Space};
use super::paging;
use super::paths::{self, Id, Kind};
use super::scopes::Need;
use crate::content::Body;
use crate::platform::{Failure, Method, Parameter, Part, Session};

/// Confluence, for one run of a template.
pub(crate) struct Client<'a> {
    session: &'a dyn Session,
    need: Need,
    granted: Vec<String>,
    site_url: Option<String>,
}

impl<'a> Client<'a> {
    /// A client for a template.
    pub(crate) fn new(session: &'a dyn Session, need: Need) -> Self {
        let facts = session.facts();
        Self { session, need, granted: facts.scopes, site_url: facts.site.map(|site| site.url) }
    }

    /// The connection this acts for, and its log.
    pub(crate) fn session(&self) -> &dyn Session {
        self.session
    }

    /// A request that reads.
    pub(crate) fn get(&self, path: impl Into<String>) -> Call<'_> {
        self.call(Method::Get, path, None)
    }

    /// A request that creates, or does what its path names.
    pub(crate) fn post(&self, path: impl Into<String>, body: &Value) -> Call<'_> {
        self.call(Method::Post, path, Some(body))
    }

    /// A request that replaces.
    pub(crate) fn put(&self, path: impl Into<String>, body: Option<&Value>) -> Call<'_> {
        self.call(Method::Put, path, body)
    }

    /// A request that brings a form of several parts.
    pub(crate) fn put_form(&self, path: impl Into<String>, parts: Vec<Part>) -> Call<'_> {
        self.call(Method::Put, path, None).form(parts)
    }

    /// A request that removes.
    pub(crate) fn delete(&self, path: impl Into<String>) -> Call<'_> {
        self.call(Method::Delete, path, None)
    }

    fn call(&self, method: Method, path: impl Into<String>, body: Option<&Value>) -> Call<'_> {
        Call::new(self.session, (self.need, &self.granted), (method, path.into()), body)
    }

    /// One page or blog post, to be read: with its body in `format`, without which the body comes back empty.
    pub(crate) fn content_call(&self, kind: Kind, id: &Id, format: &str) -> Call<'_> {
        self.get(paths::content(kind, id))
            .query("body-format", format)
            .about(format!("{} {id}", kind.noun()), "content-not-found")
    }

    /// One page or blog post with its body in `format`.
    pub(crate) fn content(&self, kind: Kind, id: &Id, format: &str, draft: bool) -> Result<Content, Failure> {
        let call = self.content_call(kind, id, format);
        let call = if draft { call.query("get-draft", "true") } else { call };
        self.read_content(&call.answer()?)
    }

    /// Replaces a page or blog post. `fields` is the whole of what the operation takes.
    pub(crate) fn replace(&self, kind: Kind, id: &Id, fields: &Value) -> Result<Content, Failure> {
        let call = self.put(paths::content(kind, id), Some(fields));
        let answer = call.about(format!("{} {id}", kind.noun()), "not-found-or-not-permitted").answer()?;
        self.read_content(&answer)
    }

    /// The content that an answer consists of.
    pub(crate) fn read_content(&self, answer: &Answer) -> Result<Content, Failure> {
        Content::read(&answer.json, self.base().as_deref())
            .ok_or_else(|| answer.unreadable("it has no id or no status"))
    }

    /// The space with this id.
    pub(crate) fn space(&self, id: &Id, query: &[Parameter]) -> Result<Space, Failure> {
        let call = self.get(paths::space(id)).queries(query.iter().cloned());
        let answer = call.about(format!("space {id}"), "space-not-found").answer()?;
        Space::read(&answer.json, self.base().as_deref()).ok_or_else(|| answer.unreadable("it has no id"))
    }

    /// What links are relative to, where the answer does not say.
    pub(crate) fn base(&self) -> Option<String> {
        self.site_url.as_deref().map(|url| format!("{}/wiki", url.trim_end_matches('/')))
    }

    /// The host of the connection's site, where it is known.
    pub(crate) fn site_host(&self) -> Option<&str> {
        self.site_url.as_deref().and_then(paging::host)
    }
}

/// A body as the requests have it.
pub(crate) fn body_json(body: &Body<'_>) -> Value {
    json!({"representation": body.representation, "value": body.value})
}

/// Tries each kind in turn. Only an answer that it is not there leads to the next.
pub(crate) fn first_of<K: Copy, T>(
    kinds: &[K],
    attempt: impl Fn(K) -> Result<T, Failure>,
) -> Result<(K, T), Failure> {
    let mut last = None;
    for kind in kinds {
        match attempt(*kind) {
            Ok(found) => return Ok((*kind, found)),
            Err(failure) if failure.upstream_status == Some(404) => last = Some(failure),
            Err(failure) => return Err(failure),
        }
    }
    Err(last.unwrap_or_else(|| Failure::invalid_input("invalid-input", "There is no such kind of content.")))
}
