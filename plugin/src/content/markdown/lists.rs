//! Lists whose items are of two kinds.
//!
//! Confluence keeps tasks in lists of their own. A Markdown list may hold both tasks and ordinary items: it becomes
//! several lists, in the same order.

use super::super::document::{Aside, Block, Blocks, Item, List, Task};

/// An item as Markdown has it.
pub(super) struct Entry {
    /// Whether it is a task, and ticked.
    pub(super) done: Option<bool>,
    pub(super) body: Blocks,
}

/// Adds the lists that a Markdown list becomes.
pub(super) fn split(start: Option<u64>, loose: bool, items: Vec<Entry>, blocks: &mut Blocks) {
    // Only neighbours of this list are joined, not what stood before it.
    let mut lists: Vec<Block> = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        let Entry { done, body } = item;
        let span = Aside(None);
        match (done, lists.last_mut()) {
            (Some(done), Some(Block::Tasks(tasks))) => tasks.push(Task { done, body, span }),
            (Some(done), _) => lists.push(Block::Tasks(vec![Task { done, body, span }])),
            (None, Some(Block::List(list))) => list.items.push(Item { body, span }),
            (None, _) => {
                // An ordered list goes on counting after the tasks in its midst.
                let start = start.map(|start| start.saturating_add(index as u64));
                let items = vec![Item { body, span }];
                lists.push(Block::List(List { start, loose: Aside(loose), items }));
            }
        }
    }
    blocks.extend(lists.into_iter().map(Into::into));
}
