//! Lists whose items are of two kinds.
//!
//! Confluence keeps tasks in lists of their own. A Markdown list may hold both tasks and ordinary items: it becomes
//! several lists, in the same order.

use super::super::document::{Block, List, Task};

/// An item as Markdown has it.
pub(super) struct Item {
    /// Whether it is a task, and ticked.
    pub(super) done: Option<bool>,
    pub(super) body: Vec<Block>,
}

/// Adds the lists that a Markdown list becomes.
pub(super) fn split(start: Option<u64>, loose: bool, items: Vec<Item>, blocks: &mut Vec<Block>) {
    // Only neighbours of this list are joined, not what stood before it.
    let mut lists: Vec<Block> = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        match (item.done, lists.last_mut()) {
            (Some(done), Some(Block::Tasks(tasks))) => tasks.push(Task { done, body: item.body }),
            (Some(done), _) => lists.push(Block::Tasks(vec![Task { done, body: item.body }])),
            (None, Some(Block::List(list))) => list.items.push(item.body),
            (None, _) => {
                // An ordered list goes on counting after the tasks in its midst.
                let start = start.map(|start| start.saturating_add(index as u64));
                lists.push(Block::List(List { start, loose, items: vec![item.body] }));
            }
        }
    }
    blocks.append(&mut lists);
}
