//! What is true for any Atlassian document.

use actionbay_confluence::content::{Body, Format};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::documents::assert_refused_or_sent_as_it_is;
use crate::properties::soup;

/// Pieces of Atlassian documents, in any order.
const ADF: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"type\":\"doc\"",
    "\"version\":1",
    "\"version\":1.0",
    "\"content\":[",
    "\"content\":null",
    "\"marks\":[{\"type\":\"em\"}]",
    "{\"type\":\"paragraph\"}",
    "{\"type\":\"doc\",\"version\":1,\"content\":[",
    "{\"type\":\"text\",\"text\":\"a\"}",
    "{\"type\":1}",
    "\"a\"",
    "1",
    "null",
    " ",
];

/// A document of nodes of which each is one or, where `broken`, now and then is none.
fn adf(broken: bool) -> impl Strategy<Value = Value> {
    let whole = prop::sample::select(vec![
        json!({"type": "text", "text": "a", "marks": [{"type": "link", "attrs": {"href": "b"}}]}),
        json!({"type": "hardBreak"}),
        json!({"type": "unknown", "attrs": null}),
    ]);
    let other = prop::sample::select(vec![
        json!({"text": "a"}),
        json!({"type": 1}),
        json!({"type": "text", "marks": ["em"]}),
        json!({"type": "text", "marks": {}}),
        json!({"type": "paragraph", "content": "a"}),
        json!(null),
        json!([]),
    ]);
    let leaf = if broken { prop_oneof![9 => whole, 1 => other].boxed() } else { whole.boxed() };
    let node = leaf.prop_recursive(4, 30, 4, |inner| {
        (prop::sample::select(vec!["paragraph", "table", "doc"]), prop::collection::vec(inner, 0..4))
            .prop_map(|(kind, content)| json!({"type": kind, "content": content}))
    });
    prop::collection::vec(node, 0..4)
        .prop_map(|content| json!({"type": "doc", "version": 1, "content": content}))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_no_document_of_atlassian_or_sent_as_it_is(text in soup(ADF, 10), other in any::<String>()) {
        assert_refused_or_sent_as_it_is(&text);
        assert_refused_or_sent_as_it_is(&other);
    }

    #[test]
    fn any_tree_is_no_document_of_atlassian_or_sent_as_it_is(document in adf(true), text in soup(ADF, 2)) {
        assert_refused_or_sent_as_it_is(&document.to_string());
        assert_refused_or_sent_as_it_is(&format!("{document}{text}"));
        for (place, value) in [("type", json!("paragraph")), ("version", json!(2)), ("content", json!({}))] {
            let mut changed = document.clone();
            changed[place] = value;
            assert_refused_or_sent_as_it_is(&changed.to_string());
        }
    }

    #[test]
    fn any_document_of_atlassian_is_sent(document in adf(false)) {
        let text = document.to_string();
        prop_assert!(Body::new(Format::Adf, &text).is_ok(), "{}", text);
    }
}
