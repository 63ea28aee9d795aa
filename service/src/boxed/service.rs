//! Boxed services that can move between threads.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tower_service::Service;

/// A boxed future that can move between threads.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Boxes the futures of a service, so that the service itself can become a trait object.
#[derive(Clone)]
struct BoxedFutures<S>(S);

impl<S, T> Service<T> for BoxedFutures<S>
where
    S: Service<T>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = BoxFuture<Result<S::Response, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: T) -> Self::Future {
        Box::pin(self.0.call(request))
    }
}

/// A service that can be cloned behind a trait object.
trait CloneService<T, U, E>:
    Service<T, Response = U, Error = E, Future = BoxFuture<Result<U, E>>> + Send
{
    fn clone_box(&self) -> Box<dyn CloneService<T, U, E>>;
}

impl<S, T, U, E> CloneService<T, U, E> for BoxedFutures<S>
where
    S: Service<T, Response = U, Error = E> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    fn clone_box(&self) -> Box<dyn CloneService<T, U, E>> {
        Box::new(self.clone())
    }
}

/// As [`CloneService`], and shareable between threads.
trait CloneSyncService<T, U, E>:
    Service<T, Response = U, Error = E, Future = BoxFuture<Result<U, E>>> + Send + Sync
{
    fn clone_box(&self) -> Box<dyn CloneSyncService<T, U, E>>;
}

impl<S, T, U, E> CloneSyncService<T, U, E> for BoxedFutures<S>
where
    S: Service<T, Response = U, Error = E> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    fn clone_box(&self) -> Box<dyn CloneSyncService<T, U, E>> {
        Box::new(self.clone())
    }
}

/// The three boxes differ in what they ask of a service and in the trait object they keep, and in nothing else.
macro_rules! boxed_service {
    ($(#[$doc:meta])* $name:ident, $erased:ty, $($bound:ident)|+) => {
        $(#[$doc])*
        pub struct $name<T, U, E> {
            inner: Box<$erased>,
        }

        impl<T, U, E> $name<T, U, E> {
            /// Erases the type of `inner`.
            pub fn new<S>(inner: S) -> Self
            where
                S: Service<T, Response = U, Error = E> $(+ $bound)+ + 'static,
                S::Future: Send + 'static,
            {
                Self { inner: Box::new(BoxedFutures(inner)) }
            }
        }

        impl<T, U, E> Service<T> for $name<T, U, E> {
            type Response = U;
            type Error = E;
            type Future = BoxFuture<Result<U, E>>;

            fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), E>> {
                self.inner.poll_ready(cx)
            }

            fn call(&mut self, request: T) -> Self::Future {
                self.inner.call(request)
            }
        }

        impl<T, U, E> fmt::Debug for $name<T, U, E> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}

type Erased<T, U, E> = dyn Service<T, Response = U, Error = E, Future = BoxFuture<Result<U, E>>> + Send;

boxed_service! {
    /// A boxed service.
    BoxService, Erased<T, U, E>, Send
}

boxed_service! {
    /// A boxed service that can be cloned.
    BoxCloneService, dyn CloneService<T, U, E>, Clone | Send
}

boxed_service! {
    /// A boxed service that can be cloned and shared between threads.
    BoxCloneSyncService, dyn CloneSyncService<T, U, E>, Clone | Send | Sync
}

impl<T, U, E> Clone for BoxCloneService<T, U, E> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone_box() }
    }
}

impl<T, U, E> Clone for BoxCloneSyncService<T, U, E> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone_box() }
    }
}
