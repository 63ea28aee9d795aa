//! Balanced services of makers of discoveries.

use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::Balance;
use crate::balance::Discover;

/// A service that makes balanced services: of what its inner service makes of a target, which is a [`Discover`].
pub struct MakeBalance<S, Req> {
    inner: S,
    request: PhantomData<fn(Req)>,
}

impl<S, Req> MakeBalance<S, Req> {
    /// Balances the discoveries that `inner` makes.
    pub const fn new(inner: S) -> Self {
        Self { inner, request: PhantomData }
    }
}

impl<S: Clone, Req> Clone for MakeBalance<S, Req> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone())
    }
}

impl<S: fmt::Debug, Req> fmt::Debug for MakeBalance<S, Req> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MakeBalance").field("inner", &self.inner).finish()
    }
}

impl<S, Target, Req> Service<Target> for MakeBalance<S, Req>
where
    S: Service<Target>,
    S::Response: Discover,
    <S::Response as Discover>::Key: Hash + Eq + Clone,
    <S::Response as Discover>::Service: Service<Req>,
{
    type Response = Balance<S::Response, Req>;
    type Error = S::Error;
    type Future = MakeFuture<S::Future, Req>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, target: Target) -> Self::Future {
        MakeFuture { inner: self.inner.call(target), request: PhantomData }
    }
}

pin_project! {
    /// A balanced service in the making.
    #[must_use = "futures do nothing unless polled"]
    pub struct MakeFuture<F, Req> {
        #[pin]
        inner: F,
        request: PhantomData<fn(Req)>,
    }
}

impl<F, D, E, Req> Future for MakeFuture<F, Req>
where
    F: Future<Output = Result<D, E>>,
    D: Discover,
    D::Key: Hash + Eq + Clone,
    D::Service: Service<Req>,
{
    type Output = Result<Balance<D, Req>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().inner.poll(cx).map_ok(Balance::new)
    }
}

impl<F, Req> fmt::Debug for MakeFuture<F, Req> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("p2c::MakeFuture").finish_non_exhaustive()
    }
}

/// The layer of [`MakeBalance`].
pub struct MakeBalanceLayer<D, Req> {
    types: PhantomData<fn(D, Req)>,
}

impl<D, Req> MakeBalanceLayer<D, Req> {
    /// The layer.
    #[must_use]
    pub const fn new() -> Self {
        Self { types: PhantomData }
    }
}

impl<D, Req> Default for MakeBalanceLayer<D, Req> {
    fn default() -> Self {
        Self::new()
    }
}

impl<D, Req> Clone for MakeBalanceLayer<D, Req> {
    fn clone(&self) -> Self {
        Self::new()
    }
}

impl<D, Req> fmt::Debug for MakeBalanceLayer<D, Req> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MakeBalanceLayer").finish()
    }
}

impl<S, Req> Layer<S> for MakeBalanceLayer<S, Req> {
    type Service = MakeBalance<S, Req>;

    fn layer(&self, inner: S) -> Self::Service {
        MakeBalance::new(inner)
    }
}
