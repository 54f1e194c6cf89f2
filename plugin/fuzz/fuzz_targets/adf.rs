//! Any text may come as an Atlassian document: it is refused, or sent byte for byte.

#![no_main]

use actionbay_confluence::content::{Body, Format};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|text: &str| {
    let Ok(body) = Body::new(Format::Adf, text) else { return };
    assert_eq!((body.representation, &*body.value), ("atlas_doc_format", text));
    let root: Value = serde_json::from_str(text).expect("it is JSON");
    assert_eq!((&root["type"], &root["version"]), (&Value::from("doc"), &Value::from(1)));
    assert!(root["content"].as_array().is_some_and(|nodes| nodes.iter().all(is_node)));
});

fn is_node(node: &Value) -> bool {
    let nodes = |name: &str| {
        node.get(name).is_none_or(|list| list.as_array().is_some_and(|list| list.iter().all(is_node)))
    };
    node["type"].is_string() && nodes("content") && nodes("marks")
}
