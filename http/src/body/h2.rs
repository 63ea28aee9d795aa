//! What arrives on an HTTP/2 stream.

use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use crate::error::{Error, Kind};
use crate::h2::Ticket;

/// The receiving half of an HTTP/2 stream as a body.
///
/// Flow-control credit is given back when the application takes the data, not when they arrive: a reader that is slow
/// holds up its own stream only.
pub(crate) struct H2Body {
    recv: h2::RecvStream,
    phase: Phase,
    /// Bytes still to come, where the length was announced; h2 resets a stream that does not keep to it.
    length: Option<u64>,
    /// Bytes allowed before the body fails, and the limit as it was set.
    allowance: Option<(u64, u64)>,
    /// The rest of the exchange, which must know when this has ended.
    ticket: Option<Ticket>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Data,
    Trailers,
    Done,
}

impl H2Body {
    pub(crate) fn new(recv: h2::RecvStream, length: Option<u64>) -> Self {
        Self { recv, phase: Phase::Data, length, allowance: None, ticket: None }
    }

    /// Makes the body fail when it is longer than `limit` bytes.
    pub(crate) fn limited(mut self, limit: Option<u64>) -> Self {
        self.allowance = limit.map(|limit| (limit, limit));
        self
    }

    /// Ties the rest of the exchange to this body.
    pub(crate) fn with_ticket(mut self, ticket: Ticket) -> Self {
        self.ticket = Some(ticket);
        self
    }

    pub(super) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        while self.phase == Phase::Data {
            match ready!(self.recv.poll_data(cx)) {
                Some(Ok(data)) if data.is_empty() => {}
                Some(Ok(data)) => return Poll::Ready(Some(self.take(data).map(Frame::data))),
                Some(Err(error)) => return Poll::Ready(Some(Err(self.fail(Error::h2(error))))),
                None => self.phase = Phase::Trailers,
            }
        }
        if self.phase == Phase::Done {
            return Poll::Ready(None);
        }
        let trailers = ready!(self.recv.poll_trailers(cx));
        Poll::Ready(match trailers {
            Ok(trailers) => {
                self.finish();
                trailers.map(|trailers| Ok(Frame::trailers(trailers)))
            }
            Err(error) => Some(Err(self.fail(Error::h2(error)))),
        })
    }

    fn take(&mut self, data: Bytes) -> Result<Bytes, Error> {
        let len = data.len() as u64;
        // A stream that is already gone has no window to give back to.
        let _ = self.recv.flow_control().release_capacity(data.len());
        self.length = self.length.map(|length| length.saturating_sub(len));
        if let Some((left, limit)) = &mut self.allowance {
            if len > *left {
                let error = Error::new(Kind::BodyLimit(*limit));
                return Err(self.fail(error));
            }
            *left -= len;
        }
        Ok(data)
    }

    fn fail(&mut self, error: Error) -> Error {
        self.phase = Phase::Done;
        error
    }

    fn finish(&mut self) {
        self.phase = Phase::Done;
        self.length = Some(0);
        if let Some(ticket) = self.ticket.take() {
            ticket.complete();
        }
    }

    pub(super) fn is_end_stream(&self) -> bool {
        self.phase == Phase::Done || self.recv.is_end_stream()
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        match self.length {
            _ if self.is_end_stream() => SizeHint::with_exact(0),
            Some(length) => SizeHint::with_exact(length),
            None => SizeHint::new(),
        }
    }
}
