//! When a call is over.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

/// Decides when a call is over: when the handle that stands for it is dropped.
///
/// The response is made into one that may keep the handle.
pub trait TrackCompletion<H, V>: Clone {
    /// The response, which may keep the handle.
    type Output;

    /// Gives the handle to the response, or drops it.
    fn track_completion(&self, handle: H, value: V) -> Self::Output;
}

/// A call is over when it is answered.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct CompleteOnResponse;

impl<H, V> TrackCompletion<H, V> for CompleteOnResponse {
    type Output = V;

    fn track_completion(&self, handle: H, value: V) -> V {
        drop(handle);
        value
    }
}

pin_project! {
    /// A call with the handle that stands for it.
    #[must_use = "futures do nothing unless polled"]
    pub struct TrackCompletionFuture<F, C, H> {
        #[pin]
        future: F,
        handle: Option<H>,
        completion: C,
    }
}

impl<F, C, H> TrackCompletionFuture<F, C, H> {
    /// Keeps `handle` until `future` completes, and then does with it as `completion` says.
    pub const fn new(completion: C, handle: H, future: F) -> Self {
        Self { future, handle: Some(handle), completion }
    }
}

impl<F, C, H, T, E> Future for TrackCompletionFuture<F, C, H>
where
    F: Future<Output = Result<T, E>>,
    C: TrackCompletion<H, T>,
{
    type Output = Result<C::Output, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(this.future.poll(cx));
        let handle = this.handle.take().expect("polled after completion");
        Poll::Ready(result.map(|response| this.completion.track_completion(handle, response)))
    }
}

impl<F, C, H> fmt::Debug for TrackCompletionFuture<F, C, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrackCompletionFuture").finish_non_exhaustive()
    }
}
