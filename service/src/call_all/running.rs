//! The calls under way.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::woken::Woken;

pub(super) struct Running<F: Future> {
    slots: Vec<Slot<F>>,
    vacant: Vec<usize>,
    woken: Arc<Woken>,
    len: usize,
}

struct Slot<F: Future> {
    state: State<F>,
    waker: Waker,
}

enum State<F: Future> {
    Vacant,
    Pending(Pin<Box<F>>),
    Done(F::Output),
}

impl<F: Future> Running<F> {
    pub(super) fn new() -> Self {
        Self { slots: Vec::new(), vacant: Vec::new(), woken: Arc::default(), len: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Takes a call in, and says in which slot it is.
    pub(super) fn push(&mut self, future: F) -> usize {
        let index = self.vacant.pop().unwrap_or_else(|| {
            let slot = self.slots.len();
            self.slots.push(Slot { state: State::Vacant, waker: self.woken.waker(slot) });
            slot
        });
        self.slots[index].state = State::Pending(Box::pin(future));
        self.len += 1;
        self.woken.note(index);
        index
    }

    /// Polls the calls that were woken, and returns the first that completes.
    pub(super) fn poll_any(&mut self, cx: &mut Context<'_>) -> Poll<usize> {
        while let Some(index) = self.woken.take(cx) {
            let slot = &mut self.slots[index];
            let State::Pending(future) = &mut slot.state else { continue };
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&slot.waker)) {
                slot.state = State::Done(output);
                return Poll::Ready(index);
            }
        }
        Poll::Pending
    }

    /// Takes the outcome of a call out, if it has completed.
    pub(super) fn take(&mut self, index: usize) -> Option<F::Output> {
        match std::mem::replace(&mut self.slots[index].state, State::Vacant) {
            State::Done(output) => {
                self.vacant.push(index);
                self.len -= 1;
                Some(output)
            }
            other => {
                self.slots[index].state = other;
                None
            }
        }
    }
}
