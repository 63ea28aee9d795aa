//! The tasks that wait on one side, for messages or for room.
//!
//! Invariant: while somebody is queued, at least as many were told to look as there are messages, or places. So when one
//! is added the next is told unless enough were told before, and one that was told and leaves without taking any tells
//! the next. Nothing is set aside for those who were told.

use std::task::{Context, Waker};

use crate::sync::wait_queue::{Key, SetWaker, WaitQueue, Wakers};

#[derive(Debug)]
pub(super) struct Line {
    waiting: WaitQueue<Place>,
    /// How many places are [`Told`](Place::Told).
    told: usize,
}

/// What has become of one that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the queue, until the end calls everybody.
    Waiting,
    /// Woken, and not polled since.
    Told,
    /// Taken out of the queue by its owner, a stream that waits in another way now.
    #[cfg(feature = "stream")]
    Suspended,
}

impl Line {
    pub(super) const fn new() -> Self {
        Self { waiting: WaitQueue::new(), told: 0 }
    }

    /// Tells the next, unless as many were told as there is to have; the waker is for the caller.
    #[must_use]
    pub(super) fn tell(&mut self, available: usize) -> Option<Waker> {
        if self.told >= available {
            return None;
        }
        let (place, waker) = self.waiting.pop_front()?;
        *place = Place::Told;
        self.told += 1;
        waker
    }

    /// Makes the task of `cx` wait at `place`, or at the end if it has none or was told in vain. Wakers are cloned by the
    /// caller, as with [`WaitQueue::set_waker`].
    #[must_use]
    pub(super) fn wait(
        &mut self,
        place: &mut Option<Key>,
        cx: &Context<'_>,
        fresh: &mut Option<Waker>,
    ) -> SetWaker {
        if let Some(key) = *place {
            if *self.waiting.get_mut(key) == Place::Waiting {
                return self.waiting.set_waker(key, cx, fresh);
            }
            // Its waker went with the call, so there is none to drop.
            let _ = self.leave(key);
            *place = None;
        }
        if fresh.is_none() {
            return SetWaker::NeedsClone;
        }
        *place = Some(self.waiting.push_back(Place::Waiting, fresh.take()));
        SetWaker::Done
    }

    /// Gives a place up. The waker is to be dropped with the lock let go, and the caller tells the next unless it took
    /// what it was told of.
    #[must_use]
    pub(super) fn leave(&mut self, key: Key) -> Option<Waker> {
        let (place, waker) = self.waiting.remove(key);
        if place == Place::Told {
            self.told -= 1;
        }
        waker
    }

    /// As [`leave`](Self::leave), but the key stays good.
    #[cfg(feature = "stream")]
    #[must_use]
    pub(super) fn suspend(&mut self, key: Key) -> Option<Waker> {
        let (place, waker) = self.waiting.take_out(key);
        if std::mem::replace(place, Place::Suspended) == Place::Told {
            self.told -= 1;
        }
        waker
    }

    /// Calls everybody: the end has come, and nobody waits any more.
    pub(super) fn call_all(&mut self, wakers: &mut Wakers) {
        self.waiting.drain_wakers(wakers);
    }
}
