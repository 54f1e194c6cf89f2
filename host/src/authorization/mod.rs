//! OAuth 2.0 on behalf of plugins: profiles, authorizations, connections, refreshing.
//!
//! A plugin decides *that* a code is exchanged or a token refreshed; this module does it. Codes, tokens,
//! client secrets and verifiers are here, in the vault, and on the wire to the token endpoint, and nowhere else.
//!
//! | file | subject |
//! |---|---|
//! | `profile.rs` | client registrations |
//! | `profile_url.rs` | their URLs, with placeholders |
//! | `profile_check.rs` | what they must be |
//! | `profile_store.rs` | where they are kept |
//! | `profile_test.rs` | trying one out |
//! | `connection.rs` | what a connection is, as it is stored |
//! | `connection_store.rs` | connections in the store |
//! | `configuration.rs` | what a workspace does with an integration |
//! | `policy.rs` | what a workspace lets an integration do |
//! | `approval.rs` | what the operator approved of a component |
//! | `needs.rs` | scopes: which to ask for, which are lacking |
//! | `basic.rs` | connecting with a name and a secret |
//! | `sites.rs` | which of several sites is meant |
//! | `report.rs` | all that is known of a connection |
//! | `probe.rs` | asking the vendor whether a site is reached |
//! | `browser.rs` | who brings a callback back |
//! | `pending.rs` | authorizations that wait for their callback |
//! | `consent.rs` | the URL that a person is sent to |
//! | `callback.rs` | the person came back |
//! | `activation.rs` | a new connection takes its place |
//! | `token_endpoint.rs` | token requests and what their answers mean |
//! | `public_url.rs` | where the pages for people are |
//! | `link.rs` | links at which people connect accounts |
//! | `session.rs` | what came of a link, for the platform that asked for it |
//! | `offer.rs` | the link that a failed run comes with |
//! | `broker.rs` | the two token requests, as a plugin asks for them |
//! | `live.rs` | a connection in use |
//! | `check.rs` | whether a connection really works |
//! | `tokens_in_use.rs` | access tokens that were used lately |
//! | `keep_alive.rs` | connections that nobody uses |
//! | `refresh.rs` | renewing before expiry, once |

mod activation;
mod approval;
mod basic;
mod broker;
mod browser;
mod callback;
mod check;
mod configuration;
mod connection;
mod connection_store;
mod consent;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing {
    //! A way in for `crate::fuzzing`.

    pub(crate) use super::callback::Callback;
    pub(crate) use super::token_endpoint::read;
}
mod keep_alive;
mod link;
mod live;
mod needs;
mod offer;
mod pending;
mod policy;
mod probe;
mod profile;
mod profile_check;
mod profile_store;
mod profile_test;
mod profile_url;
mod public_url;
mod refresh;
mod report;
mod session;
mod sites;
mod token_endpoint;
mod tokens_in_use;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

pub use approval::{Approval, Difference};
pub(crate) use approval::{NOT_APPROVED, UNREADABLE};
pub use basic::Connect;
pub use browser::Browser;
pub use callback::{CallbackRouter, DenyCallbackRouter, FixedCallback};
pub use configuration::{AuthorizationMode, Configuration, Deleted, Editions, OneEdition};
pub use connection::{Account, Connection, ConnectionStatus, MissingScopes, OfferedSite, Proof};
pub(crate) use connection_store::{NOT_AUTHORIZED, SEVERAL_CONNECTIONS};
pub use consent::{Authorize, Begun};
pub use keep_alive::KeptAlive;
pub use link::{LinkFacts, Renewed};
pub(crate) use offer::{Usual, Whose};
pub use policy::{TemplatePolicy, WorkspacePolicy};
pub use profile::{AdditionalField, AuthorizationField, FieldPlace, Profile, ProfileKind};
pub use profile_store::InUse;
pub use profile_test::ProfileTest;
pub use profile_url::UrlTemplate;
pub use public_url::PublicUrl;
pub use report::{ConnectionReport, RefreshTokenHealth, RefreshTokenState};
pub use session::{Session, SessionFailure, SessionState};

use crate::clock::Clock;
use crate::egress::Egress;
use crate::failure::{Failure, FailureKind, Result};
use crate::ids::{ConnectionId, IntegrationId, ProfileId};
use crate::keeper::Keeper;
use crate::runtime::{CallContext, CallLimits, EventSink, Pacer, Plugin};
use crate::vault::Vault;

/// Everything that authorizing needs. Shared by all calls of a host.
pub struct Authorizations {
    pub(crate) plugins: RwLock<BTreeMap<IntegrationId, Plugin>>,
    pub(crate) egress: Egress,
    pub(crate) vault: Vault,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) callbacks: Arc<dyn CallbackRouter>,
    pub(crate) editions: Arc<dyn Editions>,
    pub(crate) events: Arc<dyn EventSink>,
    limits: Limits,
    pacer: Pacer,
    /// Orders what happens by its ids.
    #[cfg(feature = "service")]
    sequence: crate::ids::Sequence,
    /// Who keeps records of what happens. It knows the host, which must not keep it in turn.
    keeper: RwLock<Option<Weak<dyn Keeper>>>,
    tokens_in_use: tokens_in_use::TokensInUse,
    approved: approval::Approved,
    /// The profiles of the deployment, which every workspace can use.
    system_profiles: RwLock<BTreeMap<ProfileId, profile_store::SystemProfile>>,
    /// One lock per connection that is being refreshed in this process.
    refreshing: Mutex<HashMap<ConnectionId, Arc<Mutex<()>>>>,
}

/// What calls may use, of all plugins and of some.
#[derive(Debug, Clone, Default)]
pub(crate) struct Limits {
    pub(crate) all: CallLimits,
    pub(crate) of: BTreeMap<IntegrationId, CallLimits>,
}

impl std::fmt::Debug for Authorizations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authorizations")
            .field("egress", &self.egress)
            .field("vault", &self.vault)
            .finish_non_exhaustive()
    }
}

impl Authorizations {
    pub(crate) fn new(
        egress: Egress,
        vault: Vault,
        clock: Arc<dyn Clock>,
        callbacks: Arc<dyn CallbackRouter>,
        editions: Arc<dyn Editions>,
        events: Arc<dyn EventSink>,
        limits: Limits,
    ) -> Self {
        Self {
            plugins: RwLock::default(),
            pacer: Pacer::new(Arc::clone(&clock)),
            #[cfg(feature = "service")]
            sequence: crate::ids::Sequence::default(),
            keeper: RwLock::default(),
            tokens_in_use: tokens_in_use::TokensInUse::default(),
            approved: approval::Approved::default(),
            egress,
            vault,
            clock,
            callbacks,
            editions,
            events,
            limits,
            system_profiles: RwLock::default(),
            refreshing: Mutex::default(),
        }
    }

    /// The plugin of an integration.
    ///
    /// # Errors
    /// `NotFound`, with those that there are.
    pub fn plugin(&self, integration: &IntegrationId) -> Result<Plugin> {
        let plugins = self.plugins.read().unwrap_or_else(PoisonError::into_inner);
        plugins.get(integration).cloned().ok_or_else(|| {
            let known: Vec<&str> = plugins.keys().map(IntegrationId::as_str).collect();
            Failure::new(
                FailureKind::NotFound,
                "unknown-integration",
                format!("There is no integration \"{integration}\"."),
            )
            .hint(format!("Integrations: {}.", known.join(", ")))
        })
    }

    /// A new id whose order is that of time.
    #[cfg(feature = "service")]
    pub(crate) fn ordered_id(&self, prefix: &str) -> Result<String> {
        self.sequence.id(prefix, self.clock.now()?)
    }

    /// Who keeps records of what happens.
    pub(crate) fn keeper(&self) -> Option<Arc<dyn Keeper>> {
        self.keeper.read().unwrap_or_else(PoisonError::into_inner).as_ref()?.upgrade()
    }

    pub(crate) fn keep_with(&self, keeper: &Arc<dyn Keeper>) {
        *self.keeper.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::downgrade(keeper));
    }

    /// What calls of an integration may use.
    pub(crate) fn limits(&self, integration: &IntegrationId) -> CallLimits {
        self.limits.of.get(integration).copied().unwrap_or(self.limits.all)
    }

    /// What every call of a plugin is given; who makes its token requests comes on top.
    pub(crate) fn context(&self, plugin: &Plugin) -> CallContext {
        let mut context = CallContext::new(self.egress.clone(), self.pacer.clone());
        context.events = Arc::clone(&self.events);
        context.limits = self.limits(&plugin.manifest().id);
        context
    }
}
