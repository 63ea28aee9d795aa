//! Futures that wait for a call.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::Notify;
use super::waiting::Waiting;

/// Waits for a call; made by [`Notify::notified`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Notified<'a> {
    notify: &'a Notify,
    waiting: Waiting,
}

/// Waits for a call, and owns the [`Notify`]; made by [`Notify::notified_owned`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct OwnedNotified {
    notify: Arc<Notify>,
    waiting: Waiting,
}

impl<'a> Notified<'a> {
    #[inline]
    pub(super) fn new(notify: &'a Notify) -> Self {
        Self { notify, waiting: Waiting::new(notify) }
    }

    /// Takes a place in the queue without being polled, so that [`Notify::notify_one`] reaches this future from now
    /// on; answers whether the call has come already.
    ///
    /// The receiver is pinned, as tokio's is, so that the same code works with both.
    pub fn enable(mut self: Pin<&mut Self>) -> bool {
        let Self { notify, waiting } = &mut *self;
        waiting.advance(notify, None).is_ready()
    }
}

impl OwnedNotified {
    pub(super) fn new(notify: Arc<Notify>) -> Self {
        let waiting = Waiting::new(&notify);
        Self { notify, waiting }
    }

    /// As [`Notified::enable`].
    pub fn enable(mut self: Pin<&mut Self>) -> bool {
        let Self { notify, waiting } = &mut *self;
        waiting.advance(notify, None).is_ready()
    }
}

impl Future for Notified<'_> {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { notify, waiting } = &mut *self;
        waiting.poll(notify, cx)
    }
}

impl Future for OwnedNotified {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { notify, waiting } = &mut *self;
        waiting.poll(notify, cx)
    }
}

impl Drop for Notified<'_> {
    #[inline]
    fn drop(&mut self) {
        self.waiting.leave(self.notify);
    }
}

impl Drop for OwnedNotified {
    fn drop(&mut self) {
        self.waiting.leave(&self.notify);
    }
}
