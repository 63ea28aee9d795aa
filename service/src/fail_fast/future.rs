//! A call that may have been refused.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::{FailFastError, Unready};

pin_project! {
    /// The future of [`FailFast`](super::FailFast).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        // None where the call was refused.
        #[pin]
        inner: Option<F>,
        refusal: Unready,
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn called(inner: F) -> Self {
        Self { inner: Some(inner), refusal: Unready::default() }
    }

    pub(super) fn refused(refusal: Unready) -> Self {
        Self { inner: None, refusal }
    }
}

impl<F, Response, Error> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response, Error>>,
{
    type Output = Result<Response, FailFastError<Error>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match this.inner.as_pin_mut() {
            Some(inner) => inner.poll(cx).map_err(FailFastError::Inner),
            None => Poll::Ready(Err(FailFastError::Unready(*this.refusal))),
        }
    }
}
