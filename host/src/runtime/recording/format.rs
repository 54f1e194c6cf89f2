//! What a recording holds, and how it is read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::egress::Response;
use crate::failure::{Failure, FailureKind, Result};
use crate::runtime::ConnectionFacts;

/// The version of the format that is written and read.
const VERSION: u64 = 1;

/// The field that says the version, and that a document is a recording at all.
const MARK: &str = "actionbay-recording";

/// A run that was written down. Printing it leaves out what people wrote.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Recording {
    #[serde(rename = "actionbay-recording")]
    pub(super) version: u64,
    pub(super) component: Component,
    pub(super) template: String,
    pub(super) input: Value,
    pub(super) clock: u64,
    pub(super) seed: String,
    pub(super) connection: ConnectionFacts,
    pub(super) calls: Vec<Call>,
    pub(super) outcome: Outcome,
}

/// The component that ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct Component {
    /// Its integration's id.
    pub integration: String,
    /// The version that it says.
    pub version: String,
    /// The SHA-256 of its bytes, in hex.
    pub digest: String,
}

/// Something that the component asked the host for, and what it got.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "call")]
pub(super) enum Call {
    /// The facts of the connection had changed when it asked for them.
    #[serde(rename = "connection.facts")]
    Facts { facts: ConnectionFacts },
    #[serde(rename = "files.open")]
    Open {
        name: String,
        #[serde(flatten)]
        opened: Opened,
    },
    #[serde(rename = "http.send")]
    Send(Exchange),
    #[serde(rename = "http.download")]
    Download {
        #[serde(flatten)]
        exchange: Exchange,
        into: NewFile,
        #[serde(skip_serializing_if = "Option::is_none")]
        made: Option<KeptFile>,
    },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Opened {
    File(KeptFile),
    Failure(RecordedFailure),
}

/// A file, without its bytes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct KeptFile {
    pub(super) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) media_type: Option<String>,
    pub(super) size: u64,
    /// Absent where it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sha_256: Option<String>,
}

/// A file that the component wished for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct NewFile {
    pub(super) name: String,
    pub(super) media_type: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Exchange {
    pub(super) request: Asked,
    #[serde(flatten)]
    pub(super) answer: Answer,
    /// Whether a request that may have had an effect had left by then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) effect_sent: bool,
}

/// A request as the component named it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Asked {
    pub(super) audience: String,
    pub(super) method: String,
    pub(super) path: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) query: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) headers: Vec<(String, String)>,
    pub(super) on_behalf_of_connection: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) body: Option<SentBody>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum SentBody {
    #[serde(rename = "application/json")]
    Json(Bytes),
    #[serde(rename = "application/x-www-form-urlencoded")]
    Form(Vec<(String, String)>),
    #[serde(rename_all = "kebab-case")]
    Content { media_type: String, bytes: Bytes },
    /// A file by its name.
    File(String),
    #[serde(rename = "multipart/form-data")]
    Multipart(Vec<SentPart>),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct SentPart {
    pub(super) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) file_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) media_type: Option<String>,
    #[serde(flatten)]
    pub(super) content: SentContent,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum SentContent {
    Bytes(Bytes),
    /// A file by its name.
    File(String),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Answer {
    Response(Answered),
    Failure(RecordedFailure),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Answered {
    pub(super) status: u16,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Outcome {
    Output(Value),
    Failure(RecordedFailure),
}

/// A failure as a component gets it, or gives it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct RecordedFailure {
    kind: String,
    code: String,
    message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    missing_scopes: Vec<String>,
    #[serde(default)]
    request_sent: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_after: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    upstream_status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    upstream_request_id: Option<String>,
}

/// Bytes as people read them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Bytes {
    /// JSON whose shortest form these bytes are.
    Json(Value),
    Text(String),
    Base64(String),
}

impl std::fmt::Debug for Recording {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recording")
            .field("component", &self.component)
            .field("template", &self.template)
            .finish_non_exhaustive()
    }
}

impl Recording {
    /// A recording that was begun, of which nothing came yet.
    pub(super) fn begun(component: Component, template: String, input: Value, at: (u64, String)) -> Self {
        let nothing = Failure::internal("The run did not end.");
        Self {
            version: VERSION,
            component,
            template,
            input,
            clock: at.0,
            seed: at.1,
            connection: ConnectionFacts::default(),
            calls: Vec::new(),
            outcome: Outcome::Failure(RecordedFailure::of(&nothing)),
        }
    }

    /// Reads a recording.
    ///
    /// # Errors
    /// `InvalidInput` where the text is no recording, or one of another version of the format.
    pub fn parse(text: &str) -> Result<Self> {
        let bad = |code: &'static str, why: String| {
            Failure::new(FailureKind::InvalidInput, code, why)
                .hint("Give a file that was written by: actionbay run INTEGRATION TEMPLATE --record FILE")
        };
        let damaged = |error: serde_json::Error| {
            bad("bad-recording", format!("The recording is damaged or incomplete: {error}."))
        };
        let value: Value = serde_json::from_str(text).map_err(damaged)?;
        match value.get(MARK).map(|mark| (mark, mark.as_u64())) {
            None => Err(bad("bad-recording", "It is not the recording of a run.".to_owned())),
            Some((_, Some(VERSION))) => {
                let recording: Self = serde_json::from_value(value).map_err(damaged)?;
                if recording.calls.iter().all(Call::is_whole) {
                    return Ok(recording);
                }
                Err(bad(
                    "bad-recording",
                    "The recording is damaged: there is base64 that is none.".to_owned(),
                ))
            }
            Some((other, _)) => Err(bad(
                "recording-version",
                format!("The recording is of version {other} of the format, and this host reads {VERSION}."),
            )
            .hint("Record the run again with this version of the host.")),
        }
    }

    /// The document, as it is kept in a file.
    ///
    /// # Errors
    /// `Internal`, which does not happen.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string_pretty(self)
            .map(|text| text + "\n")
            .map_err(|_| Failure::internal("The recording makes no JSON."))
    }

    /// The component that ran.
    pub fn component(&self) -> &Component {
        &self.component
    }

    /// How many requests the component made.
    pub fn requests(&self) -> usize {
        self.calls.iter().filter(|call| matches!(call, Call::Send(_) | Call::Download { .. })).count()
    }
}

impl Call {
    /// Whether the bytes of its answer can be given again.
    fn is_whole(&self) -> bool {
        match self {
            Self::Send(exchange) | Self::Download { exchange, .. } => match &exchange.answer {
                Answer::Response(answered) => answered.body.bytes().is_some(),
                Answer::Failure(_) => true,
            },
            Self::Facts { .. } | Self::Open { .. } => true,
        }
    }
}

impl Bytes {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let Ok(text) = std::str::from_utf8(bytes) else { return Self::Base64(STANDARD.encode(bytes)) };
        let json: Option<Value> = serde_json::from_str(text).ok();
        let json = json.filter(|value| value.is_object() || value.is_array());
        match json.map(|value| (value.to_string(), value)) {
            Some((shortest, value)) if shortest == text => Self::Json(value),
            _ => Self::Text(text.to_owned()),
        }
    }

    /// The bytes again; none where base64 is damaged.
    pub(super) fn bytes(&self) -> Option<Vec<u8>> {
        match self {
            Self::Json(value) => Some(value.to_string().into_bytes()),
            Self::Text(text) => Some(text.clone().into_bytes()),
            Self::Base64(text) => STANDARD.decode(text).ok(),
        }
    }
}

impl Answer {
    pub(super) fn of(result: &Result<Response>) -> Self {
        match result {
            Ok(response) => Self::Response(Answered {
                status: response.status,
                headers: response.headers.clone(),
                body: Bytes::of(&response.body),
            }),
            Err(failure) => Self::Failure(RecordedFailure::of(failure)),
        }
    }

    pub(super) fn given(&self) -> Result<Response> {
        match self {
            Self::Failure(failure) => Err(failure.given()),
            Self::Response(Answered { status, headers, body }) => {
                let body = body.bytes().unwrap_or_default();
                Ok(Response { status: *status, headers: headers.clone(), body })
            }
        }
    }
}

impl RecordedFailure {
    pub(super) fn of(failure: &Failure) -> Self {
        Self {
            kind: failure.kind.as_str().to_owned(),
            code: failure.code.clone().into_owned(),
            message: failure.message.clone(),
            hint: failure.hint.clone(),
            missing_scopes: match &failure.kind {
                FailureKind::InsufficientScope(scopes) => scopes.clone(),
                _ => Vec::new(),
            },
            request_sent: failure.request_sent,
            retry_after: failure.retry_after,
            upstream_status: failure.upstream_status,
            upstream_request_id: failure.upstream_request_id.clone(),
        }
    }

    pub(super) fn given(&self) -> Failure {
        let kind = match FailureKind::named(&self.kind) {
            FailureKind::InsufficientScope(_) => FailureKind::InsufficientScope(self.missing_scopes.clone()),
            kind => kind,
        };
        let mut failure = Failure::new(kind, self.code.clone(), &self.message).sent(self.request_sent);
        failure.hint.clone_from(&self.hint);
        failure.retry_after = self.retry_after;
        failure.upstream_status = self.upstream_status;
        failure.upstream_request_id.clone_from(&self.upstream_request_id);
        failure
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bytes_are_shown_as_what_they_are() {
        assert!(matches!(Bytes::of(br#"{"a":[1,"\u00fc"]}"#), Bytes::Text(_)), "another spelling");
        assert!(matches!(Bytes::of(r#"{"a":[1,"ü"]}"#.as_bytes()), Bytes::Json(_)));
        assert!(matches!(Bytes::of(b"1.50"), Bytes::Text(_)));
        assert!(matches!(Bytes::of(b"\xff\0"), Bytes::Base64(_)));
    }

    proptest! {
        #[test]
        fn bytes_come_back_as_they_were(bytes: Vec<u8>, text in r#"[{\[]["a1:,.\]} -]{0,12}"#) {
            prop_assert_eq!(Bytes::of(&bytes).bytes(), Some(bytes));
            let of_text = Bytes::of(text.as_bytes());
            let kept = serde_json::to_string(&of_text).unwrap();
            let again: Bytes = serde_json::from_str(&kept).unwrap();
            prop_assert_eq!(again.bytes(), Some(text.into_bytes()));
        }
    }
}
