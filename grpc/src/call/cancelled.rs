//! The end of a call, for work outside its handler.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

/// Completes when the call is over: cancelled, past its deadline, or answered.
///
/// The handler itself is dropped at that moment and need not look. This is for what it has started elsewhere.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Cancelled {
    end: Arc<End>,
    /// The number under which this future's waker is kept, once it was polled.
    number: Option<u64>,
}

#[derive(Debug, Default)]
pub(super) struct End {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    is_over: bool,
    wakers: BTreeMap<u64, Waker>,
    next_number: u64,
}

impl End {
    pub(super) fn cancelled(self: &Arc<Self>) -> Cancelled {
        Cancelled { end: self.clone(), number: None }
    }

    pub(super) fn set(&self) {
        let mut state = self.state();
        state.is_over = true;
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        wakers.into_values().for_each(Waker::wake);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Cancelled {
    /// Whether the call is over already.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.end.state().is_over
    }
}

impl Clone for Cancelled {
    fn clone(&self) -> Self {
        // The waker belongs to one future: two that shared a number would wake only one task.
        self.end.cancelled()
    }
}

impl Future for Cancelled {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let end = self.end.clone();
        let mut state = end.state();
        if state.is_over {
            return Poll::Ready(());
        }
        let number = *self.number.get_or_insert_with(|| {
            state.next_number += 1;
            state.next_number
        });
        state.wakers.insert(number, cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Cancelled {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.end.state().wakers.remove(&number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn futures_that_are_dropped_leave_nothing_behind() {
        let end = Arc::new(End::default());
        let mut kept = end.cancelled();
        let mut cx = Context::from_waker(Waker::noop());
        for _ in 0..100 {
            assert!(Pin::new(&mut end.cancelled()).poll(&mut cx).is_pending());
            assert!(Pin::new(&mut kept).poll(&mut cx).is_pending());
        }
        assert_eq!(end.state().wakers.len(), 1);
        end.set();
        assert!(Pin::new(&mut kept).poll(&mut cx).is_ready());
        assert!(kept.clone().is_over());
    }
}
