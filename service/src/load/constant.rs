//! A load that is always the same.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::Load;
use crate::balance::{Change, Discover};

pin_project! {
    /// A service, or a [`Discover`] of services, whose load is always the same.
    #[derive(Debug)]
    pub struct Constant<T, M> {
        #[pin]
        inner: T,
        load: M,
    }
}

impl<T, M: Copy> Constant<T, M> {
    /// Gives `inner` this load.
    pub const fn new(inner: T, load: M) -> Self {
        Self { inner, load }
    }
}

impl<T: Clone, M: Clone> Clone for Constant<T, M> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), load: self.load.clone() }
    }
}

impl<T, M: Copy + PartialOrd> Load for Constant<T, M> {
    type Metric = M;

    fn load(&self) -> M {
        self.load
    }
}

impl<S: Service<Request>, M: Copy, Request> Service<Request> for Constant<S, M> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> S::Future {
        self.inner.call(request)
    }
}

impl<D: Discover, M: Copy> Stream for Constant<D, M> {
    type Item = Result<Change<D::Key, Constant<D::Service, M>>, D::Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        let load = *this.load;
        this.inner.poll_discover(cx).map(|change| {
            change.map(|change| change.map(|change| change.map(|service| Constant::new(service, load))))
        })
    }
}
