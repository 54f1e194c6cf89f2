//! What can be changed while a sandbox runs.

use serde::Serialize;

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
}
