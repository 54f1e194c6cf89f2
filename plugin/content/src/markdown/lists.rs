//! Lists whose items are of two kinds.
//!
//! Confluence keeps tasks in lists of their own. A Markdown list may hold both tasks and ordinary items: it becomes
//! several lists, in the same order.

use super::super::document::{Aside, Block, Blocks, Item, List, Placed, Task};

/// An item as Markdown has it.
pub(super) struct Entry {
    /// Whether it is a task, and ticked.
    pub(super) done: Option<bool>,
    pub(super) body: Blocks,
}

/// Adds the lists that a Markdown list becomes.
pub(super) fn split(start: Option<u64>, loose: bool, items: Vec<Entry>, blocks: &mut Blocks) {
    let mut number = start;
    let mut items = items.into_iter();
    while let [first, rest @ ..] = items.as_slice() {
        let tasks = first.done.is_some();
        let alike = 1 + rest.iter().take_while(|item| item.done.is_some() == tasks).count();
        let entries = items.by_ref().take(alike);
        let span = Aside(None);
        blocks.push(Placed::from(if tasks {
            let task = |Entry { done, body }| Task { done: done.unwrap_or_default(), body, span };
            Block::Tasks(entries.map(task).collect())
        } else {
            let items = entries.map(|Entry { body, .. }| Item { body, span }).collect();
            Block::List(List { start: number, loose: Aside(loose), items })
        }));
        // An ordered list goes on counting after the tasks in its midst.
        number = number.map(|number| number.saturating_add(alike as u64));
    }
}
