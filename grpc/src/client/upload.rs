//! A call that sends a stream.

use std::fmt;

use prost::Message;

use super::incoming::Single;
use super::{Incoming, Response};
use crate::{Outbound, Result, Status};

/// A call that sends a stream of messages and is answered with one.
///
/// Dropping it before [`finish`](Self::finish) cancels the call: the server never takes half a stream for a whole
/// one.
///
/// ```
/// use minato_grpc::{Result, client::ClientStreaming};
///
/// async fn join(call: ClientStreaming<String, String>) -> Result<String> {
///     let mut upload = call.await?;
///     for word in ["to", "be"] {
///         upload.send(word.to_owned()).await?;
///     }
///     upload.finish().await
/// }
/// ```
#[must_use = "dropping it cancels the call"]
pub struct Upload<Req, Res> {
    outbound: Outbound<Req>,
    incoming: Option<Incoming>,
    /// What the server answered before the stream ended.
    early: Option<Result<Response<Res>>>,
}

impl<Req: Message, Res: Message + Default> Upload<Req, Res> {
    pub(super) fn new(outbound: Outbound<Req>, incoming: Incoming) -> Self {
        Self { outbound, incoming: Some(incoming), early: None }
    }

    /// Sends a message, after waiting while 16 KiB or more are queued.
    ///
    /// # Errors
    ///
    /// The status of the call where the server has ended it; where it was answered well before the end of the
    /// stream, CANCELLED, and [`finish`](Self::finish) gives the answer.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it completes, the message was not sent, unless the call has failed.
    pub async fn send(&mut self, message: Req) -> Result<()> {
        let Err(error) = self.outbound.send(message).await else { return Ok(()) };
        if let Some(incoming) = self.incoming.take() {
            match Single::new(incoming).response().await {
                Err(status) => return Err(status),
                answer => self.early = Some(answer),
            }
        }
        Err(error)
    }

    /// Ends the stream and waits for the answer.
    ///
    /// # Errors
    ///
    /// The status of a call that failed.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future cancels the call, and the server is told.
    pub async fn finish(self) -> Result<Res> {
        self.finish_with_metadata().await.map(|response| response.message)
    }

    /// As [`finish`](Self::finish), with the metadata of the answer.
    ///
    /// # Errors
    ///
    /// The status of a call that failed.
    ///
    /// # Cancel safety
    ///
    /// As [`finish`](Self::finish).
    pub async fn finish_with_metadata(self) -> Result<Response<Res>> {
        self.outbound.finish();
        match (self.early, self.incoming) {
            (Some(answer), _) => answer,
            (None, Some(incoming)) => Single::new(incoming).response().await,
            (None, None) => Err(Status::cancelled("the call has failed before")),
        }
    }
}

impl<Req, Res> fmt::Debug for Upload<Req, Res> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload").finish_non_exhaustive()
    }
}
