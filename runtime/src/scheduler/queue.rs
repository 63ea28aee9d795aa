//! The run queue owned by one worker.
//!
//! A ring: the owner pushes at the tail and takes from the head, thieves take half from the head. It exists so that
//! the common case, a task waking its neighbour, touches no lock. Beside it stands one slot for the task woken last,
//! which the owner runs next because what it waits for is still in the cache.
//!
//! Invariants
//! 1. Only the owner writes `tail`, and only the owner puts a task into `next`.
//! 2. Anyone may advance `head`, by compare-exchange only.
//! 3. `tail - head <= CAPACITY`; positions never wrap in practice, being 64 bits wide.
//! 4. A slot read before a successful compare-exchange of `head` held the task at that position: the owner
//!    overwrites it only after `head` has moved past it, which makes the compare-exchange fail.

use std::marker::PhantomData;
use std::ptr;

use crate::limits::RUN_QUEUE_CAPACITY as CAPACITY;
use crate::shim::Arc;
use crate::shim::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use crate::shim::atomic::{AtomicPtr, AtomicUsize};
use crate::task::{Header, TaskRef};

const MASK: usize = CAPACITY - 1;
const _: () = assert!(CAPACITY.is_power_of_two());

/// A value on cache lines of its own.
#[repr(align(128))]
#[derive(Debug, Default)]
pub(crate) struct Padded<T>(pub(crate) T);

struct Ring {
    head: Padded<AtomicUsize>,
    tail: Padded<AtomicUsize>,
    next: AtomicPtr<Header>,
    slots: Box<[AtomicPtr<Header>; CAPACITY]>,
}

/// The end that pushes and takes; one per queue, on one thread at a time.
pub(crate) struct Owner {
    ring: Arc<Ring>,
    /// Not `Sync`: invariants 1 and 2 speak of one thread.
    confined: PhantomData<std::cell::Cell<()>>,
}

/// The end that thieves take from.
#[derive(Clone)]
pub(crate) struct Stealer {
    ring: Arc<Ring>,
}

/// Makes a queue.
pub(crate) fn new() -> (Owner, Stealer) {
    let ring = Arc::new(Ring {
        head: Padded(AtomicUsize::new(0)),
        tail: Padded(AtomicUsize::new(0)),
        next: AtomicPtr::new(ptr::null_mut()),
        slots: Box::new(std::array::from_fn(|_| AtomicPtr::new(ptr::null_mut()))),
    });
    (Owner { ring: ring.clone(), confined: PhantomData }, Stealer { ring })
}

impl Ring {
    fn len(&self) -> usize {
        let head = self.head.0.load(Relaxed);
        let tail = self.tail.0.load(Relaxed);
        tail.saturating_sub(head)
    }
}

impl Owner {
    /// Puts a task at the tail. Gives it back if the queue is full.
    #[inline]
    pub(crate) fn push(&self, task: TaskRef) -> Result<(), TaskRef> {
        let tail = self.ring.tail.0.load(Relaxed);
        // ORDERING: Acquire [take]: the thief that moved `head` has read the slot we may overwrite.
        let head = self.ring.head.0.load(Acquire);
        if tail - head >= CAPACITY {
            return Err(task);
        }
        self.ring.slots[tail & MASK].store(task.as_ptr(), Relaxed);
        // ORDERING: Release [push]: publishes the slot, and the task behind it.
        self.ring.tail.0.store(tail + 1, Release);
        Ok(())
    }

    /// Makes `task` the one to run next. Returns the task that was, for the caller to push.
    #[inline]
    pub(crate) fn push_next(&self, task: TaskRef) -> Option<TaskRef> {
        let displaced = self.take_next();
        // ORDERING: Release [next]: publishes the task to a thief. Nobody else fills an empty slot.
        self.ring.next.store(task.as_ptr(), Release);
        displaced
    }

    /// Takes the task woken last.
    #[inline]
    pub(crate) fn take_next(&self) -> Option<TaskRef> {
        let next = self.ring.next.load(Relaxed);
        if next.is_null() {
            return None;
        }
        if self.ring.next.compare_exchange(next, ptr::null_mut(), Acquire, Relaxed).is_err() {
            return None;
        }
        // SAFETY: the queue entry is now ours.
        Some(unsafe { TaskRef::from_ptr(next) })
    }

    /// Takes the task at the head.
    #[inline]
    pub(crate) fn pop(&self) -> Option<TaskRef> {
        let mut head = self.ring.head.0.load(Relaxed);
        loop {
            if head == self.ring.tail.0.load(Relaxed) {
                return None;
            }
            let task = self.ring.slots[head & MASK].load(Relaxed);
            if let Err(actual) =
                // ORDERING: Release half of [take]; the tasks here were pushed by this thread.
                self.ring.head.0.compare_exchange_weak(head, head + 1, AcqRel, Relaxed)
            {
                head = actual;
                continue;
            }
            // SAFETY: the queue entry is now ours (invariant 4).
            return Some(unsafe { TaskRef::from_ptr(task) });
        }
    }

    /// Takes the older half of a full queue, to make room.
    pub(crate) fn pop_half(&self, mut take: impl FnMut(TaskRef)) {
        for _ in 0..CAPACITY / 2 {
            match self.pop() {
                Some(task) => take(task),
                None => return,
            }
        }
    }

    /// Whether the next push would fail.
    pub(crate) fn is_full(&self) -> bool {
        self.ring.len() == CAPACITY
    }

    /// Tasks queued, the next one included.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.ring.len() + usize::from(!self.ring.next.load(Relaxed).is_null())
    }
}

impl Stealer {
    /// Tasks in the ring, at some recent moment.
    pub(crate) fn len(&self) -> usize {
        self.ring.len()
    }

    /// Takes the task that was to run next; only from a worker that is stuck in a poll.
    pub(crate) fn steal_next(&self) -> Option<TaskRef> {
        let next = self.ring.next.load(Relaxed);
        if next.is_null() {
            return None;
        }
        // ORDERING: Acquire [next]. The owner takes and refills the slot by itself: if the very same task came back
        // in between, its entry is as good as the one we saw.
        let is_ours = self.ring.next.compare_exchange(next, ptr::null_mut(), Acquire, Relaxed).is_ok();
        // SAFETY: the queue entry is now ours.
        is_ours.then(|| unsafe { TaskRef::from_ptr(next) })
    }

    /// Moves half of the ring to `thief`, and returns one more task to run at once.
    pub(crate) fn steal_into(&self, thief: &Owner) -> Option<TaskRef> {
        let target = thief.ring.tail.0.load(Relaxed);
        let room = CAPACITY - (target - thief.ring.head.0.load(Acquire));
        let mut head = self.ring.head.0.load(Acquire);
        loop {
            // ORDERING: Acquire [push]: see the slots and tasks below `tail`.
            let tail = self.ring.tail.0.load(Acquire);
            let available = tail.saturating_sub(head);
            let count = (available - available / 2).min(room + 1);
            if count == 0 {
                return None;
            }
            let first = self.ring.slots[head & MASK].load(Relaxed);
            for offset in 1..count {
                let task = self.ring.slots[(head + offset) & MASK].load(Relaxed);
                thief.ring.slots[(target + offset - 1) & MASK].store(task, Relaxed);
            }
            // ORDERING: AcqRel [take]: Release, our reads above come before the owner may overwrite the slots.
            match self.ring.head.0.compare_exchange(head, head + count, AcqRel, Acquire) {
                Ok(_) => {
                    // ORDERING: Release [push], for thieves of the thief.
                    thief.ring.tail.0.store(target + count - 1, Release);
                    // SAFETY: the queue entry is now ours (invariant 4).
                    return Some(unsafe { TaskRef::from_ptr(first) });
                }
                Err(actual) => head = actual,
            }
        }
    }
}
