//! What comes with a stranger's component.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use serde_json::json;

use super::check_failure;
use crate::runtime::fuzzing::manifest_of;
use crate::{Engine, Failure, FailureKind};

/// Lines: the texts of a manifest, in its order; an empty one, and those that are not there, stand for what a plugin that
/// behaves well says.
pub fn manifest(text: &str) {
    let manifest = match manifest_of(text.split('\n')) {
        Ok(manifest) => manifest,
        Err(failure) => return check_refusal(&failure),
    };
    let shown = [&manifest.title, &manifest.version, &manifest.summary];
    assert!(shown.iter().all(|text| crate::failure::plain_text(text, 501) == **text), "not plain");
    let oauth2 = manifest.oauth2().expect("there is one");
    for url in [&oauth2.authorization_url, &oauth2.token_url, &oauth2.refresh_url] {
        assert!(url.scheme() == "https" && url.has_host(), "{url}");
    }
    let names: BTreeSet<_> = manifest.audiences.iter().map(|facts| &facts.audience.name).collect();
    assert_eq!(names.len(), manifest.audiences.len());
    for facts in &manifest.audiences {
        let prefix = &facts.audience.path_prefix;
        assert!(prefix.is_empty() || prefix.starts_with('/') && !prefix.ends_with('/'), "{prefix}");
        assert!(!prefix.split('/').any(|segment| segment == ".."), "{prefix}");
    }
    for template in &manifest.templates {
        let rules = &template.requests;
        assert!(rules.iter().all(|rule| names.contains(&rule.audience)), "a request to no audience");
        // Whatever schema it is, checking a value against it ends, and says where it breaks.
        for value in
            [json!({}), json!({"space": "A", "a": [1, "ü", null]}), json!(null), json!("x".repeat(300))]
        {
            for violation in template.input.violations(&value) {
                assert!(violation.message.chars().count() <= 301);
            }
            template.output.violations(&value);
        }
    }
}

/// The bytes of a component.
pub fn component(bytes: &[u8]) {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    let engine = ENGINE.get_or_init(|| Engine::new().expect("components run here"));
    match engine.load(bytes) {
        Ok(plugin) => {
            let may_be_imported = |import: &String| {
                ["integration:action/", "wasi:cli/", "wasi:clocks/", "wasi:io/", "wasi:random/"]
                    .iter()
                    .any(|package| import.starts_with(package))
            };
            assert!(plugin.imports().iter().all(may_be_imported), "{:?}", plugin.imports());
            assert!(!plugin.manifest().templates.is_empty());
        }
        Err(failure) => check_refusal(&failure),
    }
}

/// Of a component: it is the component's fault, and what to do is said.
fn check_refusal(failure: &Failure) {
    assert_eq!(failure.kind, FailureKind::BadPlugin, "{failure:?}");
    assert!(failure.hint.is_some(), "{failure:?}");
    check_failure(failure);
}
