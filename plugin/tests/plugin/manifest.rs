use std::collections::BTreeSet;

use actionbay_confluence::manifest::{MANIFEST, TokenErrorMeaning};
use actionbay_confluence::templates::Template;
use serde_json::{Value, json};

use crate::support::{Host, docs, ok};

fn template(id: &str) -> &'static Template {
    MANIFEST.templates.iter().find(|template| template.id == id).unwrap()
}

fn input_schema(id: &str) -> jsonschema::Validator {
    jsonschema::draft202012::new(&serde_json::from_str(&template(id).input_schema.text()).unwrap()).unwrap()
}

/// AUTH-1
#[test]
fn the_profile_is_atlassians() {
    let oauth2 = &MANIFEST.oauth2;
    assert_eq!(oauth2.authorization_url, "https://auth.atlassian.com/authorize");
    assert_eq!(oauth2.authorization_parameters, [("audience", "api.atlassian.com"), ("prompt", "consent")]);
    assert_eq!(oauth2.token_url, "https://auth.atlassian.com/oauth/token");
    assert_eq!(oauth2.refresh_url, oauth2.token_url);
    assert_eq!((oauth2.refresh_token_leeway, oauth2.refresh_token_idle_lifetime), (600, 7_776_000));
}

/// AUTH-2
#[test]
fn the_default_scopes_are_few_and_granular_and_enough_to_create_view_and_list() {
    let default = MANIFEST.oauth2.default_scopes;
    assert_eq!(default, ["read:page:confluence", "write:page:confluence", "read:space:confluence"]);
    assert_eq!(MANIFEST.oauth2.offline_scope, "offline_access");
    for id in
        ["create-content", "view-content", "list-pages", "list-blogposts", "publish-draft", "move-content"]
    {
        assert!(template(id).scopes.iter().all(|scope| default.contains(scope)), "{id}");
    }
    let needed: BTreeSet<_> = MANIFEST.templates.iter().flat_map(|template| template.scopes).collect();
    assert!(needed.iter().all(|scope| scope.split(':').count() == 3), "{needed:?}");
}

/// Which scopes a template needs beside those of finding content by space and title.
#[test]
fn every_template_declares_the_scopes_of_its_operations_and_no_others() {
    let naming = ["read:page:confluence", "read:space:confluence"];
    for (id, own) in [
        ("create-content", &["write:page:confluence"][..]),
        ("view-content", &[]),
        ("list-pages", &[]),
        ("list-blogposts", &[]),
        ("search-content", &["read:content-details:confluence"]),
        ("update-content", &["write:page:confluence"]),
        ("publish-draft", &["write:page:confluence"]),
        ("delete-content", &["delete:page:confluence"]),
        ("restore-content", &["write:page:confluence"]),
        ("list-versions", &[]),
        ("compare-versions", &[]),
        ("move-content", &["write:page:confluence"]),
        ("copy-content", &["write:page:confluence", "read:content-details:confluence"]),
        ("archive-content", &["write:page:confluence", "read:content.metadata:confluence"]),
        ("list-children", &["read:hierarchical-content:confluence"]),
        ("list-descendants", &["read:hierarchical-content:confluence"]),
        ("list-ancestors", &["read:content.metadata:confluence"]),
        ("add-comment", &["write:comment:confluence"]),
        ("reply-to-comment", &["read:comment:confluence", "write:comment:confluence"]),
        ("list-comments", &["read:comment:confluence"]),
        ("resolve-comment", &["read:comment:confluence", "write:comment:confluence"]),
        ("update-comment", &["read:comment:confluence", "write:comment:confluence"]),
        ("delete-comment", &["delete:comment:confluence"]),
        ("add-labels", &["read:label:confluence", "write:label:confluence"]),
        ("remove-label", &["write:label:confluence"]),
        ("list-labels", &[]),
        ("list-attachments", &["read:attachment:confluence"]),
        ("upload-attachment", &["read:content-details:confluence", "write:attachment:confluence"]),
        ("download-attachment", &["read:attachment:confluence"]),
        ("delete-attachment", &["delete:attachment:confluence"]),
        ("list-spaces", &[]),
        ("view-space", &[]),
        ("current-user", &["read:content-details:confluence"]),
    ] {
        let own: BTreeSet<&str> = own.iter().copied().collect();
        let declared: BTreeSet<&str> = template(id).scopes.iter().copied().collect();
        let schema: Value = serde_json::from_str(&template(id).input_schema.text()).unwrap();
        let beside: Vec<_> = declared.difference(&own).copied().collect();
        assert!(own.is_subset(&declared), "{id}: {declared:?}");
        let allowed: &[&str] = match id {
            "list-spaces" | "view-space" | "create-content" | "search-content" => &naming[1..],
            _ if ["title", "space"].iter().all(|field| schema["properties"].get(field).is_some()) => &naming,
            _ => &[],
        };
        assert_eq!(beside, allowed, "{id}");
    }
}

/// What several templates take is described once, in the same words everywhere.
#[test]
fn fields_that_name_content_read_the_same_everywhere() {
    let of = |id: &str| -> Value { serde_json::from_str(&template(id).input_schema.text()).unwrap() };
    let model = of("view-content");
    for template in MANIFEST.templates {
        let schema = of(template.id);
        if schema["properties"].get("url").is_none() {
            continue;
        }
        // Where a title is what something becomes, the present one is called otherwise.
        let names: &[&str] =
            if template.id == "update-content" { &["id", "url"] } else { &["id", "url", "space", "title"] };
        for field in names.iter().copied() {
            assert_eq!(schema["properties"][field], model["properties"][field], "{}.{field}", template.id);
        }
        for field in ["limit", "all", "cursor"] {
            let property = &schema["properties"][field];
            assert!(property.is_null() || !property["title"].is_null(), "{}.{field}", template.id);
        }
    }
}

/// AUTH-10, AUTH-11
#[test]
fn every_token_error_has_its_meaning() {
    let meaning = |status, error| {
        let rule = MANIFEST
            .oauth2
            .token_errors
            .iter()
            .find(|rule| rule.error == error && rule.status.is_none_or(|own| own == status));
        rule.map(|rule| rule.meaning)
    };
    assert_eq!(meaning(403, "invalid_grant"), Some(TokenErrorMeaning::AuthorizationRequired));
    assert_eq!(meaning(403, "unauthorized_client"), Some(TokenErrorMeaning::AuthorizationRequired));
    assert_eq!(meaning(401, "access_denied"), Some(TokenErrorMeaning::BadClientCredentials));
    assert_eq!(meaning(400, "invalid_client"), Some(TokenErrorMeaning::BadClientCredentials));
    assert_eq!(meaning(403, "access_denied"), None);
}

/// AUTH-13
#[test]
fn a_scope_mismatch_is_told_by_body_or_by_header() {
    let rules: Vec<_> = MANIFEST
        .oauth2
        .scope_mismatches
        .iter()
        .map(|rule| (rule.status, rule.header, rule.body_contains))
        .collect();
    let header = ("x-failure-category", "FAILURE_CLIENT_SCOPE_CHECK");
    assert_eq!(rules, [(401, None, Some("scope does not match")), (401, Some(header), None)]);
}

/// AUTH-19
#[test]
fn every_audience_is_atlassians_gateway() {
    let audiences: Vec<_> = MANIFEST
        .audiences
        .iter()
        .map(|audience| (audience.name, audience.origin, audience.path_prefix, audience.authorization_only))
        .collect();
    let gateway = "https://api.atlassian.com";
    assert_eq!(
        audiences,
        [
            ("sites", gateway, "/oauth/token/accessible-resources", true),
            ("confluence", gateway, "/ex/confluence/{site}/wiki", false),
        ]
    );
}

#[test]
fn every_schema_is_2020_12_and_closed_and_documents_every_property() {
    for template in MANIFEST.templates {
        for schema in [template.input_schema.text(), template.output_schema.text()] {
            let schema: Value = serde_json::from_str(&schema).unwrap();
            jsonschema::draft202012::meta::validate(&schema).unwrap();
            assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
            assert_documented(&schema, template.id);
        }
    }
}

fn assert_documented(schema: &Value, place: &str) {
    if schema["type"] == "array" {
        return assert_documented(&schema["items"], place);
    }
    let Some(properties) = schema["properties"].as_object() else { return };
    assert_eq!(schema["additionalProperties"], false, "{place}");
    for (name, property) in properties {
        let place = format!("{place}.{name}");
        assert!(property["description"].as_str().is_some_and(|text| text.ends_with('.')), "{place}");
        assert!(property["examples"].as_array().is_some_and(|examples| !examples.is_empty()), "{place}");
        assert_documented(property, &place);
    }
}

#[test]
fn examples_fit_their_own_schemas() {
    for template in MANIFEST.templates {
        let validator = input_schema(template.id);
        let schema: Value = serde_json::from_str(&template.input_schema.text()).unwrap();
        for example in schema["examples"].as_array().unwrap() {
            assert!(validator.is_valid(example), "{}: {example}", template.id);
        }
        for (name, property) in schema["properties"].as_object().unwrap() {
            let own = jsonschema::draft202012::new(property).unwrap();
            for example in property["examples"].as_array().unwrap() {
                assert!(own.is_valid(example), "{}.{name}: {example}", template.id);
            }
        }
    }
}

#[test]
fn prompts_ask_for_fields_of_the_input() {
    for template in MANIFEST.templates {
        let schema: Value = serde_json::from_str(&template.input_schema.text()).unwrap();
        for (field, text) in template.prompts {
            assert!(schema["properties"].get(field).is_some(), "{}: {field}", template.id);
            assert!(text.contains('?'), "{}: {text}", template.id);
        }
        assert!(!template.utterances.is_empty());
    }
    let fields: Vec<_> = template("create-content").prompts.iter().map(|(field, _)| *field).collect();
    assert_eq!(fields, ["type", "space", "title", "body"]);
}

/// API-4, API-6
#[test]
fn the_input_schema_of_create_content_refuses_what_the_plugin_refuses() {
    let schema = input_schema("create-content");
    for good in [
        json!({"space": "DOCS", "title": "x"}),
        json!({"space": "DOCS", "status": "draft"}),
        json!({"space": "DOCS", "title": "x", "parent": "1", "type": "page"}),
    ] {
        assert!(schema.is_valid(&good), "{good}");
    }
    for bad in [
        json!({"title": "x"}),
        json!({"space": "DOCS"}),
        json!({"space": "DOCS", "status": "current"}),
        json!({"space": "DOCS", "title": ""}),
        json!({"space": "DOCS", "title": "  "}),
        json!({"space": "DOCS", "title": "x".repeat(256)}),
        json!({"space": "DOCS", "title": "x", "parent": "abc"}),
        json!({"space": "DOCS", "title": "x", "parent": "1", "root": true}),
        json!({"space": "DOCS", "title": "x", "live": true, "type": "blogpost"}),
        json!({"space": "DOCS", "title": "x", "parent": "1", "type": "blogpost"}),
        json!({"space": "DOCS", "title": "x", "colour": "red"}),
    ] {
        assert!(!schema.is_valid(&bad), "{bad}");
    }
}

#[test]
fn the_input_schema_of_view_content_takes_one_way_of_naming() {
    let schema = input_schema("view-content");
    for good in [json!({"id": "1"}), json!({"space": "DOCS", "title": "x", "format": "view"})] {
        assert!(schema.is_valid(&good), "{good}");
    }
    for bad in [
        json!({}),
        json!({"space": "DOCS"}),
        json!({"title": "x"}),
        json!({"id": "1", "title": "x"}),
        json!({"id": "1", "space": "DOCS", "title": "x"}),
        json!({"id": "1/2"}),
    ] {
        assert!(!schema.is_valid(&bad), "{bad}");
    }
}

#[test]
fn the_input_schema_of_update_content_refuses_what_the_plugin_refuses() {
    let schema = input_schema("update-content");
    for good in [
        json!({"id": "1", "title": "x"}),
        json!({"space": "DOCS", "page": "x", "body": "y", "mode": "append"}),
        json!({"id": "1", "body": "x", "mode": "replace-section", "section": "y"}),
    ] {
        assert!(schema.is_valid(&good), "{good}");
    }
    for bad in [
        json!({"body": "x"}),
        json!({"id": "1", "page": "x", "body": "y"}),
        json!({"id": "1", "body": "x", "mode": "replace-section"}),
        json!({"id": "1", "body": "x", "section": "y"}),
        json!({"id": "1", "body": "{}", "format": "adf", "mode": "append"}),
        json!({"id": "1", "type": "blogpost", "parent": "2"}),
        json!({"id": "1", "expected-version": 0}),
    ] {
        assert!(!schema.is_valid(&bad), "{bad}");
    }
}

/// Bare answers of Confluence, and what was said of an input, fit the schemas too: every other run is checked by the
/// double of the host itself.
#[test]
fn a_bare_answer_makes_an_output_that_fits() {
    let bare = ok(&json!({"id": "131075", "status": "draft", "title": null}));
    let input = json!({"space": "DOCS", "status": "draft"});
    assert!(input_schema("create-content").is_valid(&input));
    Host::with([docs(), bare]).run("create-content", &input).unwrap();
}
