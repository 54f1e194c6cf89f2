//! A double of the host: it plays recorded answers, in order, and remembers what it was asked.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use actionbay_confluence::manifest::{MANIFEST, Place, Rule, Subject};
use actionbay_confluence::platform::{
    Authority, Body, Facts, Failure, FailureKind, FileFacts, Level, Method, Parameter, Part, PartContent,
    Request, Response, Session, Site,
};
use actionbay_confluence::templates::{self, Template};
use serde_json::{Value, json};

/// The cloud id of the connection's site.
pub(crate) const CLOUD_ID: &str = "11111111-aaaa-4bbb-8ccc-222222222222";

/// A host with recorded answers.
pub(crate) struct Host {
    answers: RefCell<VecDeque<Result<Response, Failure>>>,
    requests: RefCell<Vec<Request>>,
    /// The lines of the log.
    pub(crate) log: RefCell<Vec<(Level, String)>>,
    /// The reports of progress.
    pub(crate) progress: RefCell<Vec<(u64, Option<u64>, String)>>,
    /// How often a code was exchanged.
    pub(crate) exchanges: Cell<usize>,
    /// What the plugin may know of the connection.
    pub(crate) facts: Facts,
    /// What exchanging a code or a refresh token fails with.
    pub(crate) token_failure: Option<Failure>,
    /// The template that runs.
    running: Cell<Option<&'static Template>>,
    /// The names and media types that files were to be made with.
    pub(crate) wished: RefCell<Vec<(String, String)>>,
}

/// A stand-in for the connection, which has nothing to read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Connection;

impl Host {
    /// A host that gives these answers, one for each request.
    pub(crate) fn with(answers: impl IntoIterator<Item = Response>) -> Self {
        Self {
            answers: RefCell::new(answers.into_iter().map(Ok).collect()),
            requests: RefCell::default(),
            log: RefCell::default(),
            progress: RefCell::default(),
            exchanges: Cell::new(0),
            facts: Facts {
                id: "connection-1".to_owned(),
                scopes: ["read:page:confluence", "write:page:confluence", "read:space:confluence"]
                    .map(ToOwned::to_owned)
                    .to_vec(),
                expires_at: Some(1_800_000_000),
                refreshable: true,
                site: Some(site(CLOUD_ID, "Acme", "https://acme.atlassian.net")),
                attributes: Vec::new(),
            },
            token_failure: None,
            running: Cell::new(None),
            wished: RefCell::default(),
        }
    }

    /// A host that gives the answers and then fails by itself.
    pub(crate) fn failing_after(answers: impl IntoIterator<Item = Response>, failure: Failure) -> Self {
        let host = Self::with(answers);
        host.answers.borrow_mut().push_back(Err(failure));
        host
    }

    /// Runs a template. What it gives has to fit its own schema.
    pub(crate) fn run(&self, template: &str, input: &Value) -> Result<Value, Failure> {
        let known = MANIFEST.templates.iter().find(|known| known.id == template);
        self.running.set(known);
        let output = templates::execute(self, template, &input.to_string())?;
        let output = serde_json::from_str(&output).unwrap();
        let known = known.expect("a template");
        let schema = serde_json::from_str(&known.output_schema.text()).unwrap();
        let schema = jsonschema::draft202012::new(&schema).unwrap();
        assert!(schema.is_valid(&output), "{template}: {:?} in {output}", schema.iter_errors(&output).next());
        Ok(output)
    }

    /// Runs a template that must fail.
    pub(crate) fn fail(&self, template: &str, input: &Value) -> Failure {
        self.run(template, input).expect_err("the template should have failed")
    }

    /// The requests so far, one line each: `GET audience/path?query`.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.borrow().iter().map(line).collect()
    }

    /// The JSON body of the last request.
    pub(crate) fn last_body(&self) -> Value {
        match &self.requests.borrow().last().expect("a request").body {
            Body::Json(json) => serde_json::from_str(json).unwrap(),
            Body::None | Body::Multipart(_) => Value::Null,
        }
    }

    /// The parts of the last request's form, one line each: name, file name, media type, content.
    pub(crate) fn last_form(&self) -> Vec<String> {
        let requests = self.requests.borrow();
        let Body::Multipart(parts) = &requests.last().expect("a request").body else { return Vec::new() };
        let line = |part: &Part| {
            let content = match &part.content {
                PartContent::Text(text) => format!("{text:?}"),
                PartContent::File(name) => format!("<{name}>"),
            };
            let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
            format!(
                "{} | {} | {} | {content}",
                part.name,
                or_none(&part.file_name),
                or_none(&part.media_type)
            )
        };
        parts.iter().map(line).collect()
    }

    /// The headers of the last request that the plugin set itself.
    pub(crate) fn last_headers(&self) -> Vec<(String, String)> {
        let requests = self.requests.borrow();
        let headers = &requests.last().expect("a request").headers;
        headers.iter().map(|header| (header.name.clone(), header.value.clone())).collect()
    }

    fn answer(&self, request: Request) -> Result<Response, Failure> {
        refuse_what_the_contract_refuses(&request);
        if let Some(template) = self.running.get() {
            refuse_what_the_template_does_not_declare(template, &request);
        }
        let line = line(&request);
        self.requests.borrow_mut().push(request);
        self.answers.borrow_mut().pop_front().unwrap_or_else(|| panic!("no answer is recorded for {line}"))
    }
}

/// What a host denies, so that no test passes with a request that a host would not send.
fn refuse_what_the_contract_refuses(request: &Request) {
    assert!(MANIFEST.audiences.iter().any(|audience| audience.name == request.audience), "{request:?}");
    assert!(request.path.is_empty() || request.path.starts_with('/'), "{request:?}");
    let segments: Vec<_> = request.path.split('/').skip(1).collect();
    for segment in segments {
        assert!(!segment.is_empty() && segment != "." && segment != "..", "{request:?}");
        assert!(
            segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._~-%".contains(&byte)),
            "{request:?}"
        );
    }
    assert!(!request.path.contains("/wiki"), "the prefix says /wiki: {request:?}");
    assert!(request.query.iter().all(|parameter| !parameter.name.is_empty()), "{request:?}");
}

/// What a host denies because the manifest does not say it of this template, or could not judge by what it says.
fn refuse_what_the_template_does_not_declare(template: &Template, request: &Request) {
    let segments = |path: &str| path.split('/').map(str::to_owned).collect::<Vec<_>>();
    let path = segments(&request.path);
    let fits = |rule: &&Rule| {
        let pattern = segments(rule.path);
        rule.method == request.method
            && pattern.len() == path.len()
            && pattern
                .iter()
                .zip(&path)
                .all(|(pattern, segment)| pattern.starts_with('{') || pattern == segment)
    };
    let rule = template.requests.iter().copied().flatten().find(fits);
    let rule = rule.unwrap_or_else(|| panic!("{} does not declare {}", template.id, line(request)));
    let body: Value = match &request.body {
        Body::Json(text) => serde_json::from_str(text).unwrap(),
        Body::None | Body::Multipart(_) => Value::Null,
    };
    let is_there = |subject: &Subject| match subject.place {
        Place::Path(_) | Place::Answer(_) => true,
        Place::Body(pointer) => body.pointer(&pointer.replace('*', "0")).is_some(),
    };
    let names = |subjects: &[Subject]| subjects.iter().any(is_there);
    assert!(rule.subjects.is_none_or(names), "{} names nothing of what it must: {request:?}", template.id);
}

fn line(request: &Request) -> String {
    let method = match request.method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
    };
    let query: Vec<_> = request.query.iter().map(|it| format!("{}={}", it.name, it.value)).collect();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{method} {}{}{mark}{}", request.audience, request.path, query.join("&"))
}

impl Session for Host {
    fn facts(&self) -> Facts {
        self.facts.clone()
    }

    fn send(&self, request: Request) -> Result<Response, Failure> {
        assert_eq!(request.audience, "confluence", "templates may not use another audience");
        self.answer(request)
    }

    /// Every file is a PDF of seven bytes.
    fn file(&self, name: &str) -> Result<FileFacts, Failure> {
        Ok(FileFacts { name: name.to_owned(), media_type: "application/pdf".to_owned(), size: Some(7) })
    }

    fn download(
        &self,
        request: Request,
        name: &str,
        media_type: &str,
    ) -> Result<(Response, FileFacts), Failure> {
        self.wished.borrow_mut().push((name.to_owned(), media_type.to_owned()));
        let response = Session::send(self, request)?;
        let size = (response.status == 200).then_some(7);
        let facts = FileFacts { name: "made.pdf".to_owned(), media_type: media_type.to_owned(), size };
        Ok((response, facts))
    }

    fn log(&self, level: Level, message: &str) {
        self.log.borrow_mut().push((level, message.to_owned()));
    }

    fn progress(&self, done: u64, total: Option<u64>, message: &str) {
        self.progress.borrow_mut().push((done, total, message.to_owned()));
    }
}

impl Authority for Host {
    type Connection = Connection;

    fn facts(&self, _: &Connection) -> Facts {
        self.facts.clone()
    }

    fn exchange_code(&self) -> Result<Connection, Failure> {
        self.exchanges.set(self.exchanges.get() + 1);
        self.token_failure.clone().map_or(Ok(Connection), Err)
    }

    fn refresh_token(&self, _: &Connection) -> Result<Facts, Failure> {
        self.token_failure.clone().map_or_else(|| Ok(self.facts.clone()), Err)
    }

    fn send(&self, request: Request, _: &Connection) -> Result<Response, Failure> {
        self.answer(request)
    }

    fn log(&self, level: Level, message: &str) {
        Session::log(self, level, message);
    }
}

/// A site.
pub(crate) fn site(id: &str, name: &str, url: &str) -> Site {
    Site { id: id.to_owned(), name: name.to_owned(), url: url.to_owned() }
}

/// A success with a JSON body.
pub(crate) fn ok(body: &Value) -> Response {
    answer(200, &body.to_string())
}

/// An answer with a status and a body, and with the id that Atlassian gives every request.
pub(crate) fn answer(status: u16, body: &str) -> Response {
    Response {
        status,
        headers: vec![Parameter::new("atl-request-id", "req-1"), Parameter::new("atl-traceid", "trace-1")],
        body: body.as_bytes().to_vec(),
    }
}

/// An answer with one more header.
pub(crate) fn with_header(mut response: Response, name: &str, value: &str) -> Response {
    response.headers.push(Parameter::new(name, value));
    response
}

/// The space DOCS, as an answer to a search by key.
pub(crate) fn docs() -> Response {
    ok(&json!({
        "results": [{"id": "131073", "key": "DOCS", "name": "Documentation", "type": "global", "status": "current"}],
        "_links": {"base": "https://acme.atlassian.net/wiki"},
    }))
}

/// A page of results, and where the next one is.
pub(crate) fn list(results: &[Value], next: Option<&str>) -> Response {
    let mut list = json!({"results": results, "_links": {"base": "https://acme.atlassian.net/wiki"}});
    if let Some(next) = next {
        list["_links"]["next"] = json!(next);
    }
    ok(&list)
}

/// A success without a body.
pub(crate) fn no_content() -> Response {
    answer(204, "")
}

/// What v1 wants of every request that changes something.
pub(crate) fn no_xsrf_check() -> Vec<(String, String)> {
    vec![("X-Atlassian-Token".to_owned(), "no-check".to_owned())]
}

/// No result.
pub(crate) fn nothing() -> Response {
    ok(&json!({"results": [], "_links": {"base": "https://acme.atlassian.net/wiki"}}))
}

/// A page as Confluence gives it, with a body in storage format.
pub(crate) fn page(id: &str, title: &str, storage: &str) -> Value {
    json!({
        "id": id, "status": "current", "title": title, "spaceId": "131073", "parentId": "131072",
        "parentType": "page", "position": 7, "authorId": "5b10", "ownerId": null,
        "createdAt": "2026-11-21T09:30:00.000Z",
        "version": {"number": 3, "message": "", "minorEdit": false, "createdAt": "2026-11-21T10:00:00.000Z"},
        "body": {"storage": {"representation": "storage", "value": storage}},
        "_links": {
            "webui": format!("/spaces/DOCS/pages/{id}"), "editui": "/edit", "tinyui": "/x/abc",
            "base": "https://acme.atlassian.net/wiki",
        },
    })
}

/// What Confluence answers where something is not there.
pub(crate) fn missing() -> Response {
    answer(404, r#"{"errors":[{"status":404,"code":"NOT_FOUND","title":"Not Found","detail":null}]}"#)
}

/// Whether the failure says it all: a code, a sentence, and nothing over the contract's bounds.
pub(crate) fn assert_well_formed(failure: &Failure) {
    assert!(!failure.code.is_empty() && failure.code.len() <= 64, "{failure:?}");
    assert!(failure.code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{failure:?}");
    assert!(!failure.message.is_empty() && failure.message.chars().count() <= 2_000, "{failure:?}");
    assert!(!failure.message.chars().any(char::is_control), "{failure:?}");
}

/// A failure of the host itself.
pub(crate) fn unreachable() -> Failure {
    Failure {
        request_sent: true,
        ..Failure::new(FailureKind::Unreachable, "connection-broke", "The connection broke.")
    }
}
