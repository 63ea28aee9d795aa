//! Those who wait for a place in a limit: who comes next, and who has waited in vain.
//!
//! No clock is read and no waker called in here; the semaphore around it does both.
//!
//! Order is by [`Priority`] and then by arrival. With a [`QueueDelay`] the queue also watches its own delay, as CoDel
//! does: a burst may wait for up to the interval, but when the queue has not been empty for that long it is no burst,
//! and nobody waits longer than the target; the newest are then served first, for they are the ones whose callers
//! still wait.

use std::collections::{BTreeMap, HashMap};
use std::task::Waker;
use std::time::Duration;

use super::mode::{Priority, QueueDelay};
use crate::clock::Instant;
use crate::deadline::Deadline;
use crate::error::OverloadReason;

/// The place of a waiter: more important ones first, then older ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    priority: Priority,
    id: u64,
}

/// How somebody wants to wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(super) priority: Priority,
    pub(super) waiters_max: usize,
    pub(super) delay: Option<QueueDelay>,
    /// After which there is no point in a place.
    pub(super) deadline: Option<Deadline>,
}

/// What became of a waiter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It has a permit.
    Granted,
    /// It is to go away.
    Shed(OverloadReason),
}

#[derive(Debug)]
struct Waiter {
    waker: Option<Waker>,
    /// Since when; known where there is a delay to be watched.
    since: Option<Instant>,
    deadline: Option<Deadline>,
}

/// The queue.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiters: BTreeMap<Rank, Waiter>,
    /// Verdicts their waiters have not heard yet.
    verdicts: HashMap<u64, Verdict>,
    next_id: u64,
    delay: Option<QueueDelay>,
    /// When the queue was last empty.
    standing_since: Option<Instant>,
}

/// A place in the queue, and the waker of whoever had to leave for it.
pub(super) struct Entered {
    pub(super) rank: Rank,
    pub(super) evicted: Option<Waker>,
}

/// What a waiter leaves behind.
pub(super) struct Left {
    pub(super) verdict: Option<Verdict>,
    /// To be dropped without the lock.
    #[expect(dead_code, reason = "held for its destructor, which runs where the caller says")]
    waiter: Option<Waiter>,
}

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        self.waiters.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.waiters.len()
    }

    /// Lets somebody in. A full queue lets those in who are more important than the last in it, which then goes.
    pub(super) fn enter(
        &mut self,
        entry: &Entry,
        waker: &mut Option<Waker>,
    ) -> Result<Entered, OverloadReason> {
        if entry.deadline.is_some_and(Deadline::is_expired) {
            return Err(OverloadReason::QueueDelay);
        }
        let mut evicted = None;
        if self.waiters.len() >= entry.waiters_max {
            match self.waiters.last_key_value() {
                Some((last, _)) if last.priority > entry.priority => {
                    let last = *last;
                    evicted = self.shed(last, OverloadReason::QueueFull);
                }
                _ => return Err(OverloadReason::QueueFull),
            }
        }
        self.delay = entry.delay;
        let since = entry.delay.map(|_| Instant::now());
        if self.waiters.is_empty() {
            self.standing_since = since;
        }
        let rank = Rank { priority: entry.priority, id: self.next_id };
        self.next_id += 1;
        self.waiters.insert(rank, Waiter { waker: waker.take(), since, deadline: entry.deadline });
        Ok(Entered { rank, evicted })
    }

    /// Leaves a waiter's new waker, and returns the one that is not needed.
    pub(super) fn update(&mut self, rank: Rank, waker: Option<Waker>) -> Option<Waker> {
        match self.waiters.get_mut(&rank) {
            Some(waiter) => std::mem::replace(&mut waiter.waker, waker),
            None => waker,
        }
    }

    /// The verdict about a waiter, which is told once.
    pub(super) fn settle(&mut self, rank: Rank) -> Option<Verdict> {
        self.verdicts.remove(&rank.id)
    }

    /// Somebody does not wait any longer.
    pub(super) fn leave(&mut self, rank: Rank) -> Left {
        Left { waiter: self.waiters.remove(&rank), verdict: self.verdicts.remove(&rank.id) }
    }

    /// Gives places to those whose turn it is while `try_take` finds one, sends those away who have waited too long,
    /// and returns the wakers of both.
    pub(super) fn serve(&mut self, mut try_take: impl FnMut() -> bool) -> Vec<Waker> {
        let mut woken = Vec::new();
        if self.waiters.is_empty() {
            return woken;
        }
        let is_standing = self.shed_overdue(&mut woken);
        while let Some(next) = self.next(is_standing) {
            let is_late = self.waiters[&next].deadline.is_some_and(Deadline::is_expired);
            if is_late {
                woken.extend(self.shed(next, OverloadReason::QueueDelay));
            } else if try_take() {
                woken.extend(self.decide(next, Verdict::Granted));
            } else {
                break;
            }
        }
        woken
    }

    /// Sends away who has waited longer than the delay allows; says whether the queue is standing.
    fn shed_overdue(&mut self, woken: &mut Vec<Waker>) -> bool {
        let (Some(delay), Some(standing_since)) = (self.delay, self.standing_since) else { return false };
        let now = Instant::now();
        let is_standing = now.saturating_duration_since(standing_since) > delay.interval;
        let allowed = if is_standing { delay.target } else { delay.interval };
        let mut from = Rank { priority: Priority(0), id: 0 };
        while let Some((&oldest, waiter)) = self.waiters.range(from..).next() {
            let waited = waiter.since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
            if waited > allowed {
                woken.extend(self.shed(oldest, OverloadReason::QueueDelay));
            } else if let Some(next) = oldest.priority.0.checked_add(1) {
                // The others of this priority are younger.
                from = Rank { priority: Priority(next), id: 0 };
            } else {
                break;
            }
        }
        is_standing
    }

    fn next(&self, is_standing: bool) -> Option<Rank> {
        let oldest = *self.waiters.first_key_value()?.0;
        if !is_standing {
            return Some(oldest);
        }
        let newest = Rank { priority: oldest.priority, id: u64::MAX };
        self.waiters.range(oldest..=newest).next_back().map(|(rank, _)| *rank)
    }

    fn shed(&mut self, rank: Rank, reason: OverloadReason) -> Option<Waker> {
        self.decide(rank, Verdict::Shed(reason))
    }

    fn decide(&mut self, rank: Rank, verdict: Verdict) -> Option<Waker> {
        let waiter = self.waiters.remove(&rank)?;
        self.verdicts.insert(rank.id, verdict);
        waiter.waker
    }
}
