//! The unfinished tasks of one worker, so that shutdown finds them.
//!
//! A task is entered by the worker that first takes it and removed by the same worker, wherever it runs in between;
//! so this needs no lock.

use crate::task::TaskRef;

#[derive(Debug, Default)]
pub(crate) struct Registry {
    slots: Vec<Slot>,
    first_free: Option<u32>,
    live: usize,
}

#[derive(Debug)]
enum Slot {
    Task(TaskRef),
    /// With the next free slot.
    Free(Option<u32>),
}

impl Registry {
    pub(crate) fn insert(&mut self, task: TaskRef) -> u32 {
        self.live += 1;
        match self.first_free {
            Some(index) => {
                let slot = &mut self.slots[index as usize];
                if let Slot::Free(next) = *slot {
                    self.first_free = next;
                }
                *slot = Slot::Task(task);
                index
            }
            None => {
                self.slots.push(Slot::Task(task));
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
            Slot::Task(task) => Some(*task),
            Slot::Free(_) => None,
        })
    }
}
