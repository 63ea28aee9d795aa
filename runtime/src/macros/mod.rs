//! Declarative macros and the doors to the procedural ones.
//!
//! Each door passes `$crate` on, so that what the procedural macro writes finds this crate under any name.

#[doc(hidden)]
pub mod support;

pub use minato_runtime_macros::{main, test};

/// Waits for several futures at once, and goes on with the first that is ready; the others are dropped.
///
/// A branch is `pattern = future, if condition => handler`; the condition may be left out. All conditions are looked
/// at first; a branch whose condition is false takes no part, but its future is still made. Then all futures are
/// polled in this task, starting with a random one, until one is ready *and* its output matches the pattern. A
/// branch whose output does not match is through. When all are through, the `else` branch runs.
///
/// With `biased;` at the beginning the futures are polled from top to bottom. It is then up to you that the first ones
/// do not keep the last from ever being polled.
///
/// # Cancel safety
///
/// The futures that lose are dropped. In a loop, use futures that lose nothing by that, as their documentation says,
/// or keep the future outside the loop and await it by `&mut`.
///
/// # Panics
///
/// If all branches are through and there is no `else` branch.
///
/// # Examples
///
/// ```
/// use minato_runtime::sync::{mpsc, oneshot};
///
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let (tx, mut rx) = mpsc::channel(1);
/// let (stop, mut stopped) = oneshot::channel::<()>();
/// tx.send("hello").await.unwrap();
///
/// minato_runtime::select! {
///     Some(message) = rx.recv() => assert_eq!(message, "hello"),
///     _ = &mut stopped => unreachable!("nobody has asked to stop"),
///     else => unreachable!("a sender is left"),
/// }
/// # drop(stop);
/// # });
/// ```
#[macro_export]
macro_rules! select {
    ($($tokens:tt)*) => {
        $crate::macros::support::select_impl!($crate $($tokens)*)
    };
}

/// Waits for all of several futures, in this task, and answers a tuple of their outputs.
///
/// Each poll starts with another of the futures; with `biased;` at the beginning they are polled from left to right.
///
/// # Cancel safety
///
/// Dropping the whole drops all futures.
///
/// # Examples
///
/// ```
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let (one, two) = minato_runtime::join!(async { 1 }, async { 2 });
/// assert_eq!(one + two, 3);
/// # });
/// ```
#[macro_export]
macro_rules! join {
    ($($tokens:tt)*) => {
        $crate::macros::support::join_impl!($crate $($tokens)*)
    };
}

/// Waits for all of several futures, in this task, or until one of them fails; answers a tuple of the values, or the
/// first error.
///
/// Each poll starts with another of the futures; with `biased;` at the beginning they are polled from left to right.
///
/// # Cancel safety
///
/// Dropping the whole drops all futures; so does the first error with those that are left.
///
/// # Examples
///
/// ```
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let both = minato_runtime::try_join!(async { Ok(1) }, async { Err::<u8, _>("no") });
/// assert_eq!(both, Err::<(u8, u8), _>("no"));
/// # });
/// ```
#[macro_export]
macro_rules! try_join {
    ($($tokens:tt)*) => {
        $crate::macros::support::try_join_impl!($crate $($tokens)*)
    };
}

/// Pins values to the stack.
///
/// `pin!(a, b)` moves the variables and shadows them with pinned references; `pin! { let a = expr; }` does the same
/// with new ones; `pin!(expr)` is [`std::pin::pin!`].
///
/// # Examples
///
/// ```
/// use std::future::Future;
/// use std::pin::Pin;
///
/// fn pinned(_: Pin<&mut impl Future>) {}
///
/// let future = async {};
/// minato_runtime::pin!(future);
/// pinned(future.as_mut());
/// minato_runtime::pin! {
///     let other = async {};
/// }
/// pinned(other);
/// ```
#[macro_export]
macro_rules! pin {
    ($($name:ident),+ $(,)?) => {
        $(
            #[allow(unused_mut, reason = "whether it is polled by reference is up to the caller")]
            let mut $name = ::core::pin::pin!($name);
        )+
    };
    ($(let $name:ident = $value:expr;)+) => {
        $(
            #[allow(unused_mut, reason = "whether it is polled by reference is up to the caller")]
            let mut $name = ::core::pin::pin!($value);
        )+
    };
    ($value:expr) => {
        ::core::pin::pin!($value)
    };
}
