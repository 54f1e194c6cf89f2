//! One request of a template, from its path to an answer that can be read or a failure that says what to do.
//!
//! Nothing is sent twice here. Where the answer to a request that creates is lost, nobody knows whether it was
//! carried out: that is a failure of its own, `unknown-outcome`, which says where to look.

use serde_json::Value;

use super::CONFLUENCE;
use super::errors::{self, Attempt};
use super::scopes::Need;
use crate::platform::{Body, Failure, FileFacts, Method, Parameter, Part, Request, Response, Session};

/// What v1 asks for of every request that changes something: without it, it takes the request for a forged one.
const NO_XSRF_CHECK: (&str, &str) = ("X-Atlassian-Token", "no-check");

/// A request that is not yet sent.
#[must_use = "a call that is not sent does nothing"]
pub(crate) struct Call<'c> {
    session: &'c dyn Session,
    need: Need,
    granted: &'c [String],
    request: Request,
    subject: String,
    not_found: &'static str,
    check: Option<String>,
}

impl<'c> Call<'c> {
    pub(super) fn new(
        session: &'c dyn Session,
        (need, granted): (Need, &'c [String]),
        (method, path): (Method, String),
        body: Option<&Value>,
    ) -> Self {
        let is_v1 = path.starts_with("/rest/");
        let headers = if is_v1 && method != Method::Get {
            vec![Parameter::new(NO_XSRF_CHECK.0, NO_XSRF_CHECK.1)]
        } else {
            Vec::new()
        };
        let body = body.map_or(Body::None, |body| Body::Json(body.to_string()));
        let request = Request { audience: CONFLUENCE, method, path, query: Vec::new(), headers, body };
        Self {
            session,
            need,
            granted,
            request,
            subject: "content".to_owned(),
            not_found: "content-not-found",
            check: None,
        }
    }

    /// Adds a parameter to the query.
    pub(crate) fn query(mut self, name: &str, value: impl Into<String>) -> Self {
        self.request.query.push(Parameter::new(name, value));
        self
    }

    /// Adds parameters to the query.
    pub(crate) fn queries(mut self, parameters: impl IntoIterator<Item = Parameter>) -> Self {
        self.request.query.extend(parameters);
        self
    }

    /// Says what it is about, such as `page 131073`, and the code of the failure where that is not there.
    pub(crate) fn about(mut self, subject: impl Into<String>, not_found: &'static str) -> Self {
        self.subject = subject.into();
        self.not_found = not_found;
        self
    }

    /// Says that a repeat would do it again, and where to look whether it was done: a sentence.
    pub(crate) fn not_repeatable(mut self, check: impl Into<String>) -> Self {
        self.check = Some(check.into());
        self
    }

    /// Sends it, for an answer in JSON.
    pub(crate) fn answer(self) -> Result<Answer, Failure> {
        let response = self.send()?;
        let json = match success(&response, &self.attempt()) {
            Ok(json) => json,
            Err(failure) if is_success(&response) => return Err(of_unread(failure, self.check.as_deref())),
            Err(failure) => return Err(failure),
        };
        let writes = self.request.method != Method::Get;
        Ok(Answer { json, response, subject: self.subject, writes, check: self.check })
    }

    /// Gives it a form for its body.
    pub(super) fn form(mut self, parts: Vec<Part>) -> Self {
        self.request.body = Body::Multipart(parts);
        self
    }

    /// Sends it, for an answer that becomes a file.
    pub(crate) fn download(self, name: &str, media_type: &str) -> Result<FileFacts, Failure> {
        let (response, file) = self.session.download(self.request.clone(), name, media_type)?;
        if is_success(&response) { Ok(file) } else { Err(errors::failure(&response, &self.attempt())) }
    }

    /// Sends it, where only success matters. A page of HTML is none: it is from whatever stands between.
    pub(crate) fn done(self) -> Result<(), Failure> {
        let response = self.send()?;
        if is_success(&response) && response.body.is_empty() {
            return Ok(());
        }
        success(&response, &self.attempt()).map(drop)
    }

    fn send(&self) -> Result<Response, Failure> {
        let response = self.session.send(self.request.clone());
        let Some(check) = &self.check else { return response };
        match response {
            Err(failure) if failure.request_sent => Err(errors::unknown_outcome(failure, check)),
            // A gateway that gave up says nothing about what is behind it.
            Ok(response) if matches!(response.status, 502 | 504) => {
                Err(errors::unknown_outcome(errors::failure(&response, &self.attempt()), check))
            }
            other => other,
        }
    }

    fn attempt(&self) -> Attempt<'_> {
        Attempt {
            subject: &self.subject,
            not_found: self.not_found,
            writes: self.request.method != Method::Get,
            at_cursor: self.request.query.iter().any(|parameter| parameter.name == "cursor"),
            need: Some(self.need),
            granted: self.granted,
        }
    }
}

/// The answer of a success.
pub(crate) struct Answer {
    /// Its JSON.
    pub(crate) json: Value,
    pub(super) response: Response,
    subject: String,
    writes: bool,
    check: Option<String>,
}

impl Answer {
    /// The failure of an answer that lacks something: `lacks` says what, as in `it has no id`.
    pub(crate) fn unreadable(&self, lacks: &str) -> Failure {
        let failure = errors::unreadable(&self.response, &self.subject, self.writes, lacks);
        of_unread(failure, self.check.as_deref())
    }

    /// A failure, with what is known of this answer.
    pub(super) fn answered(&self, failure: Failure) -> Failure {
        errors::answered(failure, &self.response, self.writes)
    }

    /// The results of a list.
    pub(crate) fn results(&self) -> Result<&[Value], Failure> {
        let results = self.json.get("results").and_then(Value::as_array);
        results.map(Vec::as_slice).ok_or_else(|| self.unreadable("it has no results"))
    }

    /// A link of the answer, by its name.
    pub(crate) fn link(&self, name: &str) -> Option<&str> {
        self.json.get("_links")?.get(name)?.as_str()
    }
}

/// The failure of a success that cannot be read. What would be done twice by a repeat may have been done.
fn of_unread(failure: Failure, check: Option<&str>) -> Failure {
    match check {
        Some(check) => errors::unknown_outcome(failure, check),
        None => failure,
    }
}

fn is_success(response: &Response) -> bool {
    (200..=299).contains(&response.status)
}

/// The JSON of a success.
pub(crate) fn success(response: &Response, attempt: &Attempt<'_>) -> Result<Value, Failure> {
    if !is_success(response) {
        return Err(errors::failure(response, attempt));
    }
    serde_json::from_slice(&response.body)
        .map_err(|_| errors::unreadable(response, attempt.subject, attempt.writes, "it is not JSON"))
}
