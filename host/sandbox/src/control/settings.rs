//! What can be changed while a sandbox runs.

use serde::Serialize;

use crate::RateLimit;

/// What [`Control::settings`](super::Control::settings) changes; what is `None` stays as it is.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SettingsChange {
    /// The lifetime, in seconds, of access tokens made from here on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_lifetime: Option<u64>,
    /// Whether the token endpoint sends `token_type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<bool>,
    /// Whether accessible-resources also lists Jira, under the ids of the Confluence sites.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jira_entry: Option<bool>,
    /// How many sites there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sites: Option<usize>,
    /// The number of the account that is signed in in the browser, counted from 1: who gives the next consents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<usize>,
    /// The sites, counted from 1, that accessible-resources lists although every call to them is answered 404.
    /// The list replaces the one before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreachable_sites: Option<Vec<usize>>,
    /// How many bytes an attachment may have; 250 MiB at the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attachment_limit: Option<u64>,
    /// The status of an upload over that: 404, which is documented, or 413.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attachment_too_large_status: Option<u16>,
    /// Whether every write of v1 needs `X-Atlassian-Token`, and not only uploads and what browsers send.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xsrf_always: Option<bool>,
    /// After how many seconds, by the sandbox's clock, searches find what was made and lose what was deleted; 20 at
    /// the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search_lag: Option<u64>,
    /// The points that every app has from here on, on all sites together. No points: no limit, as at the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
}
