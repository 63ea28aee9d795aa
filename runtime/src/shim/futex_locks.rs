//! Locks on the futex system call, whose every step is compiled with this crate.
//!
//! ThreadSanitizer knows what it has instrumented, and the slow paths of `std`'s locks are not. These are for it: simple
//! rather than fast.

use std::cell::UnsafeCell;
use std::num::NonZeroU32;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::time::Duration;

use rustix::thread::futex::{Flags, Timespec, wait, wake};

const FREE: u32 = 0;
const LOCKED: u32 = 1;
/// Locked, and somebody may wait for it.
const AWAITED: u32 = 2;

/// Waits while `word` is `value`, at most for `timeout`. True if the time was up.
fn wait_while(word: &AtomicU32, value: u32, timeout: Option<Duration>) -> bool {
    let timeout = timeout.map(|timeout| Timespec {
        tv_sec: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(timeout.subsec_nanos()),
    });
    // Interrupted, or the word has changed: the caller looks again.
    wait(word, Flags::PRIVATE, value, timeout.as_ref()) == Err(rustix::io::Errno::TIMEDOUT)
}

fn wake_up_to(word: &AtomicU32, count: u32) {
    // Fails only for addresses that are none.
    let _ = wake(word, Flags::PRIVATE, count);
}

/// A mutex without poisoning.
#[derive(Debug, Default)]
pub(crate) struct Mutex<T: ?Sized> {
    state: AtomicU32,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached through guards, of which there is one at a time.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}

#[derive(Debug)]
pub(crate) struct MutexGuard<'a, T: ?Sized>(&'a Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self { state: AtomicU32::new(FREE), value: UnsafeCell::new(value) }
    }

    pub(crate) fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        if self.state.compare_exchange(FREE, LOCKED, Acquire, Relaxed).is_err() {
            while self.state.swap(AWAITED, Acquire) != FREE {
                wait_while(&self.state, AWAITED, None);
            }
        }
        MutexGuard(self)
    }

    pub(crate) fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        self.state.compare_exchange(FREE, LOCKED, Acquire, Relaxed).ok().map(|_| MutexGuard(self))
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the lock is held.
        unsafe { &*self.0.value.get() }
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the lock is held.
        unsafe { &mut *self.0.value.get() }
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        if self.0.state.swap(FREE, Release) == AWAITED {
            wake_up_to(&self.0.state, 1);
        }
    }
}

/// A condition variable for [`Mutex`].
#[derive(Debug, Default)]
pub(crate) struct Condvar {
    /// Counts the calls.
    calls: AtomicU32,
}

impl Condvar {
    pub(crate) const fn new() -> Self {
        Self { calls: AtomicU32::new(0) }
    }

    pub(crate) fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        self.wait_for(guard, None).0
    }

    pub(crate) fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        timeout: Duration,
    ) -> (MutexGuard<'a, T>, bool) {
        self.wait_for(guard, Some(timeout))
    }

    fn wait_for<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        timeout: Option<Duration>,
    ) -> (MutexGuard<'a, T>, bool) {
        let mutex = guard.0;
        let calls = self.calls.load(Acquire);
        drop(guard);
        let timed_out = wait_while(&self.calls, calls, timeout);
        (mutex.lock(), timed_out)
    }

    pub(crate) fn notify_one(&self) {
        self.calls.fetch_add(1, AcqRel);
        wake_up_to(&self.calls, 1);
    }

    pub(crate) fn notify_all(&self) {
        self.calls.fetch_add(1, AcqRel);
        wake_up_to(&self.calls, i32::MAX as u32);
    }
}

/// Writers in the lock of readers: all bits.
const WRITER: u32 = u32::MAX;

/// A lock for readers and writers, without poisoning.
#[derive(Debug, Default)]
pub(crate) struct RwLock<T: ?Sized> {
    /// Readers, or `WRITER`.
    holders: AtomicU32,
    value: UnsafeCell<T>,
}

// SAFETY: guards of readers share the value, the guard of a writer has it alone.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLock<T> {}

#[derive(Debug)]
pub(crate) struct RwLockReadGuard<'a, T: ?Sized>(&'a RwLock<T>);

#[derive(Debug)]
pub(crate) struct RwLockWriteGuard<'a, T: ?Sized>(&'a RwLock<T>);

impl<T> RwLock<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self { holders: AtomicU32::new(0), value: UnsafeCell::new(value) }
    }
}

impl<T: ?Sized> RwLock<T> {
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, T> {
        self.enter(|holders| holders.checked_add(1).filter(|&more| more != WRITER));
        RwLockReadGuard(self)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, T> {
        self.enter(|holders| (holders == 0).then_some(WRITER));
        RwLockWriteGuard(self)
    }

    fn enter(&self, change: impl Fn(u32) -> Option<u32>) {
        while let Err(holders) = self.holders.fetch_update(Acquire, Relaxed, &change) {
            wait_while(&self.holders, holders, None);
        }
    }

    fn leave(&self, holders: NonZeroU32) {
        self.holders.fetch_sub(holders.get(), Release);
        wake_up_to(&self.holders, i32::MAX as u32);
    }
}

impl<T: ?Sized> Deref for RwLockReadGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: no writer holds the lock.
        unsafe { &*self.0.value.get() }
    }
}

impl<T: ?Sized> Drop for RwLockReadGuard<'_, T> {
    fn drop(&mut self) {
        self.0.leave(NonZeroU32::MIN);
    }
}

impl<T: ?Sized> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: nobody else holds the lock.
        unsafe { &*self.0.value.get() }
    }
}

impl<T: ?Sized> DerefMut for RwLockWriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: nobody else holds the lock.
        unsafe { &mut *self.0.value.get() }
    }
}

impl<T: ?Sized> Drop for RwLockWriteGuard<'_, T> {
    fn drop(&mut self) {
        self.0.leave(NonZeroU32::MAX);
    }
}
