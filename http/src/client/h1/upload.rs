//! The request body of an exchange.

use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::Body as _;

use crate::body::Body;
use crate::error::{Error, Kind};
use crate::limits::OUTPUT_BYTES;
use crate::outbound::Outbound;
use crate::output::Output;

/// A request body on its way.
pub(super) enum Upload {
    /// It is whole in the output, or there was none.
    Done,
    Sending(Body, Outbound),
    /// The server is asked first whether it wants it.
    Held(Body, Outbound),
    /// The server does not want it, or it cannot be had whole: the connection ends with this exchange.
    Dropped,
}

impl Upload {
    pub(super) fn is_done(&self) -> bool {
        matches!(self, Self::Done)
    }

    pub(super) fn is_sending(&self) -> bool {
        matches!(self, Self::Sending(..))
    }

    pub(super) fn is_held(&self) -> bool {
        matches!(self, Self::Held(..))
    }

    /// The server wants it, or is not asked any longer.
    pub(super) fn release(&mut self) {
        *self = match std::mem::replace(self, Self::Dropped) {
            Self::Held(body, outbound) => Self::Sending(body, outbound),
            other => other,
        };
    }

    /// The server has answered, or takes no more.
    pub(super) fn abandon(&mut self) {
        if !self.is_done() {
            *self = Self::Dropped;
        }
    }

    /// Frames what the body has, up to what the output should hold. Pending when body or output must be waited for.
    ///
    /// # Errors
    ///
    /// When the body fails: then so does the exchange, since a request cannot be taken back halfway.
    pub(super) fn poll(&mut self, output: &mut Output, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let Self::Sending(body, outbound) = self else { return Poll::Ready(Ok(())) };
        while output.len() < OUTPUT_BYTES {
            let framed = match std::task::ready!(Pin::new(&mut *body).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => outbound.data(output, data).map(|()| outbound.is_complete()),
                    Err(frame) => outbound.end(output, frame.trailers_ref()).map(|()| true),
                },
                None => outbound.end(output, None).map(|()| true),
                Some(Err(error)) => return Poll::Ready(Err(self.fail(error))),
            };
            match framed {
                Ok(false) => {}
                Ok(true) => {
                    *self = Self::Done;
                    return Poll::Ready(Ok(()));
                }
                Err(_) => {
                    let error = Error::new(Kind::User("the body does not have the length it announced"));
                    return Poll::Ready(Err(self.fail(error)));
                }
            }
        }
        Poll::Pending
    }

    fn fail(&mut self, error: Error) -> Error {
        *self = Self::Dropped;
        error
    }
}
