//! What arrives on an HTTP/2 stream.

use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::{Allowance, BodyLimits};
use crate::clock::{Deadline, Instant};
use crate::error::{Error, Kind, Timeout};
use crate::h2::{Part, RecvHalf, Ticket};

/// The receiving half of an HTTP/2 stream as a body.
///
/// Flow-control credit is given back when the application takes the data, not when they arrive: a reader that is slow
/// holds up its own stream only.
pub(crate) struct H2Body {
    recv: RecvHalf,
    phase: Phase,
    /// Bytes still to come, where the length was announced; a stream that does not keep to it is reset.
    length: Option<u64>,
    /// What a server allows it, and the clock for that.
    allowance: Option<Allowance>,
    deadline: Deadline,
    /// The rest of the exchange, which must know when this has ended.
    ticket: Option<Ticket>,
    patience: Option<Box<Patience>>,
}

/// How long a part of the body may take.
struct Patience {
    timeout: Duration,
    /// When the part that is waited for must have come.
    due: Option<Instant>,
    deadline: Deadline,
}

impl Patience {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.due.is_none() {
            self.due = Instant::now().checked_add(self.timeout);
        }
        self.deadline.poll(self.due, cx)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    Done,
}

impl H2Body {
    pub(crate) fn new(recv: RecvHalf, length: Option<u64>) -> Self {
        Self {
            recv,
            phase: Phase::Open,
            length,
            allowance: None,
            deadline: Deadline::default(),
            ticket: None,
            patience: None,
        }
    }

    /// Makes the body fail when it does not keep to these limits.
    pub(crate) fn limited(mut self, limits: BodyLimits) -> Self {
        self.set_limits(limits);
        self
    }

    pub(super) fn set_limits(&mut self, limits: BodyLimits) {
        match &mut self.allowance {
            Some(allowance) => allowance.set_limits(limits),
            none => *none = Some(Allowance::new(limits)),
        }
    }

    /// Ties the rest of the exchange to this body.
    pub(crate) fn with_ticket(mut self, ticket: Ticket) -> Self {
        self.ticket = Some(ticket);
        self
    }

    /// Makes the body fail when a part of it takes longer.
    pub(crate) fn with_patience(mut self, timeout: Option<Duration>) -> Self {
        self.patience =
            timeout.map(|timeout| Box::new(Patience { timeout, due: None, deadline: Deadline::default() }));
        self
    }

    pub(super) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let polled = self.poll_part(cx);
        let Some(patience) = &mut self.patience else { return polled };
        match polled {
            Poll::Ready(_) => patience.due = None,
            // An upload that goes on is a sign of life; one that is stuck ends by itself.
            Poll::Pending if patience.poll(cx).is_ready() => {
                patience.due = None;
                if !self.ticket.as_ref().is_some_and(Ticket::is_uploading) {
                    // Dropping the ticket gives the exchange up.
                    self.ticket = None;
                    let error = Error::new(Kind::Timeout(Timeout::Body));
                    return Poll::Ready(Some(Err(self.fail(error))));
                }
                cx.waker().wake_by_ref();
            }
            Poll::Pending => {}
        }
        polled
    }

    fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if self.phase == Phase::Done {
            return Poll::Ready(None);
        }
        let part = match self.recv.poll_part(cx) {
            Poll::Ready(part) => part,
            Poll::Pending => return self.poll_expired(cx),
        };
        Poll::Ready(match part {
            Ok(Part::Data(data)) => Some(self.take(data).map(Frame::data)),
            Ok(Part::Trailers(trailers)) => {
                self.finish();
                Some(Ok(Frame::trailers(trailers)))
            }
            Ok(Part::End) => {
                self.finish();
                None
            }
            Err(ended) => Some(Err(self.fail(ended.into()))),
        })
    }

    fn take(&mut self, data: Bytes) -> Result<Bytes, Error> {
        let len = data.len() as u64;
        self.length = self.length.map(|length| length.saturating_sub(len));
        if let Some(allowance) = &mut self.allowance {
            let taken = allowance.take(data.len());
            // The clock is looked at only where it has been running.
            if self.deadline.is_set() {
                allowance.end_wait(Instant::now());
            }
            if let Err(kind) = taken {
                return Err(self.fail(Error::new(kind)));
            }
        }
        Ok(data)
    }

    fn poll_expired(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if let Some(allowance) = self.allowance.as_mut().filter(|allowance| allowance.is_timed()) {
            let due = allowance.wait(Instant::now());
            ready!(self.deadline.poll(due, cx));
            return Poll::Ready(Some(Err(self.fail(Allowance::expired()))));
        }
        Poll::Pending
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
