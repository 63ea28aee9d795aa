//! A service driven by hand.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tower_service::Service;

use crate::test::CountingWaker;

/// A service driven by hand, with a waker that tells whether it was woken.
#[derive(Debug)]
pub struct Spawn<S> {
    service: S,
    counter: Arc<CountingWaker>,
    waker: Waker,
    /// Wakes before readiness was last asked for.
    wakes: usize,
}

impl<S> Spawn<S> {
    /// Drives `service`.
    pub fn new(service: S) -> Self {
        let (counter, waker) = CountingWaker::pair();
        Self { service, counter, waker, wakes: 0 }
    }

    /// Whether it was woken since readiness was last asked for.
    pub fn is_woken(&self) -> bool {
        self.counter.wakes() > self.wakes
    }

    /// How many copies of the waker the service keeps.
    pub fn waker_ref_count(&self) -> usize {
        // One is the counter of this, the other its waker.
        Arc::strong_count(&self.counter) - 2
    }

    /// Asks for readiness.
    pub fn poll_ready<Request>(&mut self) -> Poll<Result<(), S::Error>>
    where
        S: Service<Request>,
    {
        self.wakes = self.counter.wakes();
        self.service.poll_ready(&mut Context::from_waker(&self.waker))
    }

    /// Calls the service.
    pub fn call<Request>(&mut self, request: Request) -> S::Future
    where
        S: Service<Request>,
    {
        self.service.call(request)
    }

    /// The service.
    pub const fn get_ref(&self) -> &S {
        &self.service
    }

    /// The service.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.service
    }

    /// The service.
    pub fn into_inner(self) -> S {
        self.service
    }
}

impl<S: Clone> Clone for Spawn<S> {
    fn clone(&self) -> Self {
        Self::new(self.service.clone())
    }
}
