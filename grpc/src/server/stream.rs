//! A call that answers with a stream.
//!
//! The handler runs inside the response: first as the future of the head, until there is a reason to send one, then
//! inside the body. So deadline, cancellation and panics are the same before and after the head, and dropping the
//! body drops the handler.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body::Frame;
use minato_http::{Body, Error};

use super::respond;
use crate::Result;
use crate::call::{Call, Outlet};

type Handler = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

pub(crate) struct StreamCall {
    state: State,
    call: Arc<Call>,
    outlet: Arc<Outlet>,
}

enum State {
    /// The handler runs.
    Running(Handler),
    /// It ended; what it sent may still be queued.
    Ended(Result<()>),
    /// The trailers have left.
    Closed,
}

impl StreamCall {
    pub(super) fn new(handler: Handler, call: Arc<Call>, outlet: Arc<Outlet>) -> Self {
        Self { state: State::Running(handler), call, outlet }
    }

    /// Lets the handler run, unless the transport is behind.
    fn advance(&mut self, cx: &mut Context<'_>) {
        if let State::Running(handler) = &mut self.state
            && !self.outlet.is_full()
            && let Poll::Ready(result) = handler.as_mut().poll(cx)
        {
            self.state = State::Ended(result);
        }
    }

    /// The response, as soon as there is something to send.
    pub(super) fn poll_response(mut self, cx: &mut Context<'_>) -> Result<Response<Body>, Self> {
        self.advance(cx);
        let first = self.outlet.take();
        match (first, std::mem::replace(&mut self.state, State::Closed)) {
            (None, State::Ended(result)) => Ok(respond::empty_stream(&self.call, result)),
            (None, state) if !self.call.answer().wants_headers => Err(Self { state, ..self }),
            (first, state) => {
                let call = self.call.clone();
                let body = StreamBody { first, stream: Self { state, ..self } };
                Ok(respond::with_headers(&call, Body::wrap(body), HeaderMap::new()))
            }
        }
    }

    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Frame<Bytes>>> {
        self.advance(cx);
        if let Some(bytes) = self.outlet.take() {
            return Poll::Ready(Some(Frame::data(bytes)));
        }
        match std::mem::replace(&mut self.state, State::Closed) {
            State::Ended(result) => {
                Poll::Ready(Some(Frame::trailers(respond::trailers(&self.call, result, HeaderMap::new()))))
            }
            State::Closed => Poll::Ready(None),
            running => {
                self.state = running;
                Poll::Pending
            }
        }
    }
}

struct StreamBody {
    /// Taken from the outlet when the head was made.
    first: Option<Bytes>,
    stream: StreamCall,
}

impl http_body::Body for StreamBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        self.stream.poll_frame(cx).map(|frame| frame.map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.stream.state, State::Closed)
    }
}
