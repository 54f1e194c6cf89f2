//! A new connection takes its place: beside the others, or in that of the one that it follows.

use super::Authorizations;
use super::connection::{Account, Connection, ConnectionStatus, Intent};
use crate::failure::{Failure, FailureKind, Result};
use crate::ids::{ConnectionId, WorkspaceId};
use crate::runtime::Site;
use crate::vault::{CHANGED_IN_BETWEEN, Expect};

/// How often an activation is tried while others change what it follows.
const ACTIVATIONS: usize = 16;

impl Authorizations {
    /// Makes the stored connection the working one of its workspace, profile, user, account and site.
    ///
    /// It takes the place and the id of the connection that it follows: the one that was named, or one of the same
    /// account at the same site.
    pub(super) fn activate(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionId,
        site: Option<Site>,
        attributes: Vec<(String, String)>,
        identity: Identity,
    ) -> Result<Connection> {
        let mut tries = 1..ACTIVATIONS;
        loop {
            let (fresh, generation) = self.stored_connection(workspace, id)?;
            let intent = fresh.intent.clone();
            let active = self.settled(Connection {
                attempt: None,
                site: site.clone(),
                attributes: attributes.clone(),
                account: identity.account.clone(),
                given_up_at: None,
                offered_sites: Vec::new(),
                intent: Intent::default(),
                ..fresh
            })?;
            match self.take_place((active, generation), &intent, identity.unclear.as_ref()) {
                // The connection that it follows was renewed meanwhile.
                Err(failure) if failure.code == CHANGED_IN_BETWEEN && tries.next().is_some() => {}
                Err(failure) => return Err(failure),
                Ok(active) => {
                    self.configured_by(&active)?;
                    return Ok(active);
                }
            }
        }
    }

    /// Stores a connection that works, in the place of the one that it follows, if there is one; others of the same
    /// account and site go in the same write.
    ///
    /// `unclear` is why it is not known whose account it is: nothing is replaced then that belongs to a known one.
    fn take_place(
        &self,
        active: (Connection, i64),
        intent: &Intent,
        unclear: Option<&Failure>,
    ) -> Result<Connection> {
        let (connection, generation) = &active;
        let workspace = &connection.workspace;
        let user = connection.user.as_deref();
        let mut others = self.connections_for(workspace, &connection.integration, user)?;
        others.retain(|other| is_beside(other, connection));
        if let (None, Some(unclear), true) =
            (&connection.account, unclear, others.iter().any(|other| other.account.is_some()))
        {
            return Err(unclear.clone());
        }
        others.retain(|other| !is_another_account(other, connection));
        let before = match intent.reconnect.as_ref().or(others.first().map(|other| &other.id)) {
            Some(id) => self.stored_connection(workspace, id)?,
            None => {
                self.replace_connections(&[], connection, Expect::Generation(*generation))?;
                return Ok(connection.clone());
            }
        };
        before.0.check_follower(connection)?;
        if intent.reconnect.is_some() {
            check_same(&before.0, connection, intent.another_account)?;
        }
        others.retain(|other| other.id != before.0.id);
        self.succeed_connection(active, (&before.0, before.1), &others)
    }
}

/// Whose account was connected.
#[derive(Debug, Default)]
pub(super) struct Identity {
    /// The account, where the vendor tells.
    pub(super) account: Option<Account>,
    /// Why the vendor, which could tell, did not.
    pub(super) unclear: Option<Failure>,
}

/// Whether a connection is for the same purpose, at the same site.
fn is_beside(other: &Connection, active: &Connection) -> bool {
    let site = |connection: &Connection| connection.site.as_ref().map(|site| site.id.clone());
    other.id != active.id
        && other.check_follower(active).is_ok()
        && other.status != ConnectionStatus::AwaitingSite
        && site(other) == site(active)
}

/// Whether a connection is not known to be of the account of an earlier one: of another, or of one that the vendor does
/// not tell any more.
fn is_another_account(before: &Connection, now: &Connection) -> bool {
    before.account.as_ref().is_some_and(|before| now.account.as_ref().is_none_or(|now| now.id != before.id))
}

/// A connection that is authorized again stays the one of its account and site, unless it was said that it may become
/// another.
fn check_same(before: &Connection, now: &Connection, confirmed: bool) -> Result<()> {
    let name = |connection: &Connection| {
        let account = connection.account.as_ref();
        account.map_or_else(
            || "that the vendor does not tell".to_owned(),
            |account| account.name.clone().unwrap_or_else(|| account.id.clone()),
        )
    };
    let site = |connection: &Connection| connection.site.as_ref().map(|site| site.id.clone());
    if confirmed || (!is_another_account(before, now) && site(before) == site(now)) {
        return Ok(());
    }
    let (what, was, is) = if is_another_account(before, now) {
        ("account", name(before), name(now))
    } else {
        let url = |connection: &Connection| {
            connection.site.as_ref().map(|site| site.url.clone()).unwrap_or_default()
        };
        ("site", url(before), url(now))
    };
    Err(Failure::new(
        FailureKind::Conflict,
        format!("other-{what}"),
        format!("The connection {} is of the {what} {was}, and this is {is}. Nothing was changed.", before.id),
    )
    .hint(format!(
        "Authorize again with the {what} {was}, confirm that the connection may become another's, or add a connection."
    )))
}
