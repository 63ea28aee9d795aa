//! The guards that own the lock.
//!
//! # Safety
//!
//! The invariants are those of `guard`; the value lives as long as the lock, which the guard keeps alive.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;
use std::sync::Arc;

use super::RwLock;
use super::hold::{OwnedReadHold, OwnedWriteHold};

/// The right to read, with the lock, given back when this is dropped; `U` is the part of the value it reads.
#[must_use = "a guard that is not kept unlocks at once"]
pub struct OwnedRwLockReadGuard<T: ?Sized, U: ?Sized = T> {
    value: NonNull<U>,
    hold: OwnedReadHold<T>,
    marker: PhantomData<*const U>,
}

/// The right to write, with the lock, given back when this is dropped.
#[must_use = "a guard that is not kept unlocks at once"]
pub struct OwnedRwLockWriteGuard<T: ?Sized> {
    value: NonNull<T>,
    hold: OwnedWriteHold<T>,
    marker: PhantomData<*mut T>,
}

/// The right to write to a part of the value, with the lock, given back when this is dropped; made by
/// [`OwnedRwLockWriteGuard::map`].
#[must_use = "a guard that is not kept unlocks at once"]
pub struct OwnedRwLockMappedWriteGuard<T: ?Sized, U: ?Sized = T> {
    value: NonNull<U>,
    hold: OwnedWriteHold<T>,
    marker: PhantomData<*mut U>,
}

// SAFETY: a shared borrow of a `U`; the last owner of the lock drops the `T`.
unsafe impl<T: ?Sized + Send + Sync, U: ?Sized + Sync> Send for OwnedRwLockReadGuard<T, U> {}
// SAFETY: `&OwnedRwLockReadGuard` gives out `&U` and `&Arc<RwLock<T>>`.
unsafe impl<T: ?Sized + Send + Sync, U: ?Sized + Sync> Sync for OwnedRwLockReadGuard<T, U> {}
// SAFETY: an exclusive borrow of a `T`; the last owner of the lock drops it.
unsafe impl<T: ?Sized + Send + Sync> Send for OwnedRwLockWriteGuard<T> {}
// SAFETY: `&OwnedRwLockWriteGuard` gives out `&T` and `&Arc<RwLock<T>>`.
unsafe impl<T: ?Sized + Send + Sync> Sync for OwnedRwLockWriteGuard<T> {}
// SAFETY: an exclusive borrow of a `U`; the last owner of the lock drops the `T`.
unsafe impl<T: ?Sized + Send + Sync, U: ?Sized + Send + Sync> Send for OwnedRwLockMappedWriteGuard<T, U> {}
// SAFETY: `&OwnedRwLockMappedWriteGuard` gives out `&U` and `&Arc<RwLock<T>>`.
unsafe impl<T: ?Sized + Send + Sync, U: ?Sized + Send + Sync> Sync for OwnedRwLockMappedWriteGuard<T, U> {}

impl<T: ?Sized> OwnedRwLockReadGuard<T> {
    /// The caller has taken the permit of a reader just now.
    pub(super) fn new(lock: Arc<RwLock<T>>) -> Self {
        Self { value: lock.pointer(), hold: OwnedReadHold::new(lock), marker: PhantomData }
    }
}

impl<T: ?Sized, U: ?Sized> OwnedRwLockReadGuard<T, U> {
    /// The lock this guard holds.
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        this.hold.lock()
    }

    /// As [`RwLockReadGuard::map`](super::RwLockReadGuard::map).
    pub fn map<V: ?Sized, F>(this: Self, part: F) -> OwnedRwLockReadGuard<T, V>
    where
        F: FnOnce(&U) -> &V,
    {
        let value = NonNull::from(part(&this));
        OwnedRwLockReadGuard { value, hold: this.hold, marker: PhantomData }
    }

    /// As [`RwLockReadGuard::try_map`](super::RwLockReadGuard::try_map).
    ///
    /// # Errors
    ///
    /// The guard comes back if there is no such part.
    pub fn try_map<V: ?Sized, F>(this: Self, part: F) -> Result<OwnedRwLockReadGuard<T, V>, Self>
    where
        F: FnOnce(&U) -> Option<&V>,
    {
        match part(&this).map(NonNull::from) {
            Some(value) => Ok(OwnedRwLockReadGuard { value, hold: this.hold, marker: PhantomData }),
            None => Err(this),
        }
    }
}

impl<T: ?Sized> OwnedRwLockWriteGuard<T> {
    /// The caller has taken the permits of a writer just now.
    pub(super) fn new(lock: Arc<RwLock<T>>) -> Self {
        Self { value: lock.pointer(), hold: OwnedWriteHold::new(lock), marker: PhantomData }
    }

    /// The lock this guard holds.
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        this.hold.lock()
    }

    /// Goes on reading without letting a writer in between.
    pub fn downgrade(self) -> OwnedRwLockReadGuard<T> {
        OwnedRwLockReadGuard { value: self.value, hold: self.hold.downgrade(), marker: PhantomData }
    }

    /// As [`RwLockWriteGuard::map`](super::RwLockWriteGuard::map).
    pub fn map<U: ?Sized, F>(mut this: Self, part: F) -> OwnedRwLockMappedWriteGuard<T, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        let value = NonNull::from(part(&mut this));
        OwnedRwLockMappedWriteGuard { value, hold: this.hold, marker: PhantomData }
    }

    /// As [`RwLockWriteGuard::try_map`](super::RwLockWriteGuard::try_map).
    ///
    /// # Errors
    ///
    /// The guard comes back if there is no such part.
    pub fn try_map<U: ?Sized, F>(mut this: Self, part: F) -> Result<OwnedRwLockMappedWriteGuard<T, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        match part(&mut this).map(NonNull::from) {
            Some(value) => Ok(OwnedRwLockMappedWriteGuard { value, hold: this.hold, marker: PhantomData }),
            None => Err(this),
        }
    }

    /// Goes on with the whole value, as a guard of the type that parts have.
    pub fn into_mapped(this: Self) -> OwnedRwLockMappedWriteGuard<T> {
        OwnedRwLockMappedWriteGuard { value: this.value, hold: this.hold, marker: PhantomData }
    }

    /// As [`RwLockWriteGuard::downgrade_map`](super::RwLockWriteGuard::downgrade_map).
    pub fn downgrade_map<U: ?Sized, F>(this: Self, part: F) -> OwnedRwLockReadGuard<T, U>
    where
        F: FnOnce(&T) -> &U,
    {
        let value = NonNull::from(part(&this));
        OwnedRwLockReadGuard { value, hold: this.hold.downgrade(), marker: PhantomData }
    }

    /// As [`RwLockWriteGuard::try_downgrade_map`](super::RwLockWriteGuard::try_downgrade_map).
    ///
    /// # Errors
    ///
    /// The guard comes back, still for writing, if there is no such part.
    pub fn try_downgrade_map<U: ?Sized, F>(this: Self, part: F) -> Result<OwnedRwLockReadGuard<T, U>, Self>
    where
        F: FnOnce(&T) -> Option<&U>,
    {
        match part(&this).map(NonNull::from) {
            Some(value) => {
                Ok(OwnedRwLockReadGuard { value, hold: this.hold.downgrade(), marker: PhantomData })
            }
            None => Err(this),
        }
    }
}

impl<T: ?Sized, U: ?Sized> OwnedRwLockMappedWriteGuard<T, U> {
    /// The lock this guard holds.
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        this.hold.lock()
    }

    /// Goes on with a part of this part.
    pub fn map<V: ?Sized, F>(mut this: Self, part: F) -> OwnedRwLockMappedWriteGuard<T, V>
    where
        F: FnOnce(&mut U) -> &mut V,
    {
        let value = NonNull::from(part(&mut this));
        OwnedRwLockMappedWriteGuard { value, hold: this.hold, marker: PhantomData }
    }

    /// Goes on with a part of this part, if there is one.
    ///
    /// # Errors
    ///
    /// The guard comes back if there is none.
    pub fn try_map<V: ?Sized, F>(mut this: Self, part: F) -> Result<OwnedRwLockMappedWriteGuard<T, V>, Self>
    where
        F: FnOnce(&mut U) -> Option<&mut V>,
    {
        match part(&mut this).map(NonNull::from) {
            Some(value) => Ok(OwnedRwLockMappedWriteGuard { value, hold: this.hold, marker: PhantomData }),
            None => Err(this),
        }
    }
}

impl<T: ?Sized, U: ?Sized> Deref for OwnedRwLockReadGuard<T, U> {
    type Target = U;

    #[inline]
    fn deref(&self) -> &U {
        // SAFETY: there are only readers beside this guard (Safety 1, 3).
        unsafe { self.value.as_ref() }
    }
}

impl<T: ?Sized> Deref for OwnedRwLockWriteGuard<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this guard is alone (Safety 1, 3).
        unsafe { self.value.as_ref() }
    }
}

impl<T: ?Sized> DerefMut for OwnedRwLockWriteGuard<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this guard is alone, and borrowed mutably (Safety 1, 3).
        unsafe { self.value.as_mut() }
    }
}

impl<T: ?Sized, U: ?Sized> Deref for OwnedRwLockMappedWriteGuard<T, U> {
    type Target = U;

    #[inline]
    fn deref(&self) -> &U {
        // SAFETY: this guard is alone (Safety 1, 3).
        unsafe { self.value.as_ref() }
    }
}

impl<T: ?Sized, U: ?Sized> DerefMut for OwnedRwLockMappedWriteGuard<T, U> {
    #[inline]
    fn deref_mut(&mut self) -> &mut U {
        // SAFETY: this guard is alone, and borrowed mutably (Safety 1, 3).
        unsafe { self.value.as_mut() }
    }
}

macro_rules! shown_as_the_value {
    ($(<$($parameter:ident),*> $value:ident $guard:ty;)+) => {$(
        impl<$($parameter: ?Sized),*> fmt::Debug for $guard
        where
            $value: fmt::Debug,
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&**self, f)
            }
        }

        impl<$($parameter: ?Sized),*> fmt::Display for $guard
        where
            $value: fmt::Display,
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&**self, f)
            }
        }
    )+};
}

shown_as_the_value! {
    <T, U> U OwnedRwLockReadGuard<T, U>;
    <T> T OwnedRwLockWriteGuard<T>;
    <T, U> U OwnedRwLockMappedWriteGuard<T, U>;
}
