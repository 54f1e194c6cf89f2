//! Whoever keeps records of what happens in a host: the service, where there is one.

use crate::authorization::Connection;
use crate::failure::{Failure, Result};
use crate::ids::{ConversationId, IntegrationId, WorkspaceId};
use crate::run::{Run, RunOutcome};
use crate::vault::Write;

/// Keeps records of what happens in a host.
pub(crate) trait Keeper: Send + Sync {
    /// Runs a template for a conversation, and keeps what is known of the run.
    fn run(&self, run: &Run, conversation: &ConversationId) -> Result<RunOutcome>;

    /// What is to be written with a connection that is about to be stored.
    fn beside(&self, connection: &Connection) -> Result<Vec<Write>>;

    /// Something failed in a conversation that only an admin can mend.
    fn admin_needed(
        &self,
        workspace: &WorkspaceId,
        integration: &IntegrationId,
        conversation: &ConversationId,
        failure: &Failure,
    ) -> Result<()>;
}
