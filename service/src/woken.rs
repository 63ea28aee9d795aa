//! Which of many things polled by one task were woken.
//!
//! Each has a waker of its own, which notes its slot, so a turn polls those that were woken and no others.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Wake, Waker};

/// The slots that were woken since they were last taken.
#[derive(Debug, Default)]
pub(crate) struct Woken {
    inner: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    slots: VecDeque<usize>,
    task: Option<Waker>,
}

struct SlotWaker {
    slot: usize,
    woken: Arc<Woken>,
}

impl Wake for SlotWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.note(self.slot);
    }
}

impl Woken {
    /// The waker of a slot.
    pub(crate) fn waker(self: &Arc<Self>, slot: usize) -> Waker {
        Waker::from(Arc::new(SlotWaker { slot, woken: self.clone() }))
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.inner.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// A slot was woken.
    pub(crate) fn note(&self, slot: usize) {
        let mut queue = self.queue();
        if !queue.slots.contains(&slot) {
            queue.slots.push_back(slot);
        }
        let task = queue.task.take();
        drop(queue);
        if let Some(task) = task {
            task.wake();
        }
    }

    /// The next slot that was woken, or none: then the task is woken with the next.
    pub(crate) fn take(&self, cx: &mut Context<'_>) -> Option<usize> {
        let waker = cx.waker().clone();
        let mut queue = self.queue();
        let slot = queue.slots.pop_front();
        let stale = if slot.is_none() { queue.task.replace(waker) } else { Some(waker) };
        drop(queue);
        drop(stale);
        slot
    }
}
