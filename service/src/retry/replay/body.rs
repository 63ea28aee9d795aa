//! The body of one attempt.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::recording::{Lost, Position, Recording};
use crate::BoxError;

/// A request body that can be sent again, as long as it is not longer than it may be.
///
/// A copy is for the next attempt: it sends from the beginning once the body of this attempt has been dropped.
///
/// # Cancel safety
///
/// A body that is dropped in the middle leaves what it has not sent to the next attempt.
pub struct ReplayBody<B: Body> {
    /// Where the body lies between attempts.
    resting: Arc<Mutex<Option<Recording<B>>>>,
    /// The body, while this attempt has it.
    own: Option<Recording<B>>,
    position: Position,
}

impl<B: Body> ReplayBody<B> {
    /// Keeps up to `bytes_max` bytes of `body`.
    pub fn new(body: B, bytes_max: usize) -> Self {
        let own = Some(Recording::new(body, bytes_max));
        Self { resting: Arc::default(), own, position: Position::default() }
    }

    /// Whether the whole body can be sent, from the beginning.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        match &self.own {
            Some(recording) => recording.is_whole(),
            None => self.resting().as_ref().is_some_and(Recording::is_whole),
        }
    }

    /// The body of another attempt, unless this one is known to be too long for that.
    #[must_use]
    pub fn try_clone(&self) -> Option<Self> {
        let is_too_long = self.own.as_ref().is_some_and(|recording| !recording.is_whole());
        (!is_too_long).then(|| Self {
            resting: self.resting.clone(),
            own: None,
            position: Position::default(),
        })
    }

    fn resting(&self) -> MutexGuard<'_, Option<Recording<B>>> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the body, if it lies there whole.
    fn take(&mut self) -> Option<&mut Recording<B>> {
        if self.own.is_none() {
            let resting = self.resting().take_if(|recording| recording.is_whole());
            self.own = resting;
        }
        self.own.as_mut()
    }
}

impl<B: Body> Drop for ReplayBody<B> {
    fn drop(&mut self) {
        let own = self.own.take();
        // Nobody needs it where this was the last attempt: then it is dropped here, and not under the lock.
        if own.is_some() && Arc::strong_count(&self.resting) > 1 {
            *self.resting() = own;
        }
    }
}

impl<B> Body for ReplayBody<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let mut position = self.position;
        let others = Arc::strong_count(&self.resting) - 1;
        let polled = match self.take() {
            Some(recording) => recording.poll_frame(&mut position, others, cx),
            None => Poll::Ready(Some(Err(Lost.into()))),
        };
        self.position = position;
        polled
    }

    fn is_end_stream(&self) -> bool {
        match &self.own {
            Some(recording) => recording.is_end_stream(&self.position),
            None => self.resting().as_ref().is_some_and(|recording| recording.is_end_stream(&self.position)),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.own {
            Some(recording) => recording.size_hint(&self.position),
            None => match &*self.resting() {
                Some(recording) => recording.size_hint(&self.position),
                None => SizeHint::default(),
            },
        }
    }
}

// The body is pinned in a box of its own.
impl<B: Body> Unpin for ReplayBody<B> {}

impl<B: Body> fmt::Debug for ReplayBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayBody").field("is_whole", &self.is_whole()).finish_non_exhaustive()
    }
}
