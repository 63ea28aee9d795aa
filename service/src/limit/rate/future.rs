//! Calls that wait for their time.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tower_service::Service;

use super::gcra::Gcra;
use super::turn::{Held, Source, Waiting};
use crate::{OverloadError, Overloaded};

/// Counted among those that wait while it lives.
#[derive(Debug)]
pub(super) struct Counted {
    gcra: Arc<Gcra>,
}

impl Counted {
    /// One that is counted already.
    pub(super) const fn of(gcra: Arc<Gcra>) -> Self {
        Self { gcra }
    }
}

impl Source for Counted {
    fn try_take(&self) -> Result<(), Duration> {
        self.gcra.try_take()
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.gcra.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

pin_project! {
    /// The future of a rate limit whose calls wait.
    #[must_use = "futures do nothing unless polled"]
    pub struct WaitFuture<S: Service<Request>, Request> {
        #[pin]
        held: Held<S, Request, Counted>,
    }
}

impl<S: Service<Request>, Request> WaitFuture<S, Request> {
    pub(super) fn admitted(service: S, request: Request) -> Self {
        Self { held: Held::admitted(service, request) }
    }

    pub(super) fn waiting(service: S, request: Request, waiting: Waiting<Counted>) -> Self {
        Self { held: Held::waiting(service, request, waiting) }
    }

    pub(super) const fn refused(refusal: Overloaded) -> Self {
        Self { held: Held::refused(refusal) }
    }
}

impl<S: Service<Request>, Request> Future for WaitFuture<S, Request> {
    type Output = Result<S::Response, OverloadError<S::Error>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().held.poll(cx)
    }
}

impl<S: Service<Request>, Request> fmt::Debug for WaitFuture<S, Request> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("rate::WaitFuture").finish_non_exhaustive()
    }
}
