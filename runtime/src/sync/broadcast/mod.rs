//! A channel whose every message reaches every receiver.
//!
//! It keeps a bounded number of messages. A receiver that falls further behind loses the oldest and is told how many.
//! A message is dropped as soon as every receiver it was for has seen it. Inside: `queue` is the queue of messages
//! without a lock, `shared` puts it under one, `sender`, `weak` and `receiver` are the
//! sides, `error` says what can go wrong.

pub mod error;
mod queue;
mod receiver;
mod sender;
mod shared;
mod weak;

pub use error::{RecvError, SendError, TryRecvError};
pub use receiver::Receiver;
pub use sender::Sender;
pub use weak::WeakSender;

/// A channel that keeps `capacity` messages for those who have not seen them.
///
/// Memory grows with the messages kept, up to that number.
///
/// # Panics
///
/// If `capacity` is 0.
///
/// # Examples
///
/// ```
/// use minato_runtime::sync::broadcast::{self, RecvError};
///
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let (tx, mut rx) = broadcast::channel(2);
/// let mut other = tx.subscribe();
/// assert_eq!(tx.send("one"), Ok(2));
/// assert_eq!(rx.recv().await, Ok("one"));
/// tx.send("two").unwrap();
/// tx.send("three").unwrap();
/// assert_eq!(other.recv().await, Err(RecvError::Lagged(1)));
/// assert_eq!(other.recv().await, Ok("two"));
/// # });
/// ```
#[must_use]
pub fn channel<T: Clone>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let sender = Sender::new(capacity);
    let receiver = sender.subscribe();
    (sender, receiver)
}

#[cfg(all(test, not(loom)))]
mod tests;

#[cfg(all(test, loom))]
mod loom_models;
