//! The queue under its lock, with who sends and who waits.
//!
//! Each message is under a small lock of its own, in which it is cloned: a slow `clone` holds up nobody but those who
//! want the same message, and `T` need not be `Sync`.
//!
//! Invariant: what is added, and the end, become visible under the lock together with the wakers of all who wait. A
//! receiver looks and leaves its waker under the same lock. So no wake is lost.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::error::TryRecvError;
use super::queue::{Found, Queue};
use crate::shim::Mutex;
use crate::shim::atomic::AtomicU64;
use crate::shim::atomic::Ordering::Relaxed;
use crate::sync::Notify;
use crate::sync::wait_queue::{Key, SetWaker, WaitQueue, Wakers};
use crate::task::WaitSite;

type Message<T> = Arc<Mutex<T>>;

#[derive(Debug)]
pub(super) struct Shared<T> {
    pub(super) state: Mutex<State<T>>,
    /// The position of the next message, for a guess without the lock.
    next: AtomicU64,
    /// Calls the senders: all receivers are gone.
    pub(super) abandoned: Notify,
}

#[derive(Debug)]
pub(super) struct State<T> {
    pub(super) queue: Queue<Message<T>>,
    pub(super) senders: usize,
    /// Only told to users.
    pub(super) weak_senders: usize,
    pub(super) receivers: usize,
    waiting: WaitQueue<()>,
    /// How often those who waited were called, which takes all their entries out.
    calls: u64,
}

/// The place of a receiver that waits; its entry is there until everybody is called.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    key: Key,
    calls: u64,
}

impl<T> Shared<T> {
    /// One sender, no receiver.
    pub(super) fn new(capacity: usize) -> Self {
        let state = State {
            queue: Queue::new(capacity),
            senders: 1,
            weak_senders: 0,
            receivers: 0,
            waiting: WaitQueue::new(),
            calls: 0,
        };
        Self { state: Mutex::new(state), next: AtomicU64::new(0), abandoned: Notify::new() }
    }

    /// Adds a message; answers how many receivers it is for, or gives it back if there are none.
    pub(super) fn send(&self, value: T) -> Result<usize, T> {
        let mut wakers = Wakers::default();
        let mut state = self.state.lock();
        let receivers = state.receivers;
        if receivers == 0 {
            return Err(value);
        }
        let oldest = state.queue.push(Arc::new(Mutex::new(value)), receivers);
        self.next.store(state.queue.next(), Relaxed);
        state.call_all(&mut wakers);
        drop(state);
        wakers.wake();
        drop(oldest);
        Ok(receivers)
    }

    /// Counts a receiver; answers the position it begins at, which is the end.
    pub(super) fn add_receiver(&self) -> u64 {
        let mut state = self.state.lock();
        state.receivers += 1;
        state.queue.next()
    }

    pub(super) fn remove_receiver(&self, position: u64) {
        let mut state = self.state.lock();
        let unwanted = state.queue.pass(position);
        state.receivers -= 1;
        let is_last = state.receivers == 0;
        drop(state);
        drop(unwanted);
        if is_last {
            self.abandoned.notify_waiters();
        }
    }

    pub(super) fn remove_sender(&self) {
        let mut wakers = Wakers::default();
        let mut state = self.state.lock();
        state.senders -= 1;
        if state.senders == 0 {
            state.call_all(&mut wakers);
        }
        drop(state);
        wakers.wake();
    }

    /// A receiver that waited gives up.
    pub(super) fn leave(&self, place: Place) {
        let mut state = self.state.lock();
        let entry = state.remove(place);
        drop(state);
        drop(entry);
    }
}

impl<T: Clone> Shared<T> {
    /// Takes the message at `position`, which is moved on.
    pub(super) fn try_take(&self, position: &mut u64) -> Result<T, TryRecvError> {
        let mut state = self.state.lock();
        let taken = state.take(position);
        drop(state);
        taken.map(into_value)
    }

    /// As [`try_take`](Self::try_take), or leaves the waker of `cx` at `place`.
    pub(super) fn poll_take(
        &self,
        cx: &mut Context<'_>,
        position: &mut u64,
        place: &mut Option<Place>,
    ) -> Poll<Result<T, TryRecvError>> {
        // A guess: where nothing is to be received, the waker is at hand when the lock is taken.
        let seems_empty = place.is_none() && self.next.load(Relaxed) == *position;
        let mut fresh = seems_empty.then(|| cx.waker().clone());
        loop {
            let mut state = self.state.lock();
            let taken = state.take(position);
            if !matches!(taken, Err(TryRecvError::Empty)) {
                let entry = place.take().and_then(|place| state.remove(place));
                drop(state);
                drop(entry);
                return Poll::Ready(taken.map(into_value));
            }
            let calls = state.calls;
            match *place {
                Some(Place { key, calls: made })
                    if made == calls && state.waiting.set_waker(key, cx, &mut fresh) == SetWaker::Done =>
                {
                    return WaitSite::BroadcastRecv.pending();
                }
                _ if fresh.is_some() => {
                    *place = Some(Place { key: state.waiting.insert((), fresh.take()), calls });
                    return WaitSite::BroadcastRecv.pending();
                }
                _ => {}
            }
            drop(state);
            fresh = Some(cx.waker().clone());
        }
    }
}

impl<T> State<T> {
    /// Takes out the wakers of all who wait.
    fn call_all(&mut self, wakers: &mut Wakers) {
        self.calls += 1;
        self.waiting.remove_all(wakers);
    }

    /// Removes the entry of a place, if it is still there.
    fn remove(&mut self, place: Place) -> Option<((), Option<Waker>)> {
        (place.calls == self.calls).then(|| self.waiting.remove(place.key))
    }

    fn take(&mut self, position: &mut u64) -> Result<Message<T>, TryRecvError> {
        match self.queue.take(*position) {
            Found::Message(message) => {
                *position += 1;
                Ok(message)
            }
            Found::Lost(lost) => {
                *position += lost;
                Err(TryRecvError::Lagged(lost))
            }
            Found::Nothing if self.senders == 0 => Err(TryRecvError::Closed),
            Found::Nothing => Err(TryRecvError::Empty),
        }
    }
}

/// The value of a message; the last that has it takes it without a clone.
fn into_value<T: Clone>(message: Message<T>) -> T {
    match Arc::try_unwrap(message) {
        Ok(last) => last.into_inner(),
        Err(message) => message.lock().clone(),
    }
}
