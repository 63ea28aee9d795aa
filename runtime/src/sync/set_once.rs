//! A value that is set once and can be waited for.
//!
//! Invariant: the value is there before everybody is called. A waiter makes its `Notified` before it looks a last
//! time. One of the two sees the other.

use std::error::Error;
use std::fmt;
use std::sync::OnceLock;

use super::Notify;
use crate::task::WaitSite;
use crate::task::coop::consume_budget;

/// A value that is set once, by anybody, and waited for by any number of tasks.
///
/// Unlike [`OnceCell`](super::OnceCell), waiting makes no value. Reading one that is there costs an atomic load.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use minato_runtime::sync::SetOnce;
///
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let address = Arc::new(SetOnce::new());
/// let setter = Arc::clone(&address);
/// minato_runtime::spawn(async move { setter.set("localhost:80").unwrap() });
/// assert_eq!(*address.wait().await, "localhost:80");
/// assert!(address.set("elsewhere").is_err());
/// # });
/// ```
pub struct SetOnce<T> {
    value: OnceLock<T>,
    is_set: Notify,
}

/// There was a value already; holds the one that was not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetOnceError<T>(pub T);

impl<T> SetOnce<T> {
    /// No value yet.
    #[must_use]
    pub fn new() -> Self {
        Self { value: OnceLock::new(), is_set: Notify::new() }
    }

    /// As [`new`](Self::new), for statics.
    #[cfg(not(loom))]
    #[must_use]
    pub const fn const_new() -> Self {
        Self { value: OnceLock::new(), is_set: Notify::const_new() }
    }

    /// With a value, if there is one.
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

    /// Sets the value, and calls all who wait for it.
    ///
    /// # Errors
    ///
    /// The value comes back if there is one already.
    pub fn set(&self, value: T) -> Result<(), SetOnceError<T>> {
        self.value.set(value).map_err(SetOnceError)?;
        self.is_set.notify_waiters();
        Ok(())
    }

    /// Waits for the value.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub async fn wait(&self) -> &T {
        consume_budget().await;
        loop {
            if let Some(value) = self.value.get() {
                return value;
            }
            let is_set = self.is_set.notified();
            if let Some(value) = self.value.get() {
                return value;
            }
            WaitSite::SetOnce.during(is_set).await;
        }
    }

    /// Takes the value out, if there is one.
    #[must_use]
    pub fn into_inner(self) -> Option<T> {
        self.value.into_inner()
    }
}

impl<T> Default for SetOnce<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> From<T> for SetOnce<T> {
    fn from(value: T) -> Self {
        Self { value: OnceLock::from(value), is_set: Notify::new() }
    }
}

impl<T: Clone> Clone for SetOnce<T> {
    /// With the same value, if there is one; those who wait for this one do not wait for the clone.
    fn clone(&self) -> Self {
        Self::new_with(self.get().cloned())
    }
}

impl<T: PartialEq> PartialEq for SetOnce<T> {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl<T: Eq> Eq for SetOnce<T> {}

impl<T: fmt::Debug> fmt::Debug for SetOnce<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetOnce").field("value", &self.get()).finish()
    }
}

impl<T> fmt::Display for SetOnceError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value was set already")
    }
}

impl<T: fmt::Debug> Error for SetOnceError<T> {}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::test_support::{CountingWaker, poll_once, ready};
    use std::pin::pin;
    use std::task::Context;

    #[test]
    fn all_who_wait_get_the_value_and_a_second_one_is_refused() {
        let cell = SetOnce::new();
        let (count, waker) = CountingWaker::new();
        let mut one = pin!(cell.wait());
        let mut other = pin!(cell.wait());
        assert!(one.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        assert!(other.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        assert_eq!((cell.initialized(), cell.get()), (false, None));
        assert_eq!(cell.set(1), Ok(()));
        assert_eq!(count.count(), 2);
        assert_eq!(cell.set(2), Err(SetOnceError(2)));
        assert_eq!((ready(one), ready(other), ready(cell.wait())), (&1, &1, &1));
        assert_eq!(cell.clone(), SetOnce::from(1));
        assert_eq!(cell.clone().into_inner(), Some(1));
    }

    #[test]
    fn one_that_gives_up_takes_nothing_along() {
        let cell = SetOnce::new_with(None);
        let mut stays = pin!(cell.wait());
        {
            let mut goes = pin!(cell.wait());
            assert!(poll_once(goes.as_mut()).is_pending());
            assert!(poll_once(stays.as_mut()).is_pending());
            cell.set("there").unwrap();
        }
        assert_eq!(ready(stays), &"there");
    }
}

#[cfg(all(test, loom))]
mod loom_models {
    use super::SetOnce;
    use crate::shim::thread;
    use loom::future::block_on;
    use std::sync::Arc;

    #[test]
    fn loom_a_value_set_beside_a_waiter_reaches_it() {
        loom::model(|| {
            let cell = Arc::new(SetOnce::new());
            let other = Arc::clone(&cell);
            let thread = thread::spawn(move || assert_eq!(*block_on(other.wait()), 1));
            cell.set(1).unwrap();
            thread.join().unwrap();
        });
    }
}
