//! Profiles of workspaces as they are stored, and those of the deployment beside them.

use std::sync::PoisonError;

use super::Authorizations;
use super::connection::{Connection, Proof};
use super::connection_store;
use super::profile::{Profile, ProfileKind};
use super::profile_check;
use crate::failure::{Failure, FailureKind, Result};
use crate::ids::{ProfileId, WorkspaceId};
use crate::secret::SecretString;
use crate::vault::{Collection, Expect, RecordKey, SecretPlace, Write};

/// A profile of the deployment. Its secret is in memory only; or it is told why there is none.
pub(super) struct SystemProfile {
    profile: Profile,
    client_secret: Result<SecretString>,
}

/// What becomes of the connections of a profile that is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InUse {
    /// A profile that has some is not deleted.
    Refuse,
    /// They go with it: without its client nothing can renew them.
    Forget,
}

impl Authorizations {
    /// Adds a profile of the deployment, for all workspaces, with its secret or with why there is none.
    ///
    /// # Errors
    /// `InvalidInput` with every violation; `Conflict` where there is one of this id.
    pub fn add_system_profile(
        &self,
        mut profile: Profile,
        client_secret: Result<SecretString>,
    ) -> Result<()> {
        profile.kind = ProfileKind::System;
        profile_check::check(&profile, client_secret.as_ref().ok(), &self.egress)?;
        let mut known = self.system_profiles.write().unwrap_or_else(PoisonError::into_inner);
        if known.contains_key(&profile.id) {
            return Err(exists(&profile.id));
        }
        known.insert(profile.id.clone(), SystemProfile { profile, client_secret });
        Ok(())
    }

    /// Stores a profile with its client secret; one of the same id is replaced.
    ///
    /// # Errors
    /// `InvalidInput` with every violation; `Denied` for a profile of the deployment; `Storage`.
    pub fn put_profile(
        &self,
        workspace: &WorkspaceId,
        profile: &Profile,
        client_secret: &SecretString,
    ) -> Result<()> {
        self.write_profile(workspace, profile, Some(client_secret), Expect::Any)
    }

    /// Stores a profile that there is not yet.
    ///
    /// # Errors
    /// `Conflict` where there is one of this id, else as [`put_profile`](Self::put_profile).
    pub fn create_profile(
        &self,
        workspace: &WorkspaceId,
        profile: &Profile,
        client_secret: &SecretString,
    ) -> Result<()> {
        let is_known = self.is_system(&profile.id) || self.vault.get(&key(workspace, &profile.id))?.is_some();
        if is_known {
            return Err(exists(&profile.id));
        }
        self.write_profile(workspace, profile, Some(client_secret), Expect::Absent)
    }

    /// Changes a stored profile, and its secret where there is a new one. Id, kind and integration stay.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` where somebody else changed it in between; else as
    /// [`put_profile`](Self::put_profile).
    pub fn edit_profile(
        &self,
        workspace: &WorkspaceId,
        id: &ProfileId,
        new_secret: Option<&SecretString>,
        change: impl FnOnce(&mut Profile),
    ) -> Result<Profile> {
        self.refuse_system(id, "edited")?;
        let Some(record) = self.vault.get(&key(workspace, id))? else {
            return Err(self.unknown(workspace, id));
        };
        let stored = read(&record.body)?;
        let mut changed = stored.clone();
        change(&mut changed);
        changed.id = stored.id;
        changed.kind = stored.kind;
        changed.integration = stored.integration;
        self.write_profile(workspace, &changed, new_secret, Expect::Generation(record.generation))?;
        Ok(changed)
    }

    /// Deletes a stored profile for good, and gives the connections that went with it.
    ///
    /// # Errors
    /// `NotFound`; `Conflict`, naming them, where connections are in the way; `Denied` for a profile of the
    /// deployment; `Storage`.
    pub fn delete_profile(
        &self,
        workspace: &WorkspaceId,
        id: &ProfileId,
        in_use: InUse,
    ) -> Result<Vec<Connection>> {
        self.refuse_system(id, "deleted")?;
        self.profile(workspace, id)?;
        let connections = self.connections_of(workspace, id)?;
        if in_use == InUse::Refuse && !connections.is_empty() {
            let names: Vec<&str> = connections.iter().map(|connection| connection.id.as_str()).collect();
            return Err(Failure::new(
                FailureKind::Conflict,
                "profile-in-use",
                format!("The profile \"{id}\" is in use by: {}.", names.join(", ")),
            )
            .hint("Delete it together with its connections, or leave it."));
        }
        let mut writes: Vec<Write> = self::removal(workspace, id).into();
        writes.extend(connections.iter().flat_map(connection_store::removal));
        self.vault.commit(&writes)?;
        Ok(connections)
    }

    /// The connections that were made with a profile.
    ///
    /// # Errors
    /// `Storage`.
    pub fn connections_of(&self, workspace: &WorkspaceId, id: &ProfileId) -> Result<Vec<Connection>> {
        let mut connections = self.connections(workspace)?;
        // Those of another method are named after it, and have no profile.
        connections.retain(|connection| connection.profile == *id && connection.proof == Proof::OAuth2);
        Ok(connections)
    }

    /// A profile, of the deployment or of the workspace.
    ///
    /// # Errors
    /// `NotFound`, with those that there are; `Storage`.
    pub fn profile(&self, workspace: &WorkspaceId, id: &ProfileId) -> Result<Profile> {
        let known = self.system_profiles.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(system) = known.get(id) {
            return Ok(system.profile.clone());
        }
        drop(known);
        match self.vault.get(&key(workspace, id))? {
            Some(record) => read(&record.body),
            None => Err(self.unknown(workspace, id)),
        }
    }

    /// A profile as it is for a tenant: its URLs without placeholders.
    ///
    /// # Errors
    /// As [`profile`](Self::profile), and `InvalidInput` where the tenant does not fit.
    pub(super) fn profile_for(
        &self,
        workspace: &WorkspaceId,
        id: &ProfileId,
        tenant: Option<&str>,
    ) -> Result<Profile> {
        self.profile(workspace, id)?.filled(tenant)
    }

    /// All profiles that a workspace can use: those of the deployment, then its own.
    ///
    /// # Errors
    /// `Storage`.
    pub fn profiles(&self, workspace: &WorkspaceId) -> Result<Vec<Profile>> {
        let stored = self.vault.list(Collection::Profiles, workspace.as_str())?;
        let known = self.system_profiles.read().unwrap_or_else(PoisonError::into_inner);
        let mut profiles: Vec<Profile> = known.values().map(|system| system.profile.clone()).collect();
        for (_, record) in &stored {
            let profile = read(&record.body)?;
            if !known.contains_key(&profile.id) {
                profiles.push(profile);
            }
        }
        Ok(profiles)
    }

    pub(super) fn client_secret(&self, workspace: &WorkspaceId, profile: &ProfileId) -> Result<SecretString> {
        let known = self.system_profiles.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(system) = known.get(profile) {
            return system.client_secret.clone();
        }
        drop(known);
        self.vault.read(&secret_place(workspace, profile))?.ok_or_else(|| {
            Failure::new(
                FailureKind::BadClientCredentials,
                "no-client-secret",
                format!("The profile \"{profile}\" has no client secret."),
            )
        })
    }

    fn write_profile(
        &self,
        workspace: &WorkspaceId,
        profile: &Profile,
        client_secret: Option<&SecretString>,
        expect: Expect,
    ) -> Result<()> {
        self.refuse_system(&profile.id, "replaced")?;
        profile_check::check(profile, client_secret, &self.egress)?;
        let body =
            serde_json::to_vec(profile).map_err(|_| Failure::internal("A profile cannot be written."))?;
        let mut writes = vec![Write::put(key(workspace, &profile.id), expect, body)];
        let mut secrets = Vec::new();
        if let Some(secret) = client_secret {
            let place = secret_place(workspace, &profile.id);
            // With the secret before it goes the key of that.
            writes.extend(place.destroy());
            secrets.push((place, secret));
        }
        self.vault.commit_with(&writes, &secrets)?;
        self.after_correction(workspace, &profile.id)
    }

    fn is_system(&self, id: &ProfileId) -> bool {
        self.system_profiles.read().unwrap_or_else(PoisonError::into_inner).contains_key(id)
    }

    fn refuse_system(&self, id: &ProfileId, done: &str) -> Result<()> {
        if !self.is_system(id) {
            return Ok(());
        }
        Err(Failure::new(
            FailureKind::Denied,
            "system-profile",
            format!("The profile \"{id}\" belongs to the deployment and is not {done} here."),
        )
        .hint("Change it in the configuration file, or make a profile of another name."))
    }

    fn unknown(&self, workspace: &WorkspaceId, id: &ProfileId) -> Failure {
        let known: Vec<String> = self
            .profiles(workspace)
            .unwrap_or_default()
            .into_iter()
            .map(|profile| profile.id.to_string())
            .collect();
        let hint = if known.is_empty() {
            "There is none yet. Make one with: actionbay profiles create".to_owned()
        } else {
            format!("Profiles: {}.", known.join(", "))
        };
        Failure::new(FailureKind::NotFound, "unknown-profile", format!("There is no profile \"{id}\"."))
            .hint(hint)
    }
}

/// The writes that remove a profile and its secret, with the key that it is sealed with.
pub(super) fn removal(workspace: &WorkspaceId, id: &ProfileId) -> [Write; 3] {
    let [secret, data_key] = secret_place(workspace, id).destroy();
    [Write::delete(key(workspace, id), Expect::Any), secret, data_key]
}

fn key(workspace: &WorkspaceId, id: &ProfileId) -> RecordKey {
    RecordKey::new(Collection::Profiles, workspace.as_str(), id.as_str())
}

fn secret_place(workspace: &WorkspaceId, id: &ProfileId) -> SecretPlace {
    SecretPlace::new(workspace, format!("profile/{id}"), "client-secret")
}

fn exists(id: &ProfileId) -> Failure {
    Failure::new(
        FailureKind::Conflict,
        "profile-exists",
        format!("There is a profile \"{id}\" already, and nothing was changed."),
    )
    .hint("Take another name, or change it with: actionbay profiles edit")
}

fn read(body: &[u8]) -> Result<Profile> {
    let mut profile: Profile = serde_json::from_slice(body).map_err(|error| {
        Failure::storage("record-unreadable", format!("A stored profile cannot be read: {error}."))
    })?;
    // Profiles of before there was this field name nobody.
    if profile.identity_provider.is_empty() {
        profile.identity_provider = profile.integration.to_string();
    }
    Ok(profile)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_that_was_stored_before_there_were_fields_still_reads() {
        let stored = br#"{"id": "p", "integration": "i", "kind": "custom", "client-id": "c",
            "authorization-url": "https://a.example/authorize?x=1", "authorization-parameters": [["y", "2"]],
            "token-url": "https://a.example/token", "refresh-url": "https://a.example/token",
            "token-request-encoding": "json", "client-authentication": "request-body",
            "pkce": "unsupported", "scopes": ["s"]}"#;
        let profile = read(stored).unwrap();
        assert_eq!(profile.authorization_url.as_str(), "https://a.example/authorize?x=1");
        assert_eq!(profile.identity_provider, "i");
        assert!(profile.authorization_fields.is_empty() && !profile.needs_tenant());
        assert_eq!(read(&serde_json::to_vec(&profile).unwrap()).unwrap(), profile);
    }
}
