//! Names of things, each of a type of its own, so that one cannot be passed for another.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::failure::{Failure, FailureKind};

/// The longest id, in characters. The contract allows no longer one.
const MAX_ID: usize = 64;

/// The longest id of a site, in characters, as the contract says.
const MAX_SITE_ID: usize = 128;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// An id from text: 1 to 64 characters of `A-Z a-z 0-9 . _ -`.
            ///
            /// # Errors
            /// `InvalidInput` where the text is not such.
            pub fn new(text: impl Into<String>) -> Result<Self, Failure> {
                let text = text.into();
                if is_id(&text) {
                    return Ok(Self(text));
                }
                Err(Failure::new(
                    FailureKind::InvalidInput,
                    "invalid-id",
                    format!("\"{text}\" cannot be the name of a {}.", stringify!($name).trim_end_matches("Id").to_lowercase()),
                )
                .hint("Use 1 to 64 letters, digits, dots, dashes and underscores."))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

id!(
    /// An integration, such as `tracker`: what its manifest says.
    IntegrationId
);
id!(
    /// A template of an integration, such as `create-content`.
    TemplateId
);
id!(
    /// An authorization profile.
    ProfileId
);
id!(
    /// A connection.
    ConnectionId
);
id!(
    /// A workspace: the tenant that owns profiles and connections.
    WorkspaceId
);
id!(
    /// A conversation.
    ConversationId
);
id!(
    /// A key of the HTTP API.
    KeyId
);
id!(
    /// A run that the service was asked for.
    RunId
);
id!(
    /// A file that a run is given, or that it made.
    FileId
);
id!(
    /// An address that is told what happens.
    WebhookId
);
id!(
    /// An authorization that a platform asked for.
    SessionId
);

impl WorkspaceId {
    /// The workspace of a host that has only one.
    pub fn default_workspace() -> Self {
        Self("default".to_owned())
    }
}

/// 1 to 64 characters that need no escaping in a path, a file name or a query, and are no dots.
pub(crate) fn is_id(text: &str) -> bool {
    text.len() <= MAX_ID && is_site_id(text)
}

/// The id of a vendor's site: as an id, and up to 128 characters.
pub(crate) fn is_site_id(text: &str) -> bool {
    (1..=MAX_SITE_ID).contains(&text.len())
        && text != "."
        && text != ".."
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

/// A new random id with this prefix: 120 bits from the system's generator.
///
/// # Errors
/// `Internal` where the system has no randomness to give.
pub(crate) fn random_id(prefix: &str) -> Result<String, Failure> {
    let mut bytes = [0u8; 15];
    getrandom::fill(&mut bytes).map_err(|_| Failure::internal("The system gives no random numbers."))?;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{prefix}{hex}"))
}

/// Numbers that say when, in microseconds since 1970, each larger than the one before.
#[cfg(feature = "service")]
#[derive(Debug, Default)]
pub(crate) struct Sequence(std::sync::atomic::AtomicU64);

#[cfg(feature = "service")]
impl Sequence {
    /// A new id whose order is that of time: of one process exactly, of several as far as their clocks agree.
    ///
    /// # Errors
    /// `Internal` where the system has no randomness to give.
    pub(crate) fn id(&self, prefix: &str, now: u64) -> Result<String, Failure> {
        use std::sync::atomic::Ordering;
        // The host's clock tells seconds.
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let within = since.map_or(0, |since| u64::from(since.subsec_micros()));
        let at = micros(now).saturating_add(within);
        let later = |last: u64| Some(at.max(last.saturating_add(1)));
        let last = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, later).unwrap_or_default();
        random_id(&format!("{prefix}{:016x}", at.max(last.saturating_add(1))))
    }
}

/// What the ids of a time begin with: those before it come before it, and all others after.
#[cfg(feature = "service")]
pub(crate) fn from_time(prefix: &str, seconds: u64) -> String {
    format!("{prefix}{:016x}", micros(seconds))
}

#[cfg(feature = "service")]
fn micros(seconds: u64) -> u64 {
    seconds.saturating_mul(1_000_000)
}
