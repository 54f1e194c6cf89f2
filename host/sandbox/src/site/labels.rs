//! The labels of a site.

use std::collections::{BTreeMap, HashMap};

use super::Ids;

/// A label; the same name under another prefix is another label.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Label {
    pub(crate) prefix: String,
    pub(crate) name: String,
}

/// Every label that something has ever had.
#[derive(Default)]
pub(crate) struct Labels {
    by_id: BTreeMap<u64, Label>,
    ids: HashMap<Label, u64>,
}

impl Labels {
    pub(crate) fn get(&self, id: u64) -> Option<&Label> {
        self.by_id.get(&id)
    }

    pub(crate) fn id(&self, label: &Label) -> Option<u64> {
        self.ids.get(label).copied()
    }

    /// The id of a label, which is made where it does not exist.
    pub(crate) fn make(&mut self, label: Label, ids: &mut Ids) -> u64 {
        match self.ids.get(&label) {
            Some(id) => *id,
            None => {
                let id = ids.content();
                self.by_id.insert(id, label.clone());
                self.ids.insert(label, id);
                id
            }
        }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (u64, &Label)> {
        self.by_id.iter().map(|(id, label)| (*id, label))
    }
}
