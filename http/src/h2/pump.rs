//! A body, sent on a stream.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes};
use http_body::Frame;
use minato_service::BoxError;
use pin_project_lite::pin_project;

use super::Canceled;
use super::halves::{After, OutboundHead, Over, SendHalf};
use crate::clock::{Deadline, Instant};
use crate::error::Error;
use crate::reason::Reason;

pin_project! {
    /// Sends what is left of a message: the head, where it has not left, data within the peer's window, trailers, and the
    /// end; or a reset, where the body fails. It never ends a stream whose body did not.
    ///
    /// It looks one frame ahead, so that what is ready leaves together: a short response is one piece of work.
    #[must_use = "futures do nothing unless polled"]
    pub(crate) struct Pump<B> {
        #[pin]
        body: B,
        send: SendHalf,
        head: Option<OutboundHead>,
        // Data that wait for window, and those behind them.
        unsent: Bytes,
        ahead: Option<Bytes>,
        // What comes behind both.
        after: After,
        canceled: Option<Canceled>,
        // What the stream is reset with when the body fails and does not say.
        failure: Reason,
        // How long data may wait for window.
        window_timeout: Option<Duration>,
        window_due: Option<Instant>,
        deadline: Deadline,
    }
}

/// What the body gave.
enum Given {
    Something,
    Nothing,
    Failure(Reason),
}

impl<B> Pump<B>
where
    B: http_body::Body,
    B::Error: Into<BoxError>,
{
    pub(crate) fn new(body: B, send: SendHalf) -> Self {
        Self {
            body,
            send,
            head: None,
            unsent: Bytes::new(),
            ahead: None,
            after: After::More,
            canceled: None,
            failure: Reason::INTERNAL_ERROR,
            window_timeout: None,
            window_due: None,
            deadline: Deadline::default(),
        }
    }

    /// Sends this head with the first of the body.
    pub(crate) fn head(mut self, head: OutboundHead) -> Self {
        self.head = Some(head);
        self
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

    /// Ends the stream; what has not been sent is not.
    pub(crate) fn reset(self: Pin<&mut Self>, reason: Reason) {
        self.project().send.reset(reason);
    }

    /// Asks the body for more, while there is room for what it gives.
    fn fetch(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Given {
        loop {
            let me = self.as_mut().project();
            if !matches!(me.after, After::More) || me.ahead.is_some() {
                return Given::Something;
            }
            let frame = match me.body.poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => frame,
                Poll::Ready(Some(Err(error))) => {
                    return Given::Failure(Error::foreign(error).reset_reason(*me.failure));
                }
                Poll::Ready(None) => {
                    *me.after = After::End;
                    return Given::Something;
                }
                Poll::Pending => return Given::Nothing,
            };
            self.as_mut().take(frame);
        }
    }

    fn take(self: Pin<&mut Self>, frame: Frame<B::Data>) {
        let is_last = self.body.is_end_stream();
        let me = self.project();
        match frame.into_data() {
            Ok(mut data) => {
                // For `Bytes` this takes the data as they are.
                let data = data.copy_to_bytes(data.remaining());
                if me.unsent.is_empty() {
                    *me.unsent = data;
                } else if !data.is_empty() {
                    *me.ahead = Some(data);
                }
                if is_last {
                    *me.after = After::End;
                }
            }
            Err(frame) => *me.after = After::Trailers(frame.into_trailers().unwrap_or_default()),
        }
    }

    fn poll_over(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let given = self.as_mut().fetch(cx);
            if let Given::Failure(reason) = given {
                self.project().send.reset(reason);
                return Poll::Ready(());
            }
            let me = self.as_mut().project();
            if matches!(given, Given::Nothing) && me.unsent.is_empty() && me.head.is_none() {
                return Poll::Pending;
            }
            let mut more = After::More;
            let after = if me.ahead.is_some() { &mut more } else { &mut *me.after };
            let before = me.unsent.len();
            match me.send.poll_send(me.head, me.unsent, after, cx) {
                Poll::Ready(Ok(())) => {
                    *me.window_due = None;
                    match me.ahead.take() {
                        Some(ahead) => *me.unsent = ahead,
                        None if !matches!(me.after, After::More) => return Poll::Ready(()),
                        None => {}
                    }
                }
                // Whoever reads from the stream learns why.
                Poll::Ready(Err(Over)) => return Poll::Ready(()),
                Poll::Pending => {
                    if me.unsent.len() < before {
                        *me.window_due = None;
                    }
                    if let (Some(timeout), None) = (*me.window_timeout, *me.window_due) {
                        *me.window_due = Instant::now().checked_add(timeout);
                    }
                    if me.deadline.poll(*me.window_due, cx).is_pending() {
                        return Poll::Pending;
                    }
                    me.send.reset(Reason::CANCEL);
                    return Poll::Ready(());
                }
            }
        }
    }
}

impl<B> Future for Pump<B>
where
    B: http_body::Body,
    B::Error: Into<BoxError>,
{
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.as_mut().poll_over(cx).is_ready() {
            return Poll::Ready(());
        }
        let me = self.project();
        if me.canceled.as_ref().is_some_and(|canceled| canceled.poll(cx).is_ready()) {
            me.send.reset(Reason::CANCEL);
            return Poll::Ready(());
        }
        // A reset by the peer ends a body that would not notice, since it has nothing to send.
        me.send.poll_reset(cx).map(|_| ())
    }
}
