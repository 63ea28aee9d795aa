//! Readiness belongs to one instance of a service.
//!
//! A clone of a ready service is not ready, and calling it breaks the contract of [`Service`]. Whoever must own the
//! inner service inside a future therefore takes the instance that was polled and leaves a clone in its place. That
//! swap is written here and nowhere else.

use tower_service::Service;

/// A service whose `poll_ready` has answered, good for one call.
///
/// ```
/// use std::convert::Infallible;
/// use std::task::{Context, Waker};
/// use minato_service::{Service, service_fn, take_ready};
///
/// let mut service = service_fn(|n: u32| async move { Ok::<_, Infallible>(n + 1) });
/// let _ = service.poll_ready(&mut Context::from_waker(Waker::noop()));
/// let readied = take_ready(&mut service);
/// let reply = async move { readied.call(1).await };
/// # drop(reply);
/// ```
#[derive(Debug)]
#[must_use = "readiness may hold a reservation that others are waiting for"]
pub struct Readied<S> {
    service: S,
}

impl<S> Readied<S> {
    /// Calls the service that was polled ready.
    pub fn call<Request>(mut self, request: Request) -> S::Future
    where
        S: Service<Request>,
    {
        self.service.call(request)
    }

    /// Calls the service that was polled ready and hands it back, no longer ready, for a later attempt.
    pub fn call_keeping<Request>(mut self, request: Request) -> (S::Future, S)
    where
        S: Service<Request>,
    {
        let future = self.service.call(request);
        (future, self.service)
    }

    /// The service itself, to look at.
    pub fn get_ref(&self) -> &S {
        &self.service
    }
}

/// Takes the readied instance out of `service` and leaves an unready clone behind.
///
/// To be called in [`Service::call`], where the contract says that `poll_ready` has answered.
pub fn take_ready<S: Clone>(service: &mut S) -> Readied<S> {
    let unready = service.clone();
    Readied { service: std::mem::replace(service, unready) }
}
