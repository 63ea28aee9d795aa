//! The guards that borrow the lock.
//!
//! # Safety
//!
//! Beside the invariants of the module above:
//!
//! 3. The pointer of a guard was made from the value of its lock, or from that of the guard it was made of, through the
//!    caller's closure alone. So it is good for as long as the permits are held, to read or to write as those allow.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use super::RwLock;
use super::hold::{ReadHold, WriteHold};

/// The right to read, given back when this is dropped.
#[must_use = "a guard that is not kept unlocks at once"]
pub struct RwLockReadGuard<'a, T: ?Sized> {
    value: NonNull<T>,
    hold: ReadHold<'a>,
    marker: PhantomData<&'a T>,
}

/// The right to write, given back when this is dropped.
#[must_use = "a guard that is not kept unlocks at once"]
pub struct RwLockWriteGuard<'a, T: ?Sized> {
    value: NonNull<T>,
    hold: WriteHold<'a>,
    marker: PhantomData<&'a mut T>,
}

/// The right to write to a part of the value, given back when this is dropped; made by [`RwLockWriteGuard::map`].
///
/// It cannot be downgraded: what the closure was given for writing might be unsound to share with readers.
#[must_use = "a guard that is not kept unlocks at once"]
pub struct RwLockMappedWriteGuard<'a, T: ?Sized> {
    value: NonNull<T>,
    hold: WriteHold<'a>,
    marker: PhantomData<&'a mut T>,
}

// SAFETY: a shared borrow of a `T` (Safety 1, 3); any thread may give the permit back.
unsafe impl<T: ?Sized + Sync> Send for RwLockReadGuard<'_, T> {}
// SAFETY: `&RwLockReadGuard` gives out `&T` alone.
unsafe impl<T: ?Sized + Sync> Sync for RwLockReadGuard<'_, T> {}
// SAFETY: an exclusive borrow of a `T` (Safety 1, 3), or a shared one after a downgrade.
unsafe impl<T: ?Sized + Send + Sync> Send for RwLockWriteGuard<'_, T> {}
// SAFETY: `&RwLockWriteGuard` gives out `&T` alone.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLockWriteGuard<'_, T> {}
// SAFETY: an exclusive borrow of a `T` (Safety 1, 3).
unsafe impl<T: ?Sized + Send + Sync> Send for RwLockMappedWriteGuard<'_, T> {}
// SAFETY: `&RwLockMappedWriteGuard` gives out `&T` alone.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLockMappedWriteGuard<'_, T> {}

impl<'a, T: ?Sized> RwLockReadGuard<'a, T> {
    /// The caller has taken the permit of a reader just now.
    pub(super) fn new(lock: &'a RwLock<T>) -> Self {
        Self { value: lock.pointer(), hold: ReadHold::new(lock), marker: PhantomData }
    }

    /// Goes on with a part of the value.
    ///
    /// An associated function: call it as `RwLockReadGuard::map(guard, |value| &value.part)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use minato_runtime::sync::{RwLock, RwLockReadGuard};
    ///
    /// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let pair = RwLock::new((1, "one"));
    /// let name = RwLockReadGuard::map(pair.read().await, |pair| &pair.1);
    /// assert_eq!(*name, "one");
    /// # });
    /// ```
    pub fn map<U: ?Sized, F>(this: Self, part: F) -> RwLockReadGuard<'a, U>
    where
        F: FnOnce(&T) -> &U,
    {
        let value = NonNull::from(part(&this));
        RwLockReadGuard { value, hold: this.hold, marker: PhantomData }
    }

    /// Goes on with a part of the value, if there is one.
    ///
    /// # Errors
    ///
    /// The guard comes back if there is none.
    pub fn try_map<U: ?Sized, F>(this: Self, part: F) -> Result<RwLockReadGuard<'a, U>, Self>
    where
        F: FnOnce(&T) -> Option<&U>,
    {
        match part(&this).map(NonNull::from) {
            Some(value) => Ok(RwLockReadGuard { value, hold: this.hold, marker: PhantomData }),
            None => Err(this),
        }
    }
}

impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    /// The caller has taken the permits of a writer just now.
    pub(super) fn new(lock: &'a RwLock<T>) -> Self {
        Self { value: lock.pointer(), hold: WriteHold::new(lock), marker: PhantomData }
    }

    /// Goes on reading without letting a writer in between.
    ///
    /// # Examples
    ///
    /// ```
    /// use minato_runtime::sync::RwLock;
    ///
    /// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let lock = RwLock::new(1);
    /// let mut writing = lock.write().await;
    /// *writing += 1;
    /// let reading = writing.downgrade();
    /// assert_eq!(*reading, *lock.read().await);
    /// # });
    /// ```
    pub fn downgrade(self) -> RwLockReadGuard<'a, T> {
        RwLockReadGuard { value: self.value, hold: self.hold.downgrade(), marker: PhantomData }
    }

    /// Goes on with a part of the value; see [`RwLockReadGuard::map`].
    pub fn map<U: ?Sized, F>(mut this: Self, part: F) -> RwLockMappedWriteGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        let value = NonNull::from(part(&mut this));
        RwLockMappedWriteGuard { value, hold: this.hold, marker: PhantomData }
    }

    /// Goes on with a part of the value, if there is one.
    ///
    /// # Errors
    ///
    /// The guard comes back if there is none.
    pub fn try_map<U: ?Sized, F>(mut this: Self, part: F) -> Result<RwLockMappedWriteGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        match part(&mut this).map(NonNull::from) {
            Some(value) => Ok(RwLockMappedWriteGuard { value, hold: this.hold, marker: PhantomData }),
            None => Err(this),
        }
    }

    /// Goes on with the whole value, as a guard of the type that parts have.
    pub fn into_mapped(this: Self) -> RwLockMappedWriteGuard<'a, T> {
        RwLockMappedWriteGuard { value: this.value, hold: this.hold, marker: PhantomData }
    }

    /// Goes on reading a part of the value, without letting a writer in between.
    ///
    /// The closure gets a shared reference, because readers may come before it is dropped.
    pub fn downgrade_map<U: ?Sized, F>(this: Self, part: F) -> RwLockReadGuard<'a, U>
    where
        F: FnOnce(&T) -> &U,
    {
        let value = NonNull::from(part(&this));
        RwLockReadGuard { value, hold: this.hold.downgrade(), marker: PhantomData }
    }

    /// Goes on reading a part of the value, if there is one, without letting a writer in between.
    ///
    /// # Errors
    ///
    /// The guard comes back, still for writing, if there is none.
    pub fn try_downgrade_map<U: ?Sized, F>(this: Self, part: F) -> Result<RwLockReadGuard<'a, U>, Self>
    where
        F: FnOnce(&T) -> Option<&U>,
    {
        match part(&this).map(NonNull::from) {
            Some(value) => Ok(RwLockReadGuard { value, hold: this.hold.downgrade(), marker: PhantomData }),
            None => Err(this),
        }
    }
}

impl<'a, T: ?Sized> RwLockMappedWriteGuard<'a, T> {
    /// Goes on with a part of this part.
    pub fn map<U: ?Sized, F>(mut this: Self, part: F) -> RwLockMappedWriteGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        let value = NonNull::from(part(&mut this));
        RwLockMappedWriteGuard { value, hold: this.hold, marker: PhantomData }
    }

    /// Goes on with a part of this part, if there is one.
    ///
    /// # Errors
    ///
    /// The guard comes back if there is none.
    pub fn try_map<U: ?Sized, F>(mut this: Self, part: F) -> Result<RwLockMappedWriteGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        match part(&mut this).map(NonNull::from) {
            Some(value) => Ok(RwLockMappedWriteGuard { value, hold: this.hold, marker: PhantomData }),
            None => Err(this),
        }
    }
}

impl<T: ?Sized> Deref for RwLockReadGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: there are only readers beside this guard (Safety 1, 3).
        unsafe { self.value.as_ref() }
    }
}

impl<T: ?Sized> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this guard is alone (Safety 1, 3).
        unsafe { self.value.as_ref() }
    }
}

impl<T: ?Sized> DerefMut for RwLockWriteGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this guard is alone, and borrowed mutably (Safety 1, 3).
        unsafe { self.value.as_mut() }
    }
}

impl<T: ?Sized> Deref for RwLockMappedWriteGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this guard is alone (Safety 1, 3).
        unsafe { self.value.as_ref() }
    }
}

impl<T: ?Sized> DerefMut for RwLockMappedWriteGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this guard is alone, and borrowed mutably (Safety 1, 3).
        unsafe { self.value.as_mut() }
    }
}

macro_rules! shown_as_the_value {
    ($($guard:ident),+) => {$(
        impl<T: ?Sized + fmt::Debug> fmt::Debug for $guard<'_, T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&**self, f)
            }
        }

        impl<T: ?Sized + fmt::Display> fmt::Display for $guard<'_, T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&**self, f)
            }
        }
    )+};
}

shown_as_the_value!(RwLockReadGuard, RwLockWriteGuard, RwLockMappedWriteGuard);
