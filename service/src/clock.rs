//! Time, tasks, random numbers and the traits of I/O, from the runtime. The only file of this crate that knows it.

use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};
use std::time::Duration;

use minato_runtime::task::JoinHandle;
use minato_runtime::time::{Sleep, sleep_until};

pub(crate) use minato_runtime::io::{AsyncRead, AsyncWrite};
pub use minato_runtime::time::Instant;
pub(crate) use minato_runtime::time::sleep;

use crate::error::TaskLost;

/// A timer that does not exist, and reads no clock, until the first time somebody has to wait for it.
#[derive(Debug)]
pub(crate) enum Timer {
    /// Nobody has waited yet.
    After(Duration),
    Until(Instant),
    Never,
    Armed(Sleep),
}

impl Timer {
    pub(crate) const fn new(duration: Duration) -> Self {
        Self::After(duration)
    }

    pub(crate) const fn until(deadline: Instant) -> Self {
        Self::Until(deadline)
    }

    /// Ready once the duration has passed since the first poll, or the deadline has.
    pub(crate) fn poll_elapsed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut armed = match self {
            Self::Never => return Poll::Pending,
            Self::Armed(sleep) => return Pin::new(sleep).poll(cx),
            Self::After(duration) => sleep(*duration),
            Self::Until(deadline) => sleep_until(*deadline),
        };
        let elapsed = Pin::new(&mut armed).poll(cx);
        *self = Self::Armed(armed);
        elapsed
    }
}

/// A clock whose readings fit a word: nanoseconds since its first reading.
#[derive(Debug, Default)]
pub(crate) struct Epoch {
    start: OnceLock<Instant>,
}

impl Epoch {
    pub(crate) const fn new() -> Self {
        Self { start: OnceLock::new() }
    }

    #[inline]
    pub(crate) fn now(&self) -> u64 {
        self.of(Instant::now())
    }

    #[inline]
    pub(crate) fn of(&self, instant: Instant) -> u64 {
        let start = self.start.get().unwrap_or_else(|| self.start.get_or_init(|| instant));
        nanos(instant.saturating_duration_since(*start))
    }
}

/// A duration in nanoseconds, as many as a word can hold.
#[inline]
pub(crate) fn nanos(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1_000_000_000).saturating_add(u64::from(duration.subsec_nanos()))
}

/// A number nobody else has; inside a simulated runtime it follows from the seed.
pub(crate) fn seed() -> u64 {
    minato_runtime::runtime::random()
}

/// Runs a future on the runtime until it completes.
///
/// # Panics
///
/// Outside a runtime.
pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    drop(minato_runtime::spawn(future));
}

/// A task that does not outlive what waits for it.
#[derive(Debug)]
pub(crate) struct Owned<T> {
    task: JoinHandle<T>,
}

/// Runs a future on the runtime until it completes or what is returned is dropped.
///
/// # Panics
///
/// Outside a runtime.
pub(crate) fn spawn_owned<F>(future: F) -> Owned<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    Owned { task: minato_runtime::spawn(future) }
}

/// Runs a function where it may block. It is not begun where what is returned is dropped before, and not interrupted.
///
/// # Panics
///
/// Outside a runtime.
pub(crate) fn spawn_blocking<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> Owned<T> {
    Owned { task: minato_runtime::task::spawn_blocking(job) }
}

impl<T> Future for Owned<T> {
    type Output = Result<T, TaskLost>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.task).poll(cx).map_err(|error| match error.try_into_panic() {
            Ok(payload) => TaskLost::panicked(&*payload),
            Err(_) => TaskLost::stopped(),
        })
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        self.task.abort();
    }
}
