//! The messages of a broadcast channel.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use crate::sync::ReusableBoxFuture;
use crate::sync::broadcast::Receiver;
use crate::sync::broadcast::error::RecvError;

type Received<T> = (Result<T, RecvError>, Receiver<T>);

/// The messages of a [`Receiver`], with an error where some were lost.
///
/// It allocates once, when it is made.
///
/// ```
/// use minato_runtime::stream::StreamExt;
/// use minato_runtime::stream::wrappers::BroadcastStream;
/// use minato_runtime::sync::broadcast;
///
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let (tx, rx) = broadcast::channel(4);
/// let mut stream = BroadcastStream::new(rx);
/// tx.send("hello").unwrap();
/// drop(tx);
/// assert_eq!(stream.next().await, Some(Ok("hello")));
/// assert_eq!(stream.next().await, None);
/// # });
/// ```
#[must_use = "streams do nothing unless polled"]
pub struct BroadcastStream<T> {
    receiving: ReusableBoxFuture<'static, Received<T>>,
}

/// Why an item of a [`BroadcastStream`] is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BroadcastStreamRecvError {
    /// The stream was polled too slowly, and so many messages were lost.
    Lagged(u64),
}

async fn receive<T: Clone>(mut receiver: Receiver<T>) -> Received<T> {
    let received = receiver.recv().await;
    (received, receiver)
}

impl<T: Clone + Send + 'static> BroadcastStream<T> {
    /// A stream of the messages that `receiver` has not received.
    pub fn new(receiver: Receiver<T>) -> Self {
        Self { receiving: ReusableBoxFuture::new(receive(receiver)) }
    }
}

impl<T: Clone + Send + 'static> Stream for BroadcastStream<T> {
    type Item = Result<T, BroadcastStreamRecvError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let (received, receiver) = ready!(self.receiving.poll(cx));
        self.receiving.set(receive(receiver));
        Poll::Ready(match received {
            Ok(message) => Some(Ok(message)),
            Err(RecvError::Lagged(lost)) => Some(Err(BroadcastStreamRecvError::Lagged(lost))),
            Err(RecvError::Closed) => None,
        })
    }
}

impl<T: Clone + Send + 'static> From<Receiver<T>> for BroadcastStream<T> {
    fn from(receiver: Receiver<T>) -> Self {
        Self::new(receiver)
    }
}

impl<T> fmt::Debug for BroadcastStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BroadcastStream").finish_non_exhaustive()
    }
}

impl fmt::Display for BroadcastStreamRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Lagged(lost) = self;
        write!(f, "channel lagged by {lost}")
    }
}

impl Error for BroadcastStreamRecvError {}
