//! Texts and requests filled in: `{{…}}` stands for what is known.
//!
//! The language is that of Jinja, which people know from elsewhere. A text cannot reach anything but what it is given, and
//! the work that it may cause is bounded.

use std::collections::BTreeMap;

use minijinja::value::{Kwargs, Serde};
use minijinja::{AutoEscape, Environment, State, UndefinedBehavior};
use serde_json::{Map, Value};

use super::responses::Responses;
use crate::failure::{Failure, FailureKind, Result};

/// What filling in may take: a list of a thousand items takes some ten thousand steps.
const FUEL: u64 = 500_000;

/// Fills in texts and requests.
pub(super) struct Renderer {
    environment: Environment<'static>,
}

impl Renderer {
    /// With the texts that `response("key", …)` gives.
    pub(super) fn new(responses: &Responses) -> Self {
        let texts: BTreeMap<String, String> =
            responses.iter().map(|(key, text)| (key.to_owned(), text.to_owned())).collect();
        let mut environment = bare();
        environment.add_function("response", move |state: &State<'_, '_>, key: &str, values: Kwargs| {
            let text = texts.get(key).map(String::as_str).unwrap_or_default();
            let known: BTreeMap<String, minijinja::Value> =
                values.args().filter_map(|name| Some((name.to_owned(), values.get(name).ok()?))).collect();
            // A response takes from what the text that it stands in has left.
            let mut inner = bare();
            inner.set_fuel(Some(state.fuel_levels().map_or(0, |(_, left)| left)));
            let filled = inner.template_from_str(text)?.render_captured(known)?;
            state.consume_fuel(filled.state().fuel_levels().map_or(0, |(took, _)| took))?;
            Ok(filled.into_output())
        });
        Self { environment }
    }

    /// Whether a text can be filled in.
    pub(super) fn check(text: &str) -> Result<()> {
        bare().template_from_str(text).map(drop).map_err(|error| unfilled(&error))
    }

    /// A text, with what is known.
    pub(super) fn text(&self, text: &str, known: &Value) -> Result<String> {
        let filled = self.environment.render_str(text, minijinja::Value::from(Serde(known)));
        filled.map(|text| text.trim().to_owned()).map_err(|error| unfilled(&error))
    }

    /// A request, with what is known. What is nothing but one `{{…}}` becomes the very value, and is left out where that is
    /// not known.
    pub(super) fn request(&self, request: &Value, known: &Value) -> Result<Value> {
        Ok(self.filled(request, known)?.unwrap_or(Value::Null))
    }

    fn filled(&self, part: &Value, known: &Value) -> Result<Option<Value>> {
        match part {
            Value::String(text) => match expression(text) {
                Some(expression) => self.value(expression, known),
                None if text.contains("{{") || text.contains("{%") => {
                    self.text(text, known).map(|text| Some(text.into()))
                }
                None => Ok(Some(part.clone())),
            },
            Value::Array(items) => {
                let items: Result<Vec<Option<Value>>> =
                    items.iter().map(|item| self.filled(item, known)).collect();
                Ok(Some(Value::Array(items?.into_iter().flatten().collect())))
            }
            Value::Object(fields) => {
                let mut filled = Map::new();
                for (name, field) in fields {
                    if let Some(value) = self.filled(field, known)? {
                        filled.insert(name.clone(), value);
                    }
                }
                Ok(Some(Value::Object(filled)))
            }
            _ => Ok(Some(part.clone())),
        }
    }

    fn value(&self, expression: &str, known: &Value) -> Result<Option<Value>> {
        let compiled = self.environment.compile_expression(expression).map_err(|error| unfilled(&error))?;
        let value = compiled.eval(minijinja::Value::from(Serde(known))).map_err(|error| unfilled(&error))?;
        if value.is_undefined() || value.is_none() {
            return Ok(None);
        }
        serde_json::to_value(&value).map(Some).map_err(|_| Failure::internal("A value makes no JSON."))
    }
}

/// What a text consists of, where it is one `{{…}}` and nothing else.
fn expression(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    (!inner.contains("{{") && !inner.contains("}}")).then(|| inner.trim())
}

fn bare() -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_fuel(Some(FUEL));
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    // What is shown on a page is escaped by the page.
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.add_filter("join", minijinja::filters::join);
    environment.add_filter("upper", minijinja::filters::upper);
    environment.add_filter("lower", minijinja::filters::lower);
    environment.add_filter("length", minijinja::filters::length);
    environment.add_filter("default", minijinja::filters::default);
    environment.add_filter("first", minijinja::filters::first);
    environment
}

fn unfilled(error: &minijinja::Error) -> Failure {
    let detail = error.detail().map(|detail| format!(" ({detail})")).unwrap_or_default();
    Failure::new(
        FailureKind::InvalidInput,
        "bad-text",
        format!("A text cannot be filled in: {}{detail}.", error.kind()),
    )
    .hint("Write what is known as {{context.entities.NAME}} or {{context.SERVICE.FIELD}}.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn renderer() -> Renderer {
        Renderer::new(&Responses::own("en"))
    }

    #[test]
    fn a_field_that_is_one_reference_becomes_the_very_value_and_is_left_out_where_it_is_not_known() {
        let known = json!({"context": {"entities": {"n": 5, "tags": ["a", "b"], "s": "x"}}});
        let request = json!({"number": "{{context.entities.n}}", "tags": "{{ context.entities.tags }}",
            "text": "{{context.entities.s}}-{{context.entities.n}}", "gone": "{{context.entities.gone}}",
            "constant": "current", "inner": [{"gone": "{{context.nothing.at.all}}"}]});
        assert_eq!(
            renderer().request(&request, &known).unwrap(),
            json!({"number": 5, "tags": ["a", "b"], "text": "x-5", "constant": "current", "inner": [{}]})
        );
    }

    #[test]
    fn what_people_said_is_data_and_never_a_text_to_fill_in() {
        let known =
            json!({"context": {"entities": {"s": "{{ context.secret }}{% for %}"}, "secret": "canary"}});
        let filled = renderer().text("Said: {{context.entities.s}}", &known).unwrap();
        assert_eq!(filled, "Said: {{ context.secret }}{% for %}");
        let filled =
            renderer().text("{{ response(\"created\", subject=context.entities.s) }}", &known).unwrap();
        assert_eq!(filled, "{{ context.secret }}{% for %} has been created.");
    }

    #[test]
    fn the_responses_in_a_text_take_from_what_the_text_may_take() {
        let mut responses = Responses::own("en");
        let loops = "{% for a in l %}{% for b in l %}x{% endfor %}{% endfor %}";
        responses.put("done", loops);
        let renderer = Renderer::new(&responses);
        let known = json!({"l": vec![1; 100], "few": vec![1; 3], "many": vec![1; 100]});
        let each = |of: &str| format!("{{% for a in {of} %}}{{{{ response(\"done\", l=l) }}}}{{% endfor %}}");
        assert_eq!(renderer.text(&each("few"), &known).unwrap().len(), 3 * 10_000);
        for text in [each("many"), format!("{}{}", each("few"), each("many"))] {
            assert_eq!(renderer.text(&text, &known).unwrap_err().code, "bad-text");
        }
        // One text after the other has what it may take.
        for _ in 0..20 {
            assert_eq!(renderer.text(&each("few"), &known).unwrap().len(), 3 * 10_000);
        }
    }

    #[test]
    fn a_text_that_never_ends_is_stopped_and_one_that_is_none_is_refused() {
        let endless = "{% for a in l %}{% for b in l %}{% for c in l %}{% for d in l %}x{% endfor %}{% endfor %}{% endfor %}{% endfor %}";
        let known = json!({"l": vec![1; 100]});
        assert_eq!(renderer().text(endless, &known).unwrap_err().code, "bad-text");
        for text in ["{{", "{% if %}", "{{ a b }}", "{% include 'x' %}"] {
            assert_eq!(Renderer::check(text).unwrap_err().code, "bad-text", "{text}");
        }
    }
}
