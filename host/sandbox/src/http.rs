//! One request as it came in, and one answer as it goes out.
//!
//! Handlers work on these two plain types instead of on axum's extractors, because the sandbox has to be
//! strict about what extractors smooth over: double slashes, repeated parameters, fields of the wrong type.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;

use crate::upload::Part;

/// A request, read to its end.
pub(crate) struct Call {
    pub(crate) method: String,
    /// The path as it was sent, still percent-encoded.
    pub(crate) path: String,
    /// The query, decoded, in the order it was sent.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The parts of an upload; its body is empty then.
    pub(crate) parts: Vec<Part>,
}

impl Call {
    pub(crate) fn new(parts: &Parts, body: Bytes) -> Self {
        Self {
            method: parts.method.as_str().to_owned(),
            path: parts.uri.path().to_owned(),
            query: pairs(parts.uri.query().unwrap_or_default().as_bytes()),
            headers: parts.headers.clone(),
            body,
            parts: Vec::new(),
        }
    }

    /// The value of a header, when it is text.
    pub(crate) fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The first value of a query parameter.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as form fields.
    pub(crate) fn form(&self) -> Vec<(String, String)> {
        pairs(&self.body)
    }

    /// The media type of the body, without its parameters, in lower case.
    pub(crate) fn media_type(&self) -> String {
        let value = self.header(header::CONTENT_TYPE).unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// The token of an `Authorization: Bearer` header.
    pub(crate) fn bearer(&self) -> Option<&str> {
        self.authorization("bearer")
    }

    /// The name and the secret of an `Authorization: Basic` header.
    pub(crate) fn basic(&self) -> Option<(String, String)> {
        let decoded = STANDARD.decode(self.authorization("basic")?).ok()?;
        let decoded = String::from_utf8(decoded).ok()?;
        let (name, secret) = decoded.split_once(':')?;
        Some((name.to_owned(), secret.to_owned()))
    }

    fn authorization(&self, wanted: &str) -> Option<&str> {
        let (scheme, credentials) = self.header(header::AUTHORIZATION)?.split_once(' ')?;
        scheme.eq_ignore_ascii_case(wanted).then(|| credentials.trim())
    }
}

fn pairs(bytes: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(bytes).into_owned().collect()
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
}

/// Sets a field of a JSON object.
pub(crate) fn set(object: &mut Value, name: &str, value: impl Into<Value>) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(name.to_owned(), value.into());
    }
}

/// What a handler gives: an answer, or the answer that refuses.
pub(crate) type Answer = Result<Reply, Reply>;

impl Reply {
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new() }
    }

    pub(crate) fn json(status: u16, value: &Value) -> Self {
        Self::typed(status, "application/json", value.to_string())
    }

    pub(crate) fn html(status: u16, page: String) -> Self {
        Self::typed(status, "text/html; charset=utf-8", page)
            // Nothing on these pages runs, loads or is framed. `form-action` stays open: browsers hold the
            // redirect that follows a form against it, and the callback lives on another origin.
            .header(
                "content-security-policy",
                "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
            )
            .header("x-content-type-options", "nosniff")
            .header("referrer-policy", "no-referrer")
            .header("cache-control", "no-store")
    }

    pub(crate) fn text(status: u16, text: impl Into<String>) -> Self {
        Self::typed(status, "text/plain; charset=utf-8", text.into())
    }

    pub(crate) fn found(location: &str) -> Self {
        Self::empty(302).header("location", location).header("cache-control", "no-store")
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    fn typed(status: u16, media_type: &str, body: String) -> Self {
        Self::bytes(status, media_type, body.into())
    }

    /// Bytes of some type.
    pub(crate) fn bytes(status: u16, media_type: &str, body: Bytes) -> Self {
        Self { status, headers: Vec::new(), body }.header("content-type", media_type)
    }

    pub(crate) fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in self.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                response.headers_mut().append(name, value);
            }
        }
        response
    }
}
