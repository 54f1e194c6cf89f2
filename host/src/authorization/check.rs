//! Whether a connection really works, asked of the vendor.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Authorizations;
use super::connection::{self, Account, Connection, ConnectionStatus};
use super::probe::{Probed, not_reachable};
use crate::failure::{Failure, FailureKind, Result};
use crate::ids::{ConnectionId, WorkspaceId};
use crate::runtime::{AuthorizationOutcome, AuthorizationStep, Site};
use crate::vault::Expect;

/// The longest that a check may take: a person waits for it.
const LONGEST_CHECK: Duration = Duration::from_secs(30);

impl Authorizations {
    /// Asks the vendor whether a connection works: by one probe of the manifest, or, where its scopes allow none, by
    /// having the plugin choose the connection's site once more, for which it has to look whether the grant still
    /// reaches it. What is due is renewed, and what is over is marked so.
    ///
    /// A connection without a site is only renewed when due: there is nothing that all vendors answer.
    ///
    /// # Errors
    /// `NotFound`, also of a site that the grant does not reach any more; `AuthorizationRequired`,
    /// `BadClientCredentials`; what the plugin gives.
    pub fn check(self: &Arc<Self>, workspace: &WorkspaceId, id: &ConnectionId) -> Result<Connection> {
        let (connection, _) = self.stored_connection(workspace, id)?;
        let plugin = self.approved_plugin(&connection.integration)?;
        let (profile, site) = (connection.profile.clone(), connection.site.clone());
        self.check_on(&connection)?;
        let (proof, used) = (connection.proof.clone(), connection.clone());
        let live = self.live(connection)?;
        let deadline = Instant::now() + self.limits(&plugin.manifest().id).wall_clock.min(LONGEST_CHECK);
        live.credential(deadline)?;
        match self.probe(&plugin, Arc::clone(&live), &proof, deadline)? {
            Some(Probed::Reached(account)) => return self.after_probe(&used, account),
            Some(Probed::NotReached) => return Err(not_reachable(site.as_ref())),
            Some(Probed::Refused) => {
                return Err(self.after_check(workspace, id, token_refused(id), &used)?);
            }
            Some(Probed::Unclear(failure)) => return Err(failure),
            // The grant has none of the scopes of a probe.
            None => {}
        }
        if let Some(site) = site {
            let step = AuthorizationStep::ChooseSite { connection: live, site: site.clone() };
            let (outcome, _) =
                plugin.authorize(self.context(&plugin).until(deadline), profile.as_str(), step);
            match outcome {
                Ok(AuthorizationOutcome::Granted(granted)) if granted.site.as_ref() == Some(&site) => {}
                Ok(AuthorizationOutcome::Granted(granted)) => {
                    self.update_site(workspace, id, granted.site)?
                }
                Ok(_) => {
                    return Err(Failure::internal("The plugin did not say whether the site is reached."));
                }
                Err(failure) => return Err(self.after_check(workspace, id, failure, &used)?),
            }
        }
        self.connection(workspace, id)
    }

    /// Marks a connection whose credential the vendor refuses, and which nothing can renew.
    pub(super) fn mark_refused(&self, connection: &Connection) -> Result<()> {
        let failure = token_refused(&connection.id);
        self.after_check(&connection.workspace, &connection.id, failure, connection).map(drop)
    }

    /// The vendor may only now tell whose account it is.
    fn after_probe(&self, used: &Connection, account: Option<Account>) -> Result<Connection> {
        let changed = self.changed(&used.workspace, &used.id, |connection| {
            // What was authorized again meanwhile may be another account.
            if connection.grant != used.grant || connection.account.is_some() {
                return Ok(connection);
            }
            Ok(Connection { account: account.clone(), ..connection })
        })?;
        changed.ok_or_else(|| connection::unknown(&used.id))
    }

    /// The vendor may have given the site another name or address.
    fn update_site(&self, workspace: &WorkspaceId, id: &ConnectionId, site: Option<Site>) -> Result<()> {
        let (mut connection, generation) = self.stored_connection(workspace, id)?;
        if connection.site.as_ref().map(|site| &site.id) != site.as_ref().map(|site| &site.id) {
            return Err(Failure::internal("The plugin answered for another site than it was asked about."));
        }
        connection.site = site;
        self.put_connection(&connection, None, Expect::Generation(generation))
    }

    /// A token that is refused after a renewal too is over; anything else says nothing of the connection, and nothing of
    /// one that was authorized again meanwhile.
    fn after_check(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionId,
        failure: Failure,
        used: &Connection,
    ) -> Result<Failure> {
        if failure.kind != FailureKind::AuthorizationRequired {
            return Ok(failure);
        }
        let now = self.clock.now()?;
        self.changed(workspace, id, |connection| {
            if connection.grant != used.grant || !connection.status.works() {
                return Ok(connection);
            }
            let over = Connection { refused: true, ..connection };
            Ok(over.in_status(ConnectionStatus::NeedsReauthorization, Some(failure.message.clone()), now))
        })?;
        Ok(failure)
    }
}

/// The vendor refused the token, after a renewal too where there could be one.
fn token_refused(id: &ConnectionId) -> Failure {
    Failure::new(
        FailureKind::AuthorizationRequired,
        "credential-refused",
        format!("The vendor refuses the credential of the connection {id}: the access was withdrawn, or has ended."),
    )
    .hint("Authorize it again.")
    .status(401)
}
