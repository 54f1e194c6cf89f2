//! Scopes: which ones to ask for, and which ones a connection lacks for what it should serve.
//!
//! A connection should serve the templates that its workspace installed. Where none is installed it should serve any
//! of those that the manifest's default set of scopes is for: lacking some of these is told, lacking all of them is a
//! status.

use super::Authorizations;
use super::connection::{Connection, ConnectionStatus, MissingScopes, Proof};
use super::profile::Profile;
use crate::failure::Result;
use crate::ids::{IntegrationId, WorkspaceId};
use crate::runtime::{Manifest, OAuth2, Template};

/// The templates that a connection should serve.
struct Served<'a> {
    templates: Vec<&'a Template>,
    /// Whether each of them was installed, or any will do.
    installed: bool,
}

impl<'a> Served<'a> {
    fn new(manifest: &'a Manifest, installed: impl Fn(&Template) -> bool) -> Self {
        let templates: Vec<&Template> = manifest.templates.iter().filter(|known| installed(known)).collect();
        if !templates.is_empty() {
            return Self { templates, installed: true };
        }
        let default = manifest.oauth2().map(|oauth2| oauth2.default_scopes.as_slice()).unwrap_or_default();
        let by_default = |template: &&Template| template.scopes.iter().all(|scope| default.contains(scope));
        Self { templates: manifest.templates.iter().filter(by_default).collect(), installed: false }
    }
}

impl Authorizations {
    /// The scopes to ask for: those of the installed templates, or the default set where there are none; where the
    /// profile says scopes, those in place of the default set; united with what was granted to the person before, since
    /// a new consent replaces the old one; and the one that brings a refresh token.
    pub(super) fn scopes_to_ask(
        &self,
        workspace: &WorkspaceId,
        user: Option<&str>,
        profile: &Profile,
        manifest: &Manifest,
    ) -> Result<Vec<String>> {
        let Some(oauth2) = manifest.oauth2() else { return Ok(Vec::new()) };
        let installed = self.installed(workspace, &manifest.id)?;
        let mut scopes: Vec<String> = profile.scopes.clone();
        for template in manifest.templates.iter().filter(|template| installed.contains(&template.id)) {
            unite(&mut scopes, &template.scopes);
        }
        if scopes.is_empty() {
            unite(&mut scopes, &oauth2.default_scopes);
        }
        if profile.scopes.is_empty() {
            unite(&mut scopes, &oauth2.account_scopes);
        }
        for connection in self.connections_for(workspace, &manifest.id, user)? {
            if connection.profile == profile.id && connection.status != ConnectionStatus::AwaitingSite {
                unite(&mut scopes, &connection.scopes);
            }
        }
        with_offline_last(&mut scopes, oauth2);
        Ok(scopes)
    }

    /// A connection that works, in the status that its scopes and its tokens give it.
    pub(super) fn settled(&self, mut connection: Connection) -> Result<Connection> {
        let now = self.clock.now()?;
        let (missing, is_enough) = self.missing(&connection)?;
        connection.missing = missing;
        let ends = connection
            .expires_at
            .filter(|_| !connection.refreshable && connection.proof == Proof::OAuth2)
            .map(|end| format!("It has no refresh token, and ends at {}.", crate::clock::date(end)));
        if is_enough {
            let status =
                if ends.is_some() { ConnectionStatus::NotRefreshable } else { ConnectionStatus::Active };
            return Ok(connection.in_status(status, ends, now));
        }
        let reason = std::iter::once(lacking(&connection)).chain(ends).collect::<Vec<_>>().join(" ");
        Ok(connection.in_status(ConnectionStatus::InsufficientScope, Some(reason), now))
    }

    /// What a connection lacks, and whether it has enough all the same.
    fn missing(&self, connection: &Connection) -> Result<(Vec<MissingScopes>, bool)> {
        if connection.proof != Proof::OAuth2 {
            return Ok((Vec::new(), true));
        }
        let Ok(plugin) = self.plugin(&connection.integration) else {
            // Without the plugin, what was missing is still missing.
            let is_enough = connection.status != ConnectionStatus::InsufficientScope;
            return Ok((connection.missing.clone(), is_enough));
        };
        let installed = self.installed(&connection.workspace, &connection.integration)?;
        let served = Served::new(plugin.manifest(), |template| installed.contains(&template.id));
        let missing: Vec<MissingScopes> =
            served.templates.iter().filter_map(|template| lacks(connection, template)).collect();
        let is_enough = missing.is_empty() || (!served.installed && missing.len() < served.templates.len());
        Ok((missing, is_enough))
    }

    /// Gives every working connection of an integration the status that the installed templates leave it, and says
    /// which ones lack scopes.
    pub(super) fn resettle(
        &self,
        workspace: &WorkspaceId,
        integration: &IntegrationId,
    ) -> Result<Vec<Connection>> {
        let mut lacking = Vec::new();
        for connection in self.connections(workspace)? {
            if connection.integration != *integration || !connection.status.works() {
                continue;
            }
            let settled = self.changed(workspace, &connection.id, |connection| {
                if connection.status.works() { self.settled(connection) } else { Ok(connection) }
            })?;
            lacking.extend(settled.filter(|it| it.status == ConnectionStatus::InsufficientScope));
        }
        Ok(lacking)
    }
}

fn unite(scopes: &mut Vec<String>, others: &[String]) {
    for scope in others {
        if !scopes.contains(scope) {
            scopes.push(scope.clone());
        }
    }
}

fn with_offline_last(scopes: &mut Vec<String>, oauth2: &OAuth2) {
    if let Some(offline) = &oauth2.offline_scope {
        scopes.retain(|scope| scope != offline);
        scopes.push(offline.clone());
    }
}

fn lacks(connection: &Connection, template: &Template) -> Option<MissingScopes> {
    let scopes: Vec<String> =
        template.scopes.iter().filter(|scope| !connection.scopes.contains(scope)).cloned().collect();
    (!scopes.is_empty()).then(|| MissingScopes { template: template.id.clone(), scopes })
}

/// What it cannot do, and which scopes would let it.
fn lacking(connection: &Connection) -> String {
    let each: Vec<String> = connection
        .missing
        .iter()
        .map(|missing| format!("{} needs {}", missing.template, missing.scopes.join(" and ")))
        .collect();
    let granted = if connection.scopes.is_empty() {
        "No scope was granted".to_owned()
    } else {
        format!("Granted were only {}", connection.scopes.join(" and "))
    };
    format!("{granted}: {}.", each.join("; "))
}
