//! Futures and services polled by hand.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use tower_service::Service;

/// Counts its wakes.
#[derive(Debug, Default)]
pub struct CountingWaker(AtomicUsize);

impl Wake for CountingWaker {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl CountingWaker {
    /// A count and the waker that is counted.
    #[must_use]
    pub fn pair() -> (Arc<Self>, Waker) {
        let counter = Arc::new(Self::default());
        (counter.clone(), Waker::from(counter))
    }

    /// How many wakes there were.
    #[must_use]
    pub fn wakes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// A future polled by hand.
#[derive(Debug)]
pub struct Task<F> {
    future: Pin<Box<F>>,
    waker: Waker,
    counter: Arc<CountingWaker>,
}

impl<F: Future> Task<F> {
    /// A task for `future`, which has not been polled.
    #[must_use]
    pub fn new(future: F) -> Self {
        let (counter, waker) = CountingWaker::pair();
        Self { future: Box::pin(future), waker, counter }
    }

    /// Polls it.
    pub fn poll(&mut self) -> Poll<F::Output> {
        self.future.as_mut().poll(&mut Context::from_waker(&self.waker))
    }

    /// Whether it was ever woken.
    #[must_use]
    pub fn is_woken(&self) -> bool {
        self.counter.wakes() > 0
    }
}

/// Runs a future that never has to wait.
///
/// # Panics
///
/// If it waits.
pub fn now<F: Future>(future: F) -> F::Output {
    match Task::new(future).poll() {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the future waits"),
    }
}

/// Asks for readiness once.
pub fn poll_ready<S: Service<Request>, Request>(service: &mut S) -> Poll<Result<(), S::Error>> {
    service.poll_ready(&mut Context::from_waker(Waker::noop()))
}
