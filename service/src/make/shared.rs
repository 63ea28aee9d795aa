//! The same service for every target.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use tower_service::Service;

/// A maker that answers every target with a clone of one service.
#[derive(Debug, Clone, Copy)]
pub struct Shared<S> {
    service: S,
}

impl<S> Shared<S> {
    /// Makes clones of `service`.
    pub const fn new(service: S) -> Self {
        Self { service }
    }
}

/// The future of [`Shared`], which is ready.
pub type SharedFuture<S> = Ready<Result<S, Infallible>>;

impl<S: Clone, Target> Service<Target> for Shared<S> {
    type Response = S;
    type Error = Infallible;
    type Future = SharedFuture<S>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Target) -> Self::Future {
        ready(Ok(self.service.clone()))
    }
}
