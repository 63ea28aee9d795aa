//! Calls that wait for the turn of their key.

use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tower_service::Service;

use super::table::Seat;
use crate::limit::rate::turn::{Held, Waiting};
use crate::{OverloadError, Overloaded};

pin_project! {
    /// The future of a keyed rate limit whose calls wait.
    #[must_use = "futures do nothing unless polled"]
    pub struct KeyedWaitFuture<S, Request, K>
    where
        S: Service<Request>,
        K: Hash,
        K: Eq,
    {
        #[pin]
        held: Held<S, Request, Seat<K>>,
    }
}

impl<S: Service<Request>, Request, K: Hash + Eq> KeyedWaitFuture<S, Request, K> {
    pub(super) fn admitted(service: S, request: Request) -> Self {
        Self { held: Held::admitted(service, request) }
    }

    pub(super) fn waiting(service: S, request: Request, waiting: Waiting<Seat<K>>) -> Self {
        Self { held: Held::waiting(service, request, waiting) }
    }

    pub(super) const fn refused(refusal: Overloaded) -> Self {
        Self { held: Held::refused(refusal) }
    }
}

impl<S: Service<Request>, Request, K: Hash + Eq> Future for KeyedWaitFuture<S, Request, K> {
    type Output = Result<S::Response, OverloadError<S::Error>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().held.poll(cx)
    }
}

impl<S: Service<Request>, Request, K: Hash + Eq> fmt::Debug for KeyedWaitFuture<S, Request, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("rate::KeyedWaitFuture").finish_non_exhaustive()
    }
}
