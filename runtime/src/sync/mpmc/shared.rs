//! The queue under its lock, with who waits on either side.
//!
//! Invariants
//! 1. Whoever adds, takes or leaves tells the next under the same lock, and whoever waits has looked under it. So no wake
//!    is lost.
//! 2. Wakers and messages are called, cloned and dropped with the lock let go.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll, Waker};

use super::error::{RecvError, SendError, TryRecvError, TrySendError};
use super::line::Line;
use crate::shim::Mutex;
use crate::sync::wait_queue::{Key, SetWaker, Wakers};
use crate::task::WaitSite;

#[derive(Debug)]
pub(super) struct Shared<T> {
    pub(super) state: Mutex<State<T>>,
    /// Nothing: without bound.
    pub(super) capacity: Option<usize>,
}

#[derive(Debug)]
pub(super) struct State<T> {
    pub(super) queue: VecDeque<T>,
    /// Turned on once.
    pub(super) is_closed: bool,
    pub(super) senders: usize,
    pub(super) receivers: usize,
    /// Wait for room.
    sending: Line,
    /// Wait for messages.
    receiving: Line,
}

impl<T> Shared<T> {
    /// One sender and one receiver.
    pub(super) fn new(capacity: Option<usize>) -> Self {
        let state = State {
            queue: VecDeque::new(),
            is_closed: false,
            senders: 1,
            receivers: 1,
            sending: Line::new(),
            receiving: Line::new(),
        };
        Self { state: Mutex::new(state), capacity }
    }

    fn room(&self, state: &State<T>) -> usize {
        self.capacity.map_or(usize::MAX, |capacity| capacity - state.queue.len())
    }

    pub(super) fn is_full(&self) -> bool {
        self.room(&self.state.lock()) == 0
    }

    pub(super) fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        let mut state = self.state.lock();
        if state.is_closed {
            return Err(TrySendError::Closed(value));
        }
        if self.room(&state) == 0 {
            return Err(TrySendError::Full(value));
        }
        let next = state.push(value);
        drop(state);
        wake(next);
        Ok(())
    }

    /// Sends what is in `value`, or leaves the waker of `cx` at `place`.
    pub(super) fn poll_send(
        &self,
        cx: &Context<'_>,
        value: &mut Option<T>,
        place: &mut Option<Key>,
    ) -> Poll<Result<(), SendError<T>>> {
        let mut fresh = None;
        loop {
            let mut state = self.state.lock();
            if !state.is_closed && self.room(&state) == 0 {
                match state.sending.wait(place, cx, &mut fresh) {
                    SetWaker::Done => return WaitSite::MpmcSend.pending(),
                    SetWaker::NeedsClone => drop(state),
                }
                fresh = Some(cx.waker().clone());
                continue;
            }
            let own = place.take().and_then(|key| state.sending.leave(key));
            let value = value.take().expect("a message is sent once");
            let (sent, next) =
                if state.is_closed { (Err(SendError(value)), None) } else { (Ok(()), state.push(value)) };
            drop(state);
            wake(next);
            drop(own);
            return Poll::Ready(sent);
        }
    }

    pub(super) fn try_recv(&self) -> Result<T, TryRecvError> {
        let mut state = self.state.lock();
        let value = state.pop()?;
        let next = self.tell_sender(&mut state);
        drop(state);
        contain(|| wake(next));
        Ok(value)
    }

    /// Receives, or leaves the waker of `cx` at `place`.
    pub(super) fn poll_recv(&self, cx: &Context<'_>, place: &mut Option<Key>) -> Poll<Result<T, RecvError>> {
        let mut fresh = None;
        loop {
            let mut state = self.state.lock();
            let popped = state.pop();
            if matches!(popped, Err(TryRecvError::Empty)) {
                match state.receiving.wait(place, cx, &mut fresh) {
                    SetWaker::Done => return WaitSite::MpmcRecv.pending(),
                    SetWaker::NeedsClone => drop(state),
                }
                fresh = Some(cx.waker().clone());
                continue;
            }
            let own = place.take().and_then(|key| state.receiving.leave(key));
            let next = self.tell_sender(&mut state);
            drop(state);
            contain(|| {
                wake(next);
                drop(own);
            });
            return Poll::Ready(popped.map_err(|_| RecvError));
        }
    }

    fn tell_sender(&self, state: &mut State<T>) -> Option<Waker> {
        let room = self.room(state);
        state.sending.tell(room)
    }

    /// A sender that waited gives up.
    pub(super) fn leave_sending(&self, place: Key) {
        let mut state = self.state.lock();
        let own = state.sending.leave(place);
        let next = self.tell_sender(&mut state);
        drop(state);
        wake(next);
        drop(own);
    }

    /// A receiver that waited gives up.
    pub(super) fn leave_receiving(&self, place: Key) {
        let mut state = self.state.lock();
        let own = state.receiving.leave(place);
        let next = state.tell_receiver();
        drop(state);
        wake(next);
        drop(own);
    }

    /// As [`leave_receiving`](Self::leave_receiving), but the place is kept and can be waited at again.
    #[cfg(feature = "stream")]
    pub(super) fn suspend_receiving(&self, place: Key) {
        let mut state = self.state.lock();
        let own = state.receiving.suspend(place);
        let next = state.tell_receiver();
        drop(state);
        wake(next);
        drop(own);
    }

    /// Closes the queue; answers whether it was open.
    pub(super) fn close(&self) -> bool {
        let mut wakers = Wakers::default();
        let was_open = self.state.lock().close(&mut wakers);
        wakers.wake();
        was_open
    }

    pub(super) fn remove_sender(&self) {
        let mut wakers = Wakers::default();
        let mut state = self.state.lock();
        state.senders -= 1;
        if state.senders == 0 {
            state.close(&mut wakers);
        }
        drop(state);
        wakers.wake();
    }

    pub(super) fn remove_receiver(&self) {
        let mut wakers = Wakers::default();
        let mut unwanted = VecDeque::new();
        let mut state = self.state.lock();
        state.receivers -= 1;
        if state.receivers == 0 {
            state.close(&mut wakers);
            std::mem::swap(&mut unwanted, &mut state.queue);
        }
        drop(state);
        wakers.wake();
        drop(unwanted);
    }
}

impl<T> State<T> {
    fn push(&mut self, value: T) -> Option<Waker> {
        self.queue.push_back(value);
        self.tell_receiver()
    }

    fn pop(&mut self) -> Result<T, TryRecvError> {
        match self.queue.pop_front() {
            Some(value) => Ok(value),
            None if self.is_closed => Err(TryRecvError::Closed),
            None => Err(TryRecvError::Empty),
        }
    }

    fn tell_receiver(&mut self) -> Option<Waker> {
        self.receiving.tell(self.queue.len())
    }

    fn close(&mut self, wakers: &mut Wakers) -> bool {
        let was_open = !self.is_closed;
        self.is_closed = true;
        self.sending.call_all(wakers);
        self.receiving.call_all(wakers);
        was_open
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// Calls wakers while a message is in hand, which is not lost with one that panics; the panic hook has told of it.
fn contain(call: impl FnOnce()) {
    drop(catch_unwind(AssertUnwindSafe(call)));
}
