//! A semaphore for code that polls.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::semaphore::{Acquire, OwnedSemaphorePermit, Semaphore};
use super::wait_queue::Key;

/// Takes permits of a [`Semaphore`] by polling.
///
/// For `poll_*` methods that cannot await; elsewhere [`Semaphore::acquire_owned`] is simpler. It allocates nothing.
/// With the feature `stream` it is a stream of permits.
///
/// # Examples
///
/// ```
/// use std::future::poll_fn;
/// use std::sync::Arc;
/// use minato_runtime::sync::{PollSemaphore, Semaphore};
///
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut semaphore = PollSemaphore::new(Arc::new(Semaphore::new(1)));
/// let permit = poll_fn(|cx| semaphore.poll_acquire(cx)).await;
/// assert_eq!(semaphore.available_permits(), 0);
/// drop(permit);
/// assert_eq!(semaphore.available_permits(), 1);
/// # });
/// ```
pub struct PollSemaphore {
    semaphore: Arc<Semaphore>,
    /// The place in the queue, and how many permits it is for.
    waiting: Option<(Key, u32)>,
}

impl PollSemaphore {
    /// Takes permits of `semaphore`.
    #[must_use]
    pub fn new(semaphore: Arc<Semaphore>) -> Self {
        Self { semaphore, waiting: None }
    }

    /// Another owner of the semaphore.
    #[must_use]
    pub fn clone_inner(&self) -> Arc<Semaphore> {
        Arc::clone(&self.semaphore)
    }

    /// The semaphore; a place in its queue is given up.
    #[must_use]
    pub fn into_inner(self) -> Arc<Semaphore> {
        self.clone_inner()
    }

    /// Takes a permit, waiting for it; `None` if the semaphore is closed.
    ///
    /// The place in the queue is kept between calls; the waker is that of the last call.
    pub fn poll_acquire(&mut self, cx: &mut Context<'_>) -> Poll<Option<OwnedSemaphorePermit>> {
        self.poll_acquire_many(cx, 1)
    }

    /// Takes `permits` permits together, waiting for them; `None` if the semaphore is closed.
    ///
    /// The place in the queue is kept between calls for as many permits; a call for another number begins anew.
    pub fn poll_acquire_many(
        &mut self,
        cx: &mut Context<'_>,
        permits: u32,
    ) -> Poll<Option<OwnedSemaphorePermit>> {
        if self.waiting.is_some_and(|(_, waited_for)| waited_for != permits) {
            self.give_up();
        }
        let place = self.waiting.take().map(|(key, _)| key);
        let mut acquire = Acquire::resume(&self.semaphore, permits, place);
        let acquired = Pin::new(&mut acquire).poll(cx);
        self.waiting = acquire.suspend().map(|key| (key, permits));
        acquired.map(|acquired| {
            acquired.ok()?.forget();
            Some(OwnedSemaphorePermit::new(Arc::clone(&self.semaphore), permits))
        })
    }

    /// How many permits are free.
    #[must_use]
    pub fn available_permits(&self) -> usize {
        self.semaphore.available_permits()
    }

    /// Adds permits; see [`Semaphore::add_permits`].
    pub fn add_permits(&self, permits: usize) {
        self.semaphore.add_permits(permits);
    }

    /// Closes the semaphore; see [`Semaphore::close`].
    pub fn close(&self) {
        self.semaphore.close();
    }

    fn give_up(&mut self) {
        if let Some((key, permits)) = self.waiting.take() {
            drop(Acquire::resume(&self.semaphore, permits, Some(key)));
        }
    }
}

impl Clone for PollSemaphore {
    /// Takes permits of the same semaphore, and has no place in its queue.
    fn clone(&self) -> Self {
        Self::new(self.clone_inner())
    }
}

impl Drop for PollSemaphore {
    fn drop(&mut self) {
        self.give_up();
    }
}

impl AsRef<Semaphore> for PollSemaphore {
    fn as_ref(&self) -> &Semaphore {
        &self.semaphore
    }
}

#[cfg(feature = "stream")]
impl futures_core::Stream for PollSemaphore {
    type Item = OwnedSemaphorePermit;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_acquire(cx)
    }
}

impl fmt::Debug for PollSemaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PollSemaphore").field("semaphore", &self.semaphore).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::test_support::CountingWaker;

    #[test]
    fn the_place_is_kept_between_polls_and_given_up_for_another_number() {
        let semaphore = Arc::new(Semaphore::new(1));
        let mut first = PollSemaphore::new(Arc::clone(&semaphore));
        let mut second = first.clone();
        let (count, waker) = CountingWaker::new();
        let mut cx = Context::from_waker(&waker);
        let held = first.poll_acquire(&mut cx);
        assert!(held.is_ready());
        assert!(first.poll_acquire(&mut cx).is_pending());
        assert!(second.poll_acquire(&mut cx).is_pending());
        drop(held);
        assert_eq!(count.count(), 1);
        // It is the turn of the first, but it wants two now, and stands behind the second.
        assert!(first.poll_acquire_many(&mut cx, 2).is_pending());
        assert_eq!(count.count(), 2);
        assert!(second.poll_acquire(&mut cx).is_ready());
        semaphore.add_permits(1);
        let Poll::Ready(Some(two)) = first.poll_acquire_many(&mut cx, 2) else { panic!("two are free") };
        assert_eq!(two.num_permits(), 2);
    }

    #[test]
    fn one_that_goes_while_it_waits_loses_no_permit_and_a_closed_semaphore_ends_the_wait() {
        let semaphore = Arc::new(Semaphore::new(0));
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let mut waits = PollSemaphore::new(Arc::clone(&semaphore));
        assert!(waits.poll_acquire(&mut cx).is_pending());
        semaphore.add_permits(1);
        drop(waits);
        assert_eq!(semaphore.available_permits(), 1);
        let mut waits = PollSemaphore::new(Arc::clone(&semaphore));
        waits.close();
        assert!(matches!(waits.poll_acquire(&mut cx), Poll::Ready(None)));
        assert_eq!(Arc::strong_count(&waits.into_inner()), 2);
    }
}
