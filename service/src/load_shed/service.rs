//! The service that refuses instead of waiting.

use std::task::{Context, Poll};

use tower_service::Service;

use super::ResponseFuture;
use crate::{OverloadError, Overloaded};

crate::access::access_inner! {
    impl<S> LoadShed<S>;
}

/// A service that is always ready, and refuses requests while the inner one is not.
#[derive(Debug)]
pub struct LoadShed<S> {
    inner: S,
    /// What the inner service said in the last `poll_ready`. Belongs to this instance: a clone starts without.
    is_ready: bool,
}

impl<S> LoadShed<S> {
    /// Refuses requests while `inner` is not ready.
    pub const fn new(inner: S) -> Self {
        Self { inner, is_ready: false }
    }
}

impl<S: Clone> Clone for LoadShed<S> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone())
    }
}

impl<S: Service<Request>, Request> Service<Request> for LoadShed<S> {
    type Response = S::Response;
    type Error = OverloadError<S::Error>;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.is_ready = match self.inner.poll_ready(cx) {
            Poll::Ready(Ok(())) => true,
            Poll::Ready(Err(error)) => return Poll::Ready(Err(OverloadError::Inner(error))),
            Poll::Pending => false,
        };
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        if std::mem::take(&mut self.is_ready) {
            ResponseFuture::called(self.inner.call(request))
        } else {
            ResponseFuture::refused(Overloaded::default())
        }
    }
}
