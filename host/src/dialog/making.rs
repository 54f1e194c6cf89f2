//! A dialog made from a template: all of it comes from the template's schemas, prompts and sample utterances.
//!
//! | in the description | in the dialog |
//! |---|---|
//! | id `create-content` | dialog and intent `createContent`, `createContentService`, `createContentMessage` |
//! | a prompt for the field `space` | an entity, named as `x-entity` of the field's schema says, else as the field |
//! | the field's schema | the entity's type, and whether it has to be known |
//! | a `{site}` in a request's audience | `getResourceIdService`, which reads the connection's site |
//! | effect `update` or `delete` | a confirmation |
//! | the output's schema | the message: its text, details and button |

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::model::{
    Action, Button, Confirmation, Detail, Dialog, Entity, EntityType, Intent, Message, Node, Presence,
    RETRIES, Service, TIMEOUT,
};
use crate::failure::{Failure, Result};
use crate::fields::{self, Field, Kind, resolved};
use crate::ids::random_id;
use crate::runtime::{Effect, Manifest, Template};

/// The service that reads the connection's site.
const SITE_SERVICE: &str = "getResourceIdService";

/// The annotation by which a field's schema names its entity.
const ENTITY: &str = "x-entity";

/// The longest text that is asked for as a line, in characters: as long as an address gets.
const LONGEST_LINE: u64 = 2_000;

/// The most lines of details: what is expanded should still be looked over.
const MOST_DETAILS: usize = 12;

/// The dialog of a template, with this name.
pub(super) fn make(manifest: &Manifest, template: &Template, name: String) -> Result<Dialog> {
    let base = camel(template.id.as_str());
    let entities = entities(template);
    let mut nodes =
        vec![Node::Intent(Intent { name: base.clone(), utterances: template.utterances.clone() })];
    let request = request(&entities);
    let asked = entities.iter().filter(|entity| entity.presence == Presence::Mandatory);
    let asked: Vec<String> =
        asked.map(|entity| format!("{}: {{{{context.entities.{}}}}}", entity.field, entity.name)).collect();
    nodes.extend(entities.into_iter().map(Node::Entity));
    if matches!(template.effect, Effect::Update | Effect::Delete) {
        nodes.push(Node::Confirmation(Confirmation {
            name: format!("confirm{}", capital(&base)),
            prompt: format!(
                "{{{{ response(\"confirm\", title={}) }}}}\n{}",
                literal(&template.title),
                asked.join("\n")
            )
            .trim_end()
            .to_owned(),
        }));
    }
    if works_in_a_site(manifest, template) {
        nodes.push(service(SITE_SERVICE.to_owned(), Action::FindSite, Value::Null, Vec::new()));
    }
    let service_name = format!("{base}Service");
    let samples = template.output.json().get("examples").and_then(Value::as_array).cloned();
    nodes.push(service(service_name.clone(), Action::RunTemplate, request, samples.unwrap_or_default()));
    nodes.push(Node::Message(message(template, format!("{base}Message"), &service_name)));
    Ok(Dialog {
        name,
        reference: new_reference()?,
        title: template.title.clone(),
        integration: manifest.id.clone(),
        template: template.id.clone(),
        version: 1,
        made_from: fingerprint(template)?,
        edited: false,
        nodes,
    })
}

/// What a dialog is known by from its making on.
pub(super) fn new_reference() -> Result<String> {
    random_id("dialog-")
}

/// What tells one description of a template from another: a hash.
pub(super) fn fingerprint(template: &Template) -> Result<String> {
    let text = serde_json::to_vec(template).map_err(|_| Failure::internal("A template makes no JSON."))?;
    Ok(Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect())
}

/// `create-content` as `createContent`.
pub(super) fn camel(id: &str) -> String {
    let mut words = id.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let first = words.next().unwrap_or("dialog");
    let first = first.to_owned();
    let name = words.fold(first, |name, word| name + &capital(word));
    // A name that begins with a digit could not be referred to.
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("n{name}") } else { name }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

fn service(name: String, does: Action, request: Value, sample_responses: Vec<Value>) -> Node {
    Node::Service(Service {
        name,
        does,
        request,
        timeout_seconds: TIMEOUT,
        on_failure: None,
        sample_responses,
    })
}

/// What is asked for: what the template prompts for, and what no input goes without.
fn entities(template: &Template) -> Vec<Entity> {
    let fields = fields::of(template);
    let prompted: Vec<(&Field<'_>, Option<&str>)> = {
        let by_prompt = template.prompts.iter().filter_map(|prompt| {
            let field = fields.iter().find(|field| field.name == prompt.field)?;
            Some((field, Some(prompt.text.as_str())))
        });
        let is_prompted = |name: &str| template.prompts.iter().any(|prompt| prompt.field == name);
        let unprompted = fields.iter().filter(|field| field.required && !is_prompted(field.name));
        by_prompt.chain(unprompted.map(|field| (field, None))).collect()
    };
    let mut names: Vec<String> = Vec::new();
    prompted
        .iter()
        .map(|(field, prompt)| {
            let mut name = entity_name(template, field.name);
            while names.contains(&name) {
                name.push('_');
            }
            names.push(name.clone());
            Entity {
                name,
                field: field.name.to_owned(),
                entity_type: entity_type(template, field),
                prompt: prompt.map_or_else(|| asked(field), str::to_owned),
                error_prompt: None,
                presence: presence(template, &prompted, field),
                retries: RETRIES,
                on_failure: None,
            }
        })
        .collect()
}

/// A field that nobody wrote a prompt for is asked for by what its schema says it is.
fn asked(field: &Field<'_>) -> String {
    if field.description.is_empty() { format!("{}?", field.name) } else { field.description.clone() }
}

fn entity_name(template: &Template, field: &str) -> String {
    let named = property(template.input.json(), field).and_then(|property| property.get(ENTITY)?.as_str());
    camel_kept(named.unwrap_or(field))
}

/// As [`camel`], where what is camel already stays.
fn camel_kept(name: &str) -> String {
    if is_name(name) { name.to_owned() } else { camel(name) }
}

/// Whether a text can stand in `{{context.…}}`.
pub(super) fn is_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        && name.len() <= 64
}

fn entity_type(template: &Template, field: &Field<'_>) -> EntityType {
    match &field.kind {
        Kind::Choice(_) | Kind::Boolean => EntityType::List,
        Kind::Integer { .. } | Kind::Number => EntityType::Number,
        Kind::File => EntityType::File,
        Kind::List(_) => EntityType::Several,
        Kind::Json => EntityType::Json,
        Kind::Text => {
            let property = property(template.input.json(), field.name);
            let longest = property.and_then(|property| property.get("maxLength")?.as_u64());
            if longest.is_some_and(|longest| longest > LONGEST_LINE) {
                EntityType::Description
            } else {
                EntityType::String
            }
        }
    }
}

/// Whether an input goes without a field, as the schema itself decides of an example.
fn presence(template: &Template, prompted: &[(&Field<'_>, Option<&str>)], field: &Field<'_>) -> Presence {
    let example = |of: &Field<'_>| {
        of.example.cloned().or_else(|| match &of.kind {
            Kind::Choice(choices) => choices.first().map(|choice| choice.value.clone()),
            _ => of.default.cloned(),
        })
    };
    let whole: Option<Map<String, Value>> =
        prompted.iter().map(|(of, _)| Some((of.name.to_owned(), example(of)?))).collect();
    let goes_without = whole.map_or(!field.required, |mut input| {
        let fits =
            |input: &Map<String, Value>| template.input.violations(&Value::Object(input.clone())).is_empty();
        let is_example = fits(&input);
        input.shift_remove(field.name);
        if is_example { fits(&input) } else { !field.required }
    });
    if goes_without { Presence::Optional } else { Presence::Mandatory }
}

/// The template's input: each field is what its entity is.
fn request(entities: &[Entity]) -> Value {
    let field = |entity: &Entity| {
        (entity.field.clone(), Value::String(format!("{{{{context.entities.{}}}}}", entity.name)))
    };
    Value::Object(entities.iter().map(field).collect())
}

fn works_in_a_site(manifest: &Manifest, template: &Template) -> bool {
    template.requests.iter().any(|request| {
        manifest.audience(&request.audience).is_some_and(|audience| audience.path_prefix.contains("{site}"))
    })
}

/// What is said of the output: its subject, its lists and its texts, with the rest as details.
fn message(template: &Template, name: String, service: &str) -> Message {
    let root = template.output.json();
    let properties = root.get("properties").and_then(Value::as_object);
    let output = format!("context.{service}");
    let (mut text, mut details, mut button) = (vec![headline(template, &output)], Vec::new(), None);
    for (field, property) in properties.into_iter().flatten() {
        let property = resolved(root, property);
        let place = format!("{output}{}", access(field));
        match Shown::of(root, property) {
            Shown::Address => {
                let label = property.get("title").and_then(Value::as_str).unwrap_or("Open");
                button.get_or_insert(Button { label: label.to_owned(), url: written(&place) });
            }
            Shown::Scalar => details.push(Detail { label: words(field), value: written(&place) }),
            Shown::Scalars => {
                details
                    .push(Detail { label: words(field), value: written(&format!("{place} | join(\", \")")) });
            }
            Shown::Named(naming) => {
                let naming = naming.map(|part| format!("{place}{}", access(part))).join(" or ");
                details.push(Detail { label: words(field), value: written(&naming) });
            }
            Shown::Text => text.push(written(&format!("{place}.value"))),
            Shown::List => text.push(format!(
                "{{% for item in {place} %}}\n- {{{{ item.title or item.name or item.key or item.id }}}}\
                 {{% if item.url %}} ({{{{ item.url }}}}){{% endif %}}{{% endfor %}}"
            )),
            Shown::Not => {}
        }
    }
    details.truncate(MOST_DETAILS);
    text.retain(|part| !part.is_empty());
    Message { name, text: text.join("\n"), details, button }
}

/// How a part of an output is shown.
enum Shown {
    /// As where a button leads.
    Address,
    Scalar,
    Scalars,
    /// By its name, or what else it is called by.
    Named([&'static str; 3]),
    /// As a text: an object with a `value`.
    Text,
    /// As a list of things with names.
    List,
    Not,
}

impl Shown {
    fn of(root: &Value, property: &Value) -> Self {
        let kind = property.get("type").and_then(Value::as_str);
        match kind {
            Some("string") if property.get("format").is_some_and(|format| format == "uri") => Self::Address,
            Some("string" | "integer" | "number" | "boolean") => Self::Scalar,
            Some("object") if has(property, "value") => Self::Text,
            Some("object") if has(property, "name") => Self::Named(["name", "key", "id"]),
            Some("object") if has(property, "number") => Self::Named(["number", "name", "id"]),
            Some("array") => match property.get("items").map(|items| resolved(root, items)) {
                Some(items) if ["title", "name", "key", "id"].into_iter().any(|name| has(items, name)) => {
                    Self::List
                }
                Some(items) if items.get("type").is_some_and(|kind| kind == "string") => Self::Scalars,
                _ => Self::Not,
            },
            _ => Self::Not,
        }
    }
}

fn headline(template: &Template, output: &str) -> String {
    let root = template.output.json();
    let subject = ["title", "name", "file", "id"].into_iter().find(|name| has(root, name));
    let key = match template.effect {
        Effect::Read => "found",
        Effect::Create => "created",
        Effect::Update => "changed",
        Effect::Delete => "deleted",
        Effect::Other(_) => "done",
    };
    let subject = subject.map(|name| format!("{output}{}", access(name)));
    let subject = subject.unwrap_or_else(|| literal(&template.title));
    format!("{{{{ response(\"{key}\", subject={subject}) }}}}")
}

fn has(schema: &Value, property: &str) -> bool {
    self::property(schema, property).is_some()
}

fn property<'a>(schema: &'a Value, name: &str) -> Option<&'a Value> {
    schema.get("properties")?.get(name)
}

fn written(expression: &str) -> String {
    format!("{{{{ {expression} }}}}")
}

/// How a part is reached, whatever it is called.
fn access(name: &str) -> String {
    if is_name(name) { format!(".{name}") } else { format!("[{}]", literal(name)) }
}

/// A text as it stands in an expression.
fn literal(text: &str) -> String {
    Value::from(text).to_string()
}

/// `next-cursor` as `Next cursor`.
fn words(field: &str) -> String {
    capital(&field.replace(['-', '_'], " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_such_that_texts_can_refer_to_them() {
        for (id, name) in
            [("create-content", "createContent"), ("a", "a"), ("2nd.try", "n2ndTry"), ("_", "dialog")]
        {
            assert_eq!(camel(id), name);
            assert!(is_name(&camel(id)));
        }
        assert_eq!(camel_kept("spaceKey"), "spaceKey");
        assert_eq!(camel_kept("max-bytes"), "maxBytes");
        assert_eq!(access("max-bytes"), "[\"max-bytes\"]");
    }
}
