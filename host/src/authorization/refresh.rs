//! Renewing before expiry, once.
//!
//! A token is renewed by its stored expiry and not by an error of the vendor: gateways answer an expired token
//! with 404 or 403 as well. One thread renews a connection at a time; the others wait and find it renewed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::Authorizations;
use super::broker::Refresh;
use super::connection::{Connection, ConnectionStatus};
use super::live::{LiveConnection, Renewal};
use crate::failure::{Failure, FailureKind, Result};
use crate::ids::ConnectionId;
use crate::runtime::Authority;
use crate::vault::Expect;

/// The longest time before expiry at which a token is renewed, in seconds: longer than a run takes.
const LONGEST_MARGIN: u64 = 300;

/// A token that lives shortly is renewed in the last tenth of its life, lest it be renewed at once.
const SHARE_OF_LIFE: u64 = 10;

/// Whether a token that lives from `issued_at` to `expires_at` is to be renewed now.
fn is_due(issued_at: u64, expires_at: u64, now: u64) -> bool {
    let margin = LONGEST_MARGIN.min(expires_at.saturating_sub(issued_at) / SHARE_OF_LIFE);
    now >= expires_at.saturating_sub(margin)
}

impl Authorizations {
    /// The renewed connection, or `None` where the one at hand is good for now.
    pub(super) fn renewed_if_due(
        self: &Arc<Self>,
        current: &Connection,
        deadline: Instant,
    ) -> Result<Option<Connection>> {
        if !self.is_due(current)? {
            return Ok(None);
        }
        let lock = self.lock_of(&current.id);
        let _one_at_a_time = lock.lock().unwrap_or_else(PoisonError::into_inner);
        let (stored, generation) = self.stored_connection(&current.workspace, &current.id)?;
        stored.check_usable()?;
        if !self.is_due(&stored)? {
            return Ok(Some(stored));
        }
        match self.renew(stored.clone(), generation, deadline) {
            Ok(renewed) => Ok(Some(renewed)),
            Err(failure) => self.after_failure(stored, generation, failure),
        }
    }

    fn is_due(&self, connection: &Connection) -> Result<bool> {
        match connection.expires_at {
            Some(expires_at) => Ok(is_due(connection.issued_at, expires_at, self.clock.now()?)),
            None => Ok(false),
        }
    }

    fn renew(self: &Arc<Self>, stored: Connection, generation: i64, deadline: Instant) -> Result<Connection> {
        let plugin = self.plugin(&stored.integration)?;
        let profile = self.profile(&stored.workspace, &stored.profile)?;
        let live = Arc::new(LiveConnection::new(Arc::clone(self), stored.clone(), Renewal::Never));
        let broker = Arc::new(Refresh {
            authorizations: Arc::clone(self),
            client_secret: self.client_secret(&stored.workspace, &profile.id)?,
            refresh_token: self.refresh_token(&stored)?,
            token_errors: plugin
                .manifest()
                .oauth2()
                .map(|oauth2| oauth2.token_errors.clone())
                .unwrap_or_default(),
            live: Arc::clone(&live),
            connection: stored.clone(),
            generation,
            profile,
        });
        let mut context = self.context().until(deadline);
        context.tokens = Some(broker);
        let (result, _) = plugin.refresh(context, live as Arc<dyn Authority>);
        result?;
        let (renewed, _) = self.stored_connection(&stored.workspace, &stored.id)?;
        if self.is_due(&renewed)? && renewed.issued_at == stored.issued_at {
            return Err(Failure::internal("The plugin says it refreshed the connection, and did not."));
        }
        Ok(renewed)
    }

    /// What a failed renewal means for the connection, and for the request that wanted it.
    fn after_failure(
        &self,
        stored: Connection,
        generation: i64,
        failure: Failure,
    ) -> Result<Option<Connection>> {
        let now = self.clock.now()?;
        let status = match failure.kind {
            FailureKind::AuthorizationRequired if stored.refreshable => {
                ConnectionStatus::NeedsReauthorization
            }
            FailureKind::BadClientCredentials => ConnectionStatus::BadClientCredentials,
            // The token at hand may be good for a while yet; trouble of the network is no reason not to use it.
            _ if stored.expires_at.is_some_and(|expires_at| now < expires_at) => return Ok(None),
            _ => return Err(failure),
        };
        let changed = stored.in_status(status, Some(failure.message.clone()), now);
        match self.put_connection(&changed, None, Expect::Generation(generation)) {
            // Whoever wrote in between knows more than we do.
            Ok(()) | Err(Failure { kind: FailureKind::Conflict, .. }) => Err(failure),
            Err(storage) => Err(storage),
        }
    }

    fn lock_of(&self, id: &ConnectionId) -> Arc<Mutex<()>> {
        let mut locks = self.refreshing.lock().unwrap_or_else(PoisonError::into_inner);
        locks.retain(|_, lock| Arc::strong_count(lock) > 1);
        Arc::clone(locks.entry(id.clone()).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// AUTH-7
    #[test]
    fn a_token_is_renewed_in_the_smaller_of_five_minutes_and_a_tenth_of_its_life_before_it_expires() {
        let hour = |now| is_due(0, 3_600, now);
        assert!(!hour(3_299));
        assert!(hour(3_300));
        let minute = |now| is_due(1_000, 1_060, now);
        assert!(!minute(1_053));
        assert!(minute(1_054));
        assert!(is_due(0, 0, 0));
    }
}
