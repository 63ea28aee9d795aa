//! The request body of one exchange: decoded when the handler asks for it, and not before.

use std::io;
use std::task::{Context, Poll};

use bytes::BytesMut;
use minato_runtime::io::AsyncRead;

use crate::body::{Allowance, Body, BodyLimits, Demand, PipeWriter, pipe};
use crate::clock::Instant;
use crate::error::{Error, Kind, Sent};
use crate::h1::{Decoder, Fault, Framing, Step, encode};
use crate::input::Input;
use crate::output::Output;
use crate::server::config::ServerConfig;

/// Payload shorter than this is gathered, so that a body in tiny chunks does not arrive in tiny pieces.
const GATHER_BYTES: usize = 4 * 1024;

/// The receiving half of an exchange.
pub(super) enum Inbound {
    /// The body has been read whole, or there was none.
    Done,
    Open(Box<Open>),
    /// Its framing is broken: nothing on this connection can be trusted any more.
    Failed,
}

pub(super) struct Open {
    decoder: Decoder,
    pipe: PipeWriter,
    /// The client waits for `100 Continue` before it sends.
    holds_back: bool,
    allowance: Allowance,
}

/// What feeding the body came to.
#[derive(Debug)]
pub(super) enum Fed {
    /// Something was handed to the reader: poll it.
    Progress,
    /// The reader wants more than has arrived.
    Waiting,
    /// The reader wants nothing.
    Idle,
    /// The body is broken, and the reader has been told why.
    Failed(Error),
}

impl Inbound {
    /// The receiving half and the body of a request.
    #[inline]
    pub(super) fn new(framing: Framing, holds_back: bool, config: &ServerConfig) -> (Self, Body) {
        if framing == Framing::Length(0) {
            return (Self::Done, Body::empty());
        }
        let lenient = config.http1.lenient.chunk_size_whitespace;
        let decoder = Decoder::new(framing).taking_whitespace(lenient);
        let (pipe, reader) = pipe(decoder.remaining());
        let allowance = Allowance::new(BodyLimits::of(config));
        (Self::Open(Box::new(Open { decoder, pipe, holds_back, allowance })), Body::from_pipe(reader))
    }

    #[inline]
    pub(super) fn is_done(&self) -> bool {
        matches!(self, Self::Done)
    }

    /// Whether the next exchange can be found behind this body.
    #[inline]
    pub(super) fn is_reusable(&self, config: &ServerConfig) -> bool {
        match self {
            Self::Done => true,
            // A client that was never told to go on may or may not send the body. One that is known to send more than is
            // thrown away is told beforehand that the connection closes.
            Self::Open(open) => {
                let limit = config.limits.unread_body_bytes;
                !open.holds_back
                    && (open.decoder.remaining().is_none_or(|left| left <= limit)
                        || !open.pipe.is_abandoned())
            }
            Self::Failed => false,
        }
    }

    /// Settles, before the head of the response is written, whether the client is to send a body it holds back. It is
    /// when somebody still means to read it, such as a response body made of the request body: behind that head there
    /// is no place to say so any more.
    #[inline]
    pub(super) fn settle_expectation(&mut self, input: &Input, output: &mut Output, cx: &Context<'_>) {
        if let Self::Open(open) = self
            && open.holds_back
            && input.is_empty()
            && open.pipe.demand(cx) != Demand::Gone
        {
            open.holds_back = false;
            output.tail().extend_from_slice(encode::CONTINUE);
        }
    }

    /// Gives the reader what it asks for, from what has arrived or can be read now.
    pub(super) fn feed<Io: AsyncRead + Unpin>(
        &mut self,
        input: &mut Input,
        output: &mut Output,
        io: &mut Io,
        cx: &mut Context<'_>,
    ) -> Fed {
        let Self::Open(open) = self else { return Fed::Idle };
        if open.pipe.demand(cx) != Demand::Wanted {
            return Fed::Idle;
        }
        if let Some(limits) = open.pipe.take_limits() {
            open.allowance.set_limits(limits);
        }
        loop {
            match open.decode(input, cx) {
                Ok(Decoded::Progress) => return Fed::Progress,
                Ok(Decoded::End) => {
                    *self = Self::Done;
                    return Fed::Progress;
                }
                Ok(Decoded::Nothing) => {}
                Err(kind) => return self.fail(Error::new(kind), cx),
            }
            // RFC 9110 §10.1.1: 100 (Continue) comes before the final response; behind its head this is false.
            if std::mem::take(&mut open.holds_back) {
                output.tail().extend_from_slice(encode::CONTINUE);
            }
            match input.poll_fill(io, cx, open.decoder.remaining()) {
                Poll::Pending => return Fed::Waiting,
                Poll::Ready(Ok(0)) => return self.fail(Error::new(Kind::Message(Fault::Truncated)), cx),
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => return self.fail(closed(error), cx),
            }
        }
    }

    /// Takes note of whether the body is waited for from `now` on; answers until when.
    pub(super) fn wait(&mut self, is_waited_for: bool, now: Instant) -> Option<Instant> {
        let Self::Open(open) = self else { return None };
        if is_waited_for {
            return open.allowance.wait(now);
        }
        open.allowance.pause(now);
        None
    }

    /// Ends the body with an error, as its reader sees it.
    pub(super) fn fail(&mut self, error: Error, cx: &Context<'_>) -> Fed {
        let copy = Error::new(error.kind());
        if let Self::Open(open) = std::mem::replace(self, Self::Failed) {
            open.pipe.fail(error, Some(cx.waker()));
        }
        Fed::Failed(copy)
    }
}

fn closed(error: io::Error) -> Error {
    Error::io(Sent::Something, error)
}

enum Decoded {
    Progress,
    End,
    Nothing,
}

impl Open {
    /// What is left to decode, once nobody reads the body any more.
    pub(super) fn into_decoder(self) -> Decoder {
        self.decoder
    }

    /// Hands over all payload that has arrived.
    fn decode(&mut self, input: &mut Input, cx: &Context<'_>) -> Result<Decoded, Kind> {
        let by = Some(cx.waker());
        let mut gathered = BytesMut::new();
        let mut decoded = Decoded::Nothing;
        loop {
            match self.decoder.decode(input.bytes()).map_err(Kind::Message)? {
                Step::Skip(len) => input.consume(len),
                Step::Data(len) => {
                    self.allowance.take(len)?;
                    decoded = Decoded::Progress;
                    if len < GATHER_BYTES {
                        gathered.extend_from_slice(&input.bytes()[..len]);
                        input.consume(len);
                    } else {
                        if !gathered.is_empty() {
                            self.pipe.push(gathered.split().freeze(), by);
                        }
                        self.pipe.push(input.take(len), by);
                    }
                }
                step @ (Step::More | Step::End) => {
                    if !gathered.is_empty() {
                        self.pipe.push(gathered.freeze(), by);
                    }
                    if step == Step::End {
                        self.pipe.finish(self.decoder.take_trailers(), by);
                        return Ok(Decoded::End);
                    }
                    return Ok(decoded);
                }
            }
        }
    }
}
