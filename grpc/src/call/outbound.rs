//! The messages that go out.

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Poll, ready};

use futures_core::Stream;
use prost::Message;

use super::Outlet;
use super::outlet::Ending;
use crate::clock::Deadline;
use crate::limits::BATCH_LEN;
use crate::{Result, Status};

/// The stream of messages to the other side.
///
/// Messages that are sent while the transport is busy, or before the sender next waits for something, travel
/// together; [`flush`](Self::flush) waits until they have left.
///
/// In a handler the stream ends when the handler returns. In a client it ends with [`finish`](Self::finish): dropping
/// it before cancels the call, so that the server never takes half a stream for a whole one.
///
/// ```
/// use minato_grpc::{Cx, Inbound, Outbound, Result};
///
/// async fn shout(_: &mut Cx<'_>, input: &mut Inbound<String>, output: &mut Outbound<String>) -> Result<()> {
///     while let Some(line) = input.next().await? {
///         output.send(line.to_uppercase()).await?;
///     }
///     Ok(())
/// }
/// ```
pub struct Outbound<T> {
    outlet: Arc<Outlet>,
    /// In a client; a handler ends as a whole.
    deadline: Option<Deadline>,
    message: PhantomData<fn(T)>,
}

impl<T> Outbound<T> {
    pub(crate) fn new(outlet: Arc<Outlet>) -> Self {
        Self::with_deadline(outlet, None)
    }

    pub(crate) fn with_deadline(outlet: Arc<Outlet>, deadline: Option<Deadline>) -> Self {
        Self { outlet, deadline, message: PhantomData }
    }

    /// Waits for the transport to have less than `len` bytes before it.
    async fn drained_below(&mut self, len: usize) -> Result<()> {
        poll_fn(|cx| match (self.outlet.poll_below(len, cx), &mut self.deadline) {
            (Poll::Ready(true), _) => Poll::Ready(Ok(())),
            (Poll::Ready(false), _) => {
                Poll::Ready(Err(Status::cancelled("the other side reads no more messages")))
            }
            (Poll::Pending, None) => Poll::Pending,
            (Poll::Pending, Some(deadline)) => {
                ready!(deadline.poll_passed(cx));
                self.outlet.end(Ending::Aborted);
                Poll::Ready(Err(Status::deadline_exceeded("the deadline passed")))
            }
        })
        .await
    }

    /// Waits until everything sent so far was taken by the transport.
    ///
    /// # Errors
    ///
    /// CANCELLED where nobody will read any more, and in a client DEADLINE_EXCEEDED.
    ///
    /// # Cancel safety
    ///
    /// Safe: waiting changes nothing.
    pub async fn flush(&mut self) -> Result<()> {
        self.drained_below(1).await
    }

    /// Ends the stream.
    pub fn finish(self) {
        self.outlet.end(Ending::Finished);
    }
}

impl<T: Message> Outbound<T> {
    /// Sends a message, after waiting while 16 KiB or more are queued.
    ///
    /// # Errors
    ///
    /// CANCELLED where nobody will read any more, and in a client DEADLINE_EXCEEDED.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it completes, nothing was sent.
    pub async fn send(&mut self, message: T) -> Result<()> {
        self.drained_below(BATCH_LEN).await?;
        self.outlet.push(&message)
    }

    /// Sends every message of a stream, and stops at its first error.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), and what the stream fails with.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, a message that was taken from the stream and waits for room is lost with the stream; those
    /// before it are on their way.
    pub async fn send_all(&mut self, messages: impl Stream<Item = Result<T>>) -> Result<()> {
        let mut messages = pin!(messages);
        while let Some(message) = poll_fn(|cx| messages.as_mut().poll_next(cx)).await {
            self.send(message?).await?;
        }
        Ok(())
    }
}

impl<T> Drop for Outbound<T> {
    fn drop(&mut self) {
        self.outlet.end(Ending::Aborted);
    }
}

impl<T> fmt::Debug for Outbound<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbound").finish_non_exhaustive()
    }
}
