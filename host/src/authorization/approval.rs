//! What the operator approved of an integration: the declarations of its component.
//!
//! A component is trusted with a connection because of what it declares: where it sends requests, which scopes it wants,
//! what each template may send. The first one that is used is approved by that. One with another digest neither runs nor
//! authorizes until the operator has seen the difference and accepted it, be it that its code alone is another. What lies in the
//! program itself was accepted by whoever installed that, as long as it declares nothing more than what was approved, which stays
//! as it is: connections stay alive when the program is brought up to date, in one process after the other.

use std::collections::{BTreeSet, HashMap};
use std::sync::{PoisonError, RwLock};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Authorizations;
use crate::failure::{Failure, FailureKind, Result};
use crate::ids::IntegrationId;
use crate::runtime::{Manifest, Plugin};
use crate::vault::{Collection, Expect, Record, RecordKey, Write};

#[cfg(test)]
mod tests;

/// The code of a refusal to use a component that the operator has not accepted.
pub(crate) const NOT_APPROVED: &str = "component-not-approved";

/// The code of an approval that is damaged.
pub(crate) const UNREADABLE: &str = "record-unreadable";

/// How many declarations a refusal names.
const MOST_NAMED: usize = 5;

/// What was approved of an integration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Approval {
    /// The integration.
    pub integration: IntegrationId,
    /// The SHA-256 of the component.
    pub digest: String,
    /// What it declares, a line each.
    pub declarations: BTreeSet<String>,
    /// Since when, in seconds since 1970 UTC.
    pub since: u64,
}

/// How a component differs from the approved one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Difference {
    /// The integration.
    pub integration: IntegrationId,
    /// The SHA-256 of the approved component; none where none is approved yet.
    pub approved: Option<String>,
    /// The SHA-256 of the component that there is.
    pub digest: String,
    /// What it declares and the approved one does not.
    pub more: Vec<String>,
    /// What the approved one declares and it does not.
    pub less: Vec<String>,
    /// Whether it lies in the program itself.
    pub built_in: bool,
}

impl Difference {
    fn of(plugin: &Plugin, approved: Option<&Approval>) -> Self {
        let difference = Self::between(approved, plugin.manifest(), plugin.digest());
        Self { built_in: plugin.is_built_in(), ..difference }
    }

    fn between(approved: Option<&Approval>, manifest: &Manifest, digest: &str) -> Self {
        let (now, nothing) = (declarations(manifest), BTreeSet::new());
        let before = approved.map_or(&nothing, |approval| &approval.declarations);
        Self {
            integration: manifest.id.clone(),
            approved: approved.map(|approval| approval.digest.clone()),
            digest: digest.to_owned(),
            more: now.difference(before).cloned().collect(),
            less: before.difference(&now).cloned().collect(),
            built_in: false,
        }
    }

    /// Whether the operator has to accept it.
    pub fn needs_approval(&self) -> bool {
        let is_another = self.approved.as_ref().is_some_and(|approved| *approved != self.digest);
        is_another && !(self.built_in && self.more.is_empty())
    }
}

/// What a manifest declares that decides about what a component can do, a line each.
fn declarations(manifest: &Manifest) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    let mut say = |what: &str, value: &Value| {
        lines.insert(format!("{what} {value}"));
    };
    for facts in &manifest.audiences {
        say("audience", &json!(facts));
    }
    if !manifest.excluded_editions.is_empty() {
        say("excluded-editions", &json!(manifest.excluded_editions));
    }
    for method in &manifest.authorization {
        say("authorization", &json!(method));
    }
    for probe in &manifest.probes {
        say("probe", &json!(probe));
    }
    if let Some(container) = &manifest.container {
        say("container", &json!(container));
    }
    for template in &manifest.templates {
        let id = &template.id;
        say(
            "template",
            &json!({"id": id, "effect": template.effect.as_str(), "repeatable": template.repeatable}),
        );
        for scope in &template.scopes {
            say("scope", &json!({"template": id, "scope": scope}));
        }
        for (place, rule) in template.requests.iter().enumerate() {
            // The first rule that fits counts, so the order is a part of what is declared.
            say("request", &json!({"template": id, "place": place, "rule": rule}));
        }
        for (field, marked) in marked(template.input.json()) {
            say("container-field", &json!({"template": id, "field": field, "names": marked}));
        }
        for place in template.input.files() {
            say("opens-file", &json!({"template": id, "place": place}));
        }
        for place in template.output.files() {
            say("makes-file", &json!({"template": id, "place": place}));
        }
    }
    lines
}

/// The fields that name a container, and how.
fn marked(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let fields = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    fields.filter_map(|(name, field)| Some((name, field.get("x-container")?)))
}

impl Authorizations {
    /// How the component of an integration differs from the approved one.
    ///
    /// # Errors
    /// `NotFound`; `Storage`.
    pub fn difference(&self, integration: &IntegrationId) -> Result<Difference> {
        let plugin = self.plugin(integration)?;
        Ok(Difference::of(&plugin, self.approval(integration)?.as_ref()))
    }

    /// Approves the component of an integration as it is: the one with this SHA-256, where one is said.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` where the component has another digest, or somebody else approved another in between; `Storage`.
    pub fn approve(&self, integration: &IntegrationId, digest: Option<&str>) -> Result<Approval> {
        let plugin = self.plugin(integration)?;
        if digest.is_some_and(|digest| digest != plugin.digest()) {
            return Err(Failure::new(
                FailureKind::Conflict,
                "other-component",
                format!("The component of {integration} has another digest: {}.", plugin.digest()),
            )
            .hint(format!("See how it differs with: actionbay integrations approve {integration}")));
        }
        let stored = self.vault.get(&key(integration))?;
        let expect = stored.map_or(Expect::Absent, |stored| Expect::Generation(stored.generation));
        self.record(&plugin, expect)
    }

    /// The plugin of an integration, if it may be used: it is the first one, the approved one, or came with the program and declares
    /// nothing more.
    ///
    /// # Errors
    /// `NotFound`; `Denied`, with the difference and the command that shows it; `Storage`.
    pub(crate) fn approved_plugin(&self, integration: &IntegrationId) -> Result<Plugin> {
        let plugin = self.plugin(integration)?;
        loop {
            let record = self.vault.get(&key(integration))?;
            if record.as_ref().is_some_and(|record| self.approved.is(plugin.digest(), &record.body)) {
                return Ok(plugin);
            }
            let Some(record) = record else {
                match self.record(&plugin, Expect::Absent) {
                    // Somebody else was faster, perhaps with another component.
                    Err(Failure { kind: FailureKind::Conflict, .. }) => continue,
                    recorded => return recorded.map(|_| plugin),
                }
            };
            let approval: Approval = read(&record)?;
            // The approved one itself differs in nothing: what it declares need not be written down to be compared.
            if approval.digest != plugin.digest() {
                let difference = Difference::of(&plugin, Some(&self.with_declarations(approval)?));
                if difference.needs_approval() {
                    return Err(not_approved(difference));
                }
            }
            self.approved.remember(plugin.digest(), record.body);
            return Ok(plugin);
        }
    }

    fn record(&self, plugin: &Plugin, expect: Expect) -> Result<Approval> {
        let manifest = plugin.manifest();
        let approval = Approval {
            integration: manifest.id.clone(),
            digest: plugin.digest().to_owned(),
            declarations: declarations(manifest),
            since: self.clock.now()?,
        };
        // What is declared is long, and each run reads the approval: it lies beside it. Versions before read the approval alone.
        // By that the approved component stays approved to them, and to any other they are stricter than this one.
        let stored = Approval { declarations: BTreeSet::new(), ..approval.clone() };
        self.vault.commit(&[
            Write::put(key(&manifest.id), expect, written(&stored)?),
            Write::put(declarations_key(&manifest.id), Expect::Any, written(&approval.declarations)?),
        ])?;
        Ok(approval)
    }

    fn approval(&self, integration: &IntegrationId) -> Result<Option<Approval>> {
        let stored = self.vault.get(&key(integration))?.as_ref().map(read).transpose()?;
        stored.map(|stored| self.with_declarations(stored)).transpose()
    }

    /// An approval as it was stored, with what was declared. Versions before stored that in it.
    fn with_declarations(&self, stored: Approval) -> Result<Approval> {
        if !stored.declarations.is_empty() {
            return Ok(stored);
        }
        let beside = self.vault.get(&declarations_key(&stored.integration))?;
        let declarations = beside.as_ref().map(read).transpose()?.unwrap_or_default();
        Ok(Approval { declarations, ..stored })
    }
}

/// The records by which components were found to be approved, by the digests of these. The record is read at each run, by
/// whomever it was written; what is spared is to take it apart again while it is the same byte for byte.
#[derive(Default)]
pub(super) struct Approved(RwLock<HashMap<String, Vec<u8>>>);

impl Approved {
    fn is(&self, digest: &str, record: &[u8]) -> bool {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.get(digest).is_some_and(|known| known == record)
    }

    fn remember(&self, digest: &str, record: Vec<u8>) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(digest.to_owned(), record);
    }
}

fn read<T: DeserializeOwned>(record: &Record) -> Result<T> {
    serde_json::from_slice(&record.body).map_err(|error| {
        Failure::storage(UNREADABLE, format!("A stored approval cannot be read: {error}.")).hint(
            "Approve the component that is there by its SHA-256, which `integrations show` tells: \
             actionbay integrations approve INTEGRATION --yes --digest SHA-256",
        )
    })
}

fn written(what: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(what).map_err(|_| Failure::internal("An approval cannot be written."))
}

fn not_approved(difference: Difference) -> Failure {
    let integration = &difference.integration;
    let declares = if difference.more.is_empty() {
        "nothing more".to_owned()
    } else {
        format!("more: {}", named(&difference.more))
    };
    Failure::new(
        FailureKind::Denied,
        NOT_APPROVED,
        format!("The component of {integration} is another one than was approved, and declares {declares}."),
    )
    .hint(format!("See the difference, and accept it, with: actionbay integrations approve {integration}"))
}

fn named(declarations: &[String]) -> String {
    let mut named = declarations.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join("; ");
    let more = declarations.len().saturating_sub(MOST_NAMED);
    if more > 0 {
        named.push_str(&format!("; and {more} more"));
    }
    named
}

fn key(integration: &IntegrationId) -> RecordKey {
    RecordKey::new(Collection::Approvals, "", integration.as_str())
}

fn declarations_key(integration: &IntegrationId) -> RecordKey {
    RecordKey::new(Collection::Approvals, "", format!("{integration}/declarations"))
}
