//! What was passed on of a body, and the rest of it.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

use crate::BoxError;

/// A body and what is kept of it. One attempt has it at a time.
pub(super) struct Recording<B> {
    inner: Pin<Box<B>>,
    kept: Kept,
    /// Bytes that may be kept.
    bytes_max: usize,
    end: End,
}

/// What has been passed on so far.
enum Kept {
    All {
        data: VecDeque<Bytes>,
        bytes: usize,
    },
    /// It was more than may be kept, or failed.
    Nothing,
}

enum End {
    Open,
    Ended { trailers: Option<HeaderMap> },
}

/// The body of a request cannot be sent again: somebody has it still, or too much of it is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lost;

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request body cannot be sent again")
    }
}

impl std::error::Error for Lost {}

/// How much of what was kept an attempt has sent.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Position {
    frames: usize,
    bytes: usize,
    has_sent_trailers: bool,
}

impl<B: Body> Recording<B> {
    pub(super) fn new(inner: B, bytes_max: usize) -> Self {
        let is_too_long = inner.size_hint().lower() > bytes_max as u64;
        let kept = if is_too_long { Kept::Nothing } else { Kept::All { data: VecDeque::new(), bytes: 0 } };
        Self { inner: Box::pin(inner), kept, bytes_max, end: End::Open }
    }

    /// Whether everything that was passed on is here.
    pub(super) fn is_whole(&self) -> bool {
        matches!(self.kept, Kept::All { .. })
    }

    /// Keeps nothing that comes from now on: there will be no further attempt. To be said when all that was kept has
    /// been sent.
    fn forget(&mut self) {
        self.kept = Kept::Nothing;
    }

    /// The next frame: one that was kept, or one from the body, which is kept where there are `others` to send it.
    pub(super) fn poll_frame(
        &mut self,
        position: &mut Position,
        others: usize,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>>
    where
        B::Error: Into<BoxError>,
    {
        if let Kept::All { data, .. } = &self.kept
            && let Some(bytes) = data.get(position.frames)
        {
            position.frames += 1;
            position.bytes += bytes.len();
            return Poll::Ready(Some(Ok(Frame::data(bytes.clone()))));
        }
        if let End::Ended { trailers } = &self.end {
            let trailers = if position.has_sent_trailers { None } else { trailers.clone() };
            position.has_sent_trailers = true;
            return Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))));
        }
        match ready!(self.inner.as_mut().poll_frame(cx)) {
            None => {
                self.end = End::Ended { trailers: None };
                Poll::Ready(None)
            }
            Some(Ok(frame)) => {
                if others == 0 {
                    self.forget();
                }
                Poll::Ready(Some(Ok(self.pass_on(frame, position))))
            }
            Some(Err(error)) => {
                self.kept = Kept::Nothing;
                Poll::Ready(Some(Err(error.into())))
            }
        }
    }

    fn pass_on(&mut self, frame: Frame<B::Data>, position: &mut Position) -> Frame<Bytes> {
        let frame = frame.map_data(|mut data| data.copy_to_bytes(data.remaining()));
        match frame.into_data() {
            Ok(data) => {
                self.keep(&data);
                position.frames += 1;
                position.bytes += data.len();
                Frame::data(data)
            }
            Err(frame) => {
                if let Some(trailers) = frame.trailers_ref() {
                    self.end = End::Ended { trailers: Some(trailers.clone()) };
                    position.has_sent_trailers = true;
                }
                frame
            }
        }
    }

    fn keep(&mut self, data: &Bytes) {
        let Kept::All { data: all, bytes } = &mut self.kept else { return };
        *bytes += data.len();
        if *bytes > self.bytes_max {
            self.kept = Kept::Nothing;
        } else {
            all.push_back(data.clone());
        }
    }

    pub(super) fn is_end_stream(&self, position: &Position) -> bool {
        let is_all_sent = match &self.kept {
            Kept::All { data, .. } => position.frames >= data.len(),
            Kept::Nothing => true,
        };
        let is_ended = match &self.end {
            End::Open => self.inner.is_end_stream(),
            End::Ended { trailers } => trailers.is_none() || position.has_sent_trailers,
        };
        is_all_sent && is_ended
    }

    pub(super) fn size_hint(&self, position: &Position) -> SizeHint {
        let unsent = match &self.kept {
            Kept::All { bytes, .. } => (bytes - position.bytes) as u64,
            Kept::Nothing => 0,
        };
        let rest = match self.end {
            End::Open => self.inner.size_hint(),
            End::Ended { .. } => SizeHint::with_exact(0),
        };
        let mut hint = SizeHint::new();
        if let Some(upper) = rest.upper().and_then(|upper| upper.checked_add(unsent)) {
            hint.set_upper(upper);
        }
        hint.set_lower(rest.lower().saturating_add(unsent));
        hint
    }
}
