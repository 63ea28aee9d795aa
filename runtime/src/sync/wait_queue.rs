//! A queue of waiting tasks, in the order they came.
//!
//! The entries live in a slab inside the queue, and a waiting future holds the key of its entry. So a future that
//! waits needs no pinning and no `unsafe`, and a queue that has grown once allocates no more. The owner keeps the
//! queue under a lock, and calls and drops wakers only after it has let go of it.

use std::num::NonZeroU32;
use std::task::{Context, Waker};

use slab::Slab;

use super::short_list::ShortList;
use crate::isolated::wake_isolated;

/// Entries kept for reuse by a queue that has run empty; a rush of waiters does not hold its memory for ever.
const RETAINED: usize = 64;

/// Stands for "no entry" in a link.
const NONE: u32 = u32::MAX;

/// Names an entry until it is removed: its index, and one, so that "no place" takes no room beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key(NonZeroU32);

impl Key {
    fn new(index: u32) -> Self {
        Self(NonZeroU32::MIN.saturating_add(index))
    }

    fn index(self) -> u32 {
        self.0.get() - 1
    }
}

/// Waiting tasks, each with the owner's `data`.
#[derive(Debug)]
pub(crate) struct WaitQueue<T> {
    entries: Slab<Entry<T>>,
    head: u32,
    tail: u32,
}

#[derive(Debug)]
struct Entry<T> {
    data: T,
    waker: Option<Waker>,
    /// In the queue; an entry that was popped stays in the slab until its future collects it.
    linked: bool,
    previous: u32,
    next: u32,
}

impl<T> WaitQueue<T> {
    pub(crate) const fn new() -> Self {
        Self { entries: Slab::new(), head: NONE, tail: NONE }
    }

    /// Whether nobody is queued; entries that were popped or never linked do not count.
    pub(crate) fn is_empty(&self) -> bool {
        self.head == NONE
    }

    /// Adds an entry that [`drain_wakers`](Self::drain_wakers) finds but that has no place in the queue.
    pub(crate) fn insert(&mut self, data: T, waker: Option<Waker>) -> Key {
        let entry = Entry { data, waker, linked: false, previous: NONE, next: NONE };
        let index = u32::try_from(self.entries.insert(entry)).unwrap_or(NONE);
        assert!(index != NONE, "more than four billion waiting tasks");
        Key::new(index)
    }

    /// Adds an entry at the end of the queue.
    pub(crate) fn push_back(&mut self, data: T, waker: Option<Waker>) -> Key {
        let key = self.insert(data, waker);
        let tail = self.tail;
        let index = key.index();
        let entry = self.entry(index);
        entry.linked = true;
        entry.previous = tail;
        match tail {
            NONE => self.head = index,
            tail => self.entry(tail).next = index,
        }
        self.tail = index;
        key
    }

    /// The data of the first entry in the queue.
    pub(crate) fn front(&mut self) -> Option<&mut T> {
        match self.head {
            NONE => None,
            head => Some(&mut self.entry(head).data),
        }
    }

    /// The waker of the first entry in the queue, taken out; the entry stays where it is.
    pub(crate) fn take_front_waker(&mut self) -> Option<Waker> {
        match self.head {
            NONE => None,
            head => self.entry(head).waker.take(),
        }
    }

    /// Takes the first entry out of the queue and answers its data and its waker; the future collects the entry.
    pub(crate) fn pop_front(&mut self) -> Option<(&mut T, Option<Waker>)> {
        let head = self.head;
        if head == NONE {
            return None;
        }
        Some(self.pop(head))
    }

    /// Removes the first entry in the queue, and answers its data and its waker.
    #[inline]
    pub(crate) fn take_front(&mut self) -> Option<(T, Option<Waker>)> {
        match self.head {
            NONE => None,
            head => Some(self.remove(Key::new(head))),
        }
    }

    /// How many entries there are, queued or not.
    #[cfg(all(test, not(loom)))]
    pub(crate) fn entries(&self) -> usize {
        self.entries.len()
    }

    /// The data of an entry that may have been removed, and another's since.
    pub(crate) fn find(&self, key: Key) -> Option<&T> {
        self.entries.get(key.index() as usize).map(|entry| &entry.data)
    }

    /// As [`pop_front`](Self::pop_front), with the last entry.
    pub(crate) fn pop_back(&mut self) -> Option<(&mut T, Option<Waker>)> {
        let tail = self.tail;
        if tail == NONE {
            return None;
        }
        Some(self.pop(tail))
    }

    /// As [`pop_front`](Self::pop_front), with any entry, queued or not.
    #[cfg(feature = "stream")]
    pub(crate) fn take_out(&mut self, key: Key) -> (&mut T, Option<Waker>) {
        self.pop(key.index())
    }

    fn pop(&mut self, index: u32) -> (&mut T, Option<Waker>) {
        self.unlink(index);
        let entry = self.entry(index);
        (&mut entry.data, entry.waker.take())
    }

    /// The data of an entry.
    pub(crate) fn get_mut(&mut self, key: Key) -> &mut T {
        &mut self.entry(key.index()).data
    }

    /// Makes the entry wake the task of `cx`. A waker is cloned and dropped with the lock let go: where that is still
    /// to be done, `fresh` says with what the caller comes back, having looked again at what may have happened.
    #[must_use]
    pub(crate) fn set_waker(&mut self, key: Key, cx: &Context<'_>, fresh: &mut Option<Waker>) -> SetWaker {
        let waker = &mut self.entry(key.index()).waker;
        if waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            return SetWaker::Done;
        }
        if fresh.is_none() {
            return SetWaker::NeedsClone;
        }
        std::mem::swap(waker, fresh);
        SetWaker::Done
    }

    /// Removes an entry, from the queue too if it is still there.
    pub(crate) fn remove(&mut self, key: Key) -> (T, Option<Waker>) {
        self.unlink(key.index());
        let entry = self.entries.remove(key.index() as usize);
        if self.entries.is_empty() && self.entries.capacity() > RETAINED {
            self.entries = Slab::new();
        }
        (entry.data, entry.waker)
    }

    /// Takes every entry out of the queue, and the wakers of all entries, queued or not.
    pub(crate) fn drain_wakers(&mut self, wakers: &mut Wakers) {
        while self.head != NONE {
            self.unlink(self.head);
        }
        for (_, entry) in &mut self.entries {
            wakers.push(entry.waker.take());
        }
    }

    /// Removes every entry, and hands out the wakers, in no order.
    pub(crate) fn remove_all(&mut self, wakers: &mut Wakers) {
        (self.head, self.tail) = (NONE, NONE);
        for entry in self.entries.drain() {
            wakers.push(entry.waker);
        }
        if self.entries.capacity() > RETAINED {
            self.entries = Slab::new();
        }
    }

    #[inline]
    fn unlink(&mut self, index: u32) {
        let entry = self.entry(index);
        if !entry.linked {
            return;
        }
        entry.linked = false;
        let (previous, next) = (entry.previous, entry.next);
        match previous {
            NONE => self.head = next,
            previous => self.entry(previous).next = next,
        }
        match next {
            NONE => self.tail = previous,
            next => self.entry(next).previous = previous,
        }
    }

    fn entry(&mut self, index: u32) -> &mut Entry<T> {
        &mut self.entries[index as usize]
    }
}

/// What became of a waker that was to be left in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SetWaker {
    /// It is there; what it replaced is dropped with the caller's `fresh`.
    Done,
    /// The caller is to let go of the lock, clone the waker and come back.
    NeedsClone,
}

/// Wakers to be called after a lock has been let go; a few cost no allocation.
#[derive(Debug, Default)]
pub(crate) struct Wakers(ShortList<Waker>);

impl Wakers {
    #[inline]
    pub(crate) fn push(&mut self, waker: Option<Waker>) {
        if let Some(waker) = waker {
            self.0.push(waker);
        }
    }

    /// Wakes all, in order. If one of them panics, the rest are woken and the caller gets the first panic.
    #[inline]
    pub(crate) fn wake(mut self) {
        if self.0.len() != 0 {
            self.wake_each();
        }
    }

    fn wake_each(&mut self) {
        let mut rest = Rest { wakers: &mut self.0, next: 0 };
        if std::thread::panicking() {
            // A second panic would end the process.
            return rest.wake_isolated();
        }
        while let Some(waker) = rest.take() {
            waker.wake();
        }
    }
}

/// Those that were not woken yet. If one panics, the rest are woken when this is dropped.
struct Rest<'a> {
    wakers: &'a mut ShortList<Waker>,
    next: usize,
}

impl Rest<'_> {
    #[inline]
    fn take(&mut self) -> Option<Waker> {
        if self.next == self.wakers.len() {
            return None;
        }
        self.next += 1;
        self.wakers.take(self.next - 1)
    }
}

impl Drop for Rest<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.next != self.wakers.len() {
            self.wake_isolated();
        }
    }
}

impl Rest<'_> {
    #[cold]
    fn wake_isolated(&mut self) {
        while let Some(waker) = self.take() {
            wake_isolated(waker);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    #[test]
    fn behaves_like_a_deque_with_removal_from_the_middle() {
        let mut seed = 1_u64;
        let mut below = |bound: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize % bound
        };
        let mut queue = WaitQueue::new();
        let mut oracle: VecDeque<(Key, u32)> = VecDeque::new();
        for number in 0..20_000 {
            match below(5) {
                0 | 1 => oracle.push_back((queue.push_back(number, None), number)),
                2 => match (queue.front().copied(), oracle.pop_front()) {
                    (None, None) => assert!(queue.is_empty()),
                    (Some(front), Some((key, expected))) => {
                        assert_eq!(front, expected);
                        assert_eq!(*queue.pop_front().unwrap().0, expected);
                        assert_eq!(queue.remove(key).0, expected);
                    }
                    other => panic!("{other:?}"),
                },
                3 => match (queue.pop_back().map(|(number, _)| *number), oracle.pop_back()) {
                    (None, None) => assert!(queue.is_empty()),
                    (Some(back), Some((key, expected))) => {
                        assert_eq!(back, expected);
                        assert_eq!(queue.remove(key).0, expected);
                    }
                    other => panic!("{other:?}"),
                },
                _ if oracle.is_empty() => {}
                _ => {
                    let (key, expected) = oracle.remove(below(oracle.len())).unwrap();
                    assert_eq!(queue.remove(key).0, expected);
                }
            }
        }
    }
}
