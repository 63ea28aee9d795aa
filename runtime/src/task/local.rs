//! Values that belong to a task, not to a thread.
//!
//! A value is in the thread-local slot while its future is polled or dropped, and in the future at all other times.
//! Two swaps per poll, no map to look in.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;

use pin_project_lite::pin_project;

/// Declares values that belong to a task, as `thread_local!` does those that belong to a thread.
///
/// Each is a static [`LocalKey`](crate::task::LocalKey). It has a value only inside
/// [`LocalKey::scope`](crate::task::LocalKey::scope), and tasks do not inherit it from the one that spawned them.
///
/// ```
/// minato_runtime::task_local! {
///     static REQUEST: u64;
/// }
///
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let seen = REQUEST.scope(17, async { REQUEST.get() }).await;
/// assert_eq!(seen, 17);
/// # });
/// ```
#[macro_export]
macro_rules! task_local {
    () => {};
    ($(#[$attribute:meta])* $visibility:vis static $name:ident: $type:ty $(; $($rest:tt)*)?) => {
        $(#[$attribute])*
        $visibility static $name: $crate::task::LocalKey<$type> = {
            ::std::thread_local! {
                static SLOT: ::std::cell::RefCell<::std::option::Option<$type>> =
                    const { ::std::cell::RefCell::new(::std::option::Option::None) };
            }
            $crate::task::LocalKey::new(&SLOT)
        };
        $($crate::task_local! { $($rest)* })?
    };
}

/// The name of a value that belongs to a task; made by [`task_local!`](crate::task_local).
pub struct LocalKey<T: 'static> {
    slot: &'static thread::LocalKey<RefCell<Option<T>>>,
}

impl<T: 'static> LocalKey<T> {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(slot: &'static thread::LocalKey<RefCell<Option<T>>>) -> Self {
        Self { slot }
    }

    /// Runs `future` with `value` under this key.
    ///
    /// Scopes of one key nest: the inner value hides the outer. The future is also dropped with the value in place.
    ///
    /// # Panics
    ///
    /// When polled inside [`with`](Self::with) of the same key.
    ///
    /// # Cancel safety
    ///
    /// As that of `future`.
    pub fn scope<F: Future>(&'static self, value: T, future: F) -> TaskLocalFuture<T, F> {
        TaskLocalFuture { key: self, value: Some(value), future: Some(future) }
    }

    /// Runs `f` with `value` under this key.
    ///
    /// # Panics
    ///
    /// Inside [`with`](Self::with) of the same key.
    #[track_caller]
    pub fn sync_scope<R>(&'static self, value: T, f: impl FnOnce() -> R) -> R {
        let mut value = Some(value);
        match self.enter(&mut value, f) {
            Ok(output) => output,
            Err(refused) => refused.panic(),
        }
    }

    /// Swaps the value into the slot for as long as `f` runs.
    fn enter<R>(&'static self, value: &mut Option<T>, f: impl FnOnce() -> R) -> Result<R, Refused> {
        struct Leave<'a, T: 'static> {
            key: &'static LocalKey<T>,
            value: &'a mut Option<T>,
        }
        impl<T: 'static> Drop for Leave<'_, T> {
            fn drop(&mut self) {
                // The slot is not borrowed: a borrow lasts for a closure that `f` ran. Nor is it gone, or entering
                // had been refused.
                self.key.slot.with(|slot| mem::swap(&mut *slot.borrow_mut(), self.value));
            }
        }
        self.slot
            .try_with(|slot| match slot.try_borrow_mut() {
                Ok(mut slot) => {
                    mem::swap(&mut *slot, value);
                    Ok(())
                }
                Err(_) => Err(Refused::Borrowed),
            })
            .unwrap_or(Err(Refused::ThreadEnds))?;
        let _leave = Leave { key: self, value };
        Ok(f())
    }

    /// Calls `f` with the value.
    ///
    /// # Panics
    ///
    /// Outside a scope of this key.
    #[track_caller]
    pub fn with<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
        match self.try_with(f) {
            Ok(output) => output,
            Err(error) => panic!("{error}"),
        }
    }

    /// Calls `f` with the value.
    ///
    /// # Errors
    ///
    /// Outside a scope of this key.
    pub fn try_with<R>(&'static self, f: impl FnOnce(&T) -> R) -> Result<R, AccessError> {
        let read = self.slot.try_with(|slot| slot.borrow().as_ref().map(f));
        read.ok().flatten().ok_or(AccessError(()))
    }

    /// A copy of the value.
    ///
    /// # Panics
    ///
    /// Outside a scope of this key.
    #[track_caller]
    pub fn get(&'static self) -> T
    where
        T: Clone,
    {
        self.with(T::clone)
    }

    /// A copy of the value.
    ///
    /// # Errors
    ///
    /// Outside a scope of this key.
    pub fn try_get(&'static self) -> Result<T, AccessError>
    where
        T: Clone,
    {
        self.try_with(T::clone)
    }
}

impl<T> fmt::Debug for LocalKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKey").finish_non_exhaustive()
    }
}

/// Why a scope cannot be entered.
enum Refused {
    Borrowed,
    ThreadEnds,
}

impl Refused {
    #[track_caller]
    fn panic(self) -> ! {
        match self {
            Self::Borrowed => panic!("cannot enter a task-local scope inside `with` of the same key"),
            Self::ThreadEnds => panic!("cannot enter a task-local scope while the thread ends"),
        }
    }
}

pin_project! {
    /// A future with a task-local value; made by [`LocalKey::scope`].
    #[must_use = "futures do nothing unless polled"]
    pub struct TaskLocalFuture<T, F>
    where
        T: 'static,
    {
        key: &'static LocalKey<T>,
        value: Option<T>,
        // `None` once it was ready, because it is dropped with the value in place.
        #[pin]
        future: Option<F>,
    }

    impl<T: 'static, F> PinnedDrop for TaskLocalFuture<T, F> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            let mut future = this.future;
            if future.is_some() {
                // Where the scope cannot be entered, the future is dropped without the value, with the fields.
                let _refused = this.key.enter(this.value, || future.set(None));
            }
        }
    }
}

impl<T: 'static, F> TaskLocalFuture<T, F> {
    /// Takes the value out; `None` if it was taken before. The future then runs without it.
    ///
    /// ```
    /// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// minato_runtime::task_local! {
    ///     static COUNT: std::cell::Cell<u32>;
    /// }
    ///
    /// let mut counted = std::pin::pin!(COUNT.scope(Default::default(), async {
    ///     COUNT.with(|count| count.set(count.get() + 1));
    /// }));
    /// counted.as_mut().await;
    /// assert_eq!(counted.take_value().unwrap().get(), 1);
    /// # });
    /// ```
    pub fn take_value(self: Pin<&mut Self>) -> Option<T> {
        self.project().value.take()
    }
}

impl<T: 'static, F: Future> Future for TaskLocalFuture<T, F> {
    type Output = F::Output;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let mut future = this.future;
        let polled = this.key.enter(this.value, || {
            let output = future.as_mut().as_pin_mut().expect("polled after it was ready").poll(cx);
            if output.is_ready() {
                future.set(None);
            }
            output
        });
        match polled {
            Ok(output) => output,
            Err(refused) => refused.panic(),
        }
    }
}

impl<T: fmt::Debug, F> fmt::Debug for TaskLocalFuture<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskLocalFuture").field("value", &self.value).finish_non_exhaustive()
    }
}

/// The task has no value under this key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessError(());

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the task-local value was not set")
    }
}

impl std::error::Error for AccessError {}
