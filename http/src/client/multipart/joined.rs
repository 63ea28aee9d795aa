//! Bodies behind one another, as one.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use crate::body::Body;
use crate::error::{Error, Kind};

/// Bodies behind one another; their trailers are left out.
pub(super) struct Joined {
    pieces: VecDeque<Body>,
}

impl Joined {
    pub(super) fn new(pieces: VecDeque<Body>) -> Self {
        Self { pieces }
    }
}

impl http_body::Body for Joined {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        while let Some(piece) = self.pieces.front_mut() {
            match ready!(Pin::new(piece).poll_frame(cx)) {
                Some(Ok(frame)) if frame.is_data() => return Poll::Ready(Some(Ok(frame))),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => drop(self.pieces.pop_front()),
            }
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.iter().all(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let exact: Option<u64> = self.pieces.iter().map(|piece| piece.size_hint().exact()).sum();
        exact.map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}

/// A body of a length that it does not know itself.
pub(super) struct Announced {
    body: Body,
    left: u64,
}

impl Announced {
    pub(super) fn new(body: Body, length: u64) -> Self {
        Self { body, left: length }
    }
}

impl http_body::Body for Announced {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let wrong = || Error::new(Kind::User("the body does not have the length it announced"));
        let polled = ready!(Pin::new(&mut self.body).poll_frame(cx));
        Poll::Ready(match polled {
            Some(Ok(frame)) => {
                let len = frame.data_ref().map_or(0, |data| data.len() as u64);
                match self.left.checked_sub(len) {
                    Some(left) => {
                        self.left = left;
                        Some(Ok(frame))
                    }
                    None => Some(Err(wrong())),
                }
            }
            None if self.left > 0 => Some(Err(wrong())),
            other => other,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0 && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
