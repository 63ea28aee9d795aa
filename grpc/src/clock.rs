//! Time and tasks, from the runtime. The only file of this crate that knows it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use minato_runtime::task::{JoinHandle, spawn};
use minato_runtime::time::{Sleep, sleep_until};

pub(crate) use minato_runtime::time::Instant;

/// The moment a call must have ended by. Its timer is made when something first has to be waited for.
#[derive(Debug)]
pub(crate) struct Deadline {
    at: Instant,
    sleep: Option<Sleep>,
}

impl Deadline {
    pub(crate) const fn new(at: Instant) -> Self {
        Self { at, sleep: None }
    }

    /// The moment `timeout` from now; the far future where that is beyond what the clock can say.
    pub(crate) fn after(timeout: Duration) -> Instant {
        let now = Instant::now();
        now.checked_add(timeout).unwrap_or_else(|| now + FAR)
    }

    pub(crate) const fn at(&self) -> Instant {
        self.at
    }

    pub(crate) fn has_passed(&self) -> bool {
        Instant::now() >= self.at
    }

    pub(crate) fn poll_passed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let sleep = self.sleep.get_or_insert_with(|| sleep_until(self.at));
        Pin::new(sleep).poll(cx)
    }
}

/// A timeout beyond this is as good as none.
const FAR: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// A task that ends with its owner.
#[derive(Debug)]
pub(crate) struct OwnedTask<T> {
    handle: JoinHandle<T>,
}

impl<T: Send + 'static> OwnedTask<T> {
    pub(crate) fn spawn(future: impl Future<Output = T> + Send + 'static) -> Self {
        Self { handle: spawn(future) }
    }
}

impl<T> OwnedTask<T> {
    /// What the task ended with; `None` where it panicked or the runtime is shutting down.
    pub(crate) fn poll_join(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        Poll::Ready(ready!(Pin::new(&mut self.handle).poll(cx)).ok())
    }
}

impl<T> Drop for OwnedTask<T> {
    fn drop(&mut self) {
        self.handle.abort();
    }
}
