//! Problem documents (RFC 9457): every error of the API, in one shape, with the kind, code and hint of its failure.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::time::Moment;
use crate::authorization::PublicUrl;
use crate::failure::{Failure, FailureKind};
use crate::ids::RunId;
use crate::service::status;

/// The media type of a problem document.
pub(super) const MEDIA_TYPE: &str = "application/problem+json";

/// What a request came to instead of an answer. It is written into a document on its way out, where the request's id is
/// known.
#[derive(Debug, Clone)]
pub(super) struct Refused {
    status: StatusCode,
    failure: Box<Failure>,
    run: Option<RunId>,
}

impl Refused {
    /// A refusal with a status of its own.
    pub(super) fn with(status: StatusCode, failure: Failure) -> Self {
        Self { status, failure: Box::new(failure), run: None }
    }

    /// The same, of a run that has a record.
    pub(super) fn of_run(mut self, run: RunId) -> Self {
        self.run = Some(run);
        self
    }

    pub(super) fn failure(&self) -> &Failure {
        &self.failure
    }

    /// The document, for a request of this id.
    pub(super) fn written(&self, public: &PublicUrl, request_id: &str) -> Response {
        let mut response = (self.status, Json(self.document(public, request_id))).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.failure.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    fn document(&self, public: &PublicUrl, request_id: &str) -> Problem {
        let failure = &self.failure;
        let is_ours = status::is_ours(failure);
        let kind = failure.kind.as_str().to_owned();
        Problem {
            r#type: format!("{public}/v1/docs#{kind}"),
            title: title(&failure.kind).to_owned(),
            status: self.status.as_u16(),
            detail: if is_ours { "Something went wrong here.".to_owned() } else { failure.message.clone() },
            code: failure.code.clone().into_owned(),
            hint: if is_ours {
                Some("Tell whoever runs this service the id of the request.".to_owned())
            } else {
                failure.hint.clone()
            },
            violations: failure
                .violations
                .iter()
                .map(|v| FieldProblem { pointer: v.pointer.clone(), message: v.message.clone() })
                .collect(),
            missing_scopes: match &failure.kind {
                FailureKind::InsufficientScope(scopes) => Some(scopes.clone()),
                _ => None,
            },
            request_sent: failure.request_sent,
            retry_after: failure.retry_after,
            upstream_status: failure.upstream_status,
            upstream_request_id: failure.upstream_request_id.clone(),
            upstream_body: failure.answer.as_ref().map(|answer| answer.body.clone()),
            authorization: failure.authorization.as_ref().map(|link| Authorization {
                connect_link: link.url.to_string(),
                expires_at: Moment(link.expires_at),
                scopes: link.scopes.clone(),
            }),
            connection: failure.waiting.as_ref().map(|waiting| waiting.connection.to_string()),
            run: self.run.as_ref().map(ToString::to_string),
            request_id: request_id.to_owned(),
            kind,
        }
    }
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self::with(status::of(&failure), failure)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// A problem document (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Problem {
    /// Where this kind of problem is explained.
    r#type: String,
    /// The kind of problem, for people.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What happened, in a sentence.
    detail: String,
    /// The kind of failure, for matching on.
    #[schema(examples("invalid-input"))]
    kind: String,
    /// A stable word for what happened.
    #[schema(examples("unknown-connection"))]
    code: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// Every field of a template's input that breaks its schema.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    violations: Vec<FieldProblem>,
    /// The scopes that a connection lacks.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing_scopes: Option<Vec<String>>,
    /// Whether a request was sent to the vendor that may have had an effect.
    request_sent: bool,
    /// Seconds to wait before a repeat makes sense.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u32>,
    /// The vendor's HTTP status.
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream_status: Option<u16>,
    /// The vendor's id of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream_request_id: Option<String>,
    /// What the vendor answered, shortened and without secrets, where a profile was tested.
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream_body: Option<String>,
    /// Where the person connects the account that is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization: Option<Authorization>,
    /// The connection that waits for its site.
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<String>,
    /// The run that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<String>,
    /// The id of the request, as in the logs of the service.
    request_id: String,
}

/// One field that breaks a schema.
#[derive(Debug, Serialize, ToSchema)]
struct FieldProblem {
    /// Where: a JSON pointer (RFC 6901); empty for the whole document.
    pointer: String,
    /// Why, in a sentence.
    message: String,
}

/// A link at which a person connects an account.
#[derive(Debug, Serialize, ToSchema)]
struct Authorization {
    /// Where the person has to go.
    connect_link: String,
    /// Until when it is good.
    expires_at: Moment,
    /// The scopes that will be asked for.
    scopes: Vec<String>,
}

/// Every kind of failure that is explained, with what it means.
pub(super) const KINDS: &[(FailureKind, &str)] = &[
    (FailureKind::InvalidInput, "The request cannot be carried out as it is."),
    (FailureKind::NotFound, "What was named does not exist, or is not this workspace's."),
    (FailureKind::Conflict, "It exists already, or somebody else changed it in between."),
    (FailureKind::AuthorizationRequired, "A person has to connect the account, or connect it again."),
    (FailureKind::BadClientCredentials, "The vendor does not accept client id and secret of the profile."),
    (FailureKind::InsufficientScope(Vec::new()), "The connection was not granted what the template needs."),
    (FailureKind::AccessDenied, "A person said no on the consent page."),
    (FailureKind::RateLimited, "Too many requests: wait as long as Retry-After says."),
    (FailureKind::Denied, "A key, a policy or the operator forbids it."),
    (FailureKind::Unreachable, "The vendor could not be reached."),
    (FailureKind::TimedOut, "The time allowed is over."),
    (FailureKind::LimitExceeded, "A limit was exceeded."),
    (FailureKind::Gone, "The vendor removed this function for good."),
    (FailureKind::TooLarge, "What was sent is too large."),
    (FailureKind::Upstream, "The vendor answered with an error of its own."),
    (FailureKind::BadPlugin, "The component of the integration is not what it should be."),
    (FailureKind::Storage, "What is stored cannot be read or written."),
    (FailureKind::Internal, "A fault of the service."),
];

fn title(kind: &FailureKind) -> &'static str {
    let same = |known: &FailureKind| std::mem::discriminant(known) == std::mem::discriminant(kind);
    KINDS.iter().find(|(known, _)| same(known)).map_or("Something else went wrong.", |(_, title)| title)
}
