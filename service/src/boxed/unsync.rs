//! A boxed service that stays on its thread.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tower_service::Service;

/// A boxed future that stays on its thread.
pub type LocalBoxFuture<T> = Pin<Box<dyn Future<Output = T>>>;

struct LocalFutures<S>(S);

impl<S, T> Service<T> for LocalFutures<S>
where
    S: Service<T>,
    S::Future: 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = LocalBoxFuture<Result<S::Response, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: T) -> Self::Future {
        Box::pin(self.0.call(request))
    }
}

type Erased<T, U, E> = dyn Service<T, Response = U, Error = E, Future = LocalBoxFuture<Result<U, E>>>;

/// A boxed service for one thread.
pub struct UnsyncBoxService<T, U, E> {
    inner: Box<Erased<T, U, E>>,
}

impl<T, U, E> UnsyncBoxService<T, U, E> {
    /// Erases the type of `inner`.
    pub fn new<S>(inner: S) -> Self
    where
        S: Service<T, Response = U, Error = E> + 'static,
        S::Future: 'static,
    {
        Self { inner: Box::new(LocalFutures(inner)) }
    }
}

impl<T, U, E> fmt::Debug for UnsyncBoxService<T, U, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnsyncBoxService").finish_non_exhaustive()
    }
}

impl<T, U, E> Service<T> for UnsyncBoxService<T, U, E> {
    type Response = U;
    type Error = E;
    type Future = LocalBoxFuture<Result<U, E>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), E>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: T) -> Self::Future {
        self.inner.call(request)
    }
}
