//! The public producer of a body.

use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;

use super::PipeWriter;
use crate::error::{Error, Kind};

/// Feeds the [`Body`](crate::Body) made with it by [`Body::channel`](crate::Body::channel).
///
/// Dropping it without [`finish`](Self::finish) or [`finish_with_trailers`](Self::finish_with_trailers) aborts the
/// body: the peer sees RST_STREAM, or a connection closed in the middle of a message.
///
/// ```
/// # async fn example() -> Result<(), minato_http::Error> {
/// use minato_http::Body;
///
/// let (mut sender, body) = Body::channel();
/// sender.send("hello, ").await?;
/// sender.send("world").await?;
/// sender.finish();
/// assert_eq!(body.text().await?, "hello, world");
/// # Ok(())
/// # }
/// ```
pub struct BodySender {
    writer: PipeWriter,
}

impl BodySender {
    pub(super) fn new(writer: PipeWriter) -> Self {
        Self { writer }
    }

    /// Queues data, after waiting while 64 kB or more are queued.
    ///
    /// # Errors
    ///
    /// [`is_canceled`](Error::is_canceled) when the body was dropped: nobody will read more.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it completes, nothing was queued.
    pub async fn send(&mut self, data: impl Into<Bytes>) -> Result<(), Error> {
        poll_fn(|cx| self.poll_ready(cx)).await?;
        self.start_send(data);
        Ok(())
    }

    /// Ready when there is room for more data.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.writer.poll_room(cx).map(|room| match room {
            true => Ok(()),
            false => Err(Error::new(Kind::Canceled)),
        })
    }

    /// Queues data without waiting; [`poll_ready`](Self::poll_ready) before each call keeps the queue bounded.
    pub fn start_send(&mut self, data: impl Into<Bytes>) {
        let data = data.into();
        if !data.is_empty() {
            self.writer.push(data, None);
        }
    }

    /// Waits until the body has been dropped.
    ///
    /// # Cancel safety
    ///
    /// Safe: waiting changes nothing.
    pub async fn closed(&mut self) {
        poll_fn(|cx| self.writer.poll_gone(cx)).await;
    }

    /// Ends the body.
    pub fn finish(self) {
        self.writer.finish(None, None);
    }

    /// Ends the body with trailers.
    pub fn finish_with_trailers(self, trailers: HeaderMap) {
        self.writer.finish(Some(trailers), None);
    }

    /// Aborts the body with an error; [`Error::reset`] chooses the HTTP/2 error code.
    pub fn abort(self, error: impl Into<Error>) {
        self.writer.fail(error.into(), None);
    }
}

impl fmt::Debug for BodySender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodySender").finish_non_exhaustive()
    }
}
