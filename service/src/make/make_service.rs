//! The trait, and the ways back to a plain service.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::task::{Context, Poll};

use tower_service::Service;

mod sealed {
    pub trait Sealed<Target, Request> {}
}

/// A service that makes services.
///
/// Every `Service<Target>` whose response is a `Service<Request>` is one; it cannot be implemented otherwise.
pub trait MakeService<Target, Request>: sealed::Sealed<Target, Request> {
    /// What the made services answer.
    type Response;
    /// What the made services fail with.
    type Error;
    /// The made service.
    type Service: Service<Request, Response = Self::Response, Error = Self::Error>;
    /// What making a service fails with.
    type MakeError;
    /// A service in the making.
    type Future: Future<Output = Result<Self::Service, Self::MakeError>>;

    /// Asks whether a service can be made now.
    ///
    /// # Errors
    ///
    /// What the maker fails with.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::MakeError>>;

    /// Makes a service for `target`.
    fn make_service(&mut self, target: Target) -> Self::Future;

    /// The maker as a plain service.
    fn into_service(self) -> IntoService<Self, Request>
    where
        Self: Sized,
    {
        IntoService { make: self, request: PhantomData }
    }

    /// The maker as a plain service, borrowed.
    fn as_service(&mut self) -> AsService<'_, Self, Request>
    where
        Self: Sized,
    {
        AsService { make: self, request: PhantomData }
    }
}

impl<M, S, Target, Request> sealed::Sealed<Target, Request> for M
where
    M: Service<Target, Response = S>,
    S: Service<Request>,
{
}

impl<M, S, Target, Request> MakeService<Target, Request> for M
where
    M: Service<Target, Response = S>,
    S: Service<Request>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Service = S;
    type MakeError = M::Error;
    type Future = M::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), M::Error>> {
        Service::poll_ready(self, cx)
    }

    fn make_service(&mut self, target: Target) -> M::Future {
        self.call(target)
    }
}

/// The plain service of a [`MakeService`].
pub struct IntoService<M, Request> {
    make: M,
    request: PhantomData<fn(Request)>,
}

impl<M: Clone, Request> Clone for IntoService<M, Request> {
    fn clone(&self) -> Self {
        Self { make: self.make.clone(), request: PhantomData }
    }
}

impl<M: fmt::Debug, Request> fmt::Debug for IntoService<M, Request> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntoService").field("make", &self.make).finish()
    }
}

impl<M, Target, Request> Service<Target> for IntoService<M, Request>
where
    M: MakeService<Target, Request>,
{
    type Response = M::Service;
    type Error = M::MakeError;
    type Future = M::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), M::MakeError>> {
        self.make.poll_ready(cx)
    }

    fn call(&mut self, target: Target) -> M::Future {
        self.make.make_service(target)
    }
}

/// The plain service of a [`MakeService`], borrowed.
pub struct AsService<'a, M, Request> {
    make: &'a mut M,
    request: PhantomData<fn(Request)>,
}

impl<M: fmt::Debug, Request> fmt::Debug for AsService<'_, M, Request> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsService").field("make", &self.make).finish()
    }
}

impl<M, Target, Request> Service<Target> for AsService<'_, M, Request>
where
    M: MakeService<Target, Request>,
{
    type Response = M::Service;
    type Error = M::MakeError;
    type Future = M::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), M::MakeError>> {
        self.make.poll_ready(cx)
    }

    fn call(&mut self, target: Target) -> M::Future {
        self.make.make_service(target)
    }
}
