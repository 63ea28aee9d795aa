//! Handing the deadline on to the next hop.

use std::task::{Context, Poll};

use tower_layer::Layer;
use tower_service::Service;

use super::{CarriesDeadline, Deadline};

crate::access::access_inner! {
    impl<S> InheritDeadline<S>;
}

/// A service that writes the [current](Deadline::current) deadline into each request, unless that has an earlier one.
#[derive(Debug, Clone, Copy)]
pub struct InheritDeadline<S> {
    inner: S,
}

impl<S> InheritDeadline<S> {
    /// Writes deadlines into the requests to `inner`.
    pub const fn new(inner: S) -> Self {
        Self { inner }
    }
}

/// The layer of [`InheritDeadline`], for the stack of a client.
#[derive(Debug, Clone, Copy, Default)]
pub struct InheritDeadlineLayer(());

impl InheritDeadlineLayer {
    /// The layer.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl<S> Layer<S> for InheritDeadlineLayer {
    type Service = InheritDeadline<S>;

    fn layer(&self, inner: S) -> Self::Service {
        InheritDeadline::new(inner)
    }
}

impl<S, Request> Service<Request> for InheritDeadline<S>
where
    S: Service<Request>,
    Request: CarriesDeadline,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> S::Future {
        if let Some(current) = Deadline::current()
            && request.deadline().is_none_or(|own| current < own)
        {
            request.set_deadline(current);
        }
        self.inner.call(request)
    }
}
