//! A mutex whose lock may be held across an `await`.
//!
//! Unlocking leaves the lock free and wakes the task that has waited longest; whoever is polled first takes it. A
//! task that comes by while the lock is free need not wait for a sleeping one, so a busy lock does not turn into a
//! queue of task switches, and a future that is not polled any more keeps nobody from the lock who comes later. A waiter that was
//! woken and lost [`MUTEX_LOSSES`] times asks for the lock to be handed to it, so nobody starves.
//!
//! Invariants
//! 1. `QUEUED` is turned on and off only under the lock of the queue, and is off whenever that is free and the queue
//!    is empty.
//! 2. Whoever unlocks and sees `QUEUED` goes through the queue. An enqueuing task turns `QUEUED` on before it looks
//!    at `LOCKED` a last time. One of the two sees the other.
//! 3. If the lock is free and the queue is not empty, its head has been woken and has not been polled since, or is
//!    about to be woken by whoever unlocked.
//!
//! # Safety
//!
//! 1. `LOCKED` is turned on by one compare-exchange, or stays on when the lock is handed to a waiter. Either way one
//!    owner becomes of it, and only the owner reaches the value.

mod mapped;

use std::cell::UnsafeCell;
use std::fmt;
use std::future::Future;
use std::mem;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::blocking::block_on;
use super::wait_queue::{Key, SetWaker, WaitQueue};
use crate::limits::MUTEX_LOSSES;
use crate::shim;
use crate::shim::atomic::AtomicUsize;
use crate::shim::atomic::Ordering::{Acquire, Relaxed, Release};
use crate::task::WaitSite;
use crate::task::coop::poll_proceed;

pub use mapped::{MappedMutexGuard, OwnedMappedMutexGuard};

const LOCKED: usize = 1;
const QUEUED: usize = 2;

/// A task that waits for the lock.
#[derive(Debug, Default)]
struct Waiting {
    /// Woken because the lock was free, and not polled since.
    woken: bool,
    /// How often it was woken and found the lock taken.
    losses: u8,
    /// The lock was handed to it.
    owns: bool,
}

/// The lock without the value.
#[derive(Debug)]
struct Lock {
    state: AtomicUsize,
    queue: shim::Mutex<WaitQueue<Waiting>>,
}

impl Lock {
    #[inline]
    fn try_lock(&self) -> bool {
        let mut state = self.state.load(Relaxed);
        while state & LOCKED == 0 {
            // ORDERING: Acquire [value]: what the last owner did.
            match self.state.compare_exchange_weak(state, state | LOCKED, Acquire, Relaxed) {
                Ok(_) => return true,
                Err(current) => state = current,
            }
        }
        false
    }

    #[inline]
    fn unlock(&self) {
        // ORDERING: Release [value]: pairs with `try_lock`.
        if self.state.compare_exchange(LOCKED, 0, Release, Relaxed).is_err() {
            self.unlock_queued();
        }
    }

    #[cold]
    fn unlock_queued(&self) {
        let mut queue = self.queue.lock();
        let waker = match queue.front() {
            Some(head) if head.losses >= MUTEX_LOSSES => {
                // `LOCKED` stays on: the lock goes to the head.
                head.owns = true;
                let waker = queue.pop_front().and_then(|(_, waker)| waker);
                if queue.is_empty() {
                    self.state.fetch_and(!QUEUED, Relaxed);
                }
                waker
            }
            head => {
                if let Some(head) = head {
                    head.woken = true;
                }
                // ORDERING: Release [value].
                self.state.fetch_and(!LOCKED, Release);
                queue.take_front_waker()
            }
        };
        drop(queue);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    #[inline]
    fn poll_lock(&self, cx: &mut Context<'_>, place: &mut Option<Key>) -> Poll<()> {
        let unit = ready!(poll_proceed(cx));
        if place.is_some() || !self.try_lock() {
            ready!(self.poll_queued(cx, place));
        }
        unit.made_progress();
        Poll::Ready(())
    }

    #[cold]
    fn poll_queued(&self, cx: &mut Context<'_>, place: &mut Option<Key>) -> Poll<()> {
        let mut fresh = place.is_none().then(|| cx.waker().clone());
        loop {
            let mut queue = self.queue.lock();
            let key = match *place {
                Some(key) => key,
                None => *place.insert(queue.push_back(Waiting::default(), None)),
            };
            let mut taken = queue.get_mut(key).owns;
            if !taken {
                // Before the last look at `LOCKED` (invariant 2).
                self.state.fetch_or(QUEUED, Relaxed);
                taken = self.try_lock();
            }
            if taken {
                let entry = queue.remove(key);
                *place = None;
                if queue.is_empty() {
                    self.state.fetch_and(!QUEUED, Relaxed);
                }
                drop(queue);
                drop(entry);
                return Poll::Ready(());
            }
            let waiting = queue.get_mut(key);
            if std::mem::take(&mut waiting.woken) {
                waiting.losses = waiting.losses.saturating_add(1);
            }
            match queue.set_waker(key, cx, &mut fresh) {
                SetWaker::Done => return WaitSite::MutexLock.pending(),
                SetWaker::NeedsClone => drop(queue),
            }
            fresh = Some(cx.waker().clone());
        }
    }

    /// A waiter gives up; what it was told goes to the next.
    #[cold]
    fn leave(&self, place: Key) {
        let mut queue = self.queue.lock();
        let (waiting, waker) = queue.remove(place);
        if queue.is_empty() {
            self.state.fetch_and(!QUEUED, Relaxed);
        }
        let mut next = None;
        if waiting.woken
            && let Some(head) = queue.front()
        {
            head.woken = true;
            next = queue.take_front_waker();
        }
        drop(queue);
        if waiting.owns {
            self.unlock();
        }
        if let Some(next) = next {
            next.wake();
        }
        drop(waker);
    }
}

/// A mutex whose lock may be held across an `await`.
///
/// Taking a free lock and letting it go costs two atomic operations. It does not poison. For data that is never held
/// across an `await`, [`std::sync::Mutex`] is the better choice.
///
/// # Examples
///
/// ```
/// use minato_runtime::sync::Mutex;
///
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let counter = Mutex::new(0);
/// *counter.lock().await += 1;
/// assert_eq!(counter.into_inner(), 1);
/// # });
/// ```
pub struct Mutex<T: ?Sized> {
    lock: Lock,
    value: UnsafeCell<T>,
}

// SAFETY: the lock lets one thread at a time at the value, which moves between threads that way (Safety 1).
unsafe impl<T: ?Sized + Send> Send for Mutex<T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}

/// The lock is held by somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TryLockError(());

impl TryLockError {
    pub(super) fn new() -> Self {
        Self(())
    }
}

impl<T> Mutex<T> {
    /// An unlocked mutex.
    pub fn new(value: T) -> Self {
        let lock = Lock { state: AtomicUsize::new(0), queue: shim::Mutex::new(WaitQueue::new()) };
        Self { lock, value: UnsafeCell::new(value) }
    }

    /// As [`new`](Self::new), for statics.
    #[cfg(not(loom))]
    pub const fn const_new(value: T) -> Self {
        let lock = Lock { state: AtomicUsize::new(0), queue: shim::Mutex::new(WaitQueue::new()) };
        Self { lock, value: UnsafeCell::new(value) }
    }

    /// Takes the value out.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Locks, waiting for it.
    ///
    /// # Cancel safety
    ///
    /// A dropped future loses its place in the queue; a lock it was handed goes to the next.
    pub fn lock(&self) -> impl Future<Output = MutexGuard<'_, T>> {
        Locking { mutex: self, place: None }
    }

    /// Locks if nobody else has.
    ///
    /// # Errors
    ///
    /// If the lock is held.
    pub fn try_lock(&self) -> Result<MutexGuard<'_, T>, TryLockError> {
        if self.lock.try_lock() { Ok(MutexGuard { mutex: self }) } else { Err(TryLockError(())) }
    }

    /// As [`lock`](Self::lock), with a guard that owns the mutex.
    ///
    /// # Cancel safety
    ///
    /// As [`lock`](Self::lock).
    pub async fn lock_owned(self: Arc<Self>) -> OwnedMutexGuard<T> {
        mem::forget(self.lock().await);
        OwnedMutexGuard { mutex: self }
    }

    /// As [`try_lock`](Self::try_lock), with a guard that owns the mutex.
    ///
    /// # Errors
    ///
    /// If the lock is held.
    pub fn try_lock_owned(self: Arc<Self>) -> Result<OwnedMutexGuard<T>, TryLockError> {
        if self.lock.try_lock() { Ok(OwnedMutexGuard { mutex: self }) } else { Err(TryLockError(())) }
    }

    /// Locks, blocking this thread; not for use in a task.
    pub fn blocking_lock(&self) -> MutexGuard<'_, T> {
        block_on(self.lock())
    }

    /// As [`blocking_lock`](Self::blocking_lock), with a guard that owns the mutex.
    pub fn blocking_lock_owned(self: Arc<Self>) -> OwnedMutexGuard<T> {
        block_on(self.lock_owned())
    }

    /// The value; no lock is needed, because nobody else can reach it.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }
}

/// Waits for the lock.
#[must_use = "futures do nothing unless polled"]
struct Locking<'a, T: ?Sized> {
    mutex: &'a Mutex<T>,
    place: Option<Key>,
}

impl<'a, T: ?Sized> Future for Locking<'a, T> {
    type Output = MutexGuard<'a, T>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<MutexGuard<'a, T>> {
        let Self { mutex, place } = &mut *self;
        mutex.lock.poll_lock(cx, place).map(|()| MutexGuard { mutex })
    }
}

impl<T: ?Sized> Drop for Locking<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.mutex.lock.leave(place);
        }
    }
}

/// The lock, let go when this is dropped.
#[must_use = "a guard that is not kept unlocks at once"]
pub struct MutexGuard<'a, T: ?Sized> {
    mutex: &'a Mutex<T>,
}

/// The lock, with its mutex, let go when this is dropped.
#[must_use = "a guard that is not kept unlocks at once"]
pub struct OwnedMutexGuard<T: ?Sized> {
    mutex: Arc<Mutex<T>>,
}

// SAFETY: `&MutexGuard` gives out `&T` alone.
unsafe impl<T: ?Sized + Send + Sync> Sync for MutexGuard<'_, T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send + Sync> Sync for OwnedMutexGuard<T> {}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// The mutex this guard has locked.
    pub fn mutex(this: &Self) -> &'a Mutex<T> {
        this.mutex
    }
}

impl<T: ?Sized> OwnedMutexGuard<T> {
    /// The mutex this guard has locked.
    pub fn mutex(this: &Self) -> &Arc<Mutex<T>> {
        &this.mutex
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this guard is the owner (Safety 1).
        unsafe { &*self.mutex.value.get() }
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this guard is the owner, and borrowed mutably (Safety 1).
        unsafe { &mut *self.mutex.value.get() }
    }
}

impl<T: ?Sized> Deref for OwnedMutexGuard<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this guard is the owner (Safety 1).
        unsafe { &*self.mutex.value.get() }
    }
}

impl<T: ?Sized> DerefMut for OwnedMutexGuard<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this guard is the owner, and borrowed mutably (Safety 1).
        unsafe { &mut *self.mutex.value.get() }
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.mutex.lock.unlock();
    }
}

impl<T: ?Sized> Drop for OwnedMutexGuard<T> {
    #[inline]
    fn drop(&mut self) {
        self.mutex.lock.unlock();
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for Mutex<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Mutex");
        match self.try_lock() {
            Ok(guard) => debug.field("value", &&*guard).finish(),
            Err(_) => debug.field("value", &format_args!("<locked>")).finish(),
        }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for OwnedMutexGuard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for OwnedMutexGuard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}

impl fmt::Display for TryLockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the lock is held")
    }
}

impl std::error::Error for TryLockError {}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::test_support::{CountingWaker, poll_once, ready};
    use std::pin::pin;
    use std::thread;

    #[test]
    fn a_waiter_is_woken_and_may_be_overtaken() {
        let mutex = Mutex::new(1);
        let held = ready(mutex.lock());
        let (count, waker) = CountingWaker::new();
        let mut waiter = pin!(mutex.lock());
        assert!(waiter.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        assert!(mutex.try_lock().is_err());
        drop(held);
        assert_eq!(count.count(), 1);
        // The waiter has not been polled yet: the lock is free to whoever comes.
        drop(ready(mutex.lock()));
        assert_eq!(*ready(waiter), 1);
    }

    #[test]
    fn a_waiter_that_lost_often_is_handed_the_lock() {
        let mutex = Mutex::new(());
        let mut held = ready(mutex.lock());
        let mut waiter = pin!(mutex.lock());
        assert!(poll_once(waiter.as_mut()).is_pending());
        for _ in 0..MUTEX_LOSSES {
            drop(held);
            held = mutex.try_lock().unwrap();
            assert!(poll_once(waiter.as_mut()).is_pending());
        }
        drop(held);
        assert!(mutex.try_lock().is_err());
        drop(ready(waiter));
        assert!(mutex.try_lock().is_ok());
    }

    #[test]
    fn a_dropped_waiter_passes_the_wake_and_the_lock_on() {
        let mutex = Mutex::new(());
        let held = ready(mutex.lock());
        let (count, waker) = CountingWaker::new();
        let mut next = pin!(mutex.lock());
        {
            let mut first = pin!(mutex.lock());
            assert!(poll_once(first.as_mut()).is_pending());
            assert!(next.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            drop(held);
            assert_eq!(count.count(), 0);
        }
        assert_eq!(count.count(), 1);
        let mut held = ready(next);
        {
            let mut starving = pin!(mutex.lock());
            assert!(poll_once(starving.as_mut()).is_pending());
            for _ in 0..MUTEX_LOSSES {
                drop(held);
                held = mutex.try_lock().unwrap();
                assert!(poll_once(starving.as_mut()).is_pending());
            }
            drop(held);
            assert!(mutex.try_lock().is_err());
        }
        assert!(mutex.try_lock().is_ok());
    }

    #[test]
    fn owned_guards_and_plain_access() {
        let mutex = Arc::new(Mutex::new(vec![1]));
        let mut guard = ready(Arc::clone(&mutex).lock_owned());
        guard.push(2);
        assert!(Arc::clone(&mutex).try_lock_owned().is_err());
        assert_eq!(format!("{mutex:?}"), "Mutex { value: <locked> }");
        drop(guard);
        assert_eq!(format!("{mutex:?}"), "Mutex { value: [1, 2] }");
        let mut mutex = Arc::into_inner(mutex).unwrap();
        mutex.get_mut().push(3);
        assert_eq!(mutex.into_inner(), [1, 2, 3]);
    }

    #[test]
    fn many_threads_count_to_the_sum() {
        let mutex = Mutex::new(0_u64);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..2_000 {
                        *mutex.blocking_lock() += 1;
                    }
                });
            }
        });
        assert_eq!(mutex.into_inner(), 8_000);
    }
}

#[cfg(all(test, loom))]
mod loom_models {
    use super::*;
    use crate::shim::{Arc, thread};
    use loom::future::block_on;

    #[test]
    fn loom_two_tasks_take_turns() {
        loom::model(|| {
            let mutex = Arc::new(Mutex::new(0));
            let other = Arc::clone(&mutex);
            let thread = thread::spawn(move || *block_on(other.lock()) += 1);
            *block_on(mutex.lock()) += 1;
            thread.join().unwrap();
            assert_eq!(*mutex.try_lock().unwrap(), 2);
        });
    }

    #[test]
    fn loom_a_cancelled_waiter_passes_the_wake_on() {
        loom::model(|| {
            let mutex = Arc::new(Mutex::new(()));
            let held = mutex.try_lock().unwrap();
            let other = Arc::clone(&mutex);
            let thread = thread::spawn(move || {
                let mut gives_up = Locking { mutex: &*other, place: None };
                let polled = Pin::new(&mut gives_up).poll(&mut Context::from_waker(std::task::Waker::noop()));
                drop(gives_up);
                drop(polled);
                drop(block_on(other.lock()));
            });
            drop(held);
            thread.join().unwrap();
            assert!(mutex.try_lock().is_ok());
        });
    }
}
