//! Work that an answer of 202 promises, and the task that tells how far it is.
//!
//! The sandbox does the work at once, and the task admits it at the second look: a caller who takes the first
//! answer for the end is caught, and nobody has to wait.

use std::collections::BTreeMap;

use crate::clock::Moment;

pub(crate) struct Task {
    /// The key of the task's name.
    pub(crate) name: &'static str,
    pub(crate) started: Moment,
    looks: u32,
}

#[derive(Default)]
pub(crate) struct Tasks {
    tasks: BTreeMap<u64, Task>,
}

impl Tasks {
    pub(crate) fn start(&mut self, id: u64, name: &'static str, now: Moment) {
        self.tasks.insert(id, Task { name, started: now, looks: 0 });
    }

    /// Looks at a task; whether it is finished, too.
    pub(crate) fn look(&mut self, id: u64) -> Option<(&Task, bool)> {
        let task = self.tasks.get_mut(&id)?;
        task.looks = task.looks.saturating_add(1);
        Some((task, task.looks > 1))
    }
}
