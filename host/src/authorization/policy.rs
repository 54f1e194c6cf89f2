//! What a workspace lets an integration do: which templates may run, and what may be done with which containers.
//!
//! The policy is the workspace's and stands outside the plugin. Templates are checked before the component runs, and so
//! is an input that names a container; whatever the component then sends is held against it on the wire.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Authorizations;
use crate::failure::{Failure, FailureKind, Result};
use crate::ids::{IntegrationId, TemplateId, WorkspaceId};
use crate::runtime::{Access, ContainerPolicy, Effect, Manifest, Template};

/// The mark in an input's schema of a property that names a container.
const CONTAINER_MARK: &str = "x-container";

/// The field of an input by which a template is asked to change nothing.
const DRY_RUN: &str = "dry-run";

/// The policy of a workspace for an integration. What it does not say is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
#[non_exhaustive]
pub struct WorkspacePolicy {
    /// For templates: of those that are read only, the ones with the effect `read` run.
    pub templates: TemplatePolicy,
    /// For containers: of those that are read only, requests may read.
    pub containers: ContainerPolicy,
}

/// Which templates may run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
#[non_exhaustive]
pub struct TemplatePolicy {
    /// What holds for those that are not named.
    pub others: Access,
    /// What holds for those that are.
    pub named: BTreeMap<TemplateId, Access>,
}

impl TemplatePolicy {
    /// What holds for a template.
    pub fn access(&self, template: &TemplateId) -> Access {
        self.named.get(template).copied().unwrap_or(self.others)
    }

    fn restricts(&self) -> bool {
        self.others != Access::Allow || self.named.values().any(|access| *access != Access::Allow)
    }
}

impl WorkspacePolicy {
    /// Whether anything is not allowed.
    pub fn restricts(&self) -> bool {
        self.templates.restricts() || self.containers.restricts()
    }

    /// Whether a template may run with an input, as far as that can be said before it does.
    ///
    /// # Errors
    /// `Denied`, with the rule and the command that changes it.
    pub(crate) fn check(&self, manifest: &Manifest, template: &Template, input: &Value) -> Result<()> {
        self.check_template(manifest, template)?;
        let fields = template.input.json().get("properties").and_then(Value::as_object);
        let marked = fields
            .into_iter()
            .flatten()
            .filter(|(_, schema)| schema.get(CONTAINER_MARK).and_then(Value::as_bool) == Some(true));
        for (field, _) in marked {
            if let Some(text) = input.get(field).and_then(Value::as_str) {
                self.check_container(manifest, template, (field, text), input)?;
            }
        }
        Ok(())
    }

    fn check_template(&self, manifest: &Manifest, template: &Template) -> Result<()> {
        let access = self.templates.access(&template.id);
        let (code, what) = match access {
            Access::Allow => return Ok(()),
            Access::ReadOnly if template.effect == Effect::Read => return Ok(()),
            Access::ReadOnly => ("template-read-only", "only templates that read run"),
            Access::Deny => ("template-denied", "it does not run"),
        };
        let rule = if self.templates.named.contains_key(&template.id) {
            format!("template {}={}", template.id, access.as_str())
        } else {
            format!("other-templates {}", access.as_str())
        };
        Err(denied(
            code,
            format!(
                "The template {} ({}) is not allowed by the policy of this workspace: by \"{rule}\" {what}.",
                template.id,
                template.effect.as_str()
            ),
            format!("{} --template {}=allow", command(&manifest.id), template.id),
        ))
    }

    fn check_container(
        &self,
        manifest: &Manifest,
        template: &Template,
        (field, text): (&str, &str),
        input: &Value,
    ) -> Result<()> {
        let changes = template.effect != Effect::Read && input.get(DRY_RUN) != Some(&Value::Bool(true));
        let least = if changes { Access::Allow } else { Access::ReadOnly };
        let Some((name, access)) = self.containers.named_as(text).filter(|(_, access)| *access < least)
        else {
            return Ok(());
        };
        let (code, what) = match access {
            Access::ReadOnly => ("container-read-only", "read only"),
            _ => ("container-denied", "denied"),
        };
        let container =
            manifest.container.as_ref().map_or("container", |containers| containers.name.as_str());
        Err(denied(
            code,
            format!(
                "The policy of this workspace has the {container} {name} {what}, and \"{field}\" names it for the template {}.",
                template.id
            ),
            format!("{} --container {name}=allow", command(&manifest.id)),
        ))
    }

    /// What tells this policy from others; empty for one that restricts nothing.
    pub(crate) fn fingerprint(&self) -> String {
        if !self.restricts() {
            return String::new();
        }
        let text = serde_json::to_string(self).unwrap_or_default();
        Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn command(integration: &IntegrationId) -> String {
    format!("actionbay integrations policy {integration}")
}

fn denied(code: &'static str, message: String, command: String) -> Failure {
    Failure::new(FailureKind::Denied, code, message).hint(format!("To allow it: {command}"))
}

impl Authorizations {
    /// The policy of a workspace for an integration.
    ///
    /// # Errors
    /// `Storage`.
    pub fn policy(&self, workspace: &WorkspaceId, integration: &IntegrationId) -> Result<WorkspacePolicy> {
        let configuration = self.configuration(workspace, integration)?;
        Ok(configuration.map(|configuration| configuration.policy).unwrap_or_default())
    }

    /// Changes the policy of a workspace for an integration.
    ///
    /// # Errors
    /// `NotFound` (integration, template, no configuration); `InvalidInput` where it restricts containers that the
    /// integration does not have; `Conflict` where somebody else changed the configuration in between; `Storage`.
    pub fn set_policy(
        &self,
        workspace: &WorkspaceId,
        integration: &IntegrationId,
        change: impl FnOnce(&mut WorkspacePolicy),
    ) -> Result<WorkspacePolicy> {
        let plugin = self.plugin(integration)?;
        let changed = self.try_change_configuration(workspace, integration, |configuration| {
            change(&mut configuration.policy);
            let policy = &configuration.policy;
            for template in policy.templates.named.keys() {
                plugin.known_template(template.as_str())?;
            }
            if policy.containers.restricts() && plugin.manifest().container.is_none() {
                return Err(Failure::new(
                    FailureKind::InvalidInput,
                    "no-containers",
                    format!("{} says of no request in which container it is: it can only be allowed or denied by template.", plugin.manifest().title),
                )
                .hint(format!("Restrict its templates: {} --template NAME=deny", command(integration))));
            }
            Ok(())
        })?;
        Ok(changed.policy)
    }
}
