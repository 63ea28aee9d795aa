//! The queue between an `Outbound` and the transport.
//!
//! Small messages are encoded one behind the other into one buffer, which the transport takes as a whole when it
//! asks: a producer that is faster than its transport fills large frames, and one that is slower sends each message at
//! once. A large message is encoded into memory of its own.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use minato_bytes_util::{Pool, PooledBuf};
use prost::Message;

use crate::Status;
use crate::frame::{encode, encode_into, frame_len};
use crate::limits::BATCH_LEN;

/// How the producer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Open,
    Finished,
    Aborted,
}

#[derive(Debug)]
pub(crate) struct Outlet {
    pool: Pool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// What was encoded before `batch`, in order.
    sealed: VecDeque<Bytes>,
    /// The small messages since.
    batch: Option<PooledBuf>,
    /// Bytes in both.
    queued: usize,
    /// What the next batch begins with: as much as the last one held, so that a stream of few messages takes little
    /// memory and a stream of many does not grow its buffer again each time.
    batch_capacity: usize,
    ending: Ending,
    is_closed: bool,
    producer: Option<Waker>,
    transport: Option<Waker>,
}

/// The smallest capacity of a batch.
const BATCH_CAPACITY_MIN: usize = 512;

impl Outlet {
    pub(crate) fn new(pool: Pool) -> Self {
        let state = State {
            sealed: VecDeque::new(),
            batch: None,
            queued: 0,
            batch_capacity: BATCH_CAPACITY_MIN,
            ending: Ending::Open,
            is_closed: false,
            producer: None,
            transport: None,
        };
        Self { pool, state: Mutex::new(state) }
    }

    /// Ready with `true` when less than `len` bytes are queued, with `false` when nobody will read any more.
    pub(super) fn poll_below(&self, len: usize, cx: &mut Context<'_>) -> Poll<bool> {
        let mut state = self.state();
        if state.is_closed {
            return Poll::Ready(false);
        }
        if state.queued < len {
            return Poll::Ready(true);
        }
        store(&mut state.producer, cx);
        Poll::Pending
    }

    pub(super) fn push<M: Message>(&self, message: &M) -> Result<(), Status> {
        let len = frame_len(message)?;
        if len >= BATCH_LEN {
            let bytes = encode(message, &self.pool)?;
            let mut state = self.state();
            state.seal();
            state.sealed.push_back(bytes);
            self.pushed(state, len);
            return Ok(());
        }
        let mut state = self.state();
        let capacity = state.batch_capacity;
        let batch = state.batch.get_or_insert_with(|| self.pool.get(capacity.max(len)));
        encode_into(message, len, batch);
        self.pushed(state, len);
        Ok(())
    }

    fn pushed(&self, mut state: MutexGuard<'_, State>, len: usize) {
        state.queued += len;
        let transport = state.transport.take();
        drop(state);
        wake(transport);
    }

    pub(super) fn end(&self, ending: Ending) {
        let mut state = self.state();
        if state.ending == Ending::Open {
            state.ending = ending;
        }
        let transport = state.transport.take();
        drop(state);
        wake(transport);
    }

    pub(crate) fn is_full(&self) -> bool {
        self.state().queued >= BATCH_LEN
    }

    /// The next piece for the transport.
    pub(crate) fn take(&self) -> Option<Bytes> {
        let mut state = self.state();
        if state.sealed.is_empty() {
            state.seal();
        }
        let bytes = state.sealed.pop_front()?;
        state.queued -= bytes.len();
        let producer = if state.queued < BATCH_LEN { state.producer.take() } else { None };
        drop(state);
        wake(producer);
        Some(bytes)
    }

    /// The next piece for the transport, or how the producer ended.
    pub(crate) fn poll_take(&self, cx: &mut Context<'_>) -> Poll<Result<Bytes, Ending>> {
        if let Some(bytes) = self.take() {
            return Poll::Ready(Ok(bytes));
        }
        let mut state = self.state();
        if state.queued > 0 {
            drop(state);
            return self.poll_take(cx);
        }
        match state.ending {
            Ending::Open => {
                store(&mut state.transport, cx);
                Poll::Pending
            }
            ending => Poll::Ready(Err(ending)),
        }
    }

    /// Says that nobody will read any more, and forgets what was queued.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.is_closed = true;
        state.queued = 0;
        let queued = (std::mem::take(&mut state.sealed), state.batch.take());
        let producer = state.producer.take();
        drop(state);
        drop(queued);
        wake(producer);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl State {
    fn seal(&mut self) {
        if let Some(batch) = self.batch.take() {
            self.batch_capacity = batch.len().next_power_of_two().clamp(BATCH_CAPACITY_MIN, 2 * BATCH_LEN);
            self.sealed.push_back(batch.freeze());
        }
    }
}

fn store(slot: &mut Option<Waker>, cx: &Context<'_>) {
    match slot {
        Some(waker) => waker.clone_from(cx.waker()),
        None => *slot = Some(cx.waker().clone()),
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn poll_room(outlet: &Outlet) -> Poll<bool> {
        outlet.poll_below(BATCH_LEN, &mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn small_messages_leave_together() {
        let outlet = Outlet::new(Pool::new());
        for _ in 0..100 {
            outlet.push(&"x".repeat(50)).unwrap();
        }
        assert_eq!(outlet.take().unwrap().len(), 100 * 57);
        assert!(outlet.take().is_none());
    }

    #[test]
    fn a_large_message_keeps_its_place() {
        let outlet = Outlet::new(Pool::new());
        for len in [10, 100_000, 20] {
            outlet.push(&"x".repeat(len)).unwrap();
        }
        let lens: Vec<_> = std::iter::from_fn(|| outlet.take()).map(|bytes| bytes.len()).collect();
        assert_eq!(lens, [17, 100_009, 27]);
    }

    #[test]
    fn a_producer_is_bounded_by_a_batch() {
        let outlet = Outlet::new(Pool::new());
        let mut pushed = 0;
        while poll_room(&outlet) == Poll::Ready(true) {
            outlet.push(&"x".repeat(1000)).unwrap();
            pushed += 1;
        }
        assert_eq!(pushed, BATCH_LEN.div_ceil(1008));
        assert!(outlet.take().is_some());
        assert_eq!(poll_room(&outlet), Poll::Ready(true));
    }

    #[test]
    fn closing_frees_the_producer() {
        let outlet = Outlet::new(Pool::new());
        outlet.push(&"x".repeat(BATCH_LEN)).unwrap();
        assert_eq!(poll_room(&outlet), Poll::Pending);
        outlet.close();
        assert_eq!(poll_room(&outlet), Poll::Ready(false));
        assert!(outlet.take().is_none());
    }
}
