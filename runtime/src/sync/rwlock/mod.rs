//! A lock that many may read under or one may write under, held across an `await` if need be.
//!
//! Reading costs one permit and writing all of them, so the queue of `permits` is the queue of the lock: first come
//! first served, and readers that come after a waiting writer wait behind it.
//!
//! - `guard`: the guards that borrow the lock;
//! - `owned`: the guards that own it;
//! - `hold`: the permits that are in each.
//!
//! # Safety
//!
//! 1. There are `readers_max` permits. A read guard holds one of them and a write guard all, from before it is made
//!    until its drop. So a write guard is alone, and beside a read guard there are only read guards.
//! 2. Giving permits back is a release, and taking them an acquire, of all that was done under the guards before.

mod guard;
mod hold;
mod owned;

#[cfg(all(test, loom))]
mod loom_models;
#[cfg(all(test, not(loom)))]
mod tests;

use std::cell::UnsafeCell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::TryLockError;
use super::blocking::block_on;
use super::permits::{self, Permits, Ticket};
use super::wait_queue::Key;
use crate::task::WaitSite;
use crate::task::coop::poll_proceed;

pub use guard::{RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard};
pub use owned::{OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard};

/// A lock that many may read under, or one may write under.
///
/// It may be held across an `await`, is first come first served (a waiting writer is not overtaken by readers), and
/// does not poison. For data that is never held across an `await`, [`std::sync::RwLock`] is the better choice. A task
/// that holds a read guard and asks for another waits for ever if a writer waits between the two.
///
/// # Examples
///
/// ```
/// use minato_runtime::sync::RwLock;
///
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let names = RwLock::new(vec!["first"]);
/// {
///     let one = names.read().await;
///     let other = names.read().await;
///     assert_eq!(one.len() + other.len(), 2);
/// }
/// names.write().await.push("second");
/// assert_eq!(names.into_inner(), ["first", "second"]);
/// # });
/// ```
pub struct RwLock<T: ?Sized> {
    permits: Permits,
    readers_max: u32,
    value: UnsafeCell<T>,
}

// SAFETY: the value moves between threads under write guards.
unsafe impl<T: ?Sized + Send> Send for RwLock<T> {}
// SAFETY: as above, and read guards on many threads give out `&T` at once.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLock<T> {}

impl<T> RwLock<T> {
    /// An unlocked lock.
    pub fn new(value: T) -> Self {
        Self::with_max_readers(value, permits::MAX_PERMITS)
    }

    /// An unlocked lock for at most `readers_max` readers at once; more wait.
    ///
    /// # Panics
    ///
    /// If `readers_max` is 0.
    pub fn with_max_readers(value: T, readers_max: u32) -> Self {
        assert!(readers_max > 0, "a lock needs room for at least one reader");
        Self { permits: Permits::new(readers_max), readers_max, value: UnsafeCell::new(value) }
    }

    /// As [`new`](Self::new), for statics.
    #[cfg(not(loom))]
    pub const fn const_new(value: T) -> Self {
        let readers_max = permits::MAX_PERMITS;
        Self { permits: Permits::new(readers_max), readers_max, value: UnsafeCell::new(value) }
    }

    /// As [`with_max_readers`](Self::with_max_readers), for statics.
    ///
    /// # Panics
    ///
    /// If `readers_max` is 0.
    #[cfg(not(loom))]
    pub const fn const_with_max_readers(value: T, readers_max: u32) -> Self {
        assert!(readers_max > 0, "a lock needs room for at least one reader");
        Self { permits: Permits::new(readers_max), readers_max, value: UnsafeCell::new(value) }
    }

    /// Takes the value out.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Locks for reading, waiting while somebody writes or has waited longer to write.
    ///
    /// # Cancel safety
    ///
    /// A dropped future loses its place in the queue; a lock it was given goes to the next.
    ///
    /// # Examples
    ///
    /// ```
    /// use minato_runtime::sync::RwLock;
    ///
    /// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let lock = RwLock::new(5);
    /// assert_eq!(*lock.read().await, 5);
    /// # });
    /// ```
    pub async fn read(&self) -> RwLockReadGuard<'_, T> {
        self.locking(1).await;
        RwLockReadGuard::new(self)
    }

    /// Locks for writing, waiting while others read or write.
    ///
    /// # Cancel safety
    ///
    /// As [`read`](Self::read).
    pub async fn write(&self) -> RwLockWriteGuard<'_, T> {
        self.locking(self.readers_max).await;
        RwLockWriteGuard::new(self)
    }

    /// Locks for reading if nobody writes or waits.
    ///
    /// # Errors
    ///
    /// If somebody writes or waits.
    pub fn try_read(&self) -> Result<RwLockReadGuard<'_, T>, TryLockError> {
        self.try_lock(1)?;
        Ok(RwLockReadGuard::new(self))
    }

    /// Locks for writing if nobody reads, writes or waits.
    ///
    /// # Errors
    ///
    /// If somebody reads, writes or waits.
    pub fn try_write(&self) -> Result<RwLockWriteGuard<'_, T>, TryLockError> {
        self.try_lock(self.readers_max)?;
        Ok(RwLockWriteGuard::new(self))
    }

    /// As [`read`](Self::read), with a guard that owns the lock.
    ///
    /// # Cancel safety
    ///
    /// As [`read`](Self::read).
    pub async fn read_owned(self: Arc<Self>) -> OwnedRwLockReadGuard<T> {
        self.locking(1).await;
        OwnedRwLockReadGuard::new(self)
    }

    /// As [`write`](Self::write), with a guard that owns the lock.
    ///
    /// # Cancel safety
    ///
    /// As [`read`](Self::read).
    pub async fn write_owned(self: Arc<Self>) -> OwnedRwLockWriteGuard<T> {
        self.locking(self.readers_max).await;
        OwnedRwLockWriteGuard::new(self)
    }

    /// As [`try_read`](Self::try_read), with a guard that owns the lock.
    ///
    /// # Errors
    ///
    /// If somebody writes or waits.
    pub fn try_read_owned(self: Arc<Self>) -> Result<OwnedRwLockReadGuard<T>, TryLockError> {
        self.try_lock(1)?;
        Ok(OwnedRwLockReadGuard::new(self))
    }

    /// As [`try_write`](Self::try_write), with a guard that owns the lock.
    ///
    /// # Errors
    ///
    /// If somebody reads, writes or waits.
    pub fn try_write_owned(self: Arc<Self>) -> Result<OwnedRwLockWriteGuard<T>, TryLockError> {
        self.try_lock(self.readers_max)?;
        Ok(OwnedRwLockWriteGuard::new(self))
    }

    /// Locks for reading, blocking this thread; not for use in a task.
    pub fn blocking_read(&self) -> RwLockReadGuard<'_, T> {
        block_on(self.read())
    }

    /// Locks for writing, blocking this thread; not for use in a task.
    pub fn blocking_write(&self) -> RwLockWriteGuard<'_, T> {
        block_on(self.write())
    }

    /// The value; no lock is needed, because nobody else can reach it.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }

    fn locking(&self, permits: u32) -> Locking<'_> {
        Locking { lock: &self.permits, permits, place: None }
    }

    fn try_lock(&self, permits: u32) -> Result<(), TryLockError> {
        self.permits.try_take(permits, Ticket::No).map(drop).map_err(|_| TryLockError::new())
    }

    /// Where the value is.
    fn pointer(&self) -> NonNull<T> {
        // SAFETY: the pointer of a cell is never null.
        unsafe { NonNull::new_unchecked(self.value.get()) }
    }
}

/// Waits for the permits of a reader or of a writer.
struct Locking<'a> {
    lock: &'a Permits,
    permits: u32,
    place: Option<Key>,
}

impl Future for Locking<'_> {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let unit = ready!(poll_proceed(cx));
        let Self { lock, permits, place } = &mut *self;
        // Nobody ever closes these permits.
        let site = if *permits == 1 { WaitSite::RwLockRead } else { WaitSite::RwLockWrite };
        let taken = ready!(site.of(lock.poll_take(cx, *permits, Ticket::No, place)));
        debug_assert!(taken.is_ok(), "the permits of a lock were closed");
        unit.made_progress();
        Poll::Ready(())
    }
}

impl Drop for Locking<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(place) = self.place.take() {
            self.lock.leave(place);
        }
    }
}

impl<T: Default> Default for RwLock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for RwLock<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("RwLock");
        match self.try_read() {
            Ok(guard) => debug.field("value", &&*guard).finish(),
            Err(_) => debug.field("value", &format_args!("<locked>")).finish(),
        }
    }
}
