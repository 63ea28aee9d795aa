//! The layer that makes bodies such that they can be sent again.

use std::task::{Context, Poll};

use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use super::ReplayBody;

/// A layer that makes the bodies of requests [`ReplayBody`]s, to be put directly outside of a retry.
#[derive(Debug, Clone, Copy)]
pub struct ReplayLayer {
    bytes_max: usize,
}

impl ReplayLayer {
    /// Keeps up to `bytes_max` bytes of each request under way.
    ///
    /// # Panics
    ///
    /// If `bytes_max` is zero.
    #[must_use]
    pub const fn new(bytes_max: usize) -> Self {
        assert!(bytes_max > 0, "`bytes_max` is zero: nothing could be sent again");
        Self { bytes_max }
    }
}

impl<S> Layer<S> for ReplayLayer {
    type Service = Replaying<S>;

    fn layer(&self, inner: S) -> Replaying<S> {
        Replaying { inner, bytes_max: self.bytes_max }
    }
}

/// A service whose requests have bodies that can be sent again, made by a [`ReplayLayer`].
#[derive(Debug, Clone, Copy)]
pub struct Replaying<S> {
    inner: S,
    bytes_max: usize,
}

impl<S, B> Service<http::Request<B>> for Replaying<S>
where
    S: Service<http::Request<ReplayBody<B>>>,
    B: Body,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<B>) -> S::Future {
        self.inner.call(request.map(|body| ReplayBody::new(body, self.bytes_max)))
    }
}
