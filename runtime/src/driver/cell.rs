//! The readiness of one descriptor, and who waits for it.
//!
//! One word holds the readiness (low byte), a flag that says whether anybody stands in the list of waiters, a tick
//! that counts the events, and a generation that counts the descriptors that have used the cell. One task may wait for reading and one for writing through the two waker slots,
//! which is what streams need; any number may wait in the list, which is what sharing a socket by reference needs.
//!
//! Invariants
//! 1. The tick changes with every event, so that clearing after `WouldBlock` cannot erase an event that came later.
//! 2. A waiter stores its waker first and looks at the readiness again afterwards; the driver sets the readiness
//!    first and looks for wakers afterwards.
//! 3. An event is noted in the same step that finds it meant for this generation. Else the driver of one thread could
//!    put the end of a stream, which is never cleared, on the next descriptor, which another thread registers.

use std::task::{Context, Poll, Waker};

use super::ready::{Interest, Ready};
use crate::shim::Mutex;
use crate::shim::atomic::AtomicUsize;
use crate::shim::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use crate::sync::atomic_waker::AtomicWaker;
use crate::task::WaitSite;

const READY_MASK: usize = 0xff;
const HAS_WAITERS: usize = 1 << 8;
const SHUT_DOWN: usize = 1 << 9;
const TICK: usize = 1 << 10;
const GENERATION: usize = 1 << 33;
const TICK_MASK: usize = GENERATION - TICK;

/// Which of the two waker slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Read,
    Write,
}

impl Direction {
    /// What a task waits for that waits for it.
    pub(super) fn wait_site(self) -> WaitSite {
        match self {
            Self::Read => WaitSite::Readable,
            Self::Write => WaitSite::Writable,
        }
    }

    pub(crate) fn interest(self) -> Interest {
        match self {
            Self::Read => Interest::READABLE,
            Self::Write => Interest::WRITABLE,
        }
    }
}

/// What a cell said, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) ready: Ready,
    /// Together with the generation.
    pub(crate) tick: usize,
    pub(crate) is_shut_down: bool,
}

impl Seen {
    fn of(word: usize, interest: Interest) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "masked to eight bits")]
        let ready = Ready::from_bits((word & READY_MASK) as u8);
        Self {
            ready: ready.intersection(interest.mask()),
            tick: word / TICK,
            is_shut_down: word & SHUT_DOWN != 0,
        }
    }

    pub(super) fn is_conclusive(self) -> bool {
        !self.ready.is_empty() || self.is_shut_down
    }
}

#[derive(Debug)]
pub(super) struct IoCell {
    word: AtomicUsize,
    reader: AtomicWaker,
    writer: AtomicWaker,
    waiters: Mutex<Waiters>,
}

#[derive(Debug, Default)]
struct Waiters {
    next_key: u64,
    list: Vec<Waiter>,
}

#[derive(Debug)]
struct Waiter {
    key: u64,
    interest: Interest,
    waker: Waker,
}

impl IoCell {
    pub(super) fn new() -> Self {
        Self {
            word: AtomicUsize::new(0),
            reader: AtomicWaker::new(),
            writer: AtomicWaker::new(),
            waiters: Mutex::new(Waiters::default()),
        }
    }

    /// Which of the descriptors that have used this cell does so now; part of the token.
    pub(super) fn generation(&self) -> u32 {
        generation(self.word.load(Relaxed))
    }

    /// Makes the cell fit for another descriptor; only one that was shut down stays so.
    pub(super) fn renew(&self) {
        let fresh = |word: usize| (word & !(GENERATION - 1) | word & SHUT_DOWN).wrapping_add(GENERATION);
        self.update(|word| Some(fresh(word)));
        drop(self.reader.take());
        drop(self.writer.take());
        let waiters = std::mem::take(&mut *self.waiters.lock());
        drop(waiters);
    }

    /// Notes an event of the descriptor of `meant` and hands the wakers it concerns to `wake`. An event that comes too
    /// late for that descriptor is ignored (invariant 3).
    pub(super) fn set_ready(&self, meant: u32, ready: Ready, wake: &mut impl FnMut(Waker)) {
        let bits = usize::from(ready.bits());
        let ticked = |word: usize| word & !TICK_MASK | word.wrapping_add(TICK) & TICK_MASK;
        // ORDERING: AcqRel [ready], before the wakers are looked for (invariant 2).
        let before = self.update(|word| (generation(word) == meant).then(|| ticked(word | bits)));
        if let Some(before) = before {
            self.wake(ready, before & HAS_WAITERS != 0, wake);
        }
    }

    /// Fails all operations, present and future.
    pub(super) fn shut_down(&self, wake: &mut impl FnMut(Waker)) {
        self.update(|word| Some(word | SHUT_DOWN));
        self.wake(Ready::ALL, true, wake);
    }

    fn wake(&self, ready: Ready, has_waiters: bool, wake: &mut impl FnMut(Waker)) {
        let concerns = |interest: Interest| !ready.intersection(interest.mask()).is_empty();
        if concerns(Interest::READABLE)
            && let Some(waker) = self.reader.take()
        {
            wake(waker);
        }
        if concerns(Interest::WRITABLE)
            && let Some(waker) = self.writer.take()
        {
            wake(waker);
        }
        if has_waiters {
            let mut waiters = self.waiters.lock();
            let woken: Vec<Waiter> =
                waiters.list.extract_if(.., |waiter| concerns(waiter.interest)).collect();
            if waiters.list.is_empty() {
                self.word.fetch_and(!HAS_WAITERS, AcqRel);
            }
            drop(waiters);
            woken.into_iter().for_each(|waiter| wake(waiter.waker));
        }
    }

    /// Forgets the readiness that `seen` reported, unless an event came since (invariant 1). An end stays: it may have
    /// been told together with the bytes before it.
    pub(crate) fn clear(&self, seen: Seen) {
        self.forget(seen, seen.ready.without_final());
    }

    /// As [`clear`](Self::clear), by somebody who found the operation blocked: then no end has come either. What
    /// looked like one was not final, as when a FIFO finds another writer.
    pub(crate) fn clear_blocked(&self, seen: Seen) {
        self.forget(seen, seen.ready);
    }

    fn forget(&self, seen: Seen, ready: Ready) {
        let cleared = usize::from(ready.bits());
        let mut word = self.word.load(Relaxed);
        while word / TICK == seen.tick {
            // ORDERING: AcqRel [ready].
            match self.word.compare_exchange_weak(word, word & !cleared, AcqRel, Relaxed) {
                Ok(_) => return,
                Err(actual) => word = actual,
            }
        }
    }

    /// What is ready for `interest` now.
    pub(crate) fn look(&self, interest: Interest) -> Seen {
        // ORDERING: Acquire [ready].
        Seen::of(self.word.load(Acquire), interest)
    }

    /// Waits in one of the two slots; one task per direction.
    pub(crate) fn poll_ready(&self, direction: Direction, cx: &Context<'_>) -> Poll<Seen> {
        let interest = direction.interest();
        let seen = self.look(interest);
        if seen.is_conclusive() {
            return Poll::Ready(seen);
        }
        match direction {
            Direction::Read => self.reader.register(cx.waker()),
            Direction::Write => self.writer.register(cx.waker()),
        }
        let seen = self.look(interest);
        if seen.is_conclusive() { Poll::Ready(seen) } else { Poll::Pending }
    }

    /// Waits, as the one task that reads, for the end of what can be read, whatever stands before it.
    pub(crate) fn poll_read_closed(&self, cx: &Context<'_>) -> Poll<()> {
        let is_closed = |seen: Seen| {
            !seen.ready.intersection(Ready::READ_CLOSED | Ready::ERROR).is_empty() || seen.is_shut_down
        };
        if is_closed(self.look(Interest::READABLE)) {
            return Poll::Ready(());
        }
        // Every event for readers wakes it (invariant 2), the end being one.
        self.reader.register(cx.waker());
        if is_closed(self.look(Interest::READABLE)) { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Waits in the list; any number of tasks. `key` names the place in it and is empty outside.
    pub(crate) fn poll_ready_shared(
        &self,
        interest: Interest,
        key: &mut Option<u64>,
        cx: &Context<'_>,
    ) -> Poll<Seen> {
        let seen = self.look(interest);
        if seen.is_conclusive() {
            self.forget_waiter(key);
            return Poll::Ready(seen);
        }
        // Cloned and dropped with the list let go: a waker is somebody else's code.
        let waker = cx.waker().clone();
        let mut waiters = self.waiters.lock();
        let place = key.and_then(|key| waiters.list.iter_mut().find(|waiter| waiter.key == key));
        let replaced = match place {
            Some(waiter) => Some(std::mem::replace(&mut waiter.waker, waker)),
            None => {
                let fresh = waiters.next_key;
                waiters.next_key += 1;
                waiters.list.push(Waiter { key: fresh, interest, waker });
                *key = Some(fresh);
                self.word.fetch_or(HAS_WAITERS, AcqRel);
                None
            }
        };
        drop(waiters);
        drop(replaced);
        let seen = self.look(interest);
        if seen.is_conclusive() {
            self.forget_waiter(key);
            return Poll::Ready(seen);
        }
        Poll::Pending
    }

    /// Leaves the list.
    pub(crate) fn forget_waiter(&self, key: &mut Option<u64>) {
        if let Some(key) = key.take() {
            let mut waiters = self.waiters.lock();
            let place = waiters.list.iter().position(|waiter| waiter.key == key);
            let left = place.map(|place| waiters.list.remove(place));
            drop(waiters);
            drop(left);
        }
    }

    /// Changes the word, unless `change` refuses; the word as it was before.
    fn update(&self, change: impl Fn(usize) -> Option<usize>) -> Option<usize> {
        let mut word = self.word.load(Relaxed);
        loop {
            match self.word.compare_exchange_weak(word, change(word)?, AcqRel, Relaxed) {
                Ok(before) => return Some(before),
                Err(actual) => word = actual,
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "31 bits are left of it")]
fn generation(word: usize) -> u32 {
    (word / GENERATION) as u32
}
