//! The trace context of the code that is running.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::TraceContext;

thread_local! {
    static CURRENT: RefCell<Option<TraceContext>> = const { RefCell::new(None) };
}

impl TraceContext {
    /// The context of the request or task that is running, if it has one.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.with_borrow(Option::clone)
    }

    /// Runs a future with this context as the [current](Self::current) one.
    ///
    /// ```
    /// use minato_trace::TraceContext;
    ///
    /// # let runtime = minato_runtime::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// let context = TraceContext::new_root();
    /// let seen = context.clone().scope(async { TraceContext::current() }).await;
    /// assert_eq!(seen, Some(context));
    /// assert_eq!(TraceContext::current(), None);
    /// # });
    /// ```
    pub fn scope<F: Future>(self, future: F) -> Scope<F> {
        Scope { future, context: Some(self) }
    }
}

/// Makes `context` the current one until the guard is dropped; they change places, so that nothing is cloned.
pub(crate) fn enter(context: &mut Option<TraceContext>) -> Entered<'_> {
    Entered::swap(context);
    Entered { context }
}

/// A context is the current one while this lives.
pub(crate) struct Entered<'a> {
    context: &'a mut Option<TraceContext>,
}

impl Entered<'_> {
    fn swap(context: &mut Option<TraceContext>) {
        CURRENT.with_borrow_mut(|current| std::mem::swap(current, context));
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        Self::swap(self.context);
    }
}

pin_project! {
    /// The future of [`TraceContext::scope`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Scope<F> {
        #[pin]
        future: F,
        // Holds what was current outside while the future is polled.
        context: Option<TraceContext>,
    }
}

impl<F> Scope<F> {
    pub(crate) fn new(future: F, context: Option<TraceContext>) -> Self {
        Self { future, context }
    }
}

impl<F: Future> Future for Scope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = enter(this.context);
        this.future.poll(cx)
    }
}
