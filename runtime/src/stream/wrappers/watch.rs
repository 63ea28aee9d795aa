//! The values of a watch channel.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use crate::sync::ReusableBoxFuture;
use crate::sync::watch::Receiver;
use crate::sync::watch::error::RecvError;

type Changed<T> = (Result<(), RecvError>, Receiver<T>);

/// The values of a [`Receiver`]: the newest each time, not every one that was sent.
///
/// It allocates once, when it is made.
///
/// ```
/// use minato_runtime::stream::StreamExt;
/// use minato_runtime::stream::wrappers::WatchStream;
/// use minato_runtime::sync::watch;
///
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let (tx, rx) = watch::channel("starting");
/// let mut stream = WatchStream::new(rx);
/// assert_eq!(stream.next().await, Some("starting"));
/// tx.send("ready").unwrap();
/// assert_eq!(stream.next().await, Some("ready"));
/// drop(tx);
/// assert_eq!(stream.next().await, None);
/// # });
/// ```
#[must_use = "streams do nothing unless polled"]
pub struct WatchStream<T> {
    changing: ReusableBoxFuture<'static, Changed<T>>,
}

async fn change<T>(mut receiver: Receiver<T>) -> Changed<T> {
    let changed = receiver.changed().await;
    (changed, receiver)
}

impl<T: Clone + Send + Sync + 'static> WatchStream<T> {
    /// The value that is there, then each newer one.
    pub fn new(mut receiver: Receiver<T>) -> Self {
        receiver.mark_changed();
        // Also if the sender is gone: the present value comes before the end.
        Self { changing: ReusableBoxFuture::new(change(receiver)) }
    }

    /// Each value that is newer than what `receiver` has seen.
    pub fn from_changes(receiver: Receiver<T>) -> Self {
        Self { changing: ReusableBoxFuture::new(change(receiver)) }
    }
}

impl<T: Clone + Send + Sync + 'static> Stream for WatchStream<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let (changed, mut receiver) = ready!(self.changing.poll(cx));
        let value = changed.ok().map(|()| receiver.borrow_and_update().clone());
        self.changing.set(change(receiver));
        Poll::Ready(value)
    }
}

impl<T: Clone + Send + Sync + 'static> From<Receiver<T>> for WatchStream<T> {
    fn from(receiver: Receiver<T>) -> Self {
        Self::new(receiver)
    }
}

impl<T> fmt::Debug for WatchStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchStream").finish_non_exhaustive()
    }
}
