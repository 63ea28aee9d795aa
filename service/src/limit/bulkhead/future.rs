//! A call with a claim to the limit of its key.

use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::table::Seat;
use crate::{OverloadError, Overloaded};

pin_project! {
    /// The future of [`Bulkhead`](super::Bulkhead).
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, K>
    where
        K: Hash,
        K: Eq,
    {
        #[pin]
        state: State<F, K>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, K>
    where
        K: Hash,
        K: Eq,
    {
        Seated {
            // Before the seat: a key is forgotten when its calls are.
            #[pin]
            call: F,
            seat: Option<Seat<K>>,
        },
        Refused {
            refusal: Overloaded,
        },
    }
}

impl<F, K: Hash + Eq> ResponseFuture<F, K> {
    pub(super) fn seated(call: F, seat: Seat<K>) -> Self {
        Self { state: State::Seated { call, seat: Some(seat) } }
    }

    pub(super) fn refused(refusal: Overloaded) -> Self {
        Self { state: State::Refused { refusal } }
    }
}

impl<F, K, Response, Error> Future for ResponseFuture<F, K>
where
    F: Future<Output = Result<Response, OverloadError<Error>>>,
    K: Hash + Eq,
{
    type Output = Result<Response, OverloadError<Error>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Seated { call, seat } => {
                let result = ready!(call.poll(cx));
                *seat = None;
                Poll::Ready(result)
            }
            StateProj::Refused { refusal } => Poll::Ready(Err(OverloadError::Overloaded(*refusal))),
        }
    }
}

impl<F, K: Hash + Eq> fmt::Debug for ResponseFuture<F, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("bulkhead::ResponseFuture").finish_non_exhaustive()
    }
}
