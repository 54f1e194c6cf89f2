//! What a manifest says of the requests of its templates and of what they concern, checked.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::super::manifest::{AudienceFacts, Effect, Template, bad};
use super::path::PathPattern;
use super::pointer::Pointer;
use crate::egress::Method;
use crate::failure::{Failure, Result, plain_text};

/// The most rules of a template, and of anything in a rule: beyond what an operator can look through.
const MOST: usize = 64;

/// What stands for the id or key that is looked up.
pub(super) const ID: &str = "{id}";

/// What a text names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reference {
    /// A container, by its id.
    ContainerId,
    /// A container, by its key.
    ContainerKey,
    /// An item of this kind, by its id.
    Item(String),
}

/// Where a text that names something stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// In a segment of the path.
    Path(String),
    /// In a parameter of the query.
    Query(String),
    /// In the body.
    Body(Pointer),
    /// In the answer.
    Answer(Pointer),
}

/// When a place means something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// Where in the body.
    pub pointer: Pointer,
    /// Which text is there.
    pub equals: String,
}

/// Something that a request concerns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Where it is named.
    pub place: Place,
    /// What is named there.
    pub what: Reference,
    /// When the place means this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
}

/// A request that a template may send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRule {
    /// The audience.
    pub audience: String,
    /// The method.
    pub method: Method,
    /// The path below the audience's prefix.
    pub path: PathPattern,
    /// What it concerns; nothing that is in a container where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subjects: Option<Vec<Subject>>,
    /// What is kept of an answer beside its arrays.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keeps: Vec<Pointer>,
}

/// What a text in the answer to a lookup names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Naming {
    /// Where.
    pub pointer: Pointer,
    /// What.
    pub what: Reference,
}

/// A request by which the host learns where something is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lookup {
    /// The audience.
    pub audience: String,
    /// The path below its prefix.
    pub path: PathPattern,
    /// The query.
    pub query: Vec<(String, String)>,
    /// What the answer names.
    pub names: Vec<Naming>,
}

/// Things that are in a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemKind {
    /// The name of the kind.
    pub name: String,
    /// How to learn where one is.
    pub lookups: Vec<Lookup>,
}

/// What the vendor groups content by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Containers {
    /// What people call one.
    pub name: String,
    /// How to learn the key of one.
    pub by_id: Lookup,
    /// How to learn the id of one.
    pub by_key: Lookup,
    /// What is in them.
    pub items: Vec<ItemKind>,
}

impl RequestRule {
    /// Whether a request fits, whatever it carries.
    fn fits(&self, audience: &str, method: &Method, path: &[String]) -> bool {
        self.audience == audience && self.method == *method && self.path.fits(path)
    }

    pub(super) fn subjects(&self) -> &[Subject] {
        self.subjects.as_deref().unwrap_or_default()
    }

    pub(super) fn reads_body(&self) -> bool {
        self.subjects().iter().any(|subject| matches!(subject.place, Place::Body(_)))
    }

    pub(super) fn reads_answer(&self) -> bool {
        self.subjects().iter().any(|subject| matches!(subject.place, Place::Answer(_)))
    }
}

impl Template {
    /// The rule that a request fits.
    pub(super) fn rule(&self, audience: &str, method: &Method, path: &[String]) -> Option<&RequestRule> {
        self.requests.iter().find(|rule| rule.fits(audience, method, path))
    }

    /// Checks what it says of its requests.
    pub(in crate::runtime) fn check_requests(
        &self,
        audiences: &[AudienceFacts],
        containers: Option<&Containers>,
    ) -> Result<()> {
        if self.requests.len() > MOST {
            return Err(bad(&format!("lets template {} send more than {MOST} requests", self.id)));
        }
        for rule in &self.requests {
            let wrong = |why: &str| {
                let (method, path) =
                    (plain_text(rule.method.as_str(), 16), plain_text(&rule.path.to_string(), 200));
                bad(&format!("lets template {} send {method} {path}, {why}", self.id))
            };
            check_audience(&rule.audience, audiences).map_err(|why| wrong(&why))?;
            let reads = matches!(rule.method.as_str(), "GET" | "HEAD");
            if self.effect == Effect::Read && !reads {
                return Err(wrong("which is none that reads, and the template's effect is read"));
            }
            if rule.method.to_http().is_err() {
                return Err(wrong("whose method cannot be sent"));
            }
            rule.check(containers).map_err(|why| wrong(&why))?;
        }
        Ok(())
    }
}

impl RequestRule {
    fn check(&self, containers: Option<&Containers>) -> Result<(), String> {
        let Some(subjects) = &self.subjects else {
            return if self.keeps.is_empty() {
                Ok(())
            } else {
                Err("and keeps a part of an answer that is whole".to_owned())
            };
        };
        let containers = containers.ok_or("which concerns what is in containers, of which it has none")?;
        if subjects.is_empty() || subjects.len() > MOST || self.keeps.len() > MOST {
            return Err(format!("which concerns nothing, or more than {MOST} things"));
        }
        for subject in subjects {
            containers.check_reference(&subject.what)?;
            match &subject.place {
                Place::Path(name) if !self.path.names().any(|known| known == name) => {
                    return Err(format!(
                        "and names a segment \"{}\" that is not in it",
                        plain_text(name, 64)
                    ));
                }
                Place::Answer(_) if self.method.as_str() != Method::GET => {
                    return Err("and would look into its answer, which is possible for GET only".to_owned());
                }
                Place::Answer(pointer) if pointer.stars() > 1 => {
                    return Err(format!("and would look into arrays of arrays at {pointer}"));
                }
                _ => {}
            }
            if subject.when.as_ref().is_some_and(|when| when.pointer.stars() > 0) {
                return Err("under a condition on many places".to_owned());
            }
        }
        match self.keeps.iter().find(|kept| kept.stars() > 0) {
            Some(kept) => Err(format!("and keeps many places at {kept}")),
            None => Ok(()),
        }
    }
}

impl Containers {
    /// The kind of items of this name.
    pub(super) fn item(&self, name: &str) -> Option<&ItemKind> {
        self.items.iter().find(|kind| kind.name == name)
    }

    fn check_reference(&self, what: &Reference) -> Result<(), String> {
        match what {
            Reference::Item(name) if self.item(name).is_none() => {
                Err(format!("and names a kind of items \"{}\" that there is not", plain_text(name, 64)))
            }
            _ => Ok(()),
        }
    }

    /// Checks what a manifest says of them.
    pub(in crate::runtime) fn check(&self, audiences: &[AudienceFacts]) -> Result<()> {
        let is_word = |name: &str| {
            (1..=64).contains(&name.len())
                && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        let wrong =
            |what: &str, why: &str| bad(&format!("says how to look up a {}, {why}", plain_text(what, 64)));
        let names: BTreeSet<&str> = self.items.iter().map(|kind| kind.name.as_str()).collect();
        if !is_word(&self.name) || names.len() != self.items.len() || !names.iter().all(|name| is_word(name))
        {
            return Err(bad("names its containers or their items by no words, or two alike"));
        }
        if self.items.len() > MOST {
            return Err(bad(&format!("has more than {MOST} kinds of items")));
        }
        for lookup in [&self.by_id, &self.by_key] {
            self.check_lookup(lookup, audiences).map_err(|why| wrong(&self.name, &why))?;
            let names = |what: &Reference| lookup.names.iter().any(|naming| naming.what == *what);
            if !names(&Reference::ContainerId) || !names(&Reference::ContainerKey) {
                return Err(wrong(&self.name, "whose answer does not say its id and its key"));
            }
        }
        for kind in &self.items {
            if kind.lookups.is_empty() || kind.lookups.len() > MOST {
                return Err(wrong(&kind.name, "in no way, or in too many"));
            }
            for lookup in &kind.lookups {
                self.check_lookup(lookup, audiences).map_err(|why| wrong(&kind.name, &why))?;
            }
        }
        Ok(())
    }

    fn check_lookup(&self, lookup: &Lookup, audiences: &[AudienceFacts]) -> Result<(), String> {
        check_audience(&lookup.audience, audiences)?;
        let in_path = lookup.path.names().count();
        let in_query = lookup.query.iter().filter(|(_, value)| value == ID).count();
        if in_path + in_query != 1 || lookup.path.names().any(|name| name != "id") {
            return Err(format!("but {ID} stands not once in path and query"));
        }
        if lookup.names.is_empty() || lookup.names.iter().any(|naming| naming.pointer.stars() > 0) {
            return Err("but not one place of each thing in the answer".to_owned());
        }
        lookup.names.iter().try_for_each(|naming| self.check_reference(&naming.what))
    }
}

fn check_audience(name: &str, audiences: &[AudienceFacts]) -> Result<(), String> {
    match audiences.iter().find(|facts| facts.audience.name == name) {
        None => Err(format!("to an audience \"{}\" that there is not", plain_text(name, 64))),
        Some(facts) if facts.audience.authorization_only => {
            Err(format!("to the audience \"{name}\", which is for authorizing only"))
        }
        Some(_) => Ok(()),
    }
}

/// A part of a rule that cannot be read.
pub(in crate::runtime) fn unreadable(what: &str, text: &str) -> Failure {
    bad(&format!("has a {what} that is none: \"{}\"", plain_text(text, 200)))
}

impl Pointer {
    /// The pointer of a manifest.
    pub(in crate::runtime) fn of_manifest(text: &str) -> Result<Self> {
        Self::parse(text).ok_or_else(|| unreadable("JSON pointer", text))
    }
}

impl PathPattern {
    /// The pattern of a manifest.
    pub(in crate::runtime) fn of_manifest(text: &str) -> Result<Self> {
        Self::parse(text).ok_or_else(|| unreadable("pattern of a path", text))
    }
}
