//! A call that may panic.

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::{PanicError, Panicked};

pin_project! {
    /// The future of [`CatchPanic`](super::CatchPanic).
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        // None once it has panicked.
        #[pin]
        inner: Option<F>,
        panicked: Option<Panicked>,
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn called(inner: F) -> Self {
        Self { inner: Some(inner), panicked: None }
    }

    pub(super) fn panicked(panicked: Panicked) -> Self {
        Self { inner: None, panicked: Some(panicked) }
    }
}

impl<F, Response, Error> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response, Error>>,
{
    type Output = Result<Response, PanicError<Error>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some(inner) = this.inner.as_mut().as_pin_mut() {
            match catch_unwind(AssertUnwindSafe(|| inner.poll(cx))) {
                Ok(polled) => return polled.map_err(PanicError::Inner),
                Err(payload) => {
                    *this.panicked = Some(Panicked::of(&*payload));
                    // The payload of a panic may panic when dropped, as the future may: one panic is enough.
                    drop(catch_unwind(AssertUnwindSafe(|| drop(payload))));
                    drop(catch_unwind(AssertUnwindSafe(|| this.inner.set(None))));
                }
            }
        }
        let panicked = this.panicked.take().expect("polled after completion");
        Poll::Ready(Err(PanicError::Panicked(panicked)))
    }
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("catch_panic::ResponseFuture").finish_non_exhaustive()
    }
}
