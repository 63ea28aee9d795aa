//! Wrappers that add nothing.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use crate::io::{Lines, Split};
use crate::sync::mpsc::{Receiver, UnboundedReceiver};
use crate::task::{JoinError, JoinSet};
use crate::time::{Instant, Interval};

macro_rules! wrappers {
    ($(#[doc = $doc:literal] $wrapper:ident $(<$parameter:ident>)? ($inner:ty) -> $item:ty;)+) => {$(
        pin_project_lite::pin_project! {
            #[doc = $doc]
            #[derive(Debug)]
            #[must_use = "streams do nothing unless polled"]
            pub struct $wrapper $(<$parameter>)? {
                #[pin]
                inner: $inner,
            }
        }

        impl $(<$parameter>)? $wrapper $(<$parameter>)? {
            /// A stream of what comes from `inner`.
            pub fn new(inner: $inner) -> Self {
                Self { inner }
            }

            /// What is wrapped.
            pub fn into_inner(self) -> $inner {
                self.inner
            }

            /// What is wrapped, pinned.
            pub fn as_pin_mut(self: Pin<&mut Self>) -> Pin<&mut $inner> {
                self.project().inner
            }
        }

        impl $(<$parameter>)? AsRef<$inner> for $wrapper $(<$parameter>)? {
            fn as_ref(&self) -> &$inner {
                &self.inner
            }
        }

        impl $(<$parameter>)? AsMut<$inner> for $wrapper $(<$parameter>)? {
            fn as_mut(&mut self) -> &mut $inner {
                &mut self.inner
            }
        }

        impl $(<$parameter>)? From<$inner> for $wrapper $(<$parameter>)? {
            fn from(inner: $inner) -> Self {
                Self::new(inner)
            }
        }

        impl $(<$parameter>)? Stream for $wrapper $(<$parameter>)?
        where
            $inner: Stream<Item = $item>,
        {
            type Item = $item;

            fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<$item>> {
                self.project().inner.poll_next(cx)
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                self.inner.size_hint()
            }
        }
    )+};
}

wrappers! {
    /// The messages of a [`Receiver`].
    ReceiverStream<T>(Receiver<T>) -> T;
    /// The messages of an [`UnboundedReceiver`].
    UnboundedReceiverStream<T>(UnboundedReceiver<T>) -> T;
    /// The ticks of an [`Interval`].
    IntervalStream(Interval) -> Instant;
    /// The lines of a reader.
    LinesStream<R>(Lines<R>) -> io::Result<String>;
    /// The pieces of a reader.
    SplitStream<R>(Split<R>) -> io::Result<Vec<u8>>;
    /// The outputs of the tasks of a [`JoinSet`].
    JoinSetStream<T>(JoinSet<T>) -> Result<T, JoinError>;
}

impl<T> ReceiverStream<T> {
    /// Refuses messages from now on; see [`Receiver::close`].
    pub fn close(&mut self) {
        self.inner.close();
    }
}

impl<T> UnboundedReceiverStream<T> {
    /// Refuses messages from now on; see [`UnboundedReceiver::close`].
    pub fn close(&mut self) {
        self.inner.close();
    }
}
