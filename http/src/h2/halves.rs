//! The two halves of a stream, as those who use them hold them.
//!
//! Dropping both before the stream has ended resets it: with CANCEL, or with NO_ERROR where a server has answered and wants
//! no more of the request.

use std::fmt;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::engine::{Ended, Key, Part, Place, ResponseHead, Sent, Start};
use super::hpack::RequestPseudo;
use super::link::{Link, Wait};
use crate::buffers;
use crate::reason::Reason;

/// The head of a message that has not left yet.
#[derive(Debug)]
pub(crate) struct OutboundHead {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
}

/// What follows data that are sent.
#[derive(Debug)]
pub(crate) enum After {
    /// More data, or what else it may be.
    More,
    End,
    Trailers(HeaderMap),
}

/// The stream is over: nothing more can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Over;

/// The half that sends.
pub(crate) struct SendHalf {
    link: Link,
    key: Key,
    id: u32,
}

impl SendHalf {
    /// Takes over one that knows the stream.
    pub(crate) fn new(link: Link, key: Key, id: u32) -> Self {
        Self { link, key, id }
    }

    /// The half that receives, which a request without a body does not have.
    pub(crate) fn reader(&self) -> RecvHalf {
        self.link.with(|engine| engine.hold(self.key));
        RecvHalf { link: self.link.clone(), key: self.key }
    }

    /// Sends a head.
    pub(crate) fn respond(
        &mut self,
        status: StatusCode,
        headers: &HeaderMap,
        is_end: bool,
    ) -> Result<(), Over> {
        let sent = self.link.with(|engine| engine.send_response(self.key, status, headers, is_end));
        if sent { Ok(()) } else { Err(Over) }
    }

    /// Sends a head, if it has not left, then data from the front of `data`, then what follows: all in one go where the
    /// windows allow. Ready when all of it is on its way.
    pub(crate) fn poll_send(
        &mut self,
        head: &mut Option<OutboundHead>,
        data: &mut Bytes,
        after: &mut After,
        cx: &Context<'_>,
    ) -> Poll<Result<(), Over>> {
        let key = self.key;
        // Dropped out of the lock: its values may be anybody's memory.
        let mut spent = None;
        let sent = self.link.poll(key, Wait::Send, cx, |engine| {
            if let Some(head) = head.take() {
                let OutboundHead { status, headers } = spent.insert(head);
                let is_all = data.is_empty() && matches!(after, After::End);
                if !engine.send_response(key, *status, headers, is_all) {
                    return Poll::Ready(Err(Over));
                }
                if is_all {
                    return Poll::Ready(Ok(()));
                }
            }
            match engine.send_data(key, data, matches!(after, After::End)) {
                Sent::All => {}
                Sent::Blocked => return Poll::Pending,
                Sent::Over => return Poll::Ready(Err(Over)),
            }
            if let After::Trailers(trailers) = after {
                engine.send_trailers(key, trailers);
            }
            Poll::Ready(Ok(()))
        });
        if let Some(OutboundHead { headers, .. }) = spent {
            buffers::give_headers(headers);
        }
        sent
    }

    /// Ends our side, after all that was sent.
    pub(crate) fn finish(&mut self) -> Result<(), Over> {
        match self.link.with(|engine| engine.send_data(self.key, &mut Bytes::new(), true)) {
            Sent::All => Ok(()),
            Sent::Blocked | Sent::Over => Err(Over),
        }
    }

    /// Ready when some data could be sent.
    pub(crate) fn poll_room(&mut self, cx: &Context<'_>) -> Poll<Result<(), Ended>> {
        let key = self.key;
        self.link.poll(key, Wait::Send, cx, |engine| engine.poll_room(key))
    }

    /// Ends the stream; what has not been sent is not.
    pub(crate) fn reset(&mut self, reason: Reason) {
        self.link.with(|engine| engine.reset(self.key, reason));
    }

    /// Ready when the stream was closed before its time, by either side.
    pub(crate) fn poll_reset(&mut self, cx: &Context<'_>) -> Poll<Ended> {
        let key = self.key;
        self.link.poll(key, Wait::Send, cx, |engine| match engine.cause(key) {
            Some(cause) => Poll::Ready(cause),
            None => Poll::Pending,
        })
    }
}

impl Drop for SendHalf {
    fn drop(&mut self) {
        self.link.with(|engine| engine.release(self.key));
    }
}

impl fmt::Debug for SendHalf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendHalf").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The half that receives.
pub(crate) struct RecvHalf {
    link: Link,
    key: Key,
}

impl RecvHalf {
    /// The head of the response.
    pub(crate) fn poll_response(&mut self, cx: &Context<'_>) -> Poll<Result<ResponseHead, Ended>> {
        let key = self.key;
        self.link.poll(key, Wait::Read, cx, |engine| engine.take_response(key))
    }

    /// The head of a response before the final one.
    pub(crate) fn take_informational(&mut self) -> Option<ResponseHead> {
        self.link.with(|engine| engine.take_informational(self.key))
    }

    /// The next part of the body. What is taken makes room for more.
    pub(crate) fn poll_part(&mut self, cx: &Context<'_>) -> Poll<Result<Part, Ended>> {
        let key = self.key;
        self.link.poll(key, Wait::Read, cx, |engine| engine.take_part(key))
    }

    /// Whether nothing further comes.
    pub(crate) fn is_end_stream(&self) -> bool {
        self.link.with(|engine| engine.is_read(self.key))
    }
}

impl Drop for RecvHalf {
    fn drop(&mut self) {
        self.link.with(|engine| engine.release_reader(self.key));
    }
}

/// A stream that is to be opened: in line, until the server takes another one.
pub(crate) struct Opening {
    link: Link,
    place: Option<Place>,
    wants_early: bool,
}

impl Opening {
    /// `wants_early`: the responses before the final one are wanted, too.
    pub(crate) fn new(link: Link, wants_early: bool) -> Self {
        Self { link, place: None, wants_early }
    }

    /// Opens the stream with the head of a request.
    pub(crate) fn poll(
        &mut self,
        pseudo: &RequestPseudo<'_>,
        headers: &HeaderMap,
        is_end: bool,
        cx: &Context<'_>,
    ) -> Poll<Result<(SendHalf, RecvHalf), Ended>> {
        let start = self.link.with(|engine| engine.start(pseudo, headers, is_end, self.wants_early));
        let (key, id) = match start {
            Start::Opened { key, id } => (key, id),
            Start::Over(ended) => return Poll::Ready(Err(ended)),
            Start::Full => {
                let waker = cx.waker().clone();
                let place = &mut self.place;
                let is_missed = self.link.with(|engine| {
                    let before = engine.wait_for_stream(place, waker);
                    engine.spent.extend(before);
                    engine.has_place() || engine.refusal().is_some()
                });
                if is_missed {
                    cx.waker().wake_by_ref();
                }
                return Poll::Pending;
            }
        };
        let recv = RecvHalf { link: self.link.clone(), key };
        Poll::Ready(Ok((SendHalf { link: self.link.clone(), key, id }, recv)))
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        if let Some(place) = self.place.take() {
            self.link.with(|engine| engine.leave_line(place));
        }
    }
}
