//! A body, sent on a stream.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use http::HeaderMap;
use http_body::Frame;
use minato_service::BoxError;
use pin_project_lite::pin_project;

use super::Canceled;
use crate::clock::{Deadline, Instant};
use crate::error::Error;
use crate::reason::Reason;

/// A body known to be no longer than this is handed to h2 at once: waiting for window first would cost more than the
/// memory it saves. Longer ones and those of unknown length keep to the window.
const UNASKED_BYTES: u64 = 64 * 1024;

pin_project! {
    /// Sends what is left of a message: data within the peer's window, trailers, and the end; or a reset, where the
    /// body fails. It never ends a stream whose body did not.
    #[must_use = "futures do nothing unless polled"]
    pub(crate) struct Pump<B> {
        #[pin]
        body: B,
        send: h2::SendStream<Bytes>,
        // Data that wait for window.
        unsent: Bytes,
        // Bytes that need not wait for it.
        unasked: u64,
        canceled: Option<Canceled>,
        // What the stream is reset with when the body fails and does not say.
        failure: Reason,
        // How long data may wait for window.
        window_timeout: Option<Duration>,
        window_due: Option<Instant>,
        deadline: Deadline,
    }
}

/// The stream is over.
struct Over;

impl<B> Pump<B>
where
    B: http_body::Body,
    B::Error: Into<BoxError>,
{
    pub(crate) fn new(body: B, send: h2::SendStream<Bytes>) -> Self {
        let unasked = body.size_hint().exact().filter(|length| *length <= UNASKED_BYTES).unwrap_or(0);
        Self {
            body,
            send,
            unsent: Bytes::new(),
            unasked,
            canceled: None,
            failure: Reason::INTERNAL_ERROR,
            window_timeout: None,
            window_due: None,
            deadline: Deadline::default(),
        }
    }

    /// Resets the stream with CANCEL when this says so, and when the body fails: a request that cannot be had whole is
    /// one that its client gives up.
    pub(crate) fn canceled_by(mut self, canceled: Canceled) -> Self {
        self.canceled = Some(canceled);
        self.failure = Reason::CANCEL;
        self
    }

    /// Resets the stream when its data wait for window this long.
    pub(crate) fn window_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.window_timeout = timeout;
        self
    }

    /// Takes a frame the body has given; `Over` when it was the last.
    fn handle_frame(self: Pin<&mut Self>, frame: Frame<B::Data>) -> Result<(), Over> {
        let is_last = self.body.is_end_stream();
        let me = self.project();
        let mut data = match frame.into_data() {
            Ok(data) => data,
            Err(frame) => {
                let trailers: HeaderMap = frame.into_trailers().unwrap_or_default();
                let _ = me.send.send_trailers(trailers);
                return Err(Over);
            }
        };
        // For `Bytes` this takes the data as they are.
        let data = data.copy_to_bytes(data.remaining());
        match me.unasked.checked_sub(data.len() as u64) {
            Some(left) => {
                *me.unasked = left;
                send(me.send, data, is_last)
            }
            None if data.is_empty() && is_last => send(me.send, data, true),
            None => {
                *me.unsent = data;
                Ok(())
            }
        }
    }

    /// Sends what waits, as far as the window allows.
    fn poll_unsent(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Over>> {
        let is_last = self.body.is_end_stream();
        let me = self.project();
        while !me.unsent.is_empty() {
            // Asked for with the data in hand: a window reserved for data that may never come is one that others lack.
            me.send.reserve_capacity(me.unsent.len());
            let granted = match me.send.poll_capacity(cx) {
                Poll::Ready(Some(Ok(granted))) => granted,
                Poll::Ready(_) => return Poll::Ready(Err(Over)),
                Poll::Pending => {
                    if let (Some(timeout), None) = (*me.window_timeout, *me.window_due) {
                        *me.window_due = Instant::now().checked_add(timeout);
                    }
                    ready!(me.deadline.poll(*me.window_due, cx));
                    me.send.send_reset(h2::Reason::CANCEL);
                    return Poll::Ready(Err(Over));
                }
            };
            *me.window_due = None;
            let data = me.unsent.split_to(granted.min(me.unsent.len()));
            let is_end = me.unsent.is_empty() && is_last;
            if let Err(over) = send(me.send, data, is_end) {
                return Poll::Ready(Err(over));
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_over(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Over> {
        loop {
            if let Err(over) = ready!(self.as_mut().poll_unsent(cx)) {
                return Poll::Ready(over);
            }
            match ready!(self.as_mut().project().body.poll_frame(cx)) {
                Some(Ok(frame)) => {
                    if let Err(over) = self.as_mut().handle_frame(frame) {
                        return Poll::Ready(over);
                    }
                }
                Some(Err(error)) => {
                    let me = self.project();
                    let reason = Error::foreign(error).reset_reason(*me.failure);
                    me.send.send_reset(reason.code().into());
                    return Poll::Ready(Over);
                }
                None => {
                    // RFC 9113 §8.1: an empty DATA frame carries the end that nothing before it could.
                    let _ = self.project().send.send_data(Bytes::new(), true);
                    return Poll::Ready(Over);
                }
            }
        }
    }
}

/// Queues data; `Over` after the last.
fn send(stream: &mut h2::SendStream<Bytes>, data: Bytes, is_end: bool) -> Result<(), Over> {
    match stream.send_data(data, is_end) {
        Ok(()) if !is_end => Ok(()),
        // An error says that the stream is gone; whoever reads from it learns why.
        Ok(()) | Err(_) => Err(Over),
    }
}

impl<B> Future for Pump<B>
where
    B: http_body::Body,
    B::Error: Into<BoxError>,
{
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let Poll::Ready(Over) = self.as_mut().poll_over(cx) {
            return Poll::Ready(());
        }
        let me = self.project();
        if me.canceled.as_ref().is_some_and(|canceled| canceled.poll(cx).is_ready()) {
            me.send.send_reset(h2::Reason::CANCEL);
            return Poll::Ready(());
        }
        // A reset by the peer ends a body that would not notice, since it has nothing to send.
        me.send.poll_reset(cx).map(|_| ())
    }
}
