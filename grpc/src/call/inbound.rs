//! The messages that come in.

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use prost::Message;

use super::{Event, Reader, decode};
use crate::client::Incoming;
use crate::{Metadata, Result};

/// The stream of messages from the other side.
///
/// Read it with [`next`](Self::next), or as a [`Stream`]. In a client its end is the end of the call: the error of
/// the last `next` is the status the server sent. Dropping it before cancels the call.
pub struct Inbound<T> {
    source: Source,
    message: PhantomData<fn() -> T>,
}

enum Source {
    Request(Reader),
    Response(Box<Incoming>),
    /// An error was returned; nothing follows it.
    Failed,
}

impl<T> Inbound<T> {
    pub(crate) fn of_request(reader: Reader) -> Self {
        Self { source: Source::Request(reader), message: PhantomData }
    }

    pub(crate) fn of_response(incoming: Incoming) -> Self {
        Self { source: Source::Response(Box::new(incoming)), message: PhantomData }
    }

    /// In a client, the metadata the server sent before its first message, once they have arrived.
    #[must_use]
    pub fn headers(&self) -> Option<&Metadata> {
        match &self.source {
            Source::Response(incoming) => incoming.headers(),
            Source::Request(_) | Source::Failed => None,
        }
    }

    /// In a client, the metadata the server sent behind its last message, once the stream has ended well. Where it
    /// has not, they are with the [`Status`](crate::Status).
    #[must_use]
    pub fn trailers(&self) -> Option<&Metadata> {
        match &self.source {
            Source::Response(incoming) => incoming.trailers(),
            Source::Request(_) | Source::Failed => None,
        }
    }

    fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>>> {
        match &mut self.source {
            Source::Request(reader) => match ready!(reader.poll_event(cx))? {
                Event::Message(bytes) => Poll::Ready(Ok(Some(bytes))),
                Event::End(_, framing) => Poll::Ready(framing.map(|()| None).map_err(Into::into)),
            },
            Source::Response(incoming) => incoming.poll_bytes(cx),
            Source::Failed => Poll::Ready(Ok(None)),
        }
    }
}

impl<T: Message + Default> Inbound<T> {
    /// The next message; `None` at the end of the stream.
    ///
    /// # Errors
    ///
    /// What the other side or the transport did wrong and, in a client, the status of a call that failed.
    ///
    /// # Cancel safety
    ///
    /// Safe: a message is taken only by a call that returns it.
    pub async fn next(&mut self) -> Result<Option<T>> {
        poll_fn(|cx| self.poll_message(cx)).await
    }

    /// As [`next`](Self::next), for futures written by hand.
    ///
    /// # Errors
    ///
    /// As [`next`](Self::next).
    pub fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<T>>> {
        let result = ready!(self.poll_bytes(cx)).and_then(|bytes| bytes.map(decode).transpose());
        if result.is_err() {
            self.source = Source::Failed;
        }
        Poll::Ready(result)
    }
}

impl<T: Message + Default> Stream for Inbound<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_message(cx).map(Result::transpose)
    }
}

impl<T> fmt::Debug for Inbound<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbound").finish_non_exhaustive()
    }
}
