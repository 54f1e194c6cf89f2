//! What the manifest and its schemas say to people and programs, beyond what a host insists on.

use serde_json::Value;

use super::Report;
use crate::runtime::{Effect, Plugin, Schema, Template};

/// The most that a line of advice names.
const MOST_NAMED: usize = 5;

pub(super) fn check(plugin: &Plugin, report: &mut Report) {
    let manifest = plugin.manifest();
    report.passed(
        "manifest",
        format!(
            "{} {}: {} templates, {} audiences.",
            manifest.id,
            manifest.version,
            manifest.templates.len(),
            manifest.audiences.len()
        ),
    );
    if manifest.probes.is_empty() {
        report.advice(
            "manifest",
            "It names no probe, so that nobody can tell whether a connection works without running a template.",
            "Name a cheap reading request in `probes`.",
        );
    }
    let advised = |part: &'static str, mend: &'static str, lacks: fn(&Template) -> bool| {
        let lacking: Vec<&str> =
            manifest.templates.iter().filter(|known| lacks(known)).map(|known| known.id.as_str()).collect();
        (part, mend, lacking)
    };
    for (part, mend, lacking) in [
        advised(
            "Without utterances nobody gets there by words",
            "Say in `utterances` what people say who want it.",
            |template| template.utterances.is_empty(),
        ),
        advised(
            "A required field without a prompt leaves a dialog with nothing to ask",
            "Name each required field in `prompts`.",
            has_unasked_field,
        ),
        advised(
            "A field without a description leaves forms and help without words",
            "Give each property of the input schema a `description`.",
            has_undescribed_field,
        ),
        advised(
            "An input that takes unknown fields hides misspelt ones",
            "Set `additionalProperties` of the input schema to false.",
            |template| template.input.json().get("additionalProperties") != Some(&Value::Bool(false)),
        ),
        advised(
            "An output without properties tells programs nothing",
            "Describe the output's properties in its schema.",
            |template| template.output.properties().is_empty(),
        ),
        advised(
            "What only reads can be repeated",
            "Set `repeatable` of templates with the effect `read`.",
            |template| template.effect == Effect::Read && !template.repeatable,
        ),
    ] {
        if !lacking.is_empty() {
            report.advice("templates", format!("{part}: {}.", named(&lacking)), mend);
        }
    }
}

fn named(names: &[&str]) -> String {
    let shown = names.iter().take(MOST_NAMED).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MOST_NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn has_unasked_field(template: &Template) -> bool {
    let required = template.input.json().get("required").and_then(Value::as_array);
    let is_asked = |name: &Value| template.prompts.iter().any(|prompt| Some(&*prompt.field) == name.as_str());
    required.into_iter().flatten().any(|name| !is_asked(name))
}

fn has_undescribed_field(template: &Template) -> bool {
    let is_described = |property: &Value| {
        let text = property.get("description").and_then(Value::as_str);
        text.is_some_and(|text| !text.trim().is_empty()) || property.get("$ref").is_some()
    };
    properties(&template.input).any(|property| !is_described(property))
}

fn properties(schema: &Schema) -> impl Iterator<Item = &Value> {
    let properties = schema.json().get("properties").and_then(Value::as_object);
    properties.into_iter().flatten().map(|(_, property)| property)
}
