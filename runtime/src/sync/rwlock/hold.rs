//! The permits that a guard holds, given back when they are dropped.
//!
//! They have the drop of the guards, so that a guard can be taken apart and made into another.
//!
//! A guard is dropped inside a call that has it as its argument, and the next owner may write before that call returns. A
//! reference to the value in the guard would be protected until then (as Stacked Borrows has it), so guards keep a
//! pointer; what a hold keeps is a reference to the permits, which are atomics and a lock, and outlive it.

use std::mem;
use std::sync::Arc;

use super::RwLock;
use crate::sync::permits::Permits;

/// The permit of a reader.
pub(super) struct ReadHold<'a>(&'a Permits);

/// The permits of a writer, which are all.
pub(super) struct WriteHold<'a> {
    permits: &'a Permits,
    count: u32,
}

/// The permit of a reader, with the lock.
pub(super) struct OwnedReadHold<T: ?Sized>(Arc<RwLock<T>>);

/// The permits of a writer, with the lock.
pub(super) struct OwnedWriteHold<T: ?Sized> {
    lock: Arc<RwLock<T>>,
    /// What the drop gives back: all, or nothing after a downgrade.
    count: u32,
}

impl<'a> ReadHold<'a> {
    /// The caller has taken the permit just now.
    pub(super) fn new<T: ?Sized>(lock: &'a RwLock<T>) -> Self {
        Self(&lock.permits)
    }
}

impl<'a> WriteHold<'a> {
    /// The caller has taken the permits just now.
    pub(super) fn new<T: ?Sized>(lock: &'a RwLock<T>) -> Self {
        Self { permits: &lock.permits, count: lock.readers_max }
    }

    /// Gives back all but one.
    pub(super) fn downgrade(self) -> ReadHold<'a> {
        let Self { permits, count } = self;
        mem::forget(self);
        downgrade(permits, count);
        ReadHold(permits)
    }
}

impl<T: ?Sized> OwnedReadHold<T> {
    /// The caller has taken the permit just now.
    pub(super) fn new(lock: Arc<RwLock<T>>) -> Self {
        Self(lock)
    }

    pub(super) fn lock(&self) -> &Arc<RwLock<T>> {
        &self.0
    }
}

impl<T: ?Sized> OwnedWriteHold<T> {
    /// The caller has taken the permits just now.
    pub(super) fn new(lock: Arc<RwLock<T>>) -> Self {
        let count = lock.readers_max;
        Self { lock, count }
    }

    pub(super) fn lock(&self) -> &Arc<RwLock<T>> {
        &self.lock
    }

    /// Gives back all but one.
    pub(super) fn downgrade(mut self) -> OwnedReadHold<T> {
        let count = mem::take(&mut self.count);
        let lock = Arc::clone(&self.lock);
        downgrade(&lock.permits, count);
        OwnedReadHold(lock)
    }
}

fn downgrade(permits: &Permits, count: u32) {
    if count > 1 {
        permits.put(count - 1);
    }
}

impl Drop for ReadHold<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.put(1);
    }
}

impl Drop for WriteHold<'_> {
    #[inline]
    fn drop(&mut self) {
        self.permits.put(self.count);
    }
}

impl<T: ?Sized> Drop for OwnedReadHold<T> {
    #[inline]
    fn drop(&mut self) {
        self.0.permits.put(1);
    }
}

impl<T: ?Sized> Drop for OwnedWriteHold<T> {
    #[inline]
    fn drop(&mut self) {
        if self.count > 0 {
            self.lock.permits.put(self.count);
        }
    }
}
