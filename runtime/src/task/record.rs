//! What is counted of a task while it lives.
//!
//! Sixteen bytes of every task, written with plain stores by whoever has it in hand (the owner of its queue entry, or of
//! the `RUNNING` claim) and read by anybody at any time. The values of different fields may be of different moments.

use std::cell::Cell;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU8, AtomicU32};

use super::WaitSite;

/// See [`Record::relieve`].
const CARRY: u32 = 1 << 31;

/// The worker of a task that is in no registry.
const NOWHERE: u16 = u16::MAX;

/// The place of a task in a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Home {
    pub(crate) worker: u16,
    pub(crate) slot: u32,
}

#[derive(Debug)]
pub(crate) struct Record {
    /// Written once, before the first poll, by the worker that registers the task; the run queues order that before all
    /// reads.
    home_slot: Cell<u32>,
    home_worker: Cell<u16>,
    wait: AtomicU8,
    /// Polls that `polls` was relieved of, by the `CARRY`.
    polls_carried: AtomicU8,
    polls: AtomicU32,
    /// See [`Stamp`].
    stamp: AtomicU32,
}

const _: () = assert!(size_of::<Record>() == 16);

/// When a task was woken last, in units of [`Stamp::UNIT_NANOS`] of the clock of its runtime; the lowest bit says whether
/// its wait in the queue is to be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp(u32);

impl Stamp {
    /// About two milliseconds: 31 bits of them are 52 days.
    pub(crate) const UNIT_NANOS: u64 = 1 << 21;
    const PROBE: u32 = 1;

    #[expect(clippy::cast_possible_truncation, reason = "begins anew after 52 days, see `since`")]
    pub(crate) fn at(nanos: u64) -> Self {
        Self(((nanos / Self::UNIT_NANOS) as u32) << 1)
    }

    pub(crate) fn to_bits(self) -> u32 {
        self.0
    }

    pub(crate) fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The same time, with the wait to be measured.
    pub(crate) fn probed(self) -> Self {
        Self(self.0 | Self::PROBE)
    }

    /// The same time, with nothing to be measured.
    pub(crate) fn unprobed(self) -> Self {
        Self(self.0 & !Self::PROBE)
    }

    #[inline]
    pub(crate) fn is_probed(self) -> bool {
        self.0 & Self::PROBE != 0
    }

    /// Nanoseconds from then to `now`, less whole rounds of 52 days.
    pub(crate) fn since(self, now: u64) -> u64 {
        let units = (Self::at(now).0 >> 1).wrapping_sub(self.0 >> 1) & (u32::MAX >> 1);
        // A stamp may be of another worker, whose look at the clock is newer.
        let units = if units == u32::MAX >> 1 { 0 } else { units };
        u64::from(units) * Self::UNIT_NANOS
    }
}

impl Record {
    pub(super) fn new() -> Self {
        Self {
            home_slot: Cell::new(0),
            home_worker: Cell::new(NOWHERE),
            wait: AtomicU8::new(0),
            polls_carried: AtomicU8::new(0),
            polls: AtomicU32::new(0),
            stamp: AtomicU32::new(0),
        }
    }

    #[inline]
    pub(crate) fn home(&self) -> Option<Home> {
        let worker = self.home_worker.get();
        (worker != NOWHERE).then(|| Home { worker, slot: self.home_slot.get() })
    }

    /// The slot of a task that is at home with `worker`.
    #[inline]
    pub(crate) fn slot_at(&self, worker: u16) -> Option<u32> {
        (self.home_worker.get() == worker).then(|| self.home_slot.get())
    }

    #[inline]
    pub(crate) fn set_home(&self, home: Home) {
        self.home_worker.set(home.worker);
        self.home_slot.set(home.slot);
    }

    /// Notes that a poll begins.
    #[inline]
    pub(super) fn start_poll(&self) {
        self.wait.store(0, Relaxed);
        self.polls.store(self.polls.load(Relaxed).wrapping_add(1), Relaxed);
    }

    /// Makes room for more polls to be counted: called now and then, so that no poll has to look for the end of the room.
    pub(crate) fn relieve(&self) {
        let polls = self.polls.load(Relaxed);
        if polls >= CARRY {
            self.polls_carried.store(self.polls_carried.load(Relaxed).saturating_add(1), Relaxed);
            self.polls.store(polls - CARRY, Relaxed);
        }
    }

    /// Polls so far; the one that goes on counts.
    pub(crate) fn polls(&self) -> u64 {
        u64::from(self.polls_carried.load(Relaxed)) * u64::from(CARRY) + u64::from(self.polls.load(Relaxed))
    }

    /// Notes what the task waits for, in the poll that goes on.
    #[inline]
    pub(super) fn set_wait(&self, site: WaitSite) {
        self.wait.store(site.to_bits(), Relaxed);
    }

    /// What the last poll was left to wait for, if one of our futures said so.
    pub(crate) fn wait(&self) -> Option<WaitSite> {
        WaitSite::from_bits(self.wait.load(Relaxed))
    }

    #[inline]
    pub(crate) fn set_stamp(&self, stamp: Stamp) {
        self.stamp.store(stamp.0, Relaxed);
    }

    #[inline]
    pub(crate) fn stamp(&self) -> Stamp {
        Stamp(self.stamp.load(Relaxed))
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn polls_are_counted_past_what_one_word_holds() {
        let record = Record::new();
        for _ in 0..3 {
            record.polls.store(u32::MAX - 1, Relaxed);
            record.start_poll();
            record.relieve();
        }
        assert_eq!(record.polls(), 2 * u64::from(CARRY) + u64::from(u32::MAX));
    }

    #[test]
    fn a_stamp_knows_how_long_ago_it_was_also_across_its_end() {
        let end = (1 << 31) * Stamp::UNIT_NANOS;
        let before = Stamp::at(end - 3 * Stamp::UNIT_NANOS).probed();
        assert!(before.is_probed());
        assert_eq!(before.since(end + 2 * Stamp::UNIT_NANOS), 5 * Stamp::UNIT_NANOS);
        assert_eq!(Stamp::at(Stamp::UNIT_NANOS).since(0), 0);
    }

    #[test]
    fn a_poll_begins_with_nothing_to_wait_for() {
        let record = Record::new();
        record.set_wait(WaitSite::Sleep);
        assert_eq!(record.wait(), Some(WaitSite::Sleep));
        record.start_poll();
        assert_eq!(record.wait(), None);
    }
}
