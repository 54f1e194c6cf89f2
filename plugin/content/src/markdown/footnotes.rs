//! Footnotes, which storage format does not have: a raised number in the text, and a numbered list at its end.

use std::collections::{BTreeSet, HashMap};

use unicase::UniCase;

use super::super::document::{Aside, Block, Blocks, Inline, Item, List, Placed};

/// The footnotes met so far. Labels do not differ by case, in the way that the parser takes them for the same.
#[derive(Default)]
pub(super) struct Footnotes {
    /// Labels in the order of their numbers.
    order: Vec<String>,
    numbers: HashMap<String, usize>,
    bodies: HashMap<String, Blocks>,
}

impl Footnotes {
    /// The number that readers see.
    pub(super) fn refer(&mut self, label: &str) -> usize {
        let label = UniCase::new(label).to_folded_case();
        *self.numbers.entry(label).or_insert_with_key(|label| {
            self.order.push(label.clone());
            self.order.len()
        })
    }

    /// Keeps the body of a footnote. The first one of a label counts, as with link definitions.
    pub(super) fn define(&mut self, label: &str, body: Blocks) {
        // A footnote that nothing refers to is still the author's text: it comes last.
        let label = UniCase::new(label).to_folded_case();
        self.bodies.entry(label).or_insert(body);
    }

    /// A line and the list, or nothing.
    pub(super) fn into_blocks(mut self) -> Blocks {
        let mut unused = BTreeSet::new();
        for label in self.bodies.keys().filter(|label| !self.numbers.contains_key(*label)) {
            unused.insert(label.clone());
        }
        self.order.extend(unused);
        if self.order.is_empty() {
            return Vec::new();
        }
        let items = self.order.iter().map(|label| {
            let body = self.bodies.remove(label).unwrap_or_default();
            let nothing = || vec![Block::Paragraph(vec![Inline::Text("–".to_owned())]).into()];
            let body = if has_words(&body) { body } else { nothing() };
            Item { body, span: Aside(None) }
        });
        // Numbers must match: no item may be dropped as empty.
        let items = items.collect();
        let list = Block::List(List { start: Some(1), loose: Aside(false), items });
        vec![Block::Rule.into(), list.into()]
    }
}

/// Whether tidying would leave something of a footnote.
fn has_words(body: &[Placed]) -> bool {
    !super::super::tidy::blocks(body.to_vec()).is_empty()
}
