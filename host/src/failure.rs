//! The one error of this library.
//!
//! It says the same things as the contract's `failure`, so that what a plugin reports and what the host
//! itself refuses reach a caller in one shape: a kind to match on, a stable code, a sentence for people and a
//! hint that says what to do. None of them ever holds a secret.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use url::Url;

use crate::ids::{ConnectionId, SessionId, WorkspaceId};
use crate::secret::CUT;

/// The longest message or hint that is kept, in characters: a screenful, and what the contract allows.
pub const MAX_TEXT: usize = 2_000;

/// Short for a result of this library.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// What went wrong, as a caller matches on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FailureKind {
    /// The call's own input cannot be carried out.
    InvalidInput,
    /// What was named does not exist, or may not be seen.
    NotFound,
    /// It exists already, or somebody else changed it in between.
    Conflict,
    /// There is no connection that works: a person has to authorize (again).
    AuthorizationRequired,
    /// The authorization server does not accept the client id and secret.
    BadClientCredentials,
    /// The connection lacks these OAuth scopes (possibly unknown, then empty).
    InsufficientScope(Vec<String>),
    /// A person said no on the consent page.
    AccessDenied,
    /// The vendor asks to slow down.
    RateLimited,
    /// A rule of the contract, the manifest or the operator forbids it.
    Denied,
    /// The other side could not be reached, or the connection broke.
    Unreachable,
    /// The time allowed is over.
    TimedOut,
    /// A limit of the call other than its time was exceeded.
    LimitExceeded,
    /// The vendor removed this function for good.
    Gone,
    /// What was sent is larger than the vendor takes.
    TooLarge,
    /// The vendor answered with an error of its own, or with nonsense.
    Upstream,
    /// The component is not what it should be: truncated, of another contract, lying about itself.
    BadPlugin,
    /// What is stored cannot be read or written.
    Storage,
    /// A fault of the plugin or of the host.
    Internal,
    /// A kind that the plugin named and this version does not know.
    Other(String),
}

impl FailureKind {
    /// The kind as one word, as in JSON.
    pub fn as_str(&self) -> &str {
        match self {
            Self::InvalidInput => "invalid-input",
            Self::NotFound => "not-found",
            Self::Conflict => "conflict",
            Self::AuthorizationRequired => "authorization-required",
            Self::BadClientCredentials => "bad-client-credentials",
            Self::InsufficientScope(_) => "insufficient-scope",
            Self::AccessDenied => "access-denied",
            Self::RateLimited => "rate-limited",
            Self::Denied => "denied",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed-out",
            Self::LimitExceeded => "limit-exceeded",
            Self::Gone => "gone",
            Self::TooLarge => "too-large",
            Self::Upstream => "upstream",
            Self::BadPlugin => "bad-plugin",
            Self::Storage => "storage",
            Self::Internal => "internal",
            Self::Other(word) => word,
        }
    }

    /// The kind that this word names; what it carries beside the word is not known.
    pub(crate) fn named(word: &str) -> Self {
        let known = [
            Self::InvalidInput,
            Self::NotFound,
            Self::Conflict,
            Self::AuthorizationRequired,
            Self::BadClientCredentials,
            Self::InsufficientScope(Vec::new()),
            Self::AccessDenied,
            Self::RateLimited,
            Self::Denied,
            Self::Unreachable,
            Self::TimedOut,
            Self::LimitExceeded,
            Self::Gone,
            Self::TooLarge,
            Self::Upstream,
            Self::BadPlugin,
            Self::Storage,
            Self::Internal,
        ];
        let named = known.into_iter().find(|kind| kind.as_str() == word);
        named.unwrap_or_else(|| Self::Other(word.to_owned()))
    }
}

/// One field that breaks a schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Where: a JSON pointer (RFC 6901); empty for the whole document.
    pub pointer: String,
    /// Why, in a sentence.
    pub message: String,
}

/// What the other side answered, where that is what a person asked to see. No secret is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UpstreamAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The headers, in the order they came in.
    pub headers: Vec<(String, String)>,
    /// The body, shortened.
    pub body: String,
}

/// A link at which a person connects an account, and so removes what a call failed of.
///
/// Printing it leaves the URL out, which is for the person alone.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct AuthorizationLink {
    /// Where the person has to go.
    pub url: Url,
    /// Until when, in seconds since 1970 UTC.
    pub expires_at: u64,
    /// The scopes that will be asked for.
    pub scopes: Vec<String>,
    /// The session that tells what comes of it, where whoever asked waits for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
}

impl AuthorizationLink {
    /// A link.
    pub(crate) fn new(url: Url, expires_at: u64, scopes: Vec<String>) -> Self {
        Self { url, expires_at, scopes, session: None }
    }

    /// The same, with the session that tells what comes of it.
    pub(crate) fn session(mut self, session: SessionId) -> Self {
        self.session = Some(session);
        self
    }
}

impl fmt::Debug for AuthorizationLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationLink")
            .field("expires_at", &self.expires_at)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

/// A connection that waits for its site: its sites are listed with it, and no new consent is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Waiting {
    /// The workspace that owns it.
    pub workspace: WorkspaceId,
    /// The connection.
    pub connection: ConnectionId,
}

/// What went wrong, for programs and for people.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// For matching on.
    pub kind: FailureKind,
    /// A stable word, kebab-case.
    pub code: Cow<'static, str>,
    /// One sentence for people.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Every field that breaks a schema, where that is the trouble.
    pub violations: Vec<Violation>,
    /// Whether a request left the host that may have had an effect.
    pub request_sent: bool,
    /// Seconds to wait before a repeat makes sense.
    pub retry_after: Option<u32>,
    /// The vendor's HTTP status.
    pub upstream_status: Option<u16>,
    /// The vendor's id of the request.
    pub upstream_request_id: Option<String>,
    /// What the vendor answered, where it is shown in full.
    pub answer: Option<Box<UpstreamAnswer>>,
    /// Where a person connects the account that is missing.
    pub authorization: Option<Box<AuthorizationLink>>,
    /// The connection that waits for its site to be chosen.
    pub waiting: Option<Box<Waiting>>,
}

impl Failure {
    /// A failure with a kind, a stable code and a sentence.
    pub fn new(kind: FailureKind, code: impl Into<Cow<'static, str>>, message: impl AsRef<str>) -> Self {
        Self {
            kind,
            code: code.into(),
            message: plain_text(message.as_ref(), MAX_TEXT),
            hint: None,
            violations: Vec::new(),
            request_sent: false,
            retry_after: None,
            upstream_status: None,
            upstream_request_id: None,
            answer: None,
            authorization: None,
            waiting: None,
        }
    }

    /// The same, with what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl AsRef<str>) -> Self {
        self.hint = Some(plain_text(hint.as_ref(), MAX_TEXT));
        self
    }

    /// The same, with the word that a request may have had an effect.
    #[must_use]
    pub fn sent(mut self, request_sent: bool) -> Self {
        self.request_sent = request_sent;
        self
    }

    /// The same, with the fields that break a schema.
    #[must_use]
    pub fn violations(mut self, violations: Vec<Violation>) -> Self {
        self.violations = violations;
        self
    }

    /// The same, with the vendor's status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.upstream_status = Some(status);
        self
    }

    /// The same, with what the vendor answered.
    pub(crate) fn answer(mut self, answer: UpstreamAnswer) -> Self {
        self.answer = Some(Box::new(answer));
        self
    }

    /// The same, with the connection that waits for its site.
    pub(crate) fn waiting(mut self, workspace: WorkspaceId, connection: ConnectionId) -> Self {
        self.waiting = Some(Box::new(Waiting { workspace, connection }));
        self
    }

    /// The same, with where a person connects the account that is missing.
    pub(crate) fn authorization(mut self, link: AuthorizationLink) -> Self {
        self.authorization = Some(Box::new(link));
        self
    }

    /// What is stored cannot be read or written.
    pub(crate) fn storage(code: &'static str, message: impl AsRef<str>) -> Self {
        Self::new(FailureKind::Storage, code, message)
    }

    /// A fault of ours.
    pub(crate) fn internal(message: impl AsRef<str>) -> Self {
        Self::new(FailureKind::Internal, "internal", message)
    }

    /// Replaces each of these secrets wherever a text of this failure holds it.
    pub(crate) fn without(mut self, secrets: &crate::secret::Secrets) -> Self {
        match &mut self.kind {
            FailureKind::Other(word) => *word = secrets.remove_from(word),
            FailureKind::InsufficientScope(scopes) => {
                scopes.iter_mut().for_each(|scope| *scope = secrets.remove_from(scope));
            }
            _ => {}
        }
        // What stands for a secret may be longer than what was left of it.
        let within = |text: &str| plain_text(&secrets.remove_from(text), MAX_TEXT);
        self.message = within(&self.message);
        self.hint = self.hint.map(|hint| within(&hint));
        for violation in &mut self.violations {
            violation.pointer = secrets.remove_from(&violation.pointer);
            violation.message = secrets.remove_from(&violation.message);
        }
        self.code = Cow::Owned(secrets.remove_from(&self.code));
        self.upstream_request_id = self.upstream_request_id.map(|id| secrets.remove_from(&id));
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// As people and programs get it: kind, code, message and, where known, the rest.
impl Serialize for Failure {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "kebab-case")]
        struct Wire<'a> {
            kind: &'a str,
            code: &'a str,
            message: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            hint: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            missing_scopes: Option<&'a [String]>,
            #[serde(skip_serializing_if = "<[Violation]>::is_empty")]
            violations: &'a [Violation],
            request_sent: bool,
            #[serde(skip_serializing_if = "Option::is_none")]
            retry_after: Option<u32>,
            #[serde(skip_serializing_if = "Option::is_none")]
            upstream_status: Option<u16>,
            #[serde(skip_serializing_if = "Option::is_none")]
            upstream_request_id: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            answer: Option<&'a UpstreamAnswer>,
            #[serde(skip_serializing_if = "Option::is_none")]
            authorization: Option<&'a AuthorizationLink>,
            #[serde(skip_serializing_if = "Option::is_none")]
            waiting: Option<&'a Waiting>,
        }
        Wire {
            kind: self.kind.as_str(),
            code: &self.code,
            message: &self.message,
            hint: self.hint.as_deref(),
            missing_scopes: match &self.kind {
                FailureKind::InsufficientScope(scopes) => Some(scopes),
                _ => None,
            },
            violations: &self.violations,
            request_sent: self.request_sent,
            retry_after: self.retry_after,
            upstream_status: self.upstream_status,
            upstream_request_id: self.upstream_request_id.as_deref(),
            answer: self.answer.as_deref(),
            authorization: self.authorization.as_deref(),
            waiting: self.waiting.as_deref(),
        }
        .serialize(serializer)
    }
}

/// Text from outside as it may reach a log, a terminal or a page: at most `max` characters, control
/// characters (those that reverse or hide text too) as a space each.
pub fn plain_text(text: &str, max: usize) -> String {
    let mut plain: String = text.chars().take(max).map(|c| if is_deceptive(c) { ' ' } else { c }).collect();
    if text.chars().nth(max).is_some() {
        plain.push_str(CUT);
    }
    plain
}

/// Text of several lines as it may reach a terminal: as [`plain_text`], in full, with its lines and tabs, and with what joins
/// letters or lets a line break, which writing without spaces needs.
#[cfg(feature = "cli")]
pub(crate) fn plain_lines(text: &str) -> String {
    text.chars()
        .map(|c| if is_deceptive(c) && !matches!(c, '\n' | '\t' | '\u{200B}'..='\u{200D}') { ' ' } else { c })
        .collect()
}

/// Controls, and the characters by which text shows otherwise than it reads (Unicode TR 36, bidirectional
/// text spoofing).
pub(crate) fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_from_outside_cannot_move_the_cursor_or_reverse_what_is_read() {
        assert_eq!(plain_text("a\u{1b}[2Jb\nc\u{202E}d", 100), "a [2Jb c d");
        assert_eq!(plain_text("abcdef", 3), "abc…");
    }

    #[cfg(feature = "cli")]
    #[test]
    fn what_joins_letters_stays_in_lines_and_what_turns_them_round_does_not() {
        let joined = "\u{646}\u{645}\u{6CC}\u{200C}\u{62E}\n\u{1F469}\u{200D}\u{1F4BB}";
        assert_eq!(plain_lines(joined), joined);
        assert_eq!(plain_lines("a\u{202E}b\u{1b}[2J\u{9b}c"), "a b [2J c");
    }

    #[test]
    fn a_text_from_which_a_secret_is_removed_is_no_longer_than_others() {
        let mut secrets = crate::secret::Secrets::new();
        secrets.add(&"canary-secret-0123456789".to_owned().into());
        let cut = format!("{}canary-secret-0123456789", "a".repeat(MAX_TEXT - 8));
        let failure = Failure::new(FailureKind::Upstream, "x", cut).without(&secrets);
        assert!(!failure.message.contains("canary"), "{}", failure.message);
        assert_eq!(failure.message.chars().count(), MAX_TEXT + 1);
    }

    #[test]
    fn a_failure_is_written_with_its_kind_code_and_sentence_and_nothing_that_is_not_known() {
        let failure = Failure::new(FailureKind::InsufficientScope(vec!["write:x".into()]), "scope", "No.");
        let json = serde_json::to_value(&failure).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"kind": "insufficient-scope", "code": "scope", "message": "No.",
                "missing-scopes": ["write:x"], "request-sent": false})
        );
    }

    #[test]
    fn a_link_is_written_for_who_reads_the_failure_and_is_in_no_log() {
        let url = Url::parse("https://a.example/connect/canary").unwrap();
        let failure = Failure::new(FailureKind::AuthorizationRequired, "not-authorized", "None.")
            .authorization(AuthorizationLink::new(url, 7, vec!["read:x".into()]));
        assert_eq!(
            serde_json::to_value(&failure).unwrap()["authorization"],
            serde_json::json!({"url": "https://a.example/connect/canary", "expires-at": 7, "scopes": ["read:x"]})
        );
        assert!(!format!("{failure:?}{failure}").contains("canary"));
    }
}
