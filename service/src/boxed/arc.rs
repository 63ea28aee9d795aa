//! A service behind a reference count.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower_service::Service;

use super::BoxFuture;
use crate::ext::ServiceExt;

/// A boxed service whose clones cost a reference count.
///
/// A clone per request, as routers make, so costs no allocation but that of the call's future. The service inside is
/// cloned for each call and asked for readiness in the call, so this one is always ready.
///
/// ```
/// use std::convert::Infallible;
/// use minato_service::{ArcService, ServiceExt, service_fn};
///
/// let service = ArcService::new(service_fn(|n: u32| async move { Ok::<_, Infallible>(n + 1) }));
/// let reply = service.clone().oneshot(1);
/// # drop(reply);
/// ```
pub struct ArcService<T, U, E> {
    call: Arc<dyn Fn(T) -> BoxFuture<Result<U, E>> + Send + Sync>,
}

impl<T, U, E> ArcService<T, U, E> {
    /// Erases the type of `inner`.
    pub fn new<S>(inner: S) -> Self
    where
        S: Service<T, Response = U, Error = E> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        T: Send + 'static,
    {
        Self { call: Arc::new(move |request| Box::pin(inner.clone().oneshot(request))) }
    }
}

impl<T, U, E> Clone for ArcService<T, U, E> {
    fn clone(&self) -> Self {
        Self { call: self.call.clone() }
    }
}

impl<T, U, E> fmt::Debug for ArcService<T, U, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArcService").finish_non_exhaustive()
    }
}

impl<T, U, E> Service<T> for ArcService<T, U, E> {
    type Response = U;
    type Error = E;
    type Future = BoxFuture<Result<U, E>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), E>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: T) -> Self::Future {
        (self.call)(request)
    }
}
