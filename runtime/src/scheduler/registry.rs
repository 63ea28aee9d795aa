//! The unfinished tasks of one worker, so that shutdown and dumps find them.
//!
//! A task is entered by the worker that first takes it and removed by the same worker, wherever it runs in between;
//! so this needs no lock. It holds the life reference of each of its tasks: whoever has the registry in hand, has
//! tasks that are not freed.

use crate::task::{Stamp, TaskRef};

#[derive(Debug)]
pub(crate) struct Registry {
    slots: Vec<Slot>,
    first_free: u32,
    live: usize,
}

/// In place of the number of a free slot: there is none.
const NONE: u32 = u32::MAX;

#[derive(Debug)]
struct Slot {
    /// Nothing in a free slot.
    task: Option<TaskRef>,
    /// The [`Stamp`] of when the task was entered; in a free slot, the next free one.
    word: u32,
}

const _: () = assert!(size_of::<Slot>() == 16);

impl Default for Registry {
    fn default() -> Self {
        Self { slots: Vec::new(), first_free: NONE, live: 0 }
    }
}

impl Registry {
    #[inline]
    pub(crate) fn insert(&mut self, task: TaskRef, now: Stamp) -> u32 {
        self.live += 1;
        let index = self.first_free;
        let Some(slot) = self.slots.get_mut(index as usize) else { return self.append(task, now) };
        self.first_free = slot.word;
        *slot = Slot { task: Some(task), word: now.to_bits() };
        index
    }

    #[cold]
    fn append(&mut self, task: TaskRef, now: Stamp) -> u32 {
        let index = u32::try_from(self.slots.len()).ok().filter(|&index| index != NONE);
        self.slots.push(Slot { task: Some(task), word: now.to_bits() });
        index.expect("four billion tasks do not fit in memory")
    }

    #[inline]
    pub(crate) fn remove(&mut self, index: u32) {
        self.slots[index as usize] = Slot { task: None, word: self.first_free };
        self.first_free = index;
        self.live -= 1;
    }

    pub(crate) fn len(&self) -> usize {
        self.live
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = TaskRef> {
        self.slots.iter().filter_map(|slot| slot.task)
    }

    /// Shows the tasks of `count` slots from `first` on, and since when they are here. False if there are no more slots.
    pub(crate) fn walk(&self, first: usize, count: usize, mut show: impl FnMut(TaskRef, Stamp)) -> bool {
        let slots = self.slots.get(first..).unwrap_or_default();
        for slot in slots.iter().take(count) {
            if let Some(task) = slot.task {
                show(task, Stamp::from_bits(slot.word));
            }
        }
        slots.len() > count
    }
}
