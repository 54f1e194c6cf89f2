//! Sessions: authorizations that a platform asked for and waits for, from the link to the connection.
//!
//! | state | what happened |
//! |---|---|
//! | `waiting` | the link was made |
//! | `opened` | somebody opened it and was sent to the vendor |
//! | `connected` | the connection works |
//! | `failed` | consent was refused, or the account could not be connected |
//! | `expired` | nobody came, or nobody came back, in time |
//!
//! What a session says is for whoever asked, and decides nothing: an authorization goes on where it cannot be written.

use serde::{Deserialize, Serialize};

use super::Authorizations;
use super::connection::{Connection, ConnectionStatus};
use super::consent::Authorize;
use crate::failure::{AuthorizationLink, Failure, FailureKind, Result};
use crate::ids::{ConnectionId, SessionId, WorkspaceId, random_id};
use crate::vault::{Collection, Expect, RecordKey, Write};

/// How long a session is kept once it is over, in seconds: whoever asked may come late.
const KEPT: u64 = 24 * 60 * 60;

/// How a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SessionState {
    /// Nobody opened the link yet.
    Waiting,
    /// Somebody is at the vendor, or chooses a site.
    Opened,
    /// The account is connected.
    Connected,
    /// It came to nothing.
    Failed,
    /// It took too long.
    Expired,
}

impl SessionState {
    /// Whether nothing more will come of it.
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Waiting | Self::Opened)
    }

    /// The state as one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Opened => "opened",
            Self::Connected => "connected",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }
}

/// Why a session came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct SessionFailure {
    /// The kind of the failure.
    pub kind: String,
    /// Its code.
    pub code: String,
    /// Its sentence.
    pub message: String,
}

/// An authorization that a platform asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// What was asked for.
    pub request: Authorize,
    /// How it stands.
    pub state: SessionState,
    /// The connection that came of it.
    pub connection: Option<ConnectionId>,
    /// Why nothing came of it.
    pub failure: Option<SessionFailure>,
    /// When it was made, in seconds since 1970 UTC.
    pub created_at: u64,
    /// Until when the person has to be done with what comes next.
    pub expires_at: u64,
}

impl Session {
    fn key(workspace: &WorkspaceId, id: &SessionId) -> RecordKey {
        RecordKey::new(Collection::ConnectSessions, workspace.as_str(), id.as_str())
    }

    fn write(&self, expect: Expect) -> Result<Write> {
        let body = serde_json::to_vec(self).map_err(|_| Failure::internal("A session cannot be written."))?;
        Ok(Write::put(Self::key(&self.request.workspace, &self.id), expect, body))
    }

    fn read(body: &[u8]) -> Result<Self> {
        serde_json::from_slice(body)
            .map_err(|_| Failure::storage("record-unreadable", "A stored session cannot be read."))
    }
}

impl Authorizations {
    /// Makes a link and a session that tells what comes of it.
    ///
    /// # Errors
    /// As [`issue_link`](Self::issue_link).
    pub fn begin_session(&self, request: &Authorize) -> Result<(Session, AuthorizationLink)> {
        let id = SessionId::new(random_id("s-")?)?;
        let request = Authorize { session: Some(id.clone()), ..request.clone() };
        let link = self.issue_link(&request)?;
        let session = Session {
            id,
            request,
            state: SessionState::Waiting,
            connection: None,
            failure: None,
            created_at: self.clock.now()?,
            expires_at: link.expires_at,
        };
        self.vault.commit(&[session.write(Expect::Absent)?])?;
        Ok((session, link))
    }

    /// A session anew: for the connection that came of it, or for what was asked, where none did.
    ///
    /// # Errors
    /// As [`session`](Self::session) and [`issue_link`](Self::issue_link).
    pub fn repeat_session(
        &self,
        workspace: &WorkspaceId,
        id: &SessionId,
    ) -> Result<(Session, AuthorizationLink)> {
        let before = self.session(workspace, id)?;
        match &before.connection {
            Some(connection) => {
                let connection = self.connection(workspace, connection)?;
                self.begin_session(&renewing(&connection))
            }
            None => self.begin_session(&before.request),
        }
    }

    /// A session for authorizing a connection again.
    ///
    /// # Errors
    /// `NotFound`; as [`issue_link`](Self::issue_link).
    pub fn session_to_renew(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionId,
    ) -> Result<(Session, AuthorizationLink)> {
        self.begin_session(&renewing(&self.connection(workspace, id)?))
    }

    /// How a session stands.
    ///
    /// # Errors
    /// `NotFound`; `Storage`.
    pub fn session(&self, workspace: &WorkspaceId, id: &SessionId) -> Result<Session> {
        let record = self.vault.get(&Session::key(workspace, id))?.ok_or_else(|| unknown(id))?;
        let mut session = Session::read(&record.body)?;
        if !session.state.is_over() && session.expires_at <= self.clock.now()? {
            session.state = SessionState::Expired;
        }
        Ok(session)
    }

    /// Notes that a link was opened: its person has until then.
    pub(super) fn session_opened(&self, request: &Authorize, expires_at: u64) {
        self.noted(&request.workspace, request.session.as_ref(), |session| {
            session.state = SessionState::Opened;
            session.expires_at = expires_at;
        });
    }

    /// Notes what came of an authorization; one that waits for its site is not over.
    pub(super) fn session_ended(
        &self,
        workspace: &WorkspaceId,
        session: Option<&SessionId>,
        result: &Result<Connection>,
    ) {
        match result {
            Ok(connection) => self.noted(workspace, session, |session| {
                session.state = SessionState::Connected;
                session.connection = Some(connection.id.clone());
                session.failure = None;
            }),
            Err(failure) if failure.waiting.is_some() => {}
            Err(failure) => self.noted(workspace, session, |session| {
                session.state = SessionState::Failed;
                session.failure = Some(SessionFailure {
                    kind: failure.kind.as_str().to_owned(),
                    code: failure.code.clone().into_owned(),
                    message: failure.message.clone(),
                });
            }),
        }
    }

    fn noted(&self, workspace: &WorkspaceId, id: Option<&SessionId>, change: impl Fn(&mut Session)) {
        let Some(id) = id else { return };
        if let Err(failure) = self.change_session(workspace, id, change) {
            log::warn!("what came of the session {id} cannot be written: {failure}");
        }
    }

    /// Changes a session, looking again where somebody else did so in between.
    fn change_session(
        &self,
        workspace: &WorkspaceId,
        id: &SessionId,
        change: impl Fn(&mut Session),
    ) -> Result<()> {
        loop {
            let Some(record) = self.vault.get(&Session::key(workspace, id))? else { return Ok(()) };
            let mut session = Session::read(&record.body)?;
            change(&mut session);
            match self.vault.commit(&[session.write(Expect::Generation(record.generation))?]) {
                Err(failure) if failure.kind == FailureKind::Conflict => {}
                result => return result,
            }
        }
    }

    /// The writes that forget the sessions for a user.
    pub(super) fn session_removals(&self, workspace: &WorkspaceId, user: &str) -> Result<Vec<Write>> {
        let stored = self.vault.list(Collection::ConnectSessions, workspace.as_str())?;
        let sessions = stored.iter().filter_map(|(_, record)| Session::read(&record.body).ok());
        let theirs = sessions.filter(|session| session.request.user.as_deref() == Some(user));
        Ok(theirs.map(|session| Write::delete(Session::key(workspace, &session.id), Expect::Any)).collect())
    }

    pub(super) fn drop_old_sessions(&self, workspace: &WorkspaceId) -> Result<()> {
        let now = self.clock.now()?;
        let stored = self.vault.list(Collection::ConnectSessions, workspace.as_str())?;
        let is_old = |body: &[u8]| {
            Session::read(body).map_or(true, |session| session.expires_at.saturating_add(KEPT) <= now)
        };
        let old = stored.iter().filter(|(_, record)| is_old(&record.body)).map(|(id, _)| {
            Write::delete(
                RecordKey::new(Collection::ConnectSessions, workspace.as_str(), id.as_str()),
                Expect::Any,
            )
        });
        let old: Vec<Write> = old.collect();
        if old.is_empty() { Ok(()) } else { self.vault.commit(&old) }
    }
}

/// What authorizes a connection again.
pub(super) fn renewing(connection: &Connection) -> Authorize {
    // What still waits for its site has no account yet that it could be renewed for.
    let is_renewed = connection.status != ConnectionStatus::AwaitingSite;
    Authorize::new(connection.workspace.clone(), connection.integration.clone(), connection.profile.clone())
        .user(connection.user.clone())
        .tenant(connection.tenant.clone())
        .site(connection.site.as_ref().map(|site| site.id.clone()))
        .reconnect(is_renewed.then(|| connection.id.clone()))
}

fn unknown(id: &SessionId) -> Failure {
    Failure::new(FailureKind::NotFound, "unknown-session", format!("There is no session \"{id}\"."))
        .hint("Make one with POST /v1/connect/sessions.")
}
