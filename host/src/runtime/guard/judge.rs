//! Decides whether a request, and its answer, may pass. What has to be asked for it is asked through [`Ask`].
//!
//! The manifest says where a request names what it concerns; the policy says which containers may be read and changed.
//! Between the two stands what only the vendor knows: in which container an item is, and which key has which id. It is
//! looked up, and kept for the run, which container has which key for some minutes. Whatever stays unknown is denied.

use std::collections::HashMap;

use serde_json::Value;

use super::access::{Access, Container, ContainerPolicy, is_name};
use super::learned::Remembered;
use super::pointer::{Pointer, Unclear, parse_strictly, text_of};
use super::rules::{Containers, ID, Lookup, Place, Reference, RequestRule, Subject};
use crate::egress::{Body, Method};

/// How far an item may be from its container: a reply is on a comment, on an attachment, of a page.
const DEEPEST: usize = 5;

/// The answer to a lookup.
pub(super) enum Answered {
    /// This.
    Json(Value),
    /// It is not there.
    NotThere,
    /// None, and why, as the end of a sentence.
    Nothing(String),
}

/// Asks the vendor, on the host's own account.
pub(super) trait Ask {
    fn ask(&mut self, audience: &str, path: String, query: Vec<(String, String)>) -> Answered;
}

/// A request, as far as it is judged.
pub(in crate::runtime) struct Asked<'r> {
    pub(in crate::runtime) method: &'r Method,
    /// Decoded.
    pub(in crate::runtime) path: &'r [String],
    pub(in crate::runtime) query: &'r [(String, String)],
    pub(in crate::runtime) body: Carried<'r>,
    /// Whether its answer is looked into before the guest has it.
    pub(in crate::runtime) answer_is_read: bool,
}

/// What a request carries, as far as it is judged.
#[derive(Clone, Copy)]
pub(in crate::runtime) enum Carried<'r> {
    Nothing,
    Json(&'r str),
    /// Something that is no JSON, or goes by another name.
    Other,
}

impl<'r> From<&'r Body> for Carried<'r> {
    fn from(body: &'r Body) -> Self {
        match body {
            Body::None => Self::Nothing,
            Body::Json(text) => Self::Json(text),
            Body::Form(_) | Body::Content { .. } | Body::File { .. } | Body::Multipart(_) => Self::Other,
        }
    }
}

/// Why something may not pass.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The policy does not let this be done with a container.
    Policy { container: Container, access: Access, named: bool },
    /// It cannot be decided, and why.
    Undecided(Unclear),
}

impl From<Unclear> for Refusal {
    fn from(why: Unclear) -> Self {
        Self::Undecided(why)
    }
}

/// What was learned in a run, and what is remembered from others.
#[derive(Default)]
pub(super) struct Known {
    by_id: HashMap<String, Container>,
    by_key: HashMap<String, Container>,
    items: HashMap<(String, String), Container>,
    remembered: Option<Remembered>,
}

impl Known {
    pub(super) fn with(remembered: Remembered) -> Self {
        Self { remembered: Some(remembered), ..Self::default() }
    }

    /// The container of this id, if it is known well enough to be held to a policy.
    fn by_id(&self, id: &str) -> Option<Container> {
        let remembered = || self.remembered.as_ref()?.by_id(id);
        self.by_id.get(id).cloned().or_else(remembered)
    }

    fn learn(&mut self, container: &Container) {
        if let Some(id) = &container.id {
            self.by_id.insert(id.clone(), container.clone());
        }
        if let Some(key) = &container.key {
            self.by_key.insert(key.to_lowercase(), container.clone());
        }
    }
}

/// What a request left to its answer.
#[derive(Debug, PartialEq, Eq, Default)]
pub(super) struct Left {
    /// Items that the request names and that are in what the answer tells.
    items: Vec<(String, String)>,
}

/// One judgement.
pub(super) struct Judge<'j> {
    pub(super) containers: &'j Containers,
    pub(super) policy: &'j ContainerPolicy,
    pub(super) known: &'j mut Known,
    pub(super) ask: &'j mut dyn Ask,
}

impl Judge<'_> {
    /// Judges a request before it is sent. Where its answer will tell, the items that it names may wait for that.
    pub(super) fn request(&mut self, rule: &RequestRule, asked: &Asked<'_>) -> Result<Left, Refusal> {
        let least = if asked.method.is_safe() { Access::ReadOnly } else { Access::Allow };
        let named = named(rule, asked)?;
        let waits = rule.reads_answer() && asked.answer_is_read;
        if named.is_empty() && !waits {
            return Err(Refusal::Undecided("it names nothing of what it must name".to_owned()));
        }
        let mut left = Left::default();
        for (what, text) in named {
            match what {
                Reference::Item(kind) if waits => match self.known.items.get(&(kind.clone(), text.clone())) {
                    Some(container) => self.allowed(&container.clone(), least)?,
                    None if is_id(&text) => left.items.push((kind.clone(), text)),
                    None => {
                        return Err(Refusal::Undecided(format!("\"{}\" is no id of {kind}", shown(&text))));
                    }
                },
                _ => {
                    let container = self.container(what, &text, DEEPEST)?;
                    self.allowed(&container, least)?;
                }
            }
        }
        Ok(left)
    }

    /// Judges the answer to a request that left it to that: what may be given of it.
    pub(super) fn answer(&mut self, rule: &RequestRule, left: Left, answer: Value) -> Result<Value, Refusal> {
        let places: Vec<(&Pointer, &Reference)> = rule
            .subjects()
            .iter()
            .filter_map(|subject| match &subject.place {
                Place::Answer(pointer) => Some((pointer, &subject.what)),
                _ => None,
            })
            .collect();
        let mut arrays = Vec::new();
        let mut whole = Vec::new();
        for (pointer, what) in places {
            match pointer.at_star() {
                Some((array, rest)) => arrays.push((array, (rest, what))),
                None => whole.push((pointer.clone(), what)),
            }
        }
        if !whole.is_empty() {
            let containers = self.containers_in(&whole, &answer)?;
            for container in &containers {
                self.allowed(container, Access::ReadOnly)?;
            }
            match containers.as_slice() {
                [] => return Err(Refusal::Undecided("the answer does not say it".to_owned())),
                [container] => {
                    self.known.items.extend(left.items.into_iter().map(|item| (item, container.clone())));
                }
                _ => {}
            }
        }
        if arrays.is_empty() { Ok(answer) } else { self.without_refused(rule, arrays, answer) }
    }

    /// An answer with those elements of its arrays that may be read, and with what the rule keeps beside them.
    fn without_refused(
        &mut self,
        rule: &RequestRule,
        subjects: Vec<(Pointer, (Pointer, &Reference))>,
        mut answer: Value,
    ) -> Result<Value, Refusal> {
        let mut given = Value::Object(serde_json::Map::new());
        for kept in &rule.keeps {
            if let Some(value) = kept.get(&answer) {
                kept.put(&mut given, value.clone());
            }
        }
        let mut found = false;
        let mut arrays: Vec<&Pointer> = subjects.iter().map(|(array, _)| array).collect();
        arrays.dedup();
        for array in arrays {
            let Some(Value::Array(elements)) = array.get_mut(&mut answer).map(Value::take) else { continue };
            found = true;
            let of_element: Vec<_> =
                subjects.iter().filter(|(of, _)| of == array).map(|(_, subject)| subject.clone()).collect();
            let mut may_be_read = |element: &Value| {
                let containers = self.containers_in(&of_element, element)?;
                if containers.is_empty() {
                    return Err(Refusal::Undecided("it names no container".to_owned()));
                }
                containers.iter().try_for_each(|container| self.allowed(container, Access::ReadOnly))
            };
            let elements = elements.into_iter().filter(|element| may_be_read(element).is_ok()).collect();
            array.put(&mut given, Value::Array(elements));
        }
        if found { Ok(given) } else { Err(Refusal::Undecided("the answer has no such list".to_owned())) }
    }

    /// The containers that a part of an answer names. An id and a key in the same object are those of one.
    fn containers_in(
        &mut self,
        places: &[(Pointer, &Reference)],
        part: &Value,
    ) -> Result<Vec<Container>, Refusal> {
        let mut texts = Vec::new();
        for (pointer, what) in places {
            if let Some(value) = pointer.get(part) {
                let text =
                    text_of(value).ok_or_else(|| format!("there is no id at {pointer} of the answer"))?;
                texts.push((pointer.parent(), *what, text));
            }
        }
        for (parent, what, id) in &texts {
            let key = texts.iter().find(|(of, what, _)| of == parent && **what == Reference::ContainerKey);
            if let (Reference::ContainerId, Some((_, _, key))) = (what, key) {
                self.known.learn(&Container { id: Some(id.clone()), key: Some(key.clone()) });
            }
        }
        let mut containers: Vec<Container> = Vec::new();
        for (_, what, text) in &texts {
            let container = self.container(what, text, DEEPEST)?;
            if !containers.contains(&container) {
                containers.push(container);
            }
        }
        Ok(containers)
    }

    /// Whether at least this may be done with a container.
    fn allowed(&self, container: &Container, least: Access) -> Result<(), Refusal> {
        let (access, named) = self.policy.access(container);
        if access >= least {
            return Ok(());
        }
        Err(Refusal::Policy { container: container.clone(), access, named })
    }

    /// The container that is named, or that what is named is in.
    fn container(&mut self, what: &Reference, text: &str, depth: usize) -> Result<Container, Refusal> {
        match what {
            Reference::ContainerId => self.by_id(text),
            Reference::ContainerKey => self.by_key(text),
            Reference::Item(kind) => self.of_item(kind, text, depth),
        }
    }

    fn by_id(&mut self, id: &str) -> Result<Container, Refusal> {
        if let Some(known) = self.known.by_id(id) {
            return Ok(known);
        }
        if !is_id(id) {
            return Err(Refusal::Undecided(format!("\"{}\" is no id", shown(id))));
        }
        if !self.policy.needs_key() && is_written_in_one_way(id) {
            return Ok(Container { id: Some(id.to_owned()), key: None });
        }
        let containers = self.containers;
        let container = self.look_up(&containers.by_id, id)?;
        if container.id.as_deref() != Some(id) {
            return Err(Refusal::Undecided(format!("\"{}\" is not the id of one", shown(id))));
        }
        Ok(container)
    }

    fn by_key(&mut self, key: &str) -> Result<Container, Refusal> {
        if let Some(known) = self.known.by_key.get(&key.to_lowercase()) {
            return Ok(known.clone());
        }
        if !is_name(key) {
            return Err(Refusal::Undecided(format!("\"{}\" is no key", shown(key))));
        }
        let containers = self.containers;
        let container = self.look_up(&containers.by_key, key)?;
        let found = container.key.as_ref().map(|key| key.to_lowercase());
        if found != Some(key.to_lowercase()) {
            return Err(Refusal::Undecided(format!("\"{}\" is not the key of one", shown(key))));
        }
        Ok(container)
    }

    /// A container, as the vendor tells of it.
    fn look_up(&mut self, lookup: &Lookup, text: &str) -> Result<Container, Refusal> {
        let name = &self.containers.name;
        let answer = match self.asked(lookup, text) {
            Answered::Json(answer) => answer,
            Answered::NotThere => return Err(format!("the {name} \"{}\" was not found", shown(text)).into()),
            Answered::Nothing(why) => {
                return Err(format!("the {name} \"{}\" could not be looked up: {why}", shown(text)).into());
            }
        };
        let said = |what: &Reference| {
            let naming = lookup.names.iter().find(|naming| naming.what == *what)?;
            text_of(naming.pointer.get(&answer)?)
        };
        let (id, key) = (said(&Reference::ContainerId), said(&Reference::ContainerKey));
        if id.is_none() || (key.is_none() && self.policy.needs_key()) {
            return Err(format!("the {name} \"{}\" was not found", shown(text)).into());
        }
        let container = Container { id, key };
        self.known.learn(&container);
        if let Some(remembered) = self.known.remembered.as_ref().filter(|_| container.key.is_some()) {
            remembered.keep(&container);
        }
        Ok(container)
    }

    fn of_item(&mut self, kind: &str, id: &str, depth: usize) -> Result<Container, Refusal> {
        let item = (kind.to_owned(), id.to_owned());
        if let Some(known) = self.known.items.get(&item) {
            return Ok(known.clone());
        }
        if !is_id(id) {
            return Err(Refusal::Undecided(format!("\"{}\" is no id", shown(id))));
        }
        let (containers, name) = (self.containers, &self.containers.name);
        let Some(depth) = depth.checked_sub(1) else {
            return Err(Refusal::Undecided(format!("the {kind} {id} is too far from its {name}")));
        };
        for lookup in containers.item(kind).map(|kind| kind.lookups.as_slice()).unwrap_or_default() {
            let answer = match self.asked(lookup, id) {
                Answered::Json(answer) => answer,
                Answered::NotThere => continue,
                Answered::Nothing(why) => {
                    return Err(format!("the {kind} {id} could not be looked up: {why}").into());
                }
            };
            let named = lookup
                .names
                .iter()
                .find_map(|naming| Some((&naming.what, text_of(naming.pointer.get(&answer)?)?)));
            let Some((what, text)) = named else {
                return Err(format!("the {kind} {id} does not say in which {name} it is").into());
            };
            let container = self.container(what, &text, depth)?;
            self.known.items.insert(item, container.clone());
            return Ok(container);
        }
        Err(format!("the {kind} {id} was not found").into())
    }

    fn asked(&mut self, lookup: &Lookup, text: &str) -> Answered {
        let fill = |value: &String| if value == ID { text.to_owned() } else { value.clone() };
        let query = lookup.query.iter().map(|(name, value)| (name.clone(), fill(value))).collect();
        self.ask.ask(&lookup.audience, lookup.path.filled(text), query)
    }
}

/// What a request itself names.
fn named<'r>(rule: &'r RequestRule, asked: &Asked<'_>) -> Result<Vec<(&'r Reference, String)>, Unclear> {
    let body = match asked.body {
        _ if !rule.reads_body() => None,
        Carried::Nothing => None,
        Carried::Json(text) => Some(parse_strictly(text)?),
        Carried::Other => return Err("its body is not sent as JSON".to_owned()),
    };
    let mut named = Vec::new();
    for subject in rule.subjects() {
        match &subject.place {
            Place::Answer(_) => {}
            Place::Path(name) => {
                named
                    .extend(rule.path.segment(name, asked.path).map(|text| (&subject.what, text.to_owned())));
            }
            Place::Query(name) => {
                let mut values = asked.query.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
                if let Some((known, value)) = values.next() {
                    if known != name || values.next().is_some() {
                        return Err(format!("its query has \"{name}\" in more than one way"));
                    }
                    named.push((&subject.what, value.clone()));
                }
            }
            Place::Body(pointer) => {
                let Some(body) = &body else { continue };
                let values = pointer.all(body)?;
                if values.is_empty() || !applies(subject, rule, body)? {
                    continue;
                }
                for value in values {
                    let text =
                        text_of(value).ok_or_else(|| format!("there is no id at {pointer} of its body"))?;
                    named.push((&subject.what, text));
                }
            }
        }
    }
    Ok(named)
}

/// Whether the condition of a subject holds. Of a place that has a value, one condition must.
fn applies(subject: &Subject, rule: &RequestRule, body: &Value) -> Result<bool, Unclear> {
    let holds = |subject: &Subject| match &subject.when {
        None => Ok(true),
        Some(when) => when
            .pointer
            .all(body)
            .map(|values| matches!(values.as_slice(), [Value::String(text)] if *text == when.equals)),
    };
    if holds(subject)? {
        return Ok(true);
    }
    let mut same_place = rule.subjects().iter().filter(|other| other.place == subject.place);
    if same_place.any(|other| holds(other).unwrap_or(false)) {
        return Ok(false);
    }
    let pointer = subject.when.as_ref().map(|when| when.pointer.to_string()).unwrap_or_default();
    Err(format!("the text at {pointer} of its body is none that is known"))
}

/// Whether a text can be an id, and can stand in a path as it is.
fn is_id(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        // Readers differ in what they make of it.
        && !(text.len() > 1 && text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether there is no other way to write an id, so that it can be compared as a text.
fn is_written_in_one_way(id: &str) -> bool {
    id.len() <= 19 && id.bytes().all(|byte| byte.is_ascii_digit())
}

/// A text of the guest's, to be shown.
fn shown(text: &str) -> String {
    crate::failure::plain_text(text, 64)
}

#[cfg(test)]
mod tests;
