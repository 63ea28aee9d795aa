//! The answer to a call, from its head to its status.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderMap, Request};
use minato_http::Body;
use minato_service::Service;
use prost::Message;

use super::Response;
use super::head::{self, Head, no_status};
use crate::call::{Event, Reader, decode};
use crate::clock::{Deadline, OwnedTask};
use crate::frame::Fault;
use crate::status::{self, Code, from_http_error};
use crate::{Metadata, Result, Routes, Status};

pub(super) type HeadResult = Result<http::Response<Body>>;

/// The head of the response to come.
#[expect(
    clippy::large_enum_variant,
    reason = "calls over a network are the usual ones, and a box would cost each an allocation"
)]
pub(super) enum HeadFuture {
    /// Over a network.
    Http(minato_http::ResponseFuture),
    /// From a service in this process.
    InProcess(Pin<Box<<Routes as Service<Request<Body>>>::Future>>),
}

impl Future for HeadFuture {
    type Output = HeadResult;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<HeadResult> {
        match self.get_mut() {
            Self::Http(response) => Pin::new(response).poll(cx).map_err(from_http_error),
            Self::InProcess(response) => response.as_mut().poll(cx).map_err(|never| match never {}),
        }
    }
}

/// The answer to one call. Dropping it before its end cancels the call.
pub(crate) struct Incoming {
    state: State,
    deadline: Option<Deadline>,
    headers: Option<Metadata>,
    trailers: Option<Metadata>,
    len_max: usize,
}

enum State {
    /// The request is sent, and the head awaited, by whoever polls.
    Head(HeadFuture),
    /// The same by a task, because the caller is busy sending.
    Task(OwnedTask<HeadResult>),
    Body(Reader),
    Ended,
}

impl Incoming {
    pub(super) fn new(head: HeadFuture, deadline: Option<Deadline>, len_max: usize) -> Self {
        Self { state: State::Head(head), deadline, headers: None, trailers: None, len_max }
    }

    /// Sends the request from a task of its own.
    pub(super) fn in_background(mut self) -> Self {
        self.state = match std::mem::replace(&mut self.state, State::Ended) {
            State::Head(head) => State::Task(OwnedTask::spawn(head)),
            other => other,
        };
        self
    }

    pub(crate) fn headers(&self) -> Option<&Metadata> {
        self.headers.as_ref()
    }

    pub(crate) fn trailers(&self) -> Option<&Metadata> {
        self.trailers.as_ref()
    }

    /// Waits for the head.
    pub(super) async fn opened(mut self) -> Result<Self> {
        poll_fn(|cx| self.poll_until(cx, |this, cx| this.poll_head(cx))).await?;
        Ok(self)
    }

    /// The next message, not decoded; `None` when the call ended well.
    pub(crate) fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>>> {
        self.poll_until(cx, |this, cx| {
            ready!(this.poll_head(cx))?;
            this.poll_body(cx)
        })
    }

    /// Polls for something within the deadline. Whatever fails ends the exchange.
    fn poll_until<T>(
        &mut self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Self, &mut Context<'_>) -> Poll<Result<T>>,
    ) -> Poll<Result<T>> {
        let result = match poll(self, cx) {
            Poll::Ready(result) => result,
            Poll::Pending => {
                let Some(deadline) = &mut self.deadline else { return Poll::Pending };
                ready!(deadline.poll_passed(cx));
                Err(deadline_exceeded())
            }
        };
        if let Err(status) = &result {
            self.state = State::Ended;
            // A server that enforces the deadline cancels the stream, perhaps before our own timer fires.
            let is_late = self.deadline.as_ref().is_some_and(Deadline::has_passed);
            if status.code() == Code::Cancelled && is_late {
                return Poll::Ready(Err(deadline_exceeded()));
            }
        }
        Poll::Ready(result)
    }

    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let response = match &mut self.state {
            State::Head(head) => ready!(Pin::new(head).poll(cx))?,
            State::Task(task) => {
                let ended = || Status::unavailable("the runtime is shutting down");
                ready!(task.poll_join(cx)).ok_or_else(ended)??
            }
            State::Body(_) | State::Ended => return Poll::Ready(Ok(())),
        };
        match head::read(response, self.len_max)? {
            Head::Open(headers, reader) => {
                self.headers = Some(headers);
                self.state = State::Body(reader);
            }
            Head::Ended(trailers) => {
                self.trailers = Some(trailers);
                self.state = State::Ended;
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>>> {
        let State::Body(reader) = &mut self.state else { return Poll::Ready(Ok(None)) };
        match ready!(reader.poll_event(cx))? {
            Event::Message(bytes) => Poll::Ready(Ok(Some(bytes))),
            Event::End(trailers, framing) => {
                self.trailers = Some(outcome(trailers, framing)?);
                self.state = State::Ended;
                Poll::Ready(Ok(None))
            }
        }
    }
}

/// An answer that is one message.
#[derive(Debug)]
pub(super) struct Single {
    incoming: Incoming,
    first: Option<Bytes>,
}

impl Single {
    pub(super) fn new(incoming: Incoming) -> Self {
        Self { incoming, first: None }
    }

    pub(super) fn poll_response<T: Message + Default>(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Response<T>>> {
        // statuscodes.md: cardinality violations are UNIMPLEMENTED.
        if self.first.is_none() {
            self.first = ready!(self.incoming.poll_bytes(cx))?;
            if self.first.is_none() {
                return Poll::Ready(Err(Status::unimplemented("the server answered OK without a message")));
            }
        }
        if ready!(self.incoming.poll_bytes(cx))?.is_some() {
            return Poll::Ready(Err(Status::unimplemented("the server answered with more than one message")));
        }
        Poll::Ready(Ok(Response {
            message: decode(self.first.take().unwrap_or_default())?,
            headers: self.incoming.headers.take().unwrap_or_default(),
            trailers: self.incoming.trailers.take().unwrap_or_default(),
        }))
    }

    pub(super) async fn response<T: Message + Default>(mut self) -> Result<Response<T>> {
        poll_fn(|cx| self.poll_response(cx)).await
    }
}

/// What the end of the body says about the call. A status in the trailers wins over how the messages ended.
fn outcome(trailers: Option<HeaderMap>, framing: Result<(), Fault>) -> Result<Metadata> {
    let mut trailers = trailers.ok_or_else(no_status)?;
    status::read(&mut trailers).ok_or_else(no_status)??;
    framing?;
    Ok(Metadata::from_headers(trailers))
}

fn deadline_exceeded() -> Status {
    Status::deadline_exceeded("the deadline passed")
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").field("headers", &self.headers).finish_non_exhaustive()
    }
}
