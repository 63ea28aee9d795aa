//! What expanded macros call. Not for use by hand; it may change in any release.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

pub use minato_runtime_macros::{join_impl, select_impl, try_join_impl};

/// A random number below `n`, which is not zero. Inside a runtime it follows from that runtime's seed.
#[must_use]
pub fn thread_rng_n(n: u32) -> u32 {
    crate::scheduler::random_below(n)
}

pin_project_lite::pin_project! {
    /// A future, then its output, then nothing.
    #[project = Projected]
    #[project_replace = Replaced]
    #[derive(Debug)]
    pub enum MaybeDone<F: Future> {
        Running { #[pin] future: F },
        Done { output: F::Output },
        Gone,
    }
}

/// Makes a future keep its output.
pub fn maybe_done<F: IntoFuture>(future: F) -> MaybeDone<F::IntoFuture> {
    MaybeDone::Running { future: future.into_future() }
}

impl<F: Future> Future for MaybeDone<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let Projected::Running { future } = self.as_mut().project() {
            let output = ready!(future.poll(cx));
            self.project_replace(MaybeDone::Done { output });
        }
        Poll::Ready(())
    }
}

/// The output of a future that is ready.
///
/// # Panics
///
/// If it is not, or the output was taken.
pub fn take_output<F: Future>(future: Pin<&mut MaybeDone<F>>) -> F::Output {
    match future.project_replace(MaybeDone::Gone) {
        Replaced::Done { output } => output,
        Replaced::Running { .. } | Replaced::Gone => unreachable!("all futures are ready by now"),
    }
}

/// The error of a future that is ready, if it failed.
pub fn take_error<F, T, E>(mut future: Pin<&mut MaybeDone<F>>) -> Option<E>
where
    F: Future<Output = Result<T, E>>,
{
    match future.as_mut().project() {
        Projected::Done { output: Err(_) } => take_output(future).err(),
        _ => None,
    }
}

/// The value of a future that is ready and has not failed.
///
/// # Panics
///
/// If it is not ready, or has failed.
pub fn take_ok<F, T, E>(future: Pin<&mut MaybeDone<F>>) -> T
where
    F: Future<Output = Result<T, E>>,
{
    match take_output(future) {
        Ok(value) => value,
        Err(_) => unreachable!("the first error has ended the wait"),
    }
}
