//! Bodies and streams that are not ours, seen as one of ours.

use std::any::Any;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures_core::Stream;
use http_body::{Frame, SizeHint};
use minato_service::BoxError;
use pin_project_lite::pin_project;

use super::Body;
use crate::error::Error;

/// `body` as the `Body` it already is, or back unchanged.
pub(super) fn downcast<B: 'static>(body: B) -> Result<Body, B> {
    let mut slot = Some(body);
    if let Some(ours) = (&mut slot as &mut dyn Any).downcast_mut::<Option<Body>>()
        && let Some(body) = ours.take()
    {
        return Ok(body);
    }
    // INVARIANT: the slot was emptied only on the path that returned.
    slot.map_or_else(|| Ok(Body::empty()), Err)
}

pin_project! {
    pub(super) struct Wrapped<B> {
        #[pin]
        body: B,
    }
}

impl<B> Wrapped<B> {
    pub(super) fn new(body: B) -> Self {
        Self { body }
    }
}

impl<B> http_body::Body for Wrapped<B>
where
    B: http_body::Body,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = ready!(self.project().body.poll_frame(cx));
        Poll::Ready(frame.map(|result| match result {
            Ok(frame) => Ok(frame.map_data(|mut data| data.copy_to_bytes(data.remaining()))),
            Err(error) => Err(Error::foreign(error)),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

pin_project! {
    pub(super) struct StreamBody<S> {
        #[pin]
        stream: S,
    }
}

impl<S> StreamBody<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream }
    }
}

impl<S, T, E> http_body::Body for StreamBody<S>
where
    S: Stream<Item = Result<T, E>>,
    T: Into<Bytes>,
    E: Into<BoxError>,
{
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let item = ready!(self.project().stream.poll_next(cx));
        Poll::Ready(item.map(|result| match result {
            Ok(data) => Ok(Frame::data(data.into())),
            Err(error) => Err(Error::foreign(error)),
        }))
    }
}
