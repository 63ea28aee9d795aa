//! What is told when it is dropped too early.

use std::fmt;
use std::time::Duration;

use crate::clock::Instant;

/// A call that was dropped before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dropped {
    /// How far it had come.
    pub phase: Phase,
    /// How long ago it was first polled; zero if it never was.
    pub elapsed: Duration,
}

/// How far a call had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It had not been answered.
    Answering,
    /// Its response was being sent.
    Sending,
}

/// Tells when it is dropped.
pub struct Guard<F: Fn(Dropped)> {
    function: Option<F>,
    start: Option<Instant>,
    phase: Phase,
}

impl<F: Fn(Dropped)> Guard<F> {
    pub(super) fn new(function: F) -> Self {
        Self { function: Some(function), start: None, phase: Phase::Answering }
    }

    /// Work has begun, or goes on.
    pub(super) fn begin(&mut self) {
        self.start.get_or_insert_with(Instant::now);
    }

    #[cfg(feature = "http")]
    pub(super) fn sends(&mut self) {
        self.phase = Phase::Sending;
    }

    /// It has come to its end: nothing is to be told.
    pub(super) fn end(&mut self) {
        self.function = None;
    }
}

impl<F: Fn(Dropped)> Drop for Guard<F> {
    fn drop(&mut self) {
        if let Some(function) = self.function.take() {
            let elapsed = self.start.map_or(Duration::ZERO, |start| start.elapsed());
            function(Dropped { phase: self.phase, elapsed });
        }
    }
}

impl<F: Fn(Dropped)> fmt::Debug for Guard<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("phase", &self.phase).finish_non_exhaustive()
    }
}

/// Says until when a call is watched: until it is answered, or beyond that.
pub trait Watched<Response, F: Fn(Dropped)>: sealed::Sealed {
    /// The response, which may now be watched.
    type Response;

    #[doc(hidden)]
    fn watch(response: Response, guard: Guard<F>) -> Self::Response;
}

pub(super) mod sealed {
    pub trait Sealed {}
    impl Sealed for super::UntilResponse {}
}

/// A call is watched until it is answered.
#[derive(Debug, Clone, Copy, Default)]
pub struct UntilResponse(());

impl<Response, F: Fn(Dropped)> Watched<Response, F> for UntilResponse {
    type Response = Response;

    fn watch(response: Response, mut guard: Guard<F>) -> Response {
        guard.end();
        response
    }
}
