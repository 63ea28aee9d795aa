//! A channel that holds one value, the newest: each receiver learns that it has changed, not how often.
//!
//! For settings, states and signals to stop. Inside: `state` is what the two sides share, `sender` and `receiver` are
//! the sides, `error` says what can go wrong.

pub mod error;
mod receiver;
mod sender;
mod state;

pub use error::{RecvError, SendError};
pub use receiver::{Receiver, Ref};
pub use sender::Sender;

/// A channel that holds `initial`, which its receiver counts as seen.
///
/// # Examples
///
/// ```
/// use minato_runtime::sync::watch;
///
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let (tx, mut rx) = watch::channel("starting");
/// let task = minato_runtime::spawn(async move {
///     while rx.changed().await.is_ok() {
///         if *rx.borrow_and_update() == "ready" {
///             return true;
///         }
///     }
///     false
/// });
/// tx.send("ready").unwrap();
/// assert!(task.await.unwrap());
/// # });
/// ```
pub fn channel<T>(initial: T) -> (Sender<T>, Receiver<T>) {
    let sender = Sender::new(initial);
    let receiver = sender.subscribe();
    (sender, receiver)
}

#[cfg(all(test, not(loom)))]
mod tests;

#[cfg(all(test, loom))]
mod loom_models;
