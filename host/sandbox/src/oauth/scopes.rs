//! The scopes that the sandbox knows, in the two families that Confluence has, with the words of the consent
//! page.
//!
//! *Classic* scopes (`write:confluence-content`) open v1 only. *Granular* scopes (`write:page:confluence`) are
//! the only ones that v2 accepts; no v2 operation lists a classic scope (Confluence's OpenAPI documents,
//! `x-atlassian-oauth2-scopes`).

/// The scope that asks for a refresh token. It needs no entry in the developer console.
pub(crate) const OFFLINE_ACCESS: &str = "offline_access";

const CLASSIC: &[(&str, &str)] = &[
    ("read:confluence-content.all", "Read all content, with bodies and attachments"),
    ("read:confluence-content.summary", "Read summaries of content"),
    ("read:confluence-content.permission", "Read what you may do with content"),
    ("write:confluence-content", "Create pages, blog posts, comments and questions (first API version)"),
    ("read:confluence-space.summary", "Read summaries of spaces"),
    ("write:confluence-space", "Create, change and delete spaces"),
    ("write:confluence-file", "Upload attachments (first API version)"),
    ("read:confluence-props", "Read content properties"),
    ("write:confluence-props", "Write content properties"),
    ("manage:confluence-configuration", "Manage the settings of the site"),
    ("search:confluence", "Search content and spaces"),
    ("read:confluence-user", "See the user profiles of the site"),
    ("read:confluence-groups", "See the user groups of the site"),
    ("write:confluence-groups", "Manage the user groups of the site"),
    ("readonly:content.attachment:confluence", "Download attachments"),
];

const GRANULAR: &[(&str, &str)] = &[
    ("read:page:confluence", "View pages and blog posts"),
    ("write:page:confluence", "Create and update pages and blog posts"),
    ("delete:page:confluence", "Delete pages and blog posts"),
    ("read:space:confluence", "View spaces"),
    ("write:space:confluence", "Create spaces"),
    ("read:space-details:confluence", "View details of spaces"),
    ("read:hierarchical-content:confluence", "View which content is below which"),
    ("read:content:confluence", "View content"),
    ("read:content-details:confluence", "View details of content, and search"),
    ("read:content.metadata:confluence", "View metadata of content"),
    ("read:content.restriction:confluence", "View restrictions of content"),
    ("write:content.restriction:confluence", "Change restrictions of content"),
    ("write:content:confluence", "Create and update content"),
    ("read:blogpost:confluence", "View blog posts (no v2 operation asks for it)"),
    ("write:blogpost:confluence", "Create and update blog posts (no v2 operation asks for it)"),
    ("delete:blogpost:confluence", "Delete blog posts (no v2 operation asks for it)"),
    ("read:comment:confluence", "View comments"),
    ("write:comment:confluence", "Write comments"),
    ("delete:comment:confluence", "Delete comments"),
    ("read:attachment:confluence", "View and download attachments"),
    ("write:attachment:confluence", "Upload and update attachments"),
    ("delete:attachment:confluence", "Delete attachments"),
    ("read:label:confluence", "View labels"),
    ("write:label:confluence", "Add and remove labels"),
    ("read:custom-content:confluence", "View custom content"),
    ("write:custom-content:confluence", "Create and update custom content"),
    ("delete:custom-content:confluence", "Delete custom content"),
    ("delete:content:confluence", "Delete content, with all that is below it"),
    ("read:user:confluence", "View users"),
];

const ACCOUNT: &[(&str, &str)] = &[
    ("read:me", "View your profile"),
    (OFFLINE_ACCESS, "Keep access while you are away, until you take it back"),
];

/// Every scope that an app can have enabled.
pub(crate) fn known() -> impl Iterator<Item = &'static str> {
    CLASSIC.iter().chain(GRANULAR).chain(ACCOUNT).map(|(scope, _)| *scope)
}

/// What a scope permits, in words for the consent page.
pub(crate) fn in_words(scope: &str) -> Option<&'static str> {
    CLASSIC.iter().chain(GRANULAR).chain(ACCOUNT).find(|(known, _)| *known == scope).map(|(_, words)| *words)
}

/// Whether a scope concerns Confluence, as opposed to the account.
pub(crate) fn is_confluence(scope: &str) -> bool {
    scope.contains("confluence")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_is_listed_once() {
        let mut all: Vec<_> = known().collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
