//! Guards of a part of the value.
//!
//! # Safety
//!
//! 1. A mapped guard is made of a guard that owned the lock, which it owns from then on; the guard before does not
//!    unlock.
//! 2. Its pointer came from the `&mut` of that guard, through the caller's closure alone. So it points to what lives
//!    as long as the lock is held, and nobody else has it.

use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::ptr::{self, NonNull};
use std::sync::Arc;

use super::{Lock, Mutex, MutexGuard, OwnedMutexGuard};

/// The lock, with a part of its value, let go when this is dropped; made by [`MutexGuard::map`].
#[must_use = "a guard that is not kept unlocks at once"]
pub struct MappedMutexGuard<'a, T: ?Sized> {
    value: NonNull<T>,
    lock: Held<'a>,
    marker: PhantomData<&'a mut T>,
}

/// The lock, with its mutex and a part of its value, let go when this is dropped; made by [`OwnedMutexGuard::map`].
#[must_use = "a guard that is not kept unlocks at once"]
pub struct OwnedMappedMutexGuard<T: ?Sized, U: ?Sized = T> {
    value: NonNull<U>,
    mutex: OwnedHeld<T>,
    marker: PhantomData<*mut U>,
}

/// Unlocks when it is dropped.
struct Held<'a>(&'a Lock);

/// Unlocks when it is dropped, and then lets its mutex go.
struct OwnedHeld<T: ?Sized>(Arc<Mutex<T>>);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.unlock();
    }
}

impl<T: ?Sized> Drop for OwnedHeld<T> {
    fn drop(&mut self) {
        self.0.lock.unlock();
    }
}

// SAFETY: the guard is an exclusive borrow of a `T` (Safety 2); any thread may unlock.
unsafe impl<T: ?Sized + Send> Send for MappedMutexGuard<'_, T> {}
// SAFETY: `&MappedMutexGuard` gives out `&T` alone.
unsafe impl<T: ?Sized + Sync> Sync for MappedMutexGuard<'_, T> {}
// SAFETY: as above; the last owner of the mutex drops the `T`.
unsafe impl<T: ?Sized + Send, U: ?Sized + Send> Send for OwnedMappedMutexGuard<T, U> {}
// SAFETY: `&OwnedMappedMutexGuard` gives out `&U` alone.
unsafe impl<T: ?Sized + Send, U: ?Sized + Sync> Sync for OwnedMappedMutexGuard<T, U> {}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// Goes on with a part of the value.
    ///
    /// An associated function: call it as `MutexGuard::map(guard, |value| &mut value.part)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use minato_runtime::sync::{Mutex, MutexGuard};
    ///
    /// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let pair = Mutex::new((1, "one"));
    /// let mut number = MutexGuard::map(pair.lock().await, |pair| &mut pair.0);
    /// *number += 1;
    /// drop(number);
    /// assert_eq!(pair.into_inner(), (2, "one"));
    /// # });
    /// ```
    pub fn map<U: ?Sized, F>(mut this: Self, part: F) -> MappedMutexGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        let value = NonNull::from(part(&mut this));
        MappedMutexGuard { value, lock: this.into_held(), marker: PhantomData }
    }

    /// Goes on with a part of the value, if there is one.
    ///
    /// # Errors
    ///
    /// The guard comes back if there is none.
    pub fn try_map<U: ?Sized, F>(mut this: Self, part: F) -> Result<MappedMutexGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        match part(&mut this).map(NonNull::from) {
            Some(value) => Ok(MappedMutexGuard { value, lock: this.into_held(), marker: PhantomData }),
            None => Err(this),
        }
    }

    fn into_held(self) -> Held<'a> {
        let this = ManuallyDrop::new(self);
        Held(&this.mutex.lock)
    }
}

impl<T: ?Sized> OwnedMutexGuard<T> {
    /// As [`MutexGuard::map`], with a guard that owns the mutex.
    pub fn map<U: ?Sized, F>(mut this: Self, part: F) -> OwnedMappedMutexGuard<T, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        let value = NonNull::from(part(&mut this));
        OwnedMappedMutexGuard { value, mutex: this.into_held(), marker: PhantomData }
    }

    /// As [`MutexGuard::try_map`], with a guard that owns the mutex.
    ///
    /// # Errors
    ///
    /// The guard comes back if there is no such part.
    pub fn try_map<U: ?Sized, F>(mut this: Self, part: F) -> Result<OwnedMappedMutexGuard<T, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        match part(&mut this).map(NonNull::from) {
            Some(value) => Ok(OwnedMappedMutexGuard { value, mutex: this.into_held(), marker: PhantomData }),
            None => Err(this),
        }
    }

    fn into_held(self) -> OwnedHeld<T> {
        let this = ManuallyDrop::new(self);
        // SAFETY: the guard is not used or dropped any more, so the mutex is moved, not copied.
        OwnedHeld(unsafe { ptr::read(&raw const this.mutex) })
    }
}

impl<'a, T: ?Sized> MappedMutexGuard<'a, T> {
    /// Goes on with a part of this part.
    pub fn map<U: ?Sized, F>(mut this: Self, part: F) -> MappedMutexGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        let value = NonNull::from(part(&mut this));
        MappedMutexGuard { value, lock: this.lock, marker: PhantomData }
    }

    /// Goes on with a part of this part, if there is one.
    ///
    /// # Errors
    ///
    /// The guard comes back if there is none.
    pub fn try_map<U: ?Sized, F>(mut this: Self, part: F) -> Result<MappedMutexGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        match part(&mut this).map(NonNull::from) {
            Some(value) => Ok(MappedMutexGuard { value, lock: this.lock, marker: PhantomData }),
            None => Err(this),
        }
    }
}

impl<T: ?Sized, U: ?Sized> OwnedMappedMutexGuard<T, U> {
    /// Goes on with a part of this part.
    pub fn map<V: ?Sized, F>(mut this: Self, part: F) -> OwnedMappedMutexGuard<T, V>
    where
        F: FnOnce(&mut U) -> &mut V,
    {
        let value = NonNull::from(part(&mut this));
        OwnedMappedMutexGuard { value, mutex: this.mutex, marker: PhantomData }
    }

    /// Goes on with a part of this part, if there is one.
    ///
    /// # Errors
    ///
    /// The guard comes back if there is none.
    pub fn try_map<V: ?Sized, F>(mut this: Self, part: F) -> Result<OwnedMappedMutexGuard<T, V>, Self>
    where
        F: FnOnce(&mut U) -> Option<&mut V>,
    {
        match part(&mut this).map(NonNull::from) {
            Some(value) => Ok(OwnedMappedMutexGuard { value, mutex: this.mutex, marker: PhantomData }),
            None => Err(this),
        }
    }
}

impl<T: ?Sized> Deref for MappedMutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the lock is held, and this guard is borrowed (Safety 2).
        unsafe { self.value.as_ref() }
    }
}

impl<T: ?Sized> DerefMut for MappedMutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the lock is held, and this guard is borrowed mutably (Safety 2).
        unsafe { self.value.as_mut() }
    }
}

impl<T: ?Sized, U: ?Sized> Deref for OwnedMappedMutexGuard<T, U> {
    type Target = U;

    #[inline]
    fn deref(&self) -> &U {
        // SAFETY: the lock is held, and this guard is borrowed (Safety 2).
        unsafe { self.value.as_ref() }
    }
}

impl<T: ?Sized, U: ?Sized> DerefMut for OwnedMappedMutexGuard<T, U> {
    #[inline]
    fn deref_mut(&mut self) -> &mut U {
        // SAFETY: the lock is held, and this guard is borrowed mutably (Safety 2).
        unsafe { self.value.as_mut() }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MappedMutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<T: ?Sized, U: ?Sized + fmt::Debug> fmt::Debug for OwnedMappedMutexGuard<T, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MappedMutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}

impl<T: ?Sized, U: ?Sized + fmt::Display> fmt::Display for OwnedMappedMutexGuard<T, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    #[test]
    fn a_part_keeps_the_lock_until_it_is_dropped() {
        let mutex = Mutex::new((1, [2, 3]));
        let part = MutexGuard::map(mutex.try_lock().unwrap(), |value| &mut value.1);
        assert!(mutex.try_lock().is_err());
        let mut last = MappedMutexGuard::map(part, |pair| &mut pair[1]);
        *last = 5;
        assert!(mutex.try_lock().is_err());
        assert_eq!(format!("{last} {last:?}"), "5 5");
        drop(last);
        assert_eq!(*mutex.try_lock().unwrap(), (1, [2, 5]));
    }

    #[test]
    fn a_part_that_is_not_there_gives_the_guard_back() {
        let mutex = Mutex::new(Some(1));
        let whole = MutexGuard::try_map(mutex.try_lock().unwrap(), |_| None::<&mut u8>).unwrap_err();
        assert_eq!(*whole, Some(1));
        let part = MutexGuard::try_map(whole, Option::as_mut).unwrap();
        let part = MappedMutexGuard::try_map(part, |_| None::<&mut u8>).unwrap_err();
        let part = MappedMutexGuard::try_map(part, |value| Some(value)).unwrap();
        assert!(mutex.try_lock().is_err());
        drop(part);
        assert!(mutex.try_lock().is_ok());
    }

    #[test]
    fn an_owned_part_keeps_the_mutex_alive_and_frees_it_once() {
        let alive = Arc::new(());
        let mutex = Arc::new(Mutex::new((Arc::clone(&alive), 1)));
        let part = OwnedMutexGuard::map(Arc::clone(&mutex).try_lock_owned().unwrap(), |value| &mut value.1);
        let part = OwnedMappedMutexGuard::try_map(part, |_| None::<&mut u8>).unwrap_err();
        let mut part = OwnedMappedMutexGuard::map(part, |number| number);
        assert!(mutex.try_lock().is_err());
        *part += 1;
        drop(mutex);
        assert_eq!(Arc::strong_count(&alive), 2);
        assert_eq!(*part, 2);
        drop(part);
        assert_eq!(Arc::strong_count(&alive), 1);
    }

    #[test]
    fn a_closure_that_panics_unlocks() {
        let mutex = Mutex::new(1);
        let guard = mutex.try_lock().unwrap();
        assert!(
            catch_unwind(AssertUnwindSafe(|| MutexGuard::map(guard, |_| -> &mut u8 { panic!() }))).is_err()
        );
        let part = MutexGuard::map(mutex.try_lock().unwrap(), |value| value);
        let map = || MappedMutexGuard::map(part, |_| -> &mut u8 { panic!() });
        assert!(catch_unwind(AssertUnwindSafe(map)).is_err());
        assert!(mutex.try_lock().is_ok());
    }
}
