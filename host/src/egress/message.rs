//! Requests and responses as a guest may form and see them.

use std::fmt;

use super::multipart::{Form, Part};
use super::source::{FileSource, unreadable};
use super::transport::OutboundBody;
use crate::failure::{Failure, FailureKind, Result};

/// An HTTP method (RFC 9110 section 9), in upper case.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Method(String);

impl Method {
    /// `GET`.
    pub const GET: &'static str = "GET";
    /// `POST`.
    pub const POST: &'static str = "POST";

    /// A method by its name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// Whether it changes nothing (RFC 9110 section 9.2.1).
    pub(crate) fn is_safe(&self) -> bool {
        matches!(self.0.as_str(), "GET" | "HEAD" | "OPTIONS")
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As the transport takes it. `CONNECT` and `TRACE` are none that a guest may use: the one opens a
    /// tunnel, the other echoes headers.
    pub(crate) fn to_http(&self) -> Result<http::Method> {
        let refused = || {
            Failure::new(
                FailureKind::Denied,
                "method-refused",
                format!("\"{}\" is not a method that may be sent.", self.0),
            )
        };
        let method = http::Method::from_bytes(self.0.as_bytes()).map_err(|_| refused())?;
        let forbidden = method == http::Method::CONNECT || method == http::Method::TRACE;
        if forbidden || !self.0.bytes().all(|b| b.is_ascii_uppercase()) { Err(refused()) } else { Ok(method) }
    }
}

/// What a request carries. Printing it shows how much it is, since it may be a token request.
#[derive(Clone, PartialEq, Eq)]
pub enum Body {
    /// Nothing.
    None,
    /// A JSON text, as `application/json`.
    Json(String),
    /// Fields, as `application/x-www-form-urlencoded`.
    Form(Vec<(String, String)>),
    /// Bytes of a media type.
    Content {
        /// The `content-type`.
        media_type: String,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// A file.
    File {
        /// The `content-type`.
        media_type: String,
        /// Its bytes.
        file: FileSource,
    },
    /// Parts, as `multipart/form-data`.
    Multipart(Vec<Part>),
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.len())
    }
}

impl Body {
    /// The `content-type` and the bytes, files from their beginning.
    pub(super) fn to_outbound(&self) -> Result<(Option<String>, OutboundBody)> {
        let (media_type, bytes) = match self {
            Self::None => (None, Vec::new()),
            Self::Json(text) => (Some("application/json".to_owned()), text.clone().into_bytes()),
            Self::Form(fields) => {
                let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
                (Some("application/x-www-form-urlencoded".to_owned()), text.into_bytes())
            }
            Self::Content { media_type, bytes } => (Some(media_type.clone()), bytes.clone()),
            Self::File { media_type, file } => {
                let reader = file.reader().map_err(|_| unreadable())?;
                let stream = OutboundBody::Stream { reader, length: file.length() };
                return Ok((Some(media_type.clone()), stream));
            }
            Self::Multipart(parts) => {
                let form = Form::of(parts)?;
                let stream = OutboundBody::Stream { reader: form.reader, length: form.length };
                return Ok((Some(form.media_type), stream));
            }
        };
        Ok((media_type, bytes.into()))
    }

    /// How many bytes of files there are.
    pub fn file_len(&self) -> u64 {
        match self {
            Self::File { file, .. } => file.length(),
            Self::Multipart(parts) => parts.iter().map(Part::file_len).fold(0, u64::saturating_add),
            _ => 0,
        }
    }

    /// How many bytes there are, before encoding and without those of files.
    pub fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Json(text) => text.len(),
            Self::Form(fields) => fields.iter().map(|(name, value)| name.len() + value.len() + 2).sum(),
            Self::Content { bytes, .. } => bytes.len(),
            Self::File { .. } => 0,
            Self::Multipart(parts) => parts.iter().map(Part::own_len).sum(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0 && self.file_len() == 0
    }
}

/// A request to an audience. It names no host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path below the audience's prefix, percent-encoded.
    pub path: String,
    /// The query, raw.
    pub query: Vec<(String, String)>,
    /// Headers that the guest asks for.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Body,
}

/// An answer, as a guest may see it. Printing it shows how much it is, since it may be an answer with tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, decompressed.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of this name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.status, self.body.len())
    }
}
