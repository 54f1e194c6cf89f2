//! Whoever keeps records of what happens in a host: the service, where there is one.

use std::sync::Arc;

use crate::authorization::Connection;
use crate::dialog::Conversation;
use crate::failure::{Failure, Result};
use crate::ids::{ConversationId, IntegrationId, WorkspaceId};
use crate::run::{Run, RunOutcome};
use crate::runtime::Files;
use crate::vault::Write;

/// Keeps records of what happens in a host.
pub(crate) trait Keeper: Send + Sync {
    /// Runs a template for a conversation, and keeps what is known of the run.
    fn run(&self, run: &Run, conversation: &ConversationId) -> Result<RunOutcome>;

    /// The files that a conversation with this end user, or with nobody in particular, can name, and where new ones go.
    fn files(&self, workspace: &WorkspaceId, user: Option<&str>) -> Arc<dyn Files>;

    /// What is to be written with a connection that is about to be stored.
    fn beside(&self, connection: &Connection) -> Result<Vec<Write>>;

    /// What is to be written with a connection that its person has deleted in a conversation.
    fn beside_deletion(&self, connection: &Connection, conversation: &ConversationId) -> Result<Vec<Write>>;

    /// Something failed in a conversation that only an admin can mend.
    fn admin_needed(
        &self,
        workspace: &WorkspaceId,
        integration: &IntegrationId,
        conversation: &ConversationId,
        failure: &Failure,
    ) -> Result<()>;

    /// What is to be written with a conversation that is about to be stored as failed.
    fn conversation_failed(&self, conversation: &Conversation, failure: &Failure) -> Result<Vec<Write>>;
}
