//! Those who wait behind another.

use std::task::Waker;

use super::Notify;
use super::word::KEPT;
use crate::shim::atomic::Ordering::AcqRel;
use crate::sync::wait_queue::{Key, WaitQueue};

/// Who of those who wait is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    First,
    Last,
}

/// The entry of a waiting task.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) ticket: u64,
    pub(super) call: Call,
}

/// What an entry says of its task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    NotYet,
    /// It was called from the end of the queue.
    Last,
    /// Everybody was.
    All,
}

#[derive(Debug)]
pub(super) struct Queue {
    pub(super) places: WaitQueue<Place>,
    /// The last ticket that was drawn; none is 0.
    drawn: u64,
    /// The last ticket of those whose entries went when everybody was called.
    floor: u64,
    /// Entries that say that their task was called.
    pub(super) kept: usize,
}

/// What became of a place.
pub(super) enum Found {
    /// It is in the queue.
    Waits,
    /// It was called, and is gone; from which end, if not with everybody.
    Called { from: Option<End>, waker: Option<Waker> },
}

impl Default for Queue {
    fn default() -> Self {
        Self { places: WaitQueue::new(), drawn: 0, floor: 0, kept: 0 }
    }
}

impl Queue {
    /// Puts a task at the end, and answers its ticket and its place.
    pub(super) fn enter(&mut self, waker: Option<Waker>) -> (u64, Key) {
        self.drawn += 1;
        let ticket = self.drawn;
        (ticket, self.places.push_back(Place { ticket, call: Call::NotYet }, waker))
    }

    /// Notes that the entries of all went when everybody was called.
    pub(super) fn note_all_gone(&mut self) {
        self.floor = self.drawn;
    }

    /// Looks for a place, and collects its entry if it was called.
    pub(super) fn find(&mut self, notify: &Notify, ticket: u64, key: Key) -> Found {
        // The entry may be another's by now: tickets tell.
        let call = self.places.find(key).filter(|place| place.ticket == ticket).map(|place| place.call);
        let from = match call {
            Some(Call::NotYet) => return Found::Waits,
            Some(Call::Last) => Some(End::Last),
            Some(Call::All) => None,
            None => {
                let from = (ticket > self.floor && notify.has_called(ticket)).then_some(End::First);
                return Found::Called { from, waker: None };
            }
        };
        let (_, waker) = self.places.remove(key);
        self.kept -= 1;
        if self.kept == 0 {
            // ORDERING: AcqRel [call].
            notify.word.fetch_and(!KEPT, AcqRel);
        }
        Found::Called { from, waker }
    }
}
