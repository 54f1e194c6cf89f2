//! What is below what.

use std::collections::BTreeMap;

use crate::accounts::Account;

use super::{Content, Kind, Site, Status};

/// Where a page goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Position {
    Before,
    After,
    Append,
}

impl Site {
    /// The pages below a page, or at the root of a space, in their order. An author's drafts are among them.
    pub(crate) fn children(&self, account: &Account, space: u64, parent: Option<u64>) -> Vec<&Content> {
        let mut children: Vec<_> = self
            .contents
            .values()
            .filter(|page| page.kind == Kind::Page && page.parent == parent && page.space == space)
            .filter(|page| page.status != Status::Trashed && self.sees(account, page))
            .collect();
        children.sort_by_key(|page| (page.position, page.id));
        children
    }

    /// The pages below a page down to a depth, the highest first, each with its depth.
    pub(crate) fn descendants(
        &self,
        account: &Account,
        page: &Content,
        depth: usize,
    ) -> Vec<(usize, &Content)> {
        let families = self.families();
        let mut found: Vec<(usize, &Content)> = Vec::new();
        let mut level = vec![page.id];
        for at in 1..=depth {
            let mut below: Vec<&Content> = Vec::new();
            for parent in level {
                let mut children = families.get(&parent).cloned().unwrap_or_default();
                children.retain(|page| !matches!(page.status, Status::Draft | Status::Trashed));
                children.retain(|page| self.sees(account, page));
                children.sort_by_key(|page| (page.position, page.id));
                below.extend(children);
            }
            level = below.iter().map(|page| page.id).collect();
            found.extend(below.into_iter().map(|page| (at, page)));
        }
        found
    }

    /// The ids of a page and of all that is below it, whoever may see it.
    pub(crate) fn subtree(&self, page: u64) -> Vec<u64> {
        let families = self.families();
        let mut ids = vec![page];
        let mut at = 0;
        while let Some(parent) = ids.get(at) {
            let children: Vec<u64> = families.get(parent).into_iter().flatten().map(|page| page.id).collect();
            ids.extend(children);
            at += 1;
        }
        ids
    }

    /// Every page that has something below it, with what that is.
    fn families(&self) -> BTreeMap<u64, Vec<&Content>> {
        let mut families: BTreeMap<u64, Vec<&Content>> = BTreeMap::new();
        for page in self.contents.values() {
            if let Some(parent) = page.parent {
                families.entry(parent).or_default().push(page);
            }
        }
        families
    }

    /// Puts a page next to or below another one, with all that is below it, and numbers the pages there anew.
    pub(crate) fn place(&mut self, page: u64, position: Position, target: u64) {
        let Some((space, above)) = self.contents.get(&target).map(|page| (page.space, page.parent)) else {
            return;
        };
        let parent = if position == Position::Append { Some(target) } else { above };
        let mut order: Vec<(usize, u64)> = self
            .contents
            .values()
            .filter(|other| other.space == space && other.parent == parent && other.id != page)
            .map(|other| (other.position, other.id))
            .collect();
        order.sort_unstable();
        let mut order: Vec<u64> = order.into_iter().map(|(_, id)| id).collect();
        let beside = order.iter().position(|id| *id == target);
        let at = match (position, beside) {
            (Position::Before, Some(at)) => at,
            (Position::After, Some(at)) => at + 1,
            _ => order.len(),
        };
        order.insert(at, page);
        for id in self.subtree(page) {
            if let Some(content) = self.contents.get_mut(&id) {
                content.space = space;
            }
        }
        if let Some(content) = self.contents.get_mut(&page) {
            content.parent = parent;
        }
        for (number, id) in order.into_iter().enumerate() {
            if let Some(content) = self.contents.get_mut(&id) {
                content.position = number;
            }
        }
    }
}
