//! Who looks at the console: sessions, begun with a key and kept by a cookie.
//!
//! A session is 256 random bits in a cookie; of them the store keeps a hash. It is made anew at each login, whatever cookie
//! the browser had before (session fixation), ends after a working day or when its key does, and is looked up with each
//! request, so that one that was ended is over everywhere. Its forms carry a token that only its own pages can know.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::super::cookie::BrowserCookie;
use super::super::keys::{ApiKey, Scope};
use super::super::requests::RequestId;
use super::Console;
use crate::authorization::{Browser, PublicUrl};
use crate::failure::{Failure, FailureKind, Result};
use crate::host::Host;
use crate::ids::KeyId;
use crate::secret::ExposeSecret as _;
use crate::vault::{Collection, Expect, RecordKey, Write};

/// How long a session lasts, in seconds: a working day.
const LIFETIME: u64 = 12 * 60 * 60;

/// What is stored of a session.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Stored {
    key: KeyId,
    expires_at: u64,
}

/// The cookie of a session.
#[derive(Debug, Clone)]
pub(in super::super) struct ConsoleCookie(BrowserCookie);

impl ConsoleCookie {
    pub(in super::super) fn of(public: &PublicUrl) -> Self {
        Self(BrowserCookie::called(public, "__Host-actionbay-console", "actionbay-console"))
    }

    /// The secret that these headers carry, and one only.
    pub(in super::super) fn read(&self, headers: &HeaderMap) -> Option<Browser> {
        self.0.read(headers)
    }

    /// The header that has a browser keep the cookie.
    pub(super) fn set(&self, secret: &Browser) -> Result<HeaderValue> {
        self.0.set(secret, LIFETIME)
    }

    /// The header that has a browser forget it.
    pub(super) fn clear(&self) -> Result<HeaderValue> {
        self.0.clear()
    }
}

/// Whoever looks at the console.
#[derive(Debug, Clone)]
pub(super) struct Admin {
    /// The key that the session was begun with.
    pub(super) key: ApiKey,
    /// What every form of the session carries.
    pub(super) token: String,
    /// What they ask for with this request.
    pub(super) request: Option<RequestId>,
}

/// Begins a session.
pub(super) fn begin(host: &Host, key: &ApiKey) -> Result<Browser> {
    let secret = Browser::new()?;
    let authorizations = host.authorizations();
    let expires_at = authorizations.clock.now()? + LIFETIME;
    drop_old(host)?;
    let body = serde_json::to_vec(&Stored { key: key.id.clone(), expires_at })
        .map_err(|_| Failure::internal("A session makes no JSON."))?;
    authorizations.vault.commit(&[Write::put(place(&secret), Expect::Absent, body)])?;
    Ok(secret)
}

/// Ends a session, in every process.
pub(super) fn end(host: &Host, secret: &Browser) -> Result<()> {
    host.authorizations().vault.commit(&[Write::delete(place(secret), Expect::Any)])
}

fn drop_old(host: &Host) -> Result<()> {
    let authorizations = host.authorizations();
    let now = authorizations.clock.now()?;
    let stored = authorizations.vault.list(Collection::ConsoleSessions, "")?;
    let is_over =
        |body: &[u8]| serde_json::from_slice::<Stored>(body).map_or(true, |stored| stored.expires_at <= now);
    let over = stored.iter().filter(|(_, record)| is_over(&record.body));
    let writes: Vec<Write> = over
        .map(|(id, _)| {
            Write::delete(RecordKey::new(Collection::ConsoleSessions, "", id.as_str()), Expect::Any)
        })
        .collect();
    if writes.is_empty() { Ok(()) } else { authorizations.vault.commit(&writes) }
}

impl Console {
    /// Whose session a secret is.
    fn admin(&self, secret: &Browser) -> Result<Admin> {
        let over = || Failure::new(FailureKind::Denied, "no-session", "Nobody is logged in.");
        let authorizations = self.host.authorizations();
        let record = authorizations.vault.get(&place(secret))?.ok_or_else(over)?;
        let stored: Stored = serde_json::from_slice(&record.body).map_err(|_| over())?;
        if stored.expires_at <= authorizations.clock.now()? {
            return Err(over());
        }
        let key = self.keys.good(&stored.key)?;
        if !key.may(Scope::Admin) {
            return Err(over());
        }
        Ok(Admin { key, token: hash("form", secret), request: None })
    }
}

impl FromRequestParts<Console> for Admin {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> std::result::Result<Self, Response> {
        let Some(secret) = console.cookie.read(&parts.headers) else { return Err(console.to("/login")) };
        let (known, room) = (console.clone(), console.room.clone());
        let request = parts.extensions.get::<RequestId>().cloned();
        match room.work(move || known.admin(&secret)).await {
            Ok(admin) => Ok(Admin { request, ..admin }),
            Err(failure) if failure.kind == FailureKind::Denied => Err(console.to("/login")),
            Err(failure) => Err(super::layout::failed(console, None, &failure)),
        }
    }
}

/// A session belongs to the deployment until it is known whose it is.
fn place(secret: &Browser) -> RecordKey {
    RecordKey::new(Collection::ConsoleSessions, "", hash("session", secret))
}

/// What is made of a session's secret for one use, from which it cannot be had back.
fn hash(what: &str, secret: &Browser) -> String {
    let mut hasher = Sha256::new();
    hasher.update(what.as_bytes());
    hasher.update([0]);
    hasher.update(secret.cookie().expose_secret().as_bytes());
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
