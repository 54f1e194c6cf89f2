//! Ways to get a connection other than OAuth 2.0, and requests that tell how one stands.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::manifest::bad;
use crate::egress::{Audience, Body, Method, Request, Response};
use crate::failure::{Failure, FailureKind, Result, plain_text};

/// What stands for the tenant in an origin.
const TENANT: &str = "{tenant}";

/// The most probes: one for each of the scopes that a profile may have.
const MOST_PROBES: usize = 20;

/// HTTP Basic (RFC 7617) with a secret that a person made at the vendor.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Basic {
    /// The method's id.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// What the user name is.
    pub username_label: String,
    /// What the secret is, and where it is made.
    pub secret_label: String,
    /// Where people open the tenant's site.
    pub site_url: String,
    /// The audiences that are elsewhere for it.
    pub audiences: Vec<MethodAudience>,
}

/// Where an audience is for connections of a method.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct MethodAudience {
    /// The audience of the manifest.
    pub name: String,
    /// The origin in its place, with `{tenant}`.
    pub origin: String,
    /// The path prefix in its place.
    pub path_prefix: String,
}

impl Basic {
    /// Whether a connection of it has to say its tenant.
    pub fn needs_tenant(&self) -> bool {
        self.site_url.contains(TENANT)
            || self.audiences.iter().any(|audience| audience.origin.contains(TENANT))
    }

    /// The URL of a tenant's site.
    pub(crate) fn site_of(&self, tenant: &str) -> String {
        self.site_url.replace(TENANT, tenant)
    }

    /// An audience of the manifest as it is for a tenant.
    ///
    /// # Errors
    /// `BadPlugin` where the tenant makes no origin of it.
    pub(crate) fn audience(&self, of_manifest: Audience, tenant: &str) -> Result<Audience> {
        match self.audiences.iter().find(|audience| audience.name == of_manifest.name) {
            Some(elsewhere) => elsewhere.filled(of_manifest.authorization_only, tenant),
            None if of_manifest.authorization_only => Err(Failure::new(
                FailureKind::Denied,
                "authorization-only",
                format!("The audience \"{}\" is not used with the method {}.", of_manifest.name, self.id),
            )),
            None => Ok(of_manifest),
        }
    }

    /// Checks what a manifest says of it.
    pub(super) fn checked(self, known: &[&str]) -> Result<Self> {
        let wrong = |why: String| bad(&format!("has a method \"{}\" {why}", plain_text(&self.id, 64)));
        if !crate::ids::is_id(&self.id) || self.id == "oauth2" {
            return Err(wrong("whose id is none".to_owned()));
        }
        let site = url::Url::parse(&self.site_of("tenant"));
        if !site.is_ok_and(|url| url.scheme() == "https" && url.has_host()) {
            return Err(wrong("whose site URL is no https URL".to_owned()));
        }
        for audience in &self.audiences {
            if !known.contains(&audience.name.as_str()) {
                return Err(wrong(format!("with an audience \"{}\" that there is not", audience.name)));
            }
            let filled = audience.filled(false, "tenant").map_err(|failure| wrong(failure.message))?;
            if !filled.origin.is_https() || !audience.has_tenant_as_label() {
                return Err(wrong(
                    "with an origin that is not https, or {tenant} in part of a label".to_owned(),
                ));
            }
        }
        Ok(self)
    }
}

impl MethodAudience {
    fn filled(&self, authorization_only: bool, tenant: &str) -> Result<Audience> {
        let origin = self.origin.replace(TENANT, tenant);
        Audience::new(self.name.clone(), &origin, self.path_prefix.clone(), authorization_only)
    }

    /// A tenant is one label of a longer name, so that it can neither be the whole host nor end it.
    fn has_tenant_as_label(&self) -> bool {
        match self.origin.split_once(TENANT) {
            None => true,
            Some((before, after)) => {
                before.ends_with(['/', '.'])
                    && after.starts_with('.')
                    && after.matches('.').count() > 1
                    && !after.contains(TENANT)
            }
        }
    }
}

/// A cheap reading request by which the host learns whether a connection reaches a site, and whose account it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Probe {
    /// The audience.
    pub audience: String,
    /// The path below its prefix.
    pub path: String,
    /// The query.
    pub query: Vec<(String, String)>,
    /// It is sent where all of these are granted.
    pub scopes: Vec<String>,
    /// Where the account's id stands in the answer (RFC 6901).
    pub account_id: Option<String>,
    /// Where the account's name stands in the answer.
    pub account_name: Option<String>,
}

impl Probe {
    /// The request.
    pub(crate) fn request(&self) -> Request {
        Request {
            method: Method::new(Method::GET),
            path: self.path.clone(),
            query: self.query.clone(),
            headers: Vec::new(),
            body: Body::None,
        }
    }

    /// The account's id and name, as an answer tells them.
    pub(crate) fn account(&self, response: &Response) -> Option<(String, Option<String>)> {
        let answer: Value = serde_json::from_slice(&response.body).ok()?;
        let text = |pointer: &Option<String>| {
            let text = answer.pointer(pointer.as_deref()?)?.as_str()?;
            Some(plain_text(text, 200)).filter(|text| !text.trim().is_empty())
        };
        Some((text(&self.account_id)?, text(&self.account_name)))
    }

    /// Checks what a manifest says of them.
    pub(super) fn all_checked(probes: Vec<Self>, known: &[&str]) -> Result<Vec<Self>> {
        if probes.len() > MOST_PROBES {
            return Err(bad(&format!("has more than {MOST_PROBES} probes")));
        }
        match probes.iter().find(|probe| !known.contains(&probe.audience.as_str())) {
            Some(probe) => Err(bad(&format!(
                "has a probe for an audience \"{}\" that there is not",
                plain_text(&probe.audience, 64)
            ))),
            None => Ok(probes),
        }
    }
}

/// An edition of the platform that a workspace has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Edition {
    /// For trying out.
    Trial,
    /// For building.
    Developer,
    /// For everything.
    Enterprise,
}

impl Edition {
    /// The edition as one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trial => "trial",
            Self::Developer => "developer",
            Self::Enterprise => "enterprise",
        }
    }
}
