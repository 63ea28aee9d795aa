//! Tasks that wait in the order in which they came, as many as there are.
//!
//! The only worker of a runtime has all its tasks here: nobody steals from it, so that it needs neither a bound nor a
//! read-modify-write. Other workers keep here what does not fit into their ring.
//!
//! # Safety
//!
//! 1. One thread at a time is the owner: the one that has the core in hand. It alone calls anything but
//!    [`len`](Backlog::len).
//! 2. The number of slots is a power of two and `mask` one less; or there are none, and `mask` is zero. `tail - head <= mask`.
//!    The slots from `head` to `tail`, each position taken by the mask, hold tasks whose queue entries are the owner's.

use std::ptr;

use crate::limits::KEPT_BACKLOG_MAX;
use crate::shim::UnsafeCell;
use crate::shim::atomic::AtomicUsize;
use crate::shim::atomic::Ordering::Relaxed;
use crate::task::{Header, TaskRef};

/// Slots of the first allocation.
const FIRST: usize = 64;
const _: () = assert!(FIRST.is_power_of_two() && KEPT_BACKLOG_MAX.is_power_of_two());

pub(super) struct Backlog {
    /// Of the oldest task; written by the owner, read by anybody.
    head: AtomicUsize,
    /// Behind the newest one; as `head`.
    tail: AtomicUsize,
    slots: UnsafeCell<Slots>,
}

#[derive(Default)]
struct Slots {
    tasks: Box<[*mut Header]>,
    mask: usize,
}

// SAFETY: (1); tasks are `Send`.
unsafe impl Sync for Backlog {}
// SAFETY: as above.
unsafe impl Send for Backlog {}

impl Backlog {
    pub(super) fn new() -> Self {
        Self {
            head: AtomicUsize::new(0),
            tail: AtomicUsize::new(0),
            slots: UnsafeCell::new(Slots::default()),
        }
    }

    /// How many tasks wait, at some recent moment.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.tail.load(Relaxed).saturating_sub(self.head.load(Relaxed))
    }

    /// # Safety
    ///
    /// The caller is the owner (1).
    #[inline]
    pub(super) unsafe fn push(&self, task: TaskRef) {
        let (head, tail) = (self.head.load(Relaxed), self.tail.load(Relaxed));
        let is_in = self.slots.with_mut(|slots| {
            // SAFETY: (1), and nothing here comes back.
            let slots = unsafe { &mut *slots };
            if tail - head == slots.mask {
                return false;
            }
            // SAFETY: there is room, so there are slots, and the mask keeps within them (2).
            *unsafe { slots.tasks.get_unchecked_mut(tail & slots.mask) } = task.as_ptr();
            true
        });
        if is_in {
            self.tail.store(tail + 1, Relaxed);
        } else {
            // SAFETY: forwarded.
            unsafe { self.grow_and_push(task) };
        }
    }

    /// # Safety
    ///
    /// The caller is the owner (1).
    #[cold]
    unsafe fn grow_and_push(&self, task: TaskRef) {
        let (head, tail) = (self.head.load(Relaxed), self.tail.load(Relaxed));
        self.slots.with_mut(|slots| {
            // SAFETY: (1), and nothing here comes back.
            let slots = unsafe { &mut *slots };
            slots.resize(head..tail, (slots.tasks.len() * 2).max(FIRST));
        });
        // SAFETY: forwarded; there is room now.
        unsafe { self.push(task) };
    }

    /// # Safety
    ///
    /// The caller is the owner (1).
    #[inline]
    pub(super) unsafe fn pop(&self) -> Option<TaskRef> {
        // SAFETY: forwarded.
        let task = unsafe { self.peek(0) }?;
        self.head.store(self.head.load(Relaxed) + 1, Relaxed);
        Some(task)
    }

    /// The task behind the oldest `number` ones.
    ///
    /// # Safety
    ///
    /// The caller is the owner (1).
    #[inline]
    unsafe fn peek(&self, number: usize) -> Option<TaskRef> {
        let (head, tail) = (self.head.load(Relaxed), self.tail.load(Relaxed));
        if number >= tail - head {
            return None;
        }
        let task = self.slots.with_mut(|slots| {
            // SAFETY: (1), and nothing here comes back.
            let slots = unsafe { &*slots };
            // SAFETY: (2): something is there, so there are slots, and the mask keeps within them.
            unsafe { *slots.tasks.get_unchecked((head + number) & slots.mask) }
        });
        // SAFETY: (2).
        Some(unsafe { TaskRef::from_ptr(task) })
    }

    /// Takes any of the tasks; the newest takes its number.
    ///
    /// # Safety
    ///
    /// The caller is the owner (1).
    pub(super) unsafe fn take_nth(&self, number: usize) -> Option<TaskRef> {
        // SAFETY: forwarded.
        let (task, newest) = unsafe { (self.peek(number)?, self.peek(self.len() - 1)?) };
        let place = self.head.load(Relaxed) + number;
        self.slots.with_mut(|slots| {
            // SAFETY: (1), and nothing here comes back.
            let slots = unsafe { &mut *slots };
            slots.tasks[place & slots.mask] = newest.as_ptr();
        });
        self.tail.store(self.tail.load(Relaxed) - 1, Relaxed);
        Some(task)
    }

    /// Gives the oldest tasks to `take` until it gives one back, which stays the oldest.
    ///
    /// # Safety
    ///
    /// The caller is the owner (1).
    pub(super) unsafe fn drain_into(&self, mut take: impl FnMut(TaskRef) -> Result<(), TaskRef>) {
        // SAFETY: forwarded.
        while let Some(task) = unsafe { self.peek(0) }
            && take(task).is_ok()
        {
            self.head.store(self.head.load(Relaxed) + 1, Relaxed);
        }
    }

    /// Gives back the memory of a burst that is over.
    ///
    /// # Safety
    ///
    /// The caller is the owner (1).
    pub(super) unsafe fn shrink(&self) {
        let (head, tail) = (self.head.load(Relaxed), self.tail.load(Relaxed));
        self.slots.with_mut(|slots| {
            // SAFETY: (1), and nothing here comes back.
            let slots = unsafe { &mut *slots };
            if slots.tasks.len() > KEPT_BACKLOG_MAX && tail - head < KEPT_BACKLOG_MAX {
                slots.resize(head..tail, KEPT_BACKLOG_MAX);
            }
        });
    }

    #[cfg(all(test, not(loom)))]
    fn room(&self) -> usize {
        // SAFETY: the tests have one thread.
        self.slots.with_mut(|slots| unsafe { (&*slots).tasks.len() })
    }
}

impl Slots {
    /// Makes `len` slots of them, a power of two; those at `places` keep what they hold.
    fn resize(&mut self, places: std::ops::Range<usize>, len: usize) {
        let mut tasks = vec![ptr::null_mut(); len].into_boxed_slice();
        for place in places {
            tasks[place & (len - 1)] = self.tasks[place & self.mask];
        }
        *self = Self { tasks, mask: len - 1 };
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn task() -> TaskRef {
        let origin = std::panic::Location::caller().into();
        let task = crate::task::allocate(async {}, crate::task::Id::next(), std::ptr::null(), origin);
        // SAFETY: new, and its output is `()`.
        drop(unsafe { crate::task::JoinHandle::<()>::new(task) });
        task
    }

    fn bury(task: TaskRef) {
        task.cancel_queued();
        // SAFETY: cancelled, and in no registry.
        unsafe { task.retire() };
    }

    #[test]
    fn what_was_given_back_stays_the_oldest() {
        let backlog = Backlog::new();
        let tasks = [task(), task(), task()];
        let mut taken = 0;
        // SAFETY: this thread is the owner.
        unsafe {
            tasks.into_iter().for_each(|task| backlog.push(task));
            backlog.drain_into(|task| {
                taken += 1;
                if taken > 1 {
                    return Err(task);
                }
                bury(task);
                Ok(())
            });
            assert_eq!(backlog.len(), 2);
            assert_eq!(backlog.pop(), Some(tasks[1]));
            assert_eq!(backlog.take_nth(0), Some(tasks[2]));
            assert_eq!(backlog.pop(), None);
        }
        assert_eq!(backlog.len(), 0);
        tasks[1..].iter().copied().for_each(bury);
    }

    #[test]
    fn it_does_what_a_queue_of_the_standard_library_does() {
        let rng = crate::scheduler::Seed::of(7).derive(0);
        let (backlog, mut model) = (Backlog::new(), std::collections::VecDeque::new());
        for round in 0..20_000 {
            // Long runs of one kind, so that it grows and shrinks.
            let grows = (round / 1000) % 2 == 0;
            // SAFETY: this thread is the owner.
            unsafe {
                match rng.below(8) {
                    0 => backlog.shrink(),
                    1 => {
                        let number = rng.below(16) as usize;
                        let expected = model.swap_remove_back(number);
                        assert_eq!(backlog.take_nth(number), expected);
                        expected.into_iter().for_each(bury);
                    }
                    choice if (choice < 6) == grows => {
                        let task = task();
                        backlog.push(task);
                        model.push_back(task);
                    }
                    _ => {
                        let expected = model.pop_front();
                        assert_eq!(backlog.pop(), expected);
                        expected.into_iter().for_each(bury);
                    }
                }
            }
            assert_eq!(backlog.len(), model.len());
        }
        model.into_iter().for_each(bury);
    }

    #[test]
    fn a_burst_that_is_over_keeps_no_more_room_than_the_limit() {
        let backlog = Backlog::new();
        // SAFETY: this thread is the owner.
        unsafe {
            (0..2 * KEPT_BACKLOG_MAX).for_each(|_| backlog.push(task()));
            backlog.shrink();
            assert_eq!(backlog.room(), 4 * KEPT_BACKLOG_MAX);
            while let Some(task) = backlog.pop() {
                bury(task);
            }
            backlog.shrink();
        }
        assert_eq!(backlog.room(), KEPT_BACKLOG_MAX);
    }
}
