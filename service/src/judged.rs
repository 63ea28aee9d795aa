//! A call whose outcome somebody judges.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::classify::Classifier;

/// Hears of the outcome of one call. One that is dropped before has heard nothing.
pub(crate) trait Judge {
    /// The call has ended, and this is what the classifier says.
    fn judge(&mut self, is_failure: bool);
}

pin_project! {
    /// A call, a classifier, and who hears of the outcome: what the futures of layers that count failures are made of.
    pub(crate) struct Judged<F, C, J> {
        #[pin]
        inner: F,
        classifier: C,
        judge: J,
    }
}

impl<F, C, J> Judged<F, C, J> {
    pub(crate) const fn new(inner: F, classifier: C, judge: J) -> Self {
        Self { inner, classifier, judge }
    }
}

impl<F, C, J, Response, Error> Future for Judged<F, C, J>
where
    F: Future<Output = Result<Response, Error>>,
    C: Classifier<Response, Error>,
    J: Judge,
{
    type Output = Result<Response, Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(this.inner.poll(cx));
        this.judge.judge(this.classifier.is_failure(&result));
        Poll::Ready(result)
    }
}

impl<F, C, J> fmt::Debug for Judged<F, C, J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Judged").finish_non_exhaustive()
    }
}
