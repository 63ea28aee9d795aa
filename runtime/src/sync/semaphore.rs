//! A counting semaphore.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::blocking::block_on;
use super::permits::{self, Permits, Ticket, Unavailable};
use super::wait_queue::Key;
use crate::task::WaitSite;
use crate::task::coop::poll_proceed;

/// Permits that tasks take and give back; tasks that find none wait, first come first served.
///
/// Taking a permit that is free and giving it back costs two atomic operations. Nobody overtakes a waiting task, also
/// not one that wants many permits.
///
/// # Examples
///
/// ```
/// use minato_runtime::sync::Semaphore;
///
/// let limit = Semaphore::new(2);
/// let first = limit.try_acquire()?;
/// let second = limit.try_acquire()?;
/// assert!(limit.try_acquire().is_err());
/// drop(first);
/// assert_eq!(limit.available_permits(), 1);
/// # drop(second);
/// # Ok::<(), minato_runtime::sync::TryAcquireError>(())
/// ```
#[derive(Debug)]
pub struct Semaphore {
    permits: Permits,
}

/// The semaphore was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AcquireError(());

/// Why no permit could be taken at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TryAcquireError {
    /// The semaphore was closed.
    Closed,
    /// Too few permits are free, or others wait for them.
    NoPermits,
}

fn narrow(permits: usize) -> u32 {
    u32::try_from(permits).expect("more permits than Semaphore::MAX_PERMITS")
}

impl Semaphore {
    /// The most permits a semaphore can hold.
    pub const MAX_PERMITS: usize = permits::MAX_PERMITS as usize;

    /// A semaphore with `permits` permits.
    ///
    /// # Panics
    ///
    /// If `permits` is more than [`MAX_PERMITS`](Self::MAX_PERMITS).
    #[must_use]
    pub fn new(permits: usize) -> Self {
        Self { permits: Permits::new(narrow(permits)) }
    }

    /// As [`new`](Self::new), for statics.
    ///
    /// # Panics
    ///
    /// As [`new`](Self::new).
    #[cfg(not(loom))]
    #[must_use]
    pub const fn const_new(permits: usize) -> Self {
        assert!(permits <= Self::MAX_PERMITS, "more permits than Semaphore::MAX_PERMITS");
        Self { permits: Permits::new(permits as u32) }
    }

    /// How many permits are free.
    #[must_use]
    pub fn available_permits(&self) -> usize {
        self.permits.available() as usize
    }

    /// Adds permits.
    ///
    /// # Panics
    ///
    /// If there would be more than [`MAX_PERMITS`](Self::MAX_PERMITS).
    pub fn add_permits(&self, permits: usize) {
        assert!(self.permits.add(narrow(permits)), "more permits than Semaphore::MAX_PERMITS");
    }

    /// Removes up to `permits` free permits for good, and answers how many.
    pub fn forget_permits(&self, permits: usize) -> usize {
        self.permits.remove_available(u32::try_from(permits).unwrap_or(u32::MAX)) as usize
    }

    /// Takes a permit, waiting for it.
    ///
    /// # Errors
    ///
    /// If the semaphore is closed.
    ///
    /// # Cancel safety
    ///
    /// A dropped future loses its place in the queue and nothing else: a permit it was given goes to the next.
    pub fn acquire(&self) -> Acquire<'_> {
        self.acquire_many(1)
    }

    /// Takes `permits` permits together, waiting for them.
    ///
    /// # Errors
    ///
    /// If the semaphore is closed.
    ///
    /// # Cancel safety
    ///
    /// As [`acquire`](Self::acquire).
    pub fn acquire_many(&self, permits: u32) -> Acquire<'_> {
        Acquire { semaphore: self, permits, place: None }
    }

    /// Takes a permit if one is free.
    ///
    /// # Errors
    ///
    /// If none is free, or the semaphore is closed.
    pub fn try_acquire(&self) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        self.try_acquire_many(1)
    }

    /// Takes `permits` permits together if they are free.
    ///
    /// # Errors
    ///
    /// If too few are free, or the semaphore is closed.
    pub fn try_acquire_many(&self, permits: u32) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        self.permits.try_take(permits, Ticket::No)?;
        Ok(SemaphorePermit { semaphore: self, permits })
    }

    /// As [`acquire`](Self::acquire), with a permit that owns its semaphore.
    ///
    /// # Errors
    ///
    /// If the semaphore is closed.
    ///
    /// # Cancel safety
    ///
    /// As [`acquire`](Self::acquire).
    pub async fn acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, AcquireError> {
        self.acquire_many_owned(1).await
    }

    /// As [`acquire_many`](Self::acquire_many), with a permit that owns its semaphore.
    ///
    /// # Errors
    ///
    /// If the semaphore is closed.
    ///
    /// # Cancel safety
    ///
    /// As [`acquire`](Self::acquire).
    pub async fn acquire_many_owned(
        self: Arc<Self>,
        permits: u32,
    ) -> Result<OwnedSemaphorePermit, AcquireError> {
        self.acquire_many(permits).await?.forget();
        Ok(OwnedSemaphorePermit { semaphore: self, permits })
    }

    /// As [`try_acquire`](Self::try_acquire), with a permit that owns its semaphore.
    ///
    /// # Errors
    ///
    /// As [`try_acquire`](Self::try_acquire).
    pub fn try_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        self.try_acquire_many_owned(1)
    }

    /// As [`try_acquire_many`](Self::try_acquire_many), with a permit that owns its semaphore.
    ///
    /// # Errors
    ///
    /// As [`try_acquire_many`](Self::try_acquire_many).
    pub fn try_acquire_many_owned(
        self: Arc<Self>,
        permits: u32,
    ) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        self.permits.try_take(permits, Ticket::No)?;
        Ok(OwnedSemaphorePermit { semaphore: self, permits })
    }

    /// As [`acquire`](Self::acquire), blocking this thread; not for use in a task.
    ///
    /// # Errors
    ///
    /// If the semaphore is closed.
    pub fn blocking_acquire(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        block_on(self.acquire())
    }

    /// As [`acquire_many`](Self::acquire_many), blocking this thread; not for use in a task.
    ///
    /// # Errors
    ///
    /// If the semaphore is closed.
    pub fn blocking_acquire_many(&self, permits: u32) -> Result<SemaphorePermit<'_>, AcquireError> {
        block_on(self.acquire_many(permits))
    }

    /// As [`acquire_owned`](Self::acquire_owned), blocking this thread; not for use in a task.
    ///
    /// # Errors
    ///
    /// If the semaphore is closed.
    pub fn blocking_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, AcquireError> {
        block_on(self.acquire_owned())
    }

    /// As [`acquire_many_owned`](Self::acquire_many_owned), blocking this thread; not for use in a task.
    ///
    /// # Errors
    ///
    /// If the semaphore is closed.
    pub fn blocking_acquire_many_owned(
        self: Arc<Self>,
        permits: u32,
    ) -> Result<OwnedSemaphorePermit, AcquireError> {
        block_on(self.acquire_many_owned(permits))
    }

    /// Gives out no permits any more; those who wait get an error.
    pub fn close(&self) {
        self.permits.close();
    }

    /// Whether [`close`](Self::close) was called.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.permits.is_closed()
    }
}

impl From<Unavailable> for TryAcquireError {
    fn from(reason: Unavailable) -> Self {
        match reason {
            Unavailable::NoPermits => Self::NoPermits,
            Unavailable::Closed => Self::Closed,
        }
    }
}

/// Waits for permits; made by [`Semaphore::acquire`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Acquire<'a> {
    semaphore: &'a Semaphore,
    permits: u32,
    place: Option<Key>,
}

impl<'a> Acquire<'a> {
    /// Goes on with a place that an earlier one had.
    pub(super) fn resume(semaphore: &'a Semaphore, permits: u32, place: Option<Key>) -> Self {
        Self { semaphore, permits, place }
    }

    /// Ends without giving up the place.
    pub(super) fn suspend(mut self) -> Option<Key> {
        self.place.take()
    }
}

impl<'a> Future for Acquire<'a> {
    type Output = Result<SemaphorePermit<'a>, AcquireError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let unit = ready!(poll_proceed(cx));
        let Self { semaphore, permits, place } = &mut *self;
        let taken =
            ready!(WaitSite::Semaphore.of(semaphore.permits.poll_take(cx, *permits, Ticket::No, place)));
        unit.made_progress();
        match taken {
            Ok(_) => Poll::Ready(Ok(SemaphorePermit { semaphore, permits: *permits })),
            Err(permits::Closed) => Poll::Ready(Err(AcquireError(()))),
        }
    }
}

impl Drop for Acquire<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.semaphore.permits.leave(place);
        }
    }
}

/// A permit, given back when it is dropped.
#[derive(Debug)]
#[must_use = "a permit that is not kept is given back at once"]
pub struct SemaphorePermit<'a> {
    semaphore: &'a Semaphore,
    permits: u32,
}

/// A permit that owns its semaphore, given back when it is dropped.
#[derive(Debug)]
#[must_use = "a permit that is not kept is given back at once"]
pub struct OwnedSemaphorePermit {
    semaphore: Arc<Semaphore>,
    permits: u32,
}

impl SemaphorePermit<'_> {
    /// Keeps the permits from ever being given back.
    pub fn forget(mut self) {
        self.permits = 0;
    }

    /// How many permits this is.
    #[must_use]
    pub fn num_permits(&self) -> usize {
        self.permits as usize
    }

    /// Joins the permits of `other` to these.
    ///
    /// # Panics
    ///
    /// If they come from different semaphores.
    #[track_caller]
    pub fn merge(&mut self, mut other: Self) {
        assert!(std::ptr::eq(self.semaphore, other.semaphore), "the permits come from different semaphores");
        self.permits += mem::take(&mut other.permits);
    }

    /// Takes `permits` of these off, if there are so many.
    pub fn split(&mut self, permits: usize) -> Option<Self> {
        let permits = u32::try_from(permits).ok()?;
        self.permits = self.permits.checked_sub(permits)?;
        Some(Self { semaphore: self.semaphore, permits })
    }
}

impl OwnedSemaphorePermit {
    /// The caller has taken the permits just now.
    pub(super) fn new(semaphore: Arc<Semaphore>, permits: u32) -> Self {
        Self { semaphore, permits }
    }

    /// Keeps the permits from ever being given back.
    pub fn forget(mut self) {
        self.permits = 0;
    }

    /// How many permits this is.
    #[must_use]
    pub fn num_permits(&self) -> usize {
        self.permits as usize
    }

    /// The semaphore the permits come from.
    #[must_use]
    pub fn semaphore(&self) -> &Arc<Semaphore> {
        &self.semaphore
    }

    /// Joins the permits of `other` to these.
    ///
    /// # Panics
    ///
    /// If they come from different semaphores.
    #[track_caller]
    pub fn merge(&mut self, mut other: Self) {
        assert!(Arc::ptr_eq(&self.semaphore, &other.semaphore), "the permits come from different semaphores");
        self.permits += mem::take(&mut other.permits);
    }

    /// Takes `permits` of these off, if there are so many.
    pub fn split(&mut self, permits: usize) -> Option<Self> {
        let permits = u32::try_from(permits).ok()?;
        self.permits = self.permits.checked_sub(permits)?;
        Some(Self { semaphore: Arc::clone(&self.semaphore), permits })
    }
}

impl Drop for SemaphorePermit<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.permits > 0 {
            self.semaphore.permits.put(self.permits);
        }
    }
}

impl Drop for OwnedSemaphorePermit {
    #[inline]
    fn drop(&mut self) {
        if self.permits > 0 {
            self.semaphore.permits.put(self.permits);
        }
    }
}

impl fmt::Display for AcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("semaphore closed")
    }
}

impl Error for AcquireError {}

impl fmt::Display for TryAcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "semaphore closed",
            Self::NoPermits => "no permits available",
        })
    }
}

impl Error for TryAcquireError {}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::test_support::{CountingWaker, block_on, poll_once, ready};
    use std::pin::pin;
    use std::thread;

    #[test]
    fn waiters_are_served_in_order_and_not_overtaken() {
        let semaphore = Semaphore::new(1);
        let held = semaphore.try_acquire().unwrap();
        let mut many = pin!(semaphore.acquire_many(2));
        let mut one = pin!(semaphore.acquire());
        assert!(poll_once(many.as_mut()).is_pending());
        assert!(poll_once(one.as_mut()).is_pending());
        drop(held);
        // The head wants two: the one that is free is kept for it.
        assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::NoPermits);
        assert!(poll_once(one.as_mut()).is_pending());
        semaphore.add_permits(1);
        let two = ready(many).unwrap();
        assert_eq!(two.num_permits(), 2);
        assert!(poll_once(one.as_mut()).is_pending());
        drop(two);
        drop(ready(one).unwrap());
        assert_eq!(semaphore.available_permits(), 2);
    }

    #[test]
    fn a_cancelled_head_lets_the_next_have_what_it_waited_for() {
        let semaphore = Semaphore::new(1);
        let (count, waker) = CountingWaker::new();
        let mut cx = Context::from_waker(&waker);
        let mut next = pin!(semaphore.acquire());
        {
            let mut head = pin!(semaphore.acquire_many(2));
            assert!(poll_once(head.as_mut()).is_pending());
            assert!(next.as_mut().poll(&mut cx).is_pending());
        }
        assert_eq!(count.count(), 1);
        drop(ready(next).unwrap());
    }

    #[test]
    fn a_permit_granted_to_a_dropped_waiter_goes_on() {
        let semaphore = Semaphore::new(1);
        let held = semaphore.try_acquire().unwrap();
        {
            let mut waiter = pin!(semaphore.acquire());
            assert!(poll_once(waiter.as_mut()).is_pending());
            drop(held);
            assert_eq!(semaphore.available_permits(), 0);
        }
        assert_eq!(semaphore.available_permits(), 1);
    }

    #[test]
    fn close_ends_the_wait_of_everybody() {
        let semaphore = Semaphore::new(0);
        let (count, waker) = CountingWaker::new();
        let mut cx = Context::from_waker(&waker);
        let mut first = pin!(semaphore.acquire());
        let mut second = pin!(semaphore.acquire());
        assert!(first.as_mut().poll(&mut cx).is_pending());
        assert!(second.as_mut().poll(&mut cx).is_pending());
        semaphore.close();
        assert_eq!(count.count(), 2);
        assert!(ready(first).is_err() && ready(second).is_err());
        assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::Closed);
        assert!(ready(semaphore.acquire()).is_err());
    }

    #[test]
    fn permits_are_split_merged_and_forgotten() {
        let semaphore = Arc::new(Semaphore::new(5));
        let mut all = ready(Arc::clone(&semaphore).acquire_many_owned(5)).unwrap();
        let three = all.split(3).unwrap();
        assert!(all.split(3).is_none());
        assert_eq!((all.num_permits(), three.num_permits()), (2, 3));
        all.forget();
        drop(three);
        assert_eq!(semaphore.available_permits(), 3);
        assert_eq!(semaphore.forget_permits(10), 3);
        semaphore.add_permits(2);
        let mut one = semaphore.try_acquire().unwrap();
        one.merge(semaphore.try_acquire().unwrap());
        drop(one);
        assert_eq!(semaphore.available_permits(), 2);
    }

    #[test]
    #[should_panic(expected = "MAX_PERMITS")]
    fn too_many_permits_panic() {
        Semaphore::new(Semaphore::MAX_PERMITS).add_permits(1);
    }

    #[test]
    fn no_more_than_the_permits_are_out_at_a_time() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let semaphore = Semaphore::new(2);
        let inside = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..2_000 {
                        let permit = block_on(semaphore.acquire()).unwrap();
                        assert!(inside.fetch_add(1, Ordering::SeqCst) < 2);
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(permit);
                    }
                });
            }
        });
        assert_eq!(semaphore.available_permits(), 2);
    }
}

#[cfg(all(test, loom))]
mod loom_models {
    use super::*;
    use crate::shim::{Arc, thread};
    use loom::future::block_on;

    #[test]
    fn loom_a_permit_is_handed_over() {
        loom::model(|| {
            let semaphore = Arc::new(Semaphore::new(1));
            let other = Arc::clone(&semaphore);
            let thread = thread::spawn(move || drop(block_on(other.acquire()).unwrap()));
            drop(block_on(semaphore.acquire()).unwrap());
            thread.join().unwrap();
            assert_eq!(semaphore.available_permits(), 1);
        });
    }

    #[test]
    fn loom_a_cancelled_waiter_loses_no_permit() {
        loom::model(|| {
            let semaphore = Arc::new(Semaphore::new(1));
            let held = semaphore.try_acquire().unwrap();
            let other = Arc::clone(&semaphore);
            let thread = thread::spawn(move || {
                let mut waiter = other.acquire();
                let mut cx = Context::from_waker(std::task::Waker::noop());
                let polled = Pin::new(&mut waiter).poll(&mut cx);
                drop(waiter);
                drop(polled);
            });
            drop(held);
            thread.join().unwrap();
            assert_eq!(semaphore.available_permits(), 1);
            assert!(semaphore.try_acquire().is_ok());
        });
    }

    #[test]
    fn loom_close_reaches_a_waiter() {
        loom::model(|| {
            let semaphore = Arc::new(Semaphore::new(0));
            let other = Arc::clone(&semaphore);
            let thread = thread::spawn(move || assert!(block_on(other.acquire()).is_err()));
            semaphore.close();
            thread.join().unwrap();
        });
    }
}
