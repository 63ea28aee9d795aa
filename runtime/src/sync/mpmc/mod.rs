//! A queue of messages, from many senders to many receivers; each message reaches one of them.
//!
//! - [`bounded`]: a sender waits for room;
//! - [`unbounded`]: sending never waits, so the senders must be trusted.
//!
//! It is for handing out work: whoever is free takes the next. Its names are those of `async-channel`. Both sides can be
//! cloned, and both can [close](Sender::close) it: then nothing can be sent any more, and what was sent is still
//! received. It closes by itself when all senders or all receivers are gone; in the latter case what was not received is
//! dropped.
//!
//! Messages arrive in the order in which they were sent. Tasks that wait are told in the order they came; one that does
//! not wait may still be quicker than one that was told, which then waits again, behind the others. So a message or room
//! that is there can always be had, and no task holds it that is busy with something else. Where there is one receiver,
//! [`mpsc`](super::mpsc) does the same without a lock.
//!
//! Inside: `shared` is the queue under its lock, `line` are the tasks that wait on one side, `sender`, `receiver` and `weak`
//! are the sides, `error` says what can go wrong.

pub mod error;
mod line;
mod receiver;
mod sender;
mod shared;
mod weak;

use std::sync::Arc;

pub use error::{RecvError, SendError, TryRecvError, TrySendError};
pub use receiver::Receiver;
pub use sender::Sender;
pub use weak::{WeakReceiver, WeakSender};

use shared::Shared;

/// A queue that holds at most `capacity` messages.
///
/// Memory grows with the messages held, up to that number.
///
/// # Panics
///
/// If `capacity` is 0.
///
/// # Examples
///
/// ```
/// use minato_runtime::sync::mpmc;
///
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let (tx, rx) = mpmc::bounded(2);
/// let workers: Vec<_> = (0..3)
///     .map(|_| {
///         let jobs = rx.clone();
///         minato_runtime::spawn(async move {
///             let mut sum = 0;
///             while let Ok(job) = jobs.recv().await {
///                 sum += job;
///             }
///             sum
///         })
///     })
///     .collect();
/// for job in 1..=10 {
///     tx.send(job).await.unwrap();
/// }
/// tx.close();
/// let mut total = 0;
/// for worker in workers {
///     total += worker.await.unwrap();
/// }
/// assert_eq!(total, 55);
/// # });
/// ```
#[must_use]
pub fn bounded<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    assert!(capacity > 0, "a queue needs room for at least one message");
    pair(Shared::new(Some(capacity)))
}

/// A queue that holds as many messages as are sent.
///
/// Nothing but the receivers' speed limits its memory; use [`bounded`] where the senders cannot be trusted.
///
/// # Examples
///
/// ```
/// use minato_runtime::sync::mpmc::{self, TryRecvError};
///
/// let (tx, rx) = mpmc::unbounded();
/// tx.try_send("one").unwrap();
/// tx.try_send("two").unwrap();
/// let other = rx.clone();
/// assert_eq!(rx.try_recv(), Ok("one"));
/// assert_eq!(other.try_recv(), Ok("two"));
/// assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
/// drop(tx);
/// assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
/// ```
#[must_use]
pub fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
    pair(Shared::new(None))
}

fn pair<T>(shared: Shared<T>) -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(shared);
    (Sender { shared: Arc::clone(&shared) }, Receiver::new(shared))
}

#[cfg(all(test, not(loom)))]
mod tests;

#[cfg(all(test, loom))]
mod loom_models;
