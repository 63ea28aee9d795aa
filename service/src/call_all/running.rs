//! The calls under way.
//!
//! Each has a waker of its own, which notes its slot, so a turn polls those that were woken and no others.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};

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

/// The slots whose calls were woken since they were last polled.
#[derive(Default)]
struct Woken {
    inner: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    slots: VecDeque<usize>,
    task: Option<Waker>,
}

struct SlotWaker {
    slot: usize,
    woken: Arc<Woken>,
}

impl Wake for SlotWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.note(self.slot);
    }
}

impl Woken {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.inner.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn note(&self, slot: usize) {
        let mut queue = self.queue();
        if !queue.slots.contains(&slot) {
            queue.slots.push_back(slot);
        }
        let task = queue.task.take();
        drop(queue);
        if let Some(task) = task {
            task.wake();
        }
    }
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
            let waker = Waker::from(Arc::new(SlotWaker { slot, woken: self.woken.clone() }));
            self.slots.push(Slot { state: State::Vacant, waker });
            slot
        });
        self.slots[index].state = State::Pending(Box::pin(future));
        self.len += 1;
        self.woken.note(index);
        index
    }

    /// Polls the calls that were woken, and returns the first that completes.
    pub(super) fn poll_any(&mut self, cx: &mut Context<'_>) -> Poll<usize> {
        loop {
            let mut queue = self.woken.queue();
            let Some(index) = queue.slots.pop_front() else {
                let stale = queue.task.replace(cx.waker().clone());
                drop(queue);
                drop(stale);
                return Poll::Pending;
            };
            drop(queue);
            let slot = &mut self.slots[index];
            let State::Pending(future) = &mut slot.state else { continue };
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&slot.waker)) {
                slot.state = State::Done(output);
                return Poll::Ready(index);
            }
        }
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
