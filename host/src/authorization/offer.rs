//! The link that a failed run comes with: whoever asked can be sent to connect what is missing.

use super::Authorizations;
use super::connection::Connection;
use super::consent::Authorize;
use super::session::renewing;
use crate::failure::{AuthorizationLink, Failure, FailureKind, Result};
use crate::ids::{IntegrationId, ProfileId, WorkspaceId};

/// For whom something is run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Whose<'a> {
    pub(crate) workspace: &'a WorkspaceId,
    pub(crate) integration: &'a IntegrationId,
    /// The end user whose connection is used; absent: the one that serves everybody.
    pub(crate) user: Option<&'a str>,
    /// The end user who asked for it.
    pub(crate) asked_by: Option<&'a str>,
    /// Whether somebody waits for what comes of a link.
    pub(crate) awaits: bool,
}

/// The profile that a person would connect with.
pub(crate) enum Usual {
    One(ProfileId),
    /// Somebody has to say which of these; there may be none.
    Unclear(Vec<ProfileId>),
}

impl Authorizations {
    /// A failure from before anything was sent, with a link where a person's consent removes it. A host that has no
    /// page for links, or cannot make one now, gives the failure as it is.
    pub(crate) fn with_link(
        &self,
        whose: Whose<'_>,
        connection: Option<&Connection>,
        failure: Failure,
    ) -> Failure {
        let is_curable =
            matches!(failure.kind, FailureKind::AuthorizationRequired | FailureKind::InsufficientScope(_));
        // What serves everybody is not one person's to connect anew.
        let is_theirs = whose.asked_by == whose.user
            && connection.is_none_or(|connection| connection.user.as_deref() == whose.user);
        if !is_curable || !is_theirs {
            return failure;
        }
        let link = match connection {
            Some(connection) => self.link_for(whose, &renewing(connection)),
            None => match self.usual_profile(whose.workspace, whose.integration) {
                Ok(Usual::One(profile)) => self.link_to_connect(whose, profile),
                Ok(Usual::Unclear(profiles)) if !profiles.is_empty() => return naming(failure, &profiles),
                Ok(Usual::Unclear(_)) => return failure,
                Err(error) => Err(error),
            },
        };
        match link {
            Ok(link) if helps(&link, &failure.kind) => failure.authorization(link),
            Ok(_) => failure,
            Err(error) => {
                log::debug!("no link is given: {error}");
                failure
            }
        }
    }

    /// A failure from while the plugin ran, with a link if it is that the connection turned out to be over.
    pub(crate) fn with_link_if_over(
        &self,
        whose: Whose<'_>,
        connection: &Connection,
        failure: Failure,
    ) -> Failure {
        let is_over = || {
            self.connection(&connection.workspace, &connection.id).is_ok_and(|stored| !stored.status.works())
        };
        if failure.kind == FailureKind::AuthorizationRequired && is_over() {
            return self.with_link(whose, Some(connection), failure);
        }
        failure
    }

    fn link_to_connect(&self, whose: Whose<'_>, profile: ProfileId) -> Result<AuthorizationLink> {
        let request = Authorize::new(whose.workspace.clone(), whose.integration.clone(), profile);
        self.link_for(whose, &request.user(whose.user.map(str::to_owned)))
    }

    fn link_for(&self, whose: Whose<'_>, request: &Authorize) -> Result<AuthorizationLink> {
        if !whose.awaits {
            return self.issue_link(request);
        }
        let (session, link) = self.begin_session(request)?;
        Ok(link.session(session.id))
    }

    /// Makes a link at which the person of a connection authorizes it again.
    ///
    /// # Errors
    /// As [`issue_link`](Self::issue_link).
    pub fn link_to_renew(&self, connection: &Connection) -> Result<AuthorizationLink> {
        self.issue_link(&renewing(connection))
    }

    /// The profile that the workspace connects the integration with, or the only one that there is.
    ///
    /// # Errors
    /// `Storage`.
    pub(crate) fn usual_profile(
        &self,
        workspace: &WorkspaceId,
        integration: &IntegrationId,
    ) -> Result<Usual> {
        let configured = self.configuration(workspace, integration)?.and_then(|known| known.profile);
        let mut profiles = self.profiles(workspace)?;
        profiles.retain(|profile| profile.integration == *integration);
        let mut profiles: Vec<ProfileId> = profiles.into_iter().map(|profile| profile.id).collect();
        match configured {
            Some(configured) if profiles.contains(&configured) => Ok(Usual::One(configured)),
            _ => Ok(match (profiles.pop(), profiles.is_empty()) {
                (Some(only), true) => Usual::One(only),
                (last, _) => {
                    profiles.extend(last);
                    Usual::Unclear(profiles)
                }
            }),
        }
    }
}

/// Whether going there brings what is missing: a profile that does not ask for a scope never brings it.
fn helps(link: &AuthorizationLink, kind: &FailureKind) -> bool {
    match kind {
        FailureKind::InsufficientScope(missing) => missing.iter().all(|scope| link.scopes.contains(scope)),
        _ => true,
    }
}

fn naming(failure: Failure, profiles: &[ProfileId]) -> Failure {
    let names: Vec<&str> = profiles.iter().map(ProfileId::as_str).collect();
    let hint = failure.hint.clone().unwrap_or_default();
    failure.hint(format!("{hint} with one of the profiles: {}.", names.join(", ")).trim_start())
}
