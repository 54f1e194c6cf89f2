//! The requests of the templates, and nothing more.

use std::ops::ControlFlow;

use serde_json::{Map, Value};

use super::CONFLUENCE;
use super::errors::{self, Attempt};
use super::model::{Content, Space};
use super::paging::{self, Walk};
use super::paths::{self, Id, Kind};
use super::scopes::Need;
use crate::content;
use crate::platform::{Body, Failure, Method, Parameter, Request, Response, Session};

/// Confluence, for one run of a template.
pub(crate) struct Client<'a> {
    session: &'a dyn Session,
    need: Need,
    granted: Vec<String>,
    site_url: Option<String>,
}

/// What a new page or blog post consists of.
#[derive(Debug)]
pub(crate) struct NewContent<'a> {
    pub(crate) kind: Kind,
    pub(crate) space: &'a Space,
    pub(crate) parent: Option<&'a Id>,
    pub(crate) status: &'a str,
    pub(crate) title: Option<&'a str>,
    pub(crate) body: &'a content::Body<'a>,
}

/// What a page or blog post becomes.
#[derive(Debug)]
pub(crate) struct Update<'a> {
    pub(crate) kind: Kind,
    pub(crate) id: &'a Id,
    pub(crate) status: &'a str,
    pub(crate) title: &'a str,
    pub(crate) parent: Option<&'a Id>,
    pub(crate) body: &'a content::Body<'a>,
    /// The number of the version that this makes.
    pub(crate) version: u64,
    pub(crate) message: Option<&'a str>,
    pub(crate) minor: bool,
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

    /// The spaces with this key. Confluence decides what matches; the caller compares.
    pub(crate) fn spaces_by_key(&self, key: &str) -> Result<Vec<Space>, Failure> {
        let subject = format!("space {key}");
        let attempt = self.reading(&subject, "space-not-found");
        let (response, answer) = self.get(paths::spaces(), vec![Parameter::new("keys", key)], &attempt)?;
        let results = results(&response, &answer, &attempt)?;
        Ok(results.iter().filter_map(Space::read).collect())
    }

    /// The space with this id.
    pub(crate) fn space(&self, id: &Id) -> Result<Space, Failure> {
        let subject = format!("space {id}");
        let attempt = self.reading(&subject, "space-not-found");
        let (response, answer) = self.get(paths::space(id), Vec::new(), &attempt)?;
        Space::read(&answer).ok_or_else(|| errors::unreadable(&response, &attempt, "it has no id"))
    }

    /// One page or blog post, with its body in `format`.
    pub(crate) fn content(&self, kind: Kind, id: &Id, format: &str, draft: bool) -> Result<Content, Failure> {
        let subject = format!("{} {id}", kind.noun());
        let attempt = self.reading(&subject, "content-not-found");
        // Without `body-format` the body comes back empty.
        let mut query = vec![Parameter::new("body-format", format)];
        if draft {
            query.push(Parameter::new("get-draft", "true"));
        }
        let (response, answer) = self.get(paths::content(kind, id), query, &attempt)?;
        self.one(&response, &answer, &attempt)
    }

    /// Creates a page or blog post.
    pub(crate) fn create(&self, new: &NewContent<'_>) -> Result<Content, Failure> {
        let subject = match new.parent {
            Some(parent) => format!("space {} with a parent {parent}", new.space.label()),
            None => format!("space {}", new.space.label()),
        };
        let attempt = Attempt {
            subject: &subject,
            not_found: "not-found-or-not-permitted",
            writes: true,
            need: Some(self.need),
            granted: &self.granted,
        };
        let request = Request {
            audience: CONFLUENCE,
            method: Method::Post,
            path: paths::contents(new.kind),
            query: Vec::new(),
            body: Body::Json(new.to_json()),
        };
        let response = self.session.send(request)?;
        let answer = success(&response, &attempt)?;
        self.one(&response, &answer, &attempt)
    }

    /// Changes a page or blog post. Never repeated: another one's change could be overwritten.
    pub(crate) fn update(&self, update: &Update<'_>) -> Result<Content, Failure> {
        let subject = format!("{} {}", update.kind.noun(), update.id);
        let attempt = Attempt {
            subject: &subject,
            not_found: "content-not-found",
            writes: true,
            need: Some(self.need),
            granted: &self.granted,
        };
        let request = Request {
            audience: CONFLUENCE,
            method: Method::Put,
            path: paths::content(update.kind, update.id),
            query: Vec::new(),
            body: Body::Json(update.to_json()),
        };
        let response = self.session.send(request)?;
        let answer = success(&response, &attempt)?;
        self.one(&response, &answer, &attempt)
    }

    /// Walks over the content of a space, one page of results at a time, until there is no more or `visit`
    /// has enough. It is also told whether Confluence has more. `query` must hold the `limit`: it stays the
    /// same while a cursor is followed.
    pub(crate) fn walk(
        &self,
        kind: Kind,
        space: &Space,
        query: &[Parameter],
        visit: &mut dyn FnMut(Vec<Content>, bool) -> ControlFlow<()>,
    ) -> Result<(), Failure> {
        let subject = format!("space {}", space.label());
        let attempt = self.reading(&subject, "space-not-found");
        let site_host = self.site_url.as_deref().and_then(paging::host);
        let mut walk = Walk::default();
        let mut cursor: Option<String> = None;
        loop {
            let mut query = query.to_vec();
            query.extend(cursor.map(|cursor| Parameter::new("cursor", cursor)));
            let path = paths::contents_of_space(kind, &space.id);
            let (response, answer) = self.get(path, query, &attempt)?;
            let links = answer.get("_links");
            let link = |name: &str| links.and_then(|links| links.get(name)).and_then(Value::as_str);
            let base = link("base").map(ToOwned::to_owned).or_else(|| self.base());
            let contents = results(&response, &answer, &attempt)?
                .iter()
                .map(|item| {
                    Content::read(item, base.as_deref()).ok_or_else(|| {
                        errors::unreadable(&response, &attempt, "a result has no id or no status")
                    })
                })
                .collect::<Result<Vec<_>, _>>()?;
            let next = paging::link(link("next"), &response);
            let enough = visit(contents, next.is_some()).is_break();
            let Some(next) = next.filter(|_| !enough) else { return Ok(()) };
            let next = walk
                .cursor_of(next, site_host)
                .map_err(|failure| errors::answered(failure, &response, false))?;
            cursor = Some(next);
        }
    }

    fn reading<'b>(&'b self, subject: &'b str, not_found: &'static str) -> Attempt<'b> {
        Attempt { subject, not_found, writes: false, need: Some(self.need), granted: &self.granted }
    }

    fn get(
        &self,
        path: String,
        query: Vec<Parameter>,
        attempt: &Attempt<'_>,
    ) -> Result<(Response, Value), Failure> {
        let request = Request { audience: CONFLUENCE, method: Method::Get, path, query, body: Body::None };
        let response = self.session.send(request)?;
        let answer = success(&response, attempt)?;
        Ok((response, answer))
    }

    fn one(&self, response: &Response, answer: &Value, attempt: &Attempt<'_>) -> Result<Content, Failure> {
        Content::read(answer, self.base().as_deref())
            .ok_or_else(|| errors::unreadable(response, attempt, "it has no id or no status"))
    }

    /// What links are relative to, where the answer does not say.
    fn base(&self) -> Option<String> {
        self.site_url.as_deref().map(|url| format!("{}/wiki", url.trim_end_matches('/')))
    }
}

impl NewContent<'_> {
    fn to_json(&self) -> String {
        let mut content = Map::new();
        content.insert("spaceId".to_owned(), self.space.id.as_str().into());
        content.insert("status".to_owned(), self.status.into());
        if let Some(title) = self.title {
            content.insert("title".to_owned(), title.into());
        }
        if let Some(parent) = self.parent {
            content.insert("parentId".to_owned(), parent.as_str().into());
        }
        content.insert("body".to_owned(), body_json(self.body));
        Value::Object(content).to_string()
    }
}

impl Update<'_> {
    fn to_json(&self) -> String {
        let mut version = Map::new();
        version.insert("number".to_owned(), self.version.into());
        if let Some(message) = self.message {
            version.insert("message".to_owned(), message.into());
        }
        if self.minor {
            version.insert("minorEdit".to_owned(), true.into());
        }
        let mut content = Map::new();
        content.insert("id".to_owned(), self.id.as_str().into());
        content.insert("status".to_owned(), self.status.into());
        content.insert("title".to_owned(), self.title.into());
        if let Some(parent) = self.parent {
            content.insert("parentId".to_owned(), parent.as_str().into());
        }
        content.insert("body".to_owned(), body_json(self.body));
        content.insert("version".to_owned(), Value::Object(version));
        Value::Object(content).to_string()
    }
}

fn body_json(body: &content::Body<'_>) -> Value {
    let mut json = Map::new();
    json.insert("representation".to_owned(), body.representation.into());
    json.insert("value".to_owned(), body.value.as_ref().into());
    Value::Object(json)
}

/// The JSON of a success.
pub(crate) fn success(response: &Response, attempt: &Attempt<'_>) -> Result<Value, Failure> {
    if !(200..=299).contains(&response.status) {
        return Err(errors::failure(response, attempt));
    }
    serde_json::from_slice(&response.body)
        .map_err(|_| errors::unreadable(response, attempt, "it is not JSON"))
}

fn results<'v>(
    response: &Response,
    answer: &'v Value,
    attempt: &Attempt<'_>,
) -> Result<&'v [Value], Failure> {
    answer
        .get("results")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .ok_or_else(|| errors::unreadable(response, attempt, "it has no results"))
}
