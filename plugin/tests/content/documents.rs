//! What we send as an Atlassian document. The fuzz targets share it.

use actionbay_confluence::content::{Body, Format};
use serde_json::Value;

/// Any text is refused, or is such a document and sent byte for byte.
pub(crate) fn assert_refused_or_sent_as_it_is(text: &str) {
    let Ok(body) = Body::new(Format::Adf, text) else { return };
    assert_eq!((body.representation, &*body.value), ("atlas_doc_format", text));
    let root: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"));
    assert_eq!((&root["type"], &root["version"]), (&Value::from("doc"), &Value::from(1)), "{text}");
    assert!(root["content"].as_array().is_some_and(|nodes| nodes.iter().all(is_node)), "{text}");
}

fn is_node(node: &Value) -> bool {
    let nodes = |name: &str| {
        node.get(name).is_none_or(|list| list.as_array().is_some_and(|list| list.iter().all(is_node)))
    };
    node["type"].is_string() && nodes("content") && nodes("marks")
}
