//! Signals as streams.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use crate::signal::unix::{Signal, SignalKind, signal};

/// The arrivals of a [`Signal`].
#[derive(Debug)]
#[must_use = "streams do nothing unless polled"]
pub struct SignalStream {
    inner: Signal,
}

impl SignalStream {
    /// A stream of what comes from `inner`.
    pub fn new(inner: Signal) -> Self {
        Self { inner }
    }

    /// What is wrapped.
    pub fn into_inner(self) -> Signal {
        self.inner
    }
}

impl Stream for SignalStream {
    type Item = ();

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<()>> {
        self.inner.poll_recv(cx)
    }
}

/// Each ctrl-c.
///
/// While this exists no ctrl-c is lost; several that nobody has asked for count as one.
#[derive(Debug)]
#[must_use = "streams do nothing unless polled"]
pub struct CtrlCStream {
    inner: SignalStream,
}

impl CtrlCStream {
    /// Starts to keep ctrl-c, which no longer ends the process by itself.
    ///
    /// # Errors
    ///
    /// If the handler cannot be installed.
    pub fn new() -> io::Result<Self> {
        Ok(Self { inner: SignalStream::new(signal(SignalKind::interrupt())?) })
    }
}

impl Stream for CtrlCStream {
    type Item = ();

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<()>> {
        Pin::new(&mut self.inner).poll_next(cx)
    }
}
