//! The end of a call, for work outside its handler.

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
    /// The place of this future's waker.
    place: Option<usize>,
}

#[derive(Debug, Default)]
pub(super) struct End {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    is_over: bool,
    wakers: Vec<Waker>,
}

impl End {
    pub(super) fn cancelled(self: &Arc<Self>) -> Cancelled {
        Cancelled { end: self.clone(), place: None }
    }

    pub(super) fn set(&self) {
        let mut state = self.state();
        state.is_over = true;
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
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
        // The place belongs to one future: two that shared it would wake only one task.
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
        match self.place {
            Some(place) => state.wakers[place].clone_from(cx.waker()),
            None => {
                self.place = Some(state.wakers.len());
                state.wakers.push(cx.waker().clone());
            }
        }
        Poll::Pending
    }
}
