//! The unfinished tasks of one worker, so that shutdown and dumps find them.
//!
//! A task is entered by the worker that first takes it and removed by the same worker, wherever it runs in between;
//! so this needs no lock. It holds the life reference of each of its tasks: whoever has the registry in hand, has
//! tasks that are not freed.

use crate::task::{Stamp, TaskRef};

#[derive(Debug, Default)]
pub(crate) struct Registry {
    slots: Vec<Slot>,
    first_free: Option<u32>,
    live: usize,
}

#[derive(Debug)]
enum Slot {
    Task {
        task: TaskRef,
        /// When it was entered.
        since: Stamp,
    },
    /// With the next free slot.
    Free(Option<u32>),
}

const _: () = assert!(size_of::<Slot>() == 16);

impl Registry {
    pub(crate) fn insert(&mut self, task: TaskRef, now: Stamp) -> u32 {
        self.live += 1;
        let entered = Slot::Task { task, since: now };
        match self.first_free {
            Some(index) => {
                let slot = &mut self.slots[index as usize];
                if let Slot::Free(next) = *slot {
                    self.first_free = next;
                }
                *slot = entered;
                index
            }
            None => {
                self.slots.push(entered);
                u32::try_from(self.slots.len() - 1).expect("four billion tasks do not fit in memory")
            }
        }
    }

    pub(crate) fn remove(&mut self, index: u32) {
        self.slots[index as usize] = Slot::Free(self.first_free);
        self.first_free = Some(index);
        self.live -= 1;
    }

    pub(crate) fn len(&self) -> usize {
        self.live
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = TaskRef> {
        self.slots.iter().filter_map(|slot| match slot {
            Slot::Task { task, .. } => Some(*task),
            Slot::Free(_) => None,
        })
    }

    /// Shows the tasks of `count` slots from `first` on, and since when they are here. False if there are no more slots.
    pub(crate) fn walk(&self, first: usize, count: usize, mut show: impl FnMut(TaskRef, Stamp)) -> bool {
        let slots = self.slots.get(first..).unwrap_or_default();
        for slot in slots.iter().take(count) {
            if let Slot::Task { task, since } = slot {
                show(*task, *since);
            }
        }
        slots.len() > count
    }
}
