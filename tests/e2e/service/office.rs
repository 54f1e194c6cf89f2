//! A world whose whole service is served, and platforms that talk to it.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use actionbay::authorization::PublicUrl;
use actionbay::ids::WorkspaceId;
use actionbay::service::keys::{Keys, NewKey, Scope};
use actionbay::service::{Server, Service, Serving, Settings};
use atlassian_sandbox::consent::Decision;
use serde_json::Value;
use ureq::Agent;
use ureq::http::Request;

use crate::support::{Answer, Setup, Visitor, World, setup_at, workspace};

/// A world whose whole service is served.
pub(crate) struct Office {
    pub(crate) world: World,
    pub(crate) public: PublicUrl,
    pub(crate) service: Service,
    _serving: Serving,
}

impl Office {
    /// With the usual settings, and no connection.
    pub(crate) fn new() -> Self {
        Self::with(Settings::default())
    }

    /// With a connection that serves everybody.
    pub(crate) fn connected() -> Self {
        Self::connected_with(Settings::default())
    }

    pub(crate) fn connected_with(settings: Settings) -> Self {
        let office = Self::with(settings);
        office.world.authorize().unwrap();
        office.world.wire.forget();
        office.world.control.clear_requests().unwrap();
        office
    }

    pub(crate) fn with(settings: Settings) -> Self {
        Self::below("", settings)
    }

    /// Below a path of the public URL.
    pub(crate) fn below(path: &str, settings: Settings) -> Self {
        Self::of(path, settings, World::new)
    }

    /// In a world that is built otherwise.
    pub(crate) fn of(path: &str, settings: Settings, build: impl FnOnce(Setup) -> World) -> Self {
        let server = Server::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let public = PublicUrl::new(&format!("http://localhost:{}{path}", server.address().port())).unwrap();
        let world = build(setup_at(&public));
        let service = Service::new(&world.host, &public, settings).unwrap();
        let serving = server.start(&service.router()).unwrap();
        Self { world, public, service, _serving: serving }
    }

    /// A platform with a key for all of the workspace.
    pub(crate) fn admin(&self) -> Client {
        self.client(&[Scope::Admin])
    }

    /// A platform with a key of these scopes.
    pub(crate) fn client(&self, scopes: &[Scope]) -> Client {
        self.client_of(&workspace(), scopes)
    }

    /// A platform of another workspace, with a key for everything.
    pub(crate) fn stranger(&self) -> Client {
        self.client_of(&WorkspaceId::new("elsewhere").unwrap(), &[Scope::Admin])
    }

    fn client_of(&self, workspace: &WorkspaceId, scopes: &[Scope]) -> Client {
        let new = NewKey::new("platform", scopes.iter().copied());
        let (_, text) = Keys::of(&self.world.host).create(workspace, &new).unwrap();
        self.client_with(actionbay::secret::ExposeSecret::expose_secret(&text))
    }

    pub(crate) fn client_with(&self, key: &str) -> Client {
        Client::new(self.public.as_str(), Some(key))
    }

    pub(crate) fn nobody(&self) -> Client {
        Client::new(self.public.as_str(), None)
    }

    /// A person opens a link, and decides at the vendor; what the last page says.
    pub(crate) fn decide(&self, link: &str, decision: Decision) -> Answer {
        let mut visitor = Visitor::new();
        let opened = visitor.post(link);
        let query = self.world.consent(&opened.location(), decision);
        visitor.get(&format!("{}?{query}", self.public.callback_url()))
    }

    /// How many pages the sandbox was asked to create.
    pub(crate) fn created(&self) -> usize {
        let requests = self.world.received("/api/v2/pages");
        requests.iter().filter(|request| request["method"] == "POST").count()
    }
}

/// The path of a template's runs.
pub(crate) fn run_of(template: &str) -> String {
    format!("/integrations/confluence/templates/{template}/run")
}

/// A platform, as the service sees it.
#[derive(Clone)]
pub(crate) struct Client {
    agent: Agent,
    base: String,
    key: Option<String>,
}

/// An answer of the API.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: ureq::http::HeaderMap,
    pub(crate) text: String,
}

/// The same, of what need not be a text.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) status: u16,
    pub(crate) headers: ureq::http::HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Fetched {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The body of what was done.
    pub(crate) fn done(self) -> Value {
        assert!((200..300).contains(&self.status), "{self:?}");
        if self.text.is_empty() { Value::Null } else { self.json() }
    }

    /// The problem document of what was not.
    pub(crate) fn refused(self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        problem
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Client {
    pub(crate) fn new(public: &str, key: Option<&str>) -> Self {
        let agent = Agent::config_builder()
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(120)))
            .build()
            .new_agent();
        Self { agent, base: public.to_owned(), key: key.map(str::to_owned) }
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], None)
    }

    pub(crate) fn post(&self, path: &str, body: Value) -> Reply {
        self.send("POST", path, &[], Some(body))
    }

    /// The same under a name, which is done once.
    pub(crate) fn post_once(&self, path: &str, name: &str, body: Value) -> Reply {
        self.send("POST", path, &[("Idempotency-Key", name)], Some(body))
    }

    /// The same, of which no answer may come.
    pub(crate) fn try_post_once(&self, path: &str, name: &str, body: Value) -> Option<Reply> {
        let headers = [("Idempotency-Key", name), ("Content-Type", "application/json")];
        self.try_send_text("POST", &format!("/v1{path}"), &headers, body.to_string()).ok()
    }

    /// A request that was sent, and whose answer nobody has read yet.
    pub(crate) fn sent(&self, path: &str, name: &str, body: &Value) -> TcpStream {
        let (body, at) = (body.to_string(), url::Url::parse(&self.base).unwrap());
        let mut stream = TcpStream::connect(("127.0.0.1", at.port().unwrap())).unwrap();
        let request = format!(
            "POST /v1{path} HTTP/1.1\r\nHost: localhost:{}\r\nAuthorization: Bearer {}\r\nIdempotency-Key: {name}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            at.port().unwrap(),
            self.key.as_deref().unwrap(),
            body.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        stream
    }

    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Reply {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let mut own = vec![("Content-Type", "application/json")];
        if body.is_empty() {
            own.clear();
        }
        own.retain(|(name, _)| !headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name)));
        own.extend(headers);
        self.send_text(method, &format!("/v1{path}"), &own, body)
    }

    /// Sends what is given, below the public URL.
    pub(crate) fn send_text(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Reply {
        self.try_send_text(method, target, headers, body).unwrap()
    }

    /// The same, of which no answer may come.
    fn try_send_text(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Result<Reply, ureq::Error> {
        let Fetched { status, headers, bytes } = self.try_send(method, target, headers, body.as_bytes())?;
        Ok(Reply { status, headers, text: String::from_utf8(bytes).unwrap() })
    }

    /// Sends a file, which this is said of.
    pub(crate) fn upload(&self, query: &str, headers: &[(&str, &str)], bytes: &[u8]) -> Reply {
        let target = format!("/v1/files?{query}");
        let Fetched { status, headers, bytes } = self.try_send("POST", &target, headers, bytes).unwrap();
        Reply { status, headers, text: String::from_utf8(bytes).unwrap() }
    }

    /// Fetches what need not be a text.
    pub(crate) fn fetch(&self, path: &str) -> Fetched {
        self.try_send("GET", &format!("/v1{path}"), &[], &[]).unwrap()
    }

    fn try_send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Fetched, ureq::Error> {
        let mut request = Request::builder().method(method).uri(format!("{}{target}", self.base));
        if let Some(key) = &self.key {
            request = request.header("Authorization", format!("Bearer {key}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = self.agent.run(request.body(body).unwrap())?;
        Ok(Fetched {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            bytes: answer.body_mut().read_to_vec()?,
        })
    }
}
