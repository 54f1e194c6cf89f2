//! The profiles that ship with the deployment.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Configuration;
use super::reading::{Mistake, Place};
use crate::authorization::{AdditionalField, AuthorizationField, Profile, UrlTemplate};
use crate::failure::{Failure, FailureKind, Result};
use crate::host::Host;
use crate::ids::ProfileId;
use crate::runtime::{Pkce, Plugin};
use crate::secret::SecretString;

/// A profile that ships with the deployment.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct SystemProfile {
    id: String,
    integration: String,
    client_id: String,
    client_secret_env: Option<String>,
    client_secret_file: Option<PathBuf>,
    identity_provider: Option<String>,
    description: Option<String>,
    issuer: Option<String>,
    authorization_url: Option<String>,
    token_url: Option<String>,
    refresh_url: Option<String>,
    pkce: Option<Pkce>,
    scopes: Vec<String>,
    additional_fields: Vec<AdditionalField>,
    authorization_fields: Vec<AuthorizationField>,
}

impl SystemProfile {
    /// The profile that the environment says for an integration: `ACTIONBAY_<ID>_CLIENT_ID`, `…_CLIENT_SECRET` and, apart
    /// by spaces, `…_SCOPES`.
    fn of_environment(integration: &str) -> Option<Self> {
        let variable = |what: &str| variable(integration, what);
        let client_id = std::env::var(variable("CLIENT_ID")).ok().filter(|id| !id.is_empty())?;
        let scopes = std::env::var(variable("SCOPES")).unwrap_or_default();
        Some(Self {
            id: format!("{integration}-system"),
            integration: integration.to_owned(),
            client_id,
            client_secret_env: Some(variable("CLIENT_SECRET")),
            scopes: scopes.split_whitespace().map(str::to_owned).collect(),
            ..Self::default()
        })
    }

    /// The secret, or why there is none: a verb that does not need it runs without.
    fn client_secret(&self, home: &Path) -> Result<SecretString> {
        let none = |why: String, hint: String| {
            let message = format!("The profile \"{}\" has no client secret: {why}.", self.id);
            Failure::new(FailureKind::BadClientCredentials, "no-client-secret", message).hint(hint)
        };
        match (&self.client_secret_env, &self.client_secret_file) {
            (Some(name), None) => match std::env::var(name) {
                Ok(secret) if !secret.is_empty() => Ok(secret.into()),
                _ => Err(none(format!("{name} is not set"), format!("Set {name} to it."))),
            },
            (None, Some(file)) => {
                let file = home.join(file);
                let text = std::fs::read_to_string(&file).map(zeroize::Zeroizing::new);
                let text = text.map_err(|error| {
                    none(
                        format!("{} cannot be read: {error}", file.display()),
                        "Put it there, in a file that nobody else can read.".to_owned(),
                    )
                })?;
                Ok(text.trim().to_owned().into())
            }
            _ => Err(none(
                "its place is not said".to_owned(),
                "Say it with either client-secret-env or client-secret-file.".to_owned(),
            )),
        }
    }

    /// What cannot be said so, whatever the integration.
    fn mistakes(&self) -> Vec<(&'static str, &'static str)> {
        let mut mistakes = Vec::new();
        for (field, value) in [("id", &self.id), ("integration", &self.integration)] {
            if value.is_empty() {
                mistakes.push((field, "is missing"));
            }
        }
        if self.client_secret_env.is_some() == self.client_secret_file.is_some() {
            mistakes.push(("client-secret-env", "or client-secret-file must be there, and not both"));
        }
        mistakes
    }

    fn into_profile(self, plugin: &Plugin) -> Result<Profile> {
        let mut profile =
            Profile::custom(ProfileId::new(self.id)?, plugin.manifest(), self.client_id)?.scopes(self.scopes);
        set(&mut profile.identity_provider, self.identity_provider);
        set(&mut profile.description, self.description);
        profile.issuer = self.issuer.or(profile.issuer);
        let token_url = self.token_url.map(UrlTemplate::new);
        set(&mut profile.refresh_url, self.refresh_url.map(UrlTemplate::new).or_else(|| token_url.clone()));
        set(&mut profile.token_url, token_url);
        set(&mut profile.authorization_url, self.authorization_url.map(UrlTemplate::new));
        set(&mut profile.pkce, self.pkce);
        profile.additional_fields = self.additional_fields;
        profile.authorization_fields = self.authorization_fields;
        Ok(profile)
    }
}

/// Sets a value where there is one.
pub(in crate::cli) fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

impl Configuration {
    /// Gives a host the profiles of the deployment, with their secrets or why they have none. The environment may say one for each of `plugins`, and for each integration of these ids; `load` brings the
    /// plugins that are not there already.
    ///
    /// # Errors
    /// `InvalidInput` with every mistake of the configuration and of the profiles.
    pub(in crate::cli) fn add_profiles(
        &self,
        host: &Host,
        plugins: &[Plugin],
        ids: &[String],
        load: impl Fn(&str) -> Result<Plugin>,
    ) -> Result<()> {
        let mut ids: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
        ids.extend(plugins.iter().map(|plugin| plugin.manifest().id.as_str()));
        let of_file = self.config.profiles.iter().cloned().enumerate();
        let of_file = of_file.map(|(number, profile)| (format!("/profiles/{number}"), profile));
        let of_environment = ids.iter().filter_map(|id| SystemProfile::of_environment(id));
        let of_environment = of_environment.map(|profile| (String::new(), profile));
        let mut mistakes = Vec::new();
        for (at, profile) in of_file.chain(of_environment) {
            let wrong = |field: &str, why: &str| match at.as_str() {
                "" => Mistake::new(Place::Variable(variable(&profile.integration, "CLIENT_ID")), "", why),
                at => {
                    let pointer = format!("{at}{field}");
                    let name = field.trim_start_matches('/').replace('/', " ");
                    Mistake::new(self.said.place(&pointer), pointer, format!("{name} {why}").trim_start())
                }
            };
            let incomplete = profile.mistakes();
            if !incomplete.is_empty() {
                mistakes.extend(incomplete.into_iter().map(|(field, why)| wrong(&format!("/{field}"), why)));
                continue;
            }
            let known = plugins.iter().find(|plugin| plugin.manifest().id.as_str() == profile.integration);
            let added = known.cloned().map_or_else(|| load(&profile.integration), Ok).and_then(|plugin| {
                let client_secret = profile.client_secret(&self.folder);
                host.add_system_profile(profile.clone().into_profile(&plugin)?, client_secret)
            });
            match added {
                Err(failure) if failure.violations.is_empty() => mistakes.push(wrong("", &failure.message)),
                Err(failure) => mistakes.extend(
                    failure.violations.iter().map(|violation| wrong(&violation.pointer, &violation.message)),
                ),
                Ok(()) => {}
            }
        }
        self.refused(mistakes)
    }
}

/// The variable of the environment that says something of an integration's profile.
fn variable(integration: &str, what: &str) -> String {
    format!("ACTIONBAY_{}_{what}", integration.to_ascii_uppercase().replace(['-', '.'], "_"))
}
