//! A boxed future whose memory is used for the next one.
//!
//! # Safety
//!
//! 1. The pointer is that of a box which this owns: it is good until the drop, and points to a live future but for the
//!    time in which one is replaced by another.
//! 2. The future does not move in the box, and nobody else reaches it. So it may be pinned.

use std::alloc::Layout;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll};

/// A boxed future, whose memory is used again for the next future if that has the same size and alignment.
///
/// For types that implement `poll_*` methods by one `async` block after the other.
///
/// # Examples
///
/// ```
/// use minato_runtime::sync::ReusableBoxFuture;
///
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// async fn double(number: u32) -> u32 {
///     2 * number
/// }
/// let mut future = ReusableBoxFuture::new(double(1));
/// assert_eq!((&mut future).await, 2);
/// future.set(double(2)); // allocates nothing
/// assert_eq!(future.await, 4);
/// # });
/// ```
pub struct ReusableBoxFuture<'a, T> {
    future: NonNull<dyn Future<Output = T> + Send + 'a>,
}

impl<'a, T> ReusableBoxFuture<'a, T> {
    /// Boxes `future`.
    pub fn new<F>(future: F) -> Self
    where
        F: Future<Output = T> + Send + 'a,
    {
        let boxed: Box<dyn Future<Output = T> + Send + 'a> = Box::new(future);
        Self { future: NonNull::from(Box::leak(boxed)) }
    }

    /// Replaces the future, in new memory if it does not fit the old.
    pub fn set<F>(&mut self, future: F)
    where
        F: Future<Output = T> + Send + 'a,
    {
        if let Err(future) = self.try_set(future) {
            *self = Self::new(future);
        }
    }

    /// Replaces the future, if it fits the memory.
    ///
    /// # Errors
    ///
    /// The future comes back if its size or alignment are others.
    ///
    /// # Panics
    ///
    /// If the drop of the old future does; the new one is in place then.
    pub fn try_set<F>(&mut self, future: F) -> Result<(), F>
    where
        F: Future<Output = T> + Send + 'a,
    {
        // SAFETY: the future is alive (Safety 1).
        if Layout::for_value(unsafe { self.future.as_ref() }) != Layout::new::<F>() {
            return Err(future);
        }
        // SAFETY: alive, and overwritten below whatever happens here (Safety 1).
        let dropped = catch_unwind(AssertUnwindSafe(|| unsafe { self.future.drop_in_place() }));
        let memory = self.future.cast::<F>();
        // SAFETY: the memory of the box fits an `F`, and nothing lives in it.
        unsafe { memory.write(future) };
        self.future = memory;
        if let Err(payload) = dropped {
            resume_unwind(payload);
        }
        Ok(())
    }

    /// The future, pinned.
    pub fn get_pin(&mut self) -> Pin<&mut (dyn Future<Output = T> + Send)> {
        // SAFETY: alive (Safety 1) and never moved (Safety 2).
        unsafe { Pin::new_unchecked(self.future.as_mut()) }
    }

    /// Polls the future.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<T> {
        self.get_pin().poll(cx)
    }
}

impl<T> Future for ReusableBoxFuture<'_, T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        self.get_mut().get_pin().poll(cx)
    }
}

// SAFETY: the future is `Send`, and this its only owner.
unsafe impl<T> Send for ReusableBoxFuture<'_, T> {}
// SAFETY: a shared reference reaches nothing.
unsafe impl<T> Sync for ReusableBoxFuture<'_, T> {}
impl<T> Unpin for ReusableBoxFuture<'_, T> {}

impl<T> Drop for ReusableBoxFuture<'_, T> {
    fn drop(&mut self) {
        // SAFETY: made of a box, and not used afterwards (Safety 1).
        drop(unsafe { Box::from_raw(self.future.as_ptr()) });
    }
}

impl<T> fmt::Debug for ReusableBoxFuture<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReusableBoxFuture").finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::test_support::ready;
    use std::future::{pending, ready as ready_with};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Counts its drops, and panics in them if told so.
    struct Dropped(Arc<AtomicUsize>, bool);

    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
            assert!(!self.1, "told to panic");
        }
    }

    async fn holding(_dropped: Dropped) -> u8 {
        pending().await
    }

    fn address<T>(future: &ReusableBoxFuture<'_, T>) -> usize {
        future.future.cast::<u8>().as_ptr() as usize
    }

    #[test]
    fn a_future_that_fits_takes_the_memory_of_the_last() {
        let count = Arc::new(AtomicUsize::new(0));
        let mut future = ReusableBoxFuture::new(holding(Dropped(count.clone(), false)));
        let first = address(&future);
        future.set(holding(Dropped(count.clone(), false)));
        assert_eq!((address(&future), count.load(Ordering::SeqCst)), (first, 1));
        assert!(future.try_set(ready_with(1)).is_err());
        future.set(ready_with(2));
        assert_eq!(count.load(Ordering::SeqCst), 2);
        assert_eq!(ready(future), 2);
    }

    #[test]
    fn futures_without_size_are_replaced_too() {
        let mut future = ReusableBoxFuture::new(pending::<()>());
        assert!(future.try_set(pending()).is_ok());
        future.set(async {});
        ready(future);
    }

    #[test]
    fn a_drop_that_panics_leaves_the_new_future_in_place() {
        let count = Arc::new(AtomicUsize::new(0));
        let mut future = ReusableBoxFuture::new(holding(Dropped(count.clone(), true)));
        let next = holding(Dropped(count.clone(), false));
        assert!(catch_unwind(AssertUnwindSafe(|| future.set(next))).is_err());
        assert_eq!(count.load(Ordering::SeqCst), 1);
        drop(future);
        assert_eq!(count.load(Ordering::SeqCst), 2);
    }
}
