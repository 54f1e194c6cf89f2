//! What an embedder gives a host.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Host;
use crate::authorization::{
    Authorizations, CallbackRouter, DenyCallbackRouter, Editions, Limits, OneEdition,
};
use crate::clock::{Clock, DenyClock};
use crate::egress::{DenyTransport, Egress, OperatorPolicy, Transport};
use crate::failure::Result;
use crate::ids::IntegrationId;
use crate::runtime::{CallLimits, DenyEvents, Edition, EventSink};
use crate::vault::{DenyStore, Keyring, MasterKey, Store, Vault};

/// For how long a conversation is kept, where nobody says it: a month, in which a person may come back to it.
const KEEP_CONVERSATIONS: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What an embedder gives a host. Everything that is not given is denied.
pub struct HostBuilder {
    transport: Arc<dyn Transport>,
    store: Arc<dyn Store>,
    master_keys: Option<Keyring>,
    clock: Arc<dyn Clock>,
    callbacks: Arc<dyn CallbackRouter>,
    editions: Arc<dyn Editions>,
    events: Arc<dyn EventSink>,
    policy: OperatorPolicy,
    limits: Limits,
    keep_conversations: Duration,
}

impl fmt::Debug for HostBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostBuilder").field("policy", &self.policy).finish_non_exhaustive()
    }
}

impl HostBuilder {
    /// One that denies everything.
    pub(super) fn denying() -> Self {
        Self {
            transport: Arc::new(DenyTransport),
            store: Arc::new(DenyStore),
            master_keys: None,
            clock: Arc::new(DenyClock),
            callbacks: Arc::new(DenyCallbackRouter),
            editions: Arc::new(OneEdition(Edition::Developer)),
            events: Arc::new(DenyEvents),
            policy: OperatorPolicy::default(),
            limits: Limits::default(),
            keep_conversations: KEEP_CONVERSATIONS,
        }
    }

    /// How requests leave.
    #[must_use]
    pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
        self.transport = Arc::new(transport);
        self
    }

    /// Where records are kept, and the master key of their secrets, or both keys during a rotation.
    #[must_use]
    pub fn store(mut self, store: impl Store + 'static, master_keys: impl Into<Keyring>) -> Self {
        self.store = Arc::new(store);
        self.master_keys = Some(master_keys.into());
        self
    }

    /// What time it is.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Where people come back to.
    #[must_use]
    pub fn callbacks(mut self, callbacks: impl CallbackRouter + 'static) -> Self {
        self.callbacks = Arc::new(callbacks);
        self
    }

    /// Which edition of the platform a workspace has; without it, all have the edition `developer`.
    #[must_use]
    pub fn editions(mut self, editions: impl Editions + 'static) -> Self {
        self.editions = Arc::new(editions);
        self
    }

    /// Who watches.
    #[must_use]
    pub fn events(mut self, events: impl EventSink + 'static) -> Self {
        self.events = Arc::new(events);
        self
    }

    /// What the operator allows to be called; without it, nothing is.
    #[must_use]
    pub fn policy(mut self, policy: OperatorPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// What a call may use.
    #[must_use]
    pub fn limits(mut self, limits: CallLimits) -> Self {
        self.limits.all = limits;
        self
    }

    /// What a call of one integration may use instead.
    #[must_use]
    pub fn limits_of(mut self, integration: IntegrationId, limits: CallLimits) -> Self {
        self.limits.of.insert(integration, limits);
        self
    }

    /// For how long a conversation is kept after what was said last; without it, for thirty days.
    #[must_use]
    pub fn keep_conversations(mut self, time: Duration) -> Self {
        self.keep_conversations = time;
        self
    }

    /// Makes the host.
    ///
    /// # Errors
    /// `Storage` where the store was sealed with another key, cannot be used, or was not given.
    pub fn build(self) -> Result<Host> {
        let keys = self.master_keys.map_or_else(|| MasterKey::random().map(Keyring::from), Ok)?;
        let vault = Vault::open(self.store, keys)?;
        let egress = Egress::new(self.transport, self.policy);
        let authorizations = Authorizations::new(
            egress,
            vault,
            self.clock,
            self.callbacks,
            self.editions,
            self.events,
            self.limits,
        );
        let keep_conversations = self.keep_conversations;
        Ok(Host { authorizations: Arc::new(authorizations), keep_conversations })
    }
}
