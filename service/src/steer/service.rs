//! The set of services.

use std::fmt;
use std::task::{Context, Poll};

use tower_service::Service;

use super::{NoSuchService, ResponseFuture};
use crate::ext::ServiceExt;
use crate::reusable::Reusable;

/// Picks a service for a request. Functions of the request and the services are pickers.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not pick a service for requests of `{Request}`",
    note = "a picker is a function `FnMut(&{Request}, &[{S}]) -> usize`"
)]
pub trait Picker<S, Request> {
    /// The index of the service that is to get the request.
    fn pick(&mut self, request: &Request, services: &[S]) -> usize;
}

#[diagnostic::do_not_recommend]
impl<F, S, Request> Picker<S, Request> for F
where
    F: FnMut(&Request, &[S]) -> usize,
{
    fn pick(&mut self, request: &Request, services: &[S]) -> usize {
        self(request, services)
    }
}

/// A service that passes each request to one of several.
#[derive(Clone)]
pub struct Steer<S, P> {
    services: Vec<S>,
    picker: P,
}

impl<S, P> Steer<S, P> {
    /// Steers requests among `services` as `picker` says.
    pub fn new(services: impl IntoIterator<Item = S>, picker: P) -> Self {
        Self { services: services.into_iter().collect(), picker }
    }

    /// The services.
    pub fn services(&self) -> &[S] {
        &self.services
    }
}

impl<S: fmt::Debug, P> fmt::Debug for Steer<S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Steer").field("services", &self.services).finish_non_exhaustive()
    }
}

impl<S, P, Request> Service<Request> for Steer<S, P>
where
    S: Service<Request> + Reusable,
    P: Picker<S, Request>,
{
    type Response = S::Response;
    type Error = super::SteerError<S::Error>;
    type Future = ResponseFuture<S, Request>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let index = self.picker.pick(&request, &self.services);
        match self.services.get(index) {
            Some(service) => ResponseFuture::called(service.clone().oneshot(request)),
            None => ResponseFuture::refused(NoSuchService { index, len: self.services.len() }),
        }
    }
}
