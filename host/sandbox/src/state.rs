//! Everything the sandbox remembers, all of it in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;

use crate::accounts::Account;
use crate::clock::Clock;
use crate::faults::Faults;
use crate::media::Media;
use crate::oauth::Authorizations;
use crate::rates::{Quotas, RateLimit};
use crate::recorder::Recorder;
use crate::site::{Ids, Site, seed};

/// The size of attachments that a site allows before anybody changes it.
const ATTACHMENT_LIMIT: u64 = 250 * 1024 * 1024;

/// What scripts may change while the sandbox runs.
pub(crate) struct Settings {
    /// The lifetime of access tokens made from here on.
    pub(crate) token_lifetime: Duration,
    /// Whether the token endpoint sends `token_type`, which Atlassian's documented example lacks.
    pub(crate) token_type: bool,
    /// Whether accessible-resources also lists Jira, under the same id.
    pub(crate) jira_entry: bool,
    /// Who is signed in in the browser.
    pub(crate) account: &'static Account,
    /// The numbers of the sites that accessible-resources lists and that nobody gets into, counted from 1.
    pub(crate) unreachable_sites: BTreeSet<usize>,
    /// How many bytes an attachment may have.
    pub(crate) attachment_limit: u64,
    /// The status of an upload over that: 404 by the document, 413 as others have it.
    pub(crate) attachment_too_large: u16,
    /// Whether every write of v1 needs the header against forged requests, not only uploads.
    pub(crate) xsrf_always: bool,
    /// After how long the search index knows what was made, and forgets what was deleted.
    pub(crate) search_lag: Duration,
    /// The points that every app has.
    pub(crate) rate_limit: Option<RateLimit>,
}

impl Settings {
    pub(crate) fn new(token_lifetime: Duration) -> Self {
        Self {
            token_lifetime,
            token_type: true,
            jira_entry: false,
            account: Account::first(),
            unreachable_sites: BTreeSet::new(),
            attachment_limit: ATTACHMENT_LIMIT,
            attachment_too_large: 404,
            xsrf_always: false,
            search_lag: Duration::from_secs(20),
            rate_limit: None,
        }
    }
}

/// How people answered the consent page.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Consents {
    pub(crate) allowed: u64,
    pub(crate) denied: u64,
    pub(crate) refused: u64,
}

/// What was counted since the start.
#[derive(Debug, Serialize)]
pub(crate) struct Counters {
    requests: BTreeMap<String, u64>,
    answers: BTreeMap<u16, u64>,
    token_grants: BTreeMap<String, u64>,
    token_refusals: BTreeMap<String, u64>,
    pub(crate) consents: Consents,
    pub(crate) faults: u64,
}

impl Default for Counters {
    fn default() -> Self {
        let none = |name: &str| (name.to_owned(), 0);
        Self {
            requests: BTreeMap::new(),
            answers: BTreeMap::new(),
            token_grants: BTreeMap::from([none("authorization_code"), none("refresh_token")]),
            token_refusals: BTreeMap::new(),
            consents: Consents::default(),
            faults: 0,
        }
    }
}

impl Counters {
    /// Counts a request, with the status that its caller saw.
    pub(crate) fn answered(&mut self, label: &str, status: Option<u16>) {
        *self.requests.entry(label.to_owned()).or_default() += 1;
        if let Some(status) = status {
            *self.answers.entry(status).or_default() += 1;
        }
    }

    pub(crate) fn granted(&mut self, kind: &str) {
        *self.token_grants.entry(kind.to_owned()).or_default() += 1;
    }

    pub(crate) fn refused(&mut self, error: &str) {
        *self.token_refusals.entry(error.to_owned()).or_default() += 1;
    }
}

/// The state behind the one lock.
pub(crate) struct State {
    pub(crate) origin: String,
    pub(crate) clock: Clock,
    pub(crate) settings: Settings,
    pub(crate) authorizations: Authorizations,
    pub(crate) sites: Vec<Site>,
    pub(crate) ids: Ids,
    pub(crate) recorder: Recorder,
    pub(crate) counters: Counters,
    pub(crate) faults: Faults,
    pub(crate) media: Media,
    pub(crate) quotas: Quotas,
}

impl State {
    /// The site that has a content id; ids are unique over all sites.
    pub(crate) fn site_of(&self, content: u64) -> Option<&Site> {
        self.sites.iter().find(|site| site.contents.contains_key(&content))
    }

    /// Whether those who see the site, by its index, also get into it.
    pub(crate) fn is_reachable(&self, site: usize) -> bool {
        !self.settings.unreachable_sites.contains(&(site + 1))
    }

    /// Makes or drops sites until there are `count`, and at least one.
    pub(crate) fn set_sites(&mut self, count: usize) {
        let count = count.max(1);
        self.sites.truncate(count);
        self.settings.unreachable_sites.retain(|number| *number <= count);
        while self.sites.len() < count {
            let site = seed::site(&self.origin, self.sites.len(), &mut self.ids, self.clock.now());
            self.sites.push(site);
        }
    }
}

/// The state as the server's tasks share it.
pub(crate) struct App {
    state: Mutex<State>,
}

impl App {
    pub(crate) fn new(state: State) -> Self {
        Self { state: Mutex::new(state) }
    }

    /// The state. A handler that panicked has at worst left one page half changed, which is no reason to stop
    /// answering.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
