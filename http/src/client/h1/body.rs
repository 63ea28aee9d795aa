//! The response body.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::{Connection, Exchange};
use crate::clock::{Deadline, Instant};
use crate::error::{Error, Kind, Sent, Timeout};
use crate::h1::{Decoder, Step};

/// Reads a response body from the connection it owns, and gives the connection back when it has ended.
pub(super) struct ResponseBody {
    /// `None` once the body has ended one way or another.
    exchange: Option<Exchange>,
    decoder: Decoder,
    is_reusable: bool,
    /// How long one part may take.
    part_timeout: Option<Duration>,
    part_due: Option<Instant>,
    part_deadline: Deadline,
    /// When the whole exchange must have ended.
    due: Option<Instant>,
    deadline: Deadline,
}

impl ResponseBody {
    pub(super) fn new(
        exchange: Exchange,
        decoder: Decoder,
        is_reusable: bool,
        part_timeout: Option<Duration>,
        due: Option<Instant>,
    ) -> Self {
        Self {
            exchange: Some(exchange),
            decoder,
            is_reusable,
            part_timeout,
            part_due: None,
            part_deadline: Deadline::default(),
            due,
            deadline: Deadline::default(),
        }
    }

    fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let Some(exchange) = &mut self.exchange else { return Poll::Ready(None) };
        if let Err(error) = exchange.drive_upload(cx) {
            return Poll::Ready(Some(Err(error)));
        }
        if exchange.take_progress() {
            self.part_due = None;
        }
        loop {
            let Connection { io, input, .. } = &mut *exchange.connection;
            match self.decoder.decode(input.bytes()) {
                Ok(Step::Skip(len)) => input.consume(len),
                Ok(Step::Data(len)) => return Poll::Ready(Some(Ok(Frame::data(input.take(len))))),
                Ok(Step::End) => {
                    let trailers = self.decoder.take_trailers();
                    self.finish();
                    return Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))));
                }
                Ok(Step::More) => match input.poll_fill(io, cx, self.decoder.remaining()) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Ok(0)) => {
                        if self.decoder.handle_eof().is_err() {
                            let error = Error::io(Sent::Something, io::ErrorKind::UnexpectedEof.into());
                            return Poll::Ready(Some(Err(error)));
                        }
                    }
                    Poll::Ready(Ok(_)) => {}
                    Poll::Ready(Err(error)) => {
                        return Poll::Ready(Some(Err(Error::io(Sent::Something, error))));
                    }
                },
                Err(fault) => return Poll::Ready(Some(Err(Error::new(Kind::Message(fault))))),
            }
        }
    }

    /// Looks at the clocks while nothing comes.
    fn poll_clocks(&mut self, cx: &mut Context<'_>) -> Poll<Error> {
        if self.deadline.poll(self.due, cx).is_ready() {
            return Poll::Ready(Error::new(Kind::Timeout(Timeout::Total)));
        }
        if let (Some(timeout), None) = (self.part_timeout, self.part_due) {
            self.part_due = Instant::now().checked_add(timeout);
        }
        self.part_deadline.poll(self.part_due, cx).map(|()| Error::new(Kind::Timeout(Timeout::Body)))
    }

    /// The body has ended: the connection is free, unless its request is not whole.
    fn finish(&mut self) {
        if let Some(exchange) = self.exchange.take()
            && self.is_reusable
            && exchange.upload.is_done()
        {
            exchange.connection.give_back();
        }
    }
}

impl http_body::Body for ResponseBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let polled = match self.poll_part(cx) {
            Poll::Pending => self.poll_clocks(cx).map(|error| Some(Err(error))),
            ready => ready,
        };
        match &polled {
            Poll::Ready(Some(Err(_))) => self.exchange = None,
            Poll::Ready(_) => self.part_due = None,
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.exchange.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match (&self.exchange, self.decoder.remaining()) {
            (None, _) => SizeHint::with_exact(0),
            (_, Some(left)) => SizeHint::with_exact(left),
            (_, None) => SizeHint::new(),
        }
    }
}

/// A body that is dropped when all of it has arrived leaves a connection as good as one that was read.
impl Drop for ResponseBody {
    fn drop(&mut self) {
        let Some(exchange) = &mut self.exchange else { return };
        let input = &mut exchange.connection.input;
        while let Ok(step) = self.decoder.decode(input.bytes()) {
            match step {
                Step::Skip(len) | Step::Data(len) => input.consume(len),
                Step::End => return self.finish(),
                Step::More => return,
            }
        }
    }
}
