//! Asking the vendor, by a probe of the manifest, whether a connection reaches its site, and whose account it is.
//!
//! A list of sites is not the truth: it may hold sites that the account cannot open. What counts is what the vendor
//! answers to a real request there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Authorizations;
use super::connection::{Account, OfferedSite, Proof};
use crate::egress::{Audience, Credential, Response};
use crate::failure::{Failure, FailureKind, Result};
use crate::runtime::{Authority, ConnectionFacts, Plugin, Site};

/// The longest that all sites together are probed: a person waits for it.
const LONGEST_ROUND: Duration = Duration::from_secs(20);

/// What the vendor answered.
pub(super) enum Probed {
    /// The connection reaches its site; and its account, where the answer tells.
    Reached(Option<Account>),
    /// There is no such site for this account.
    NotReached,
    /// The credential was refused.
    Refused,
    /// Nothing that tells: trouble, or a lack of scopes.
    Unclear(Failure),
}

impl Probed {
    fn is_reachable(&self) -> Option<bool> {
        match self {
            Self::Reached(_) => Some(true),
            Self::NotReached | Self::Refused => Some(false),
            Self::Unclear(_) => None,
        }
    }
}

/// A connection as it would be with this site.
struct AtSite {
    inner: Arc<dyn Authority>,
    site: Site,
}

impl Authority for AtSite {
    fn facts(&self) -> ConnectionFacts {
        ConnectionFacts { site: Some(self.site.clone()), ..self.inner.facts() }
    }

    fn profile(&self) -> &str {
        self.inner.profile()
    }

    fn audience(&self, of_manifest: Audience) -> Result<Audience> {
        self.inner.audience(of_manifest)
    }

    fn credential(&self, deadline: Instant) -> Result<Credential> {
        self.inner.credential(deadline)
    }

    fn renewed_after(&self, response: &Response, deadline: Instant) -> Result<bool> {
        self.inner.renewed_after(response, deadline)
    }
}

impl Authorizations {
    /// Sends the probe that fits what a connection was granted; none where the manifest has none for it.
    ///
    /// # Errors
    /// What keeps the credential from being had.
    pub(super) fn probe(
        &self,
        plugin: &Plugin,
        connection: Arc<dyn Authority>,
        proof: &Proof,
        deadline: Instant,
    ) -> Result<Option<Probed>> {
        let granted = connection.facts().scopes;
        let granted = (*proof == Proof::OAuth2).then_some(granted.as_slice());
        let Some(probe) = plugin.manifest().probe(granted) else { return Ok(None) };
        let response = match plugin.probe(self.context(plugin).until(deadline), probe, connection) {
            Ok(response) => response,
            Err(failure) if says_nothing_of_the_credential(&failure) => {
                return Ok(Some(Probed::Unclear(failure)));
            }
            Err(failure) => return Err(failure),
        };
        let lacks_scope =
            plugin.manifest().oauth2().is_some_and(|oauth2| oauth2.says_scope_is_missing(&response));
        Ok(Some(match response.status {
            200..=299 => Probed::Reached(probe.account(&response).map(|(id, name)| Account { id, name })),
            401 if !lacks_scope => Probed::Refused,
            403 | 404 if !lacks_scope => Probed::NotReached,
            status => Probed::Unclear(unclear(status)),
        }))
    }

    /// The same, at a site that the connection does not have yet.
    pub(super) fn probe_at(
        &self,
        plugin: &Plugin,
        connection: &Arc<dyn Authority>,
        site: Option<&Site>,
        deadline: Instant,
    ) -> Result<Option<Probed>> {
        let inner = Arc::clone(connection);
        let at: Arc<dyn Authority> = match site {
            Some(site) => Arc::new(AtSite { inner, site: site.clone() }),
            None => inner,
        };
        self.probe(plugin, at, &Proof::OAuth2, deadline)
    }

    /// Marks sites by whether the grant really reaches them, as far as that can be found out in a short time.
    pub(super) fn offered(
        &self,
        plugin: &Plugin,
        connection: &Arc<dyn Authority>,
        sites: Vec<Site>,
    ) -> Vec<OfferedSite> {
        let deadline = Instant::now() + LONGEST_ROUND.min(self.limits(&plugin.manifest().id).wall_clock);
        let mark = |site: Site| {
            let probed = if Instant::now() < deadline {
                self.probe_at(plugin, connection, Some(&site), deadline).ok().flatten()
            } else {
                None
            };
            OfferedSite { reachable: probed.and_then(|probed| probed.is_reachable()), site }
        };
        sites.into_iter().map(mark).collect()
    }
}

/// Whether a failure is about the way to the vendor, or about a limit, and not about the connection.
fn says_nothing_of_the_credential(failure: &Failure) -> bool {
    !matches!(failure.kind, FailureKind::AuthorizationRequired | FailureKind::BadClientCredentials)
}

fn unclear(status: u16) -> Failure {
    Failure::new(
        FailureKind::Upstream,
        "probe-unclear",
        format!(
            "The vendor answered with the status {status}, which does not tell how the connection stands."
        ),
    )
    .hint("Try again later.")
    .status(status)
}

/// The site is listed for the account, and the account cannot open it.
pub(super) fn not_reachable(site: Option<&Site>) -> Failure {
    let name = site.map(|site| format!("the site {} ({})", site.name, site.url));
    let name = name.unwrap_or_else(|| "what it was made for".to_owned());
    Failure::new(
        FailureKind::NotFound,
        "site-not-reachable",
        format!("The connection does not reach {name}: it is not there for this account."),
    )
    .hint("Ask an admin of the site to give the account access, or choose another site with --site.")
}
