//! Bad input to every template: refused before any request.

use actionbay_confluence::manifest::MANIFEST;
use actionbay_confluence::platform::FailureKind;
use actionbay_confluence::templates::Template;
use serde_json::{Value, json};

use crate::support::{Host, assert_well_formed};

fn schema(template: &Template) -> Value {
    serde_json::from_str(&template.input_schema.text()).unwrap()
}

fn refused(template: &Template, input: &Value) {
    let host = Host::with([]);
    let failure = host.fail(template.id, input);
    assert_eq!(failure.kind, FailureKind::InvalidInput, "{}: {input}: {failure:?}", template.id);
    assert!(!failure.request_sent && host.requests().is_empty());
    assert_well_formed(&failure);
}

#[test]
fn a_field_of_the_wrong_type_is_refused_by_every_template() {
    for template in MANIFEST.templates {
        for example in schema(template)["examples"].as_array().unwrap() {
            for field in example.as_object().unwrap().keys() {
                for wrong in [json!({"a": 1}), json!([[]]), json!(-1)] {
                    let mut input = example.clone();
                    input[field] = wrong;
                    refused(template, &input);
                }
            }
        }
    }
}

#[test]
fn an_unknown_field_is_refused_by_every_template() {
    for template in MANIFEST.templates {
        let mut input = schema(template)["examples"][0].clone();
        input["colour"] = json!("red");
        refused(template, &input);
        refused(template, &json!([]));
        refused(template, &json!("text"));
    }
}

#[test]
fn a_field_that_is_required_is_missed_by_every_template() {
    for template in MANIFEST.templates {
        let schema = schema(template);
        for field in schema["required"].as_array().into_iter().flatten() {
            let mut input = schema["examples"][0].clone();
            input.as_object_mut().unwrap().shift_remove(field.as_str().unwrap());
            refused(template, &input);
        }
    }
}

/// The fields that a person types on one line.
#[test]
fn control_characters_and_empty_texts_are_refused_by_every_template() {
    let free = ["body", "format", "type", "media-type", "cursor"];
    for template in MANIFEST.templates {
        let schema = schema(template);
        for example in schema["examples"].as_array().unwrap() {
            for (field, value) in example.as_object().unwrap() {
                let is_word = schema["properties"][field]["enum"].is_array();
                if !value.is_string() || is_word || free.contains(&field.as_str()) {
                    continue;
                }
                for bad in ["", " ", "a\u{0}b", "a\nb", "\u{1b}[31m"] {
                    let mut input = example.clone();
                    input[field] = json!(bad);
                    if let Some(input) = input.as_object_mut()
                        && field == "title"
                        && template.id != "create-content"
                    {
                        input.insert("space".to_owned(), json!("DOCS"));
                        input.shift_remove("id");
                    }
                    refused(template, &input);
                }
            }
        }
    }
}

#[test]
fn content_is_named_in_one_way_by_every_template_that_takes_content() {
    for template in MANIFEST.templates.iter().filter(|it| schema(it)["properties"].get("url").is_some()) {
        let schema = schema(template);
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let mut rest = schema["examples"][0].clone();
        for field in ["id", "url", "space", "title", "replies-to"] {
            rest.as_object_mut().unwrap().shift_remove(field);
        }
        for names in [
            json!({}),
            json!({"id": "1", "url": "/wiki/x/AQ"}),
            json!({"space": "DOCS"}),
            json!({"title": "T"}),
            json!({"id": "1", "space": "DOCS", "title": "T"}),
            json!({"id": "../1"}),
            json!({"url": "https://acme.atlassian.net/wiki/spaces/DOCS"}),
        ] {
            let mut input = rest.clone();
            input.as_object_mut().unwrap().extend(names.as_object().unwrap().clone());
            let says_more = names.get("url").is_some() && names.get("id").is_none();
            assert!(says_more || !validator.is_valid(&input), "{}: {input}", template.id);
            refused(template, &input);
        }
    }
}

#[test]
fn a_cursor_or_a_limit_that_makes_no_sense_is_refused_by_every_list() {
    for template in MANIFEST.templates.iter().filter(|it| schema(it)["properties"].get("cursor").is_some()) {
        for (field, value) in [
            ("cursor", json!("eyJ")),
            ("cursor", json!("0.250.0.a\nb")),
            ("cursor", json!("")),
            ("limit", json!(0)),
        ] {
            let mut input = schema(template)["examples"][0].clone();
            input[field] = value;
            refused(template, &input);
        }
    }
}
