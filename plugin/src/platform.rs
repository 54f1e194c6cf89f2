//! The imports of the contract, as plain Rust.
//!
//! Plugin logic is written against the two traits here and never against generated bindings. So it runs
//! natively, against a double in tests, and through `lib.rs` in the component. The types mirror
//! `integration:action` name by name; what a field means is documented there.
//!
//! There are two traits because there are two situations with different powers: a template acts for a
//! connection it was lent ([`Session`]) and can neither see nor make another; only authorizing may ask the
//! host to exchange a code or a refresh token ([`Authority`]).

use std::fmt;

/// A name and its value, raw: the host percent-encodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The name, never empty.
    pub name: String,
    /// The value.
    pub value: String,
}

impl Parameter {
    /// A parameter.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

/// One Atlassian cloud site; its id is the cloud id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The cloud id.
    pub id: String,
    /// What people call the site.
    pub name: String,
    /// Where people open it.
    pub url: String,
}

/// What the plugin may know of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The host's id of the connection.
    pub id: String,
    /// The scopes that were granted.
    pub scopes: Vec<String>,
    /// When the access token expires, in seconds since 1970.
    pub expires_at: Option<u64>,
    /// Whether it can be refreshed without a person.
    pub refreshable: bool,
    /// The site it works in.
    pub site: Option<Site>,
    /// What was said of the account when it was granted.
    pub attributes: Vec<Parameter>,
}

/// What went wrong, for matching on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract documents each case, and the names are the same")]
pub enum FailureKind {
    InvalidInput,
    NotFound,
    Conflict,
    AuthorizationRequired,
    BadClientCredentials,
    InsufficientScope(Vec<String>),
    AccessDenied,
    RateLimited,
    Denied,
    Unreachable,
    TimedOut,
    LimitExceeded,
    Gone,
    TooLarge,
    Upstream,
    Internal,
    Other(String),
}

/// The one shape of every error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// For matching on.
    pub kind: FailureKind,
    /// A stable word for programs, kebab-case.
    pub code: String,
    /// One sentence for people.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Whether a request left that may have had an effect at the vendor.
    pub request_sent: bool,
    /// Seconds to wait before a repeat makes sense.
    pub retry_after: Option<u32>,
    /// The vendor's HTTP status.
    pub upstream_status: Option<u16>,
    /// The vendor's id of the request.
    pub upstream_request_id: Option<String>,
}

impl Failure {
    /// The contract's bound for message and hint, in characters.
    const LONGEST_TEXT: usize = 2_000;

    /// A failure of this kind, before anything was sent.
    pub fn new(kind: FailureKind, code: &str, message: impl Into<String>) -> Self {
        Self {
            kind,
            code: code.to_owned(),
            message: shortened(message.into(), Self::LONGEST_TEXT),
            hint: None,
            request_sent: false,
            retry_after: None,
            upstream_status: None,
            upstream_request_id: None,
        }
    }

    /// The input cannot be carried out.
    pub fn invalid_input(code: &str, message: impl Into<String>) -> Self {
        Self::new(FailureKind::InvalidInput, code, message)
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(shortened(hint.into(), Self::LONGEST_TEXT));
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// The text, cut after `most` characters.
pub(crate) fn shortened(text: String, most: usize) -> String {
    if text.chars().count() <= most {
        return text;
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// The methods this plugin uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates.
    Post,
    /// Replaces.
    Put,
    /// Removes.
    Delete,
}

/// What a request carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Nothing.
    None,
    /// A JSON text.
    Json(String),
    /// Parts of a form.
    Multipart(Vec<Part>),
}

/// One part of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The field's name.
    pub name: &'static str,
    /// The file's name.
    pub file_name: Option<String>,
    /// What it is.
    pub media_type: Option<String>,
    /// What it holds.
    pub content: PartContent,
}

/// What a part holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartContent {
    /// A text.
    Text(String),
    /// The file of this name: a field of the input has it.
    File(String),
}

/// What may be known of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFacts {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its size in bytes; absent of one that was not written.
    pub size: Option<u64>,
}

/// A request to an audience of the manifest: it names no host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The audience's name.
    pub audience: &'static str,
    /// The method.
    pub method: Method,
    /// The path below the audience's prefix, percent-encoded; empty for the prefix itself.
    pub path: String,
    /// The query, in order.
    pub query: Vec<Parameter>,
    /// Headers beside those that the host sets.
    pub headers: Vec<Parameter>,
    /// The body.
    pub body: Body,
}

/// An answer, of any status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: Vec<Parameter>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of this name, compared without case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case(name))
            .map(|header| header.value.as_str())
    }
}

/// How much a line of the log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// For following what happens.
    Debug,
    /// Something an operator should look at.
    Warn,
}

/// What a template may use: the imports, bound to the one connection it was lent.
pub trait Session {
    /// What may be known of the connection.
    fn facts(&self) -> Facts;

    /// Sends a request on behalf of the connection.
    ///
    /// # Errors
    /// What the contract's `http.send` gives. An answer with an error status is an answer.
    fn send(&self, request: Request) -> Result<Response, Failure>;

    /// What may be known of the file of this name: a field of the input has it.
    ///
    /// # Errors
    /// What the contract's `files.open` gives.
    fn file(&self, name: &str) -> Result<FileFacts, Failure>;

    /// Sends a request on behalf of the connection, and makes a file of the body of a success. `name` is a wish; the
    /// facts say what it became.
    ///
    /// # Errors
    /// What the contract's `files.create` and `http.download` give.
    fn download(
        &self,
        request: Request,
        name: &str,
        media_type: &str,
    ) -> Result<(Response, FileFacts), Failure>;

    /// Writes a line to the operator's log.
    fn log(&self, level: Level, message: &str);

    /// Says how much is done.
    fn progress(&self, done: u64, total: Option<u64>, message: &str);
}

/// What authorizing and refreshing may use.
pub trait Authority {
    /// The authority to act for one account. Nothing in it can be read.
    type Connection;

    /// What may be known of a connection.
    fn facts(&self, connection: &Self::Connection) -> Facts;

    /// Has the host exchange the code that came back.
    ///
    /// # Errors
    /// What the contract's `oauth.exchange-code` gives.
    fn exchange_code(&self) -> Result<Self::Connection, Failure>;

    /// Has the host exchange the connection's refresh token.
    ///
    /// # Errors
    /// What the contract's `oauth.refresh-token` gives.
    fn refresh_token(&self, connection: &Self::Connection) -> Result<Facts, Failure>;

    /// Sends a request on behalf of a connection.
    ///
    /// # Errors
    /// What the contract's `http.send` gives.
    fn send(&self, request: Request, on_behalf_of: &Self::Connection) -> Result<Response, Failure>;

    /// Writes a line to the operator's log.
    fn log(&self, level: Level, message: &str);
}
