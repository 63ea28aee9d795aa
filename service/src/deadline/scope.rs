//! A future with a deadline to look at.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::Deadline;

pin_project! {
    /// The future of [`Deadline::scope`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Scope<F> {
        deadline: Deadline,
        #[pin]
        inner: F,
    }
}

impl<F> Scope<F> {
    pub(super) const fn new(deadline: Deadline, inner: F) -> Self {
        Self { deadline, inner }
    }
}

impl<F: Future> Future for Scope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        this.deadline.sync_scope(|| this.inner.poll(cx))
    }
}
