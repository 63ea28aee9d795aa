//! A value that is made once, by whoever needs it first, and may take an `await` to make.
//!
//! Invariant: the value is written only by whoever holds the one permit, and the permits are closed after that. So
//! those who wait for the permit learn from its refusal that the value is there.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::OnceLock;

use super::semaphore::{Semaphore, TryAcquireError};
use crate::task::WaitSite;
use crate::task::coop::consume_budget;

/// A value that is made once, by whoever needs it first.
///
/// Reading a value that is there costs one atomic load.
///
/// # Examples
///
/// ```
/// use minato_runtime::sync::OnceCell;
///
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let cell = OnceCell::new();
/// assert_eq!(cell.get_or_init(async || 1).await, &1);
/// assert_eq!(cell.get_or_init(async || 2).await, &1);
/// assert_eq!(cell.get(), Some(&1));
/// # });
/// ```
pub struct OnceCell<T> {
    value: OnceLock<T>,
    initializing: Semaphore,
}

/// Why a value could not be set; holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetError<T> {
    /// There is a value already.
    AlreadyInitializedError(T),
    /// Somebody is making one.
    InitializingError(T),
}

impl<T> OnceCell<T> {
    /// A cell without a value.
    #[must_use]
    pub fn new() -> Self {
        Self { value: OnceLock::new(), initializing: Semaphore::new(1) }
    }

    /// As [`new`](Self::new), for statics.
    #[cfg(not(loom))]
    #[must_use]
    pub const fn const_new() -> Self {
        Self { value: OnceLock::new(), initializing: Semaphore::const_new(1) }
    }

    /// A cell with a value, if there is one.
    #[must_use]
    pub fn new_with(value: Option<T>) -> Self {
        value.map_or_else(Self::new, Self::from)
    }

    /// Whether there is a value.
    #[must_use]
    pub fn initialized(&self) -> bool {
        self.value.get().is_some()
    }

    /// The value, if there is one.
    #[must_use]
    pub fn get(&self) -> Option<&T> {
        self.value.get()
    }

    /// The value, if there is one.
    #[must_use]
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.value.get_mut()
    }

    /// Sets the value.
    ///
    /// # Errors
    ///
    /// The value comes back if there is one already, or somebody is making one.
    pub fn set(&self, value: T) -> Result<(), SetError<T>> {
        match self.initializing.try_acquire() {
            Ok(_permit) => {
                self.store(value);
                Ok(())
            }
            Err(TryAcquireError::NoPermits) => Err(SetError::InitializingError(value)),
            Err(TryAcquireError::Closed) => Err(SetError::AlreadyInitializedError(value)),
        }
    }

    /// The value; makes it by `init` if there is none, or waits for whoever is making it.
    ///
    /// If whoever makes it gives up or panics, the next that waits begins anew.
    ///
    /// # Cancel safety
    ///
    /// A dropped future drops its `init` unfinished, and leaves the cell as it was.
    pub async fn get_or_init<F, Fut>(&self, init: F) -> &T
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = T>,
    {
        match self.get_or_try_init(|| async { Ok::<_, Infallible>(init().await) }).await {
            Ok(value) => value,
            Err(never) => match never {},
        }
    }

    /// As [`get_or_init`](Self::get_or_init), with an `init` that may fail.
    ///
    /// # Errors
    ///
    /// That of `init`, which leaves the cell as it was.
    ///
    /// # Cancel safety
    ///
    /// As [`get_or_init`](Self::get_or_init).
    ///
    /// # Examples
    ///
    /// ```
    /// use minato_runtime::sync::OnceCell;
    ///
    /// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let cell = OnceCell::new();
    /// assert_eq!(cell.get_or_try_init(async || Err("not yet")).await, Err("not yet"));
    /// assert_eq!(cell.get_or_try_init(async || Ok::<_, &str>(1)).await, Ok(&1));
    /// # });
    /// ```
    pub async fn get_or_try_init<E, F, Fut>(&self, init: F) -> Result<&T, E>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        consume_budget().await;
        if let Some(value) = self.value.get() {
            return Ok(value);
        }
        match WaitSite::OnceCell.during(self.initializing.acquire()).await {
            Ok(_permit) => {
                let value = init().await?;
                Ok(self.store(value))
            }
            Err(_) => Ok(self.value.get().expect("closed only after the value was stored")),
        }
    }

    /// Stores the value; the caller holds the permit.
    fn store(&self, value: T) -> &T {
        let value = self.value.get_or_init(|| value);
        self.initializing.close();
        value
    }

    /// Takes the value out, if there is one.
    #[must_use]
    pub fn into_inner(self) -> Option<T> {
        self.value.into_inner()
    }

    /// Takes the value out, if there is one, and leaves a cell without a value.
    pub fn take(&mut self) -> Option<T> {
        std::mem::take(self).into_inner()
    }
}

impl<T> Default for OnceCell<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> From<T> for OnceCell<T> {
    fn from(value: T) -> Self {
        let cell = Self::new();
        cell.store(value);
        cell
    }
}

impl<T: Clone> Clone for OnceCell<T> {
    fn clone(&self) -> Self {
        Self::new_with(self.get().cloned())
    }
}

impl<T: PartialEq> PartialEq for OnceCell<T> {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl<T: Eq> Eq for OnceCell<T> {}

impl<T: fmt::Debug> fmt::Debug for OnceCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnceCell").field("value", &self.get()).finish()
    }
}

impl<T> SetError<T> {
    /// Whether there is a value already.
    #[must_use]
    pub fn is_already_init_err(&self) -> bool {
        matches!(self, Self::AlreadyInitializedError(_))
    }

    /// Whether somebody is making a value.
    #[must_use]
    pub fn is_initializing_err(&self) -> bool {
        matches!(self, Self::InitializingError(_))
    }
}

impl<T> fmt::Display for SetError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AlreadyInitializedError(_) => "the cell has a value already",
            Self::InitializingError(_) => "the value of the cell is being made",
        })
    }
}

impl<T: fmt::Debug> Error for SetError<T> {}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::test_support::{poll_once, ready};
    use std::future::pending;
    use std::pin::pin;

    #[test]
    fn a_value_is_made_once_and_those_who_wait_get_it() {
        let cell = OnceCell::new();
        let (tx, rx) = crate::sync::oneshot::channel();
        let mut making = pin!(cell.get_or_init(async || rx.await.unwrap()));
        let mut waiting = pin!(cell.get_or_init(async || unreachable!("made elsewhere")));
        assert!(poll_once(making.as_mut()).is_pending());
        assert!(poll_once(waiting.as_mut()).is_pending());
        assert_eq!(cell.set(2), Err(SetError::InitializingError(2)));
        tx.send(1).unwrap();
        assert_eq!(ready(making), &1);
        assert_eq!(ready(waiting), &1);
        assert_eq!(cell.set(2), Err(SetError::AlreadyInitializedError(2)));
    }

    #[test]
    fn one_that_gives_up_or_fails_leaves_the_making_to_the_next() {
        let cell = OnceCell::new();
        let mut next = pin!(cell.get_or_init(async || 1));
        {
            let mut first = pin!(cell.get_or_init(async || pending().await));
            assert!(poll_once(first.as_mut()).is_pending());
            assert!(poll_once(next.as_mut()).is_pending());
        }
        assert_eq!(ready(next), &1);
        let cell = OnceCell::<u8>::new();
        assert_eq!(ready(cell.get_or_try_init(async || Err("no"))), Err("no"));
        assert!(!cell.initialized());
        assert_eq!(cell.set(3), Ok(()));
        assert_eq!(cell.get(), Some(&3));
    }

    #[test]
    fn a_cell_whose_value_was_taken_can_be_set_again() {
        let mut cell = OnceCell::from(1);
        *cell.get_mut().unwrap() += 1;
        assert_eq!(cell.clone(), OnceCell::new_with(Some(2)));
        assert_eq!(cell.take(), Some(2));
        assert_eq!(cell, OnceCell::default());
        assert_eq!(cell.set(3), Ok(()));
        assert_eq!(cell.into_inner(), Some(3));
    }
}
