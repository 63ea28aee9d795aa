//! Cooperative budgets.
//!
//! A task that never meets a resource that is not ready never gives way. So every leaf future of this crate spends
//! one unit of a per-poll budget before it makes progress, and answers `Pending` (having woken the task) when the
//! budget is gone. Outside a task the budget is unlimited.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::limits::COOP_BUDGET;

/// What is left to spend in this poll.
#[derive(Clone, Copy)]
enum Budget {
    Unlimited,
    Left(u8),
}

thread_local! {
    static BUDGET: Cell<Budget> = const { Cell::new(Budget::Unlimited) };
}

/// Gives the unit back if the operation that took it makes no progress.
///
/// Returned by [`poll_proceed`]; call [`made_progress`](Self::made_progress) when the operation is ready.
#[must_use = "dropping this at once gives the unit back"]
#[derive(Debug)]
pub struct RestoreOnPending(Cell<Option<u8>>);

impl RestoreOnPending {
    /// The operation is ready: the unit is spent.
    #[inline]
    pub fn made_progress(&self) {
        self.0.set(None);
    }
}

impl Drop for RestoreOnPending {
    #[inline]
    fn drop(&mut self) {
        if let Some(left) = self.0.get() {
            let _ = BUDGET.try_with(|budget| budget.set(Budget::Left(left)));
        }
    }
}

/// Takes one unit of the budget, or wakes the task and answers `Pending` if none is left.
///
/// Call it first in the `poll` of a leaf future, then call [`RestoreOnPending::made_progress`] on the paths that
/// return `Ready`.
#[inline]
pub fn poll_proceed(cx: &mut Context<'_>) -> Poll<RestoreOnPending> {
    let budget = BUDGET.try_with(Cell::get).unwrap_or(Budget::Unlimited);
    match budget {
        Budget::Unlimited => Poll::Ready(RestoreOnPending(Cell::new(None))),
        Budget::Left(0) => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
        Budget::Left(left) => {
            let _ = BUDGET.try_with(|budget| budget.set(Budget::Left(left - 1)));
            Poll::Ready(RestoreOnPending(Cell::new(Some(left))))
        }
    }
}

/// Whether the running task may still make progress in this poll; always true outside a task.
#[inline]
#[must_use]
pub fn has_budget_remaining() -> bool {
    !matches!(BUDGET.try_with(Cell::get), Ok(Budget::Left(0)))
}

/// Spends one unit of the budget, and yields if none is left.
///
/// For computations that touch no leaf future.
///
/// # Cancel safety
///
/// Nothing is lost when the future is dropped.
pub async fn consume_budget() {
    std::future::poll_fn(|cx| poll_proceed(cx).map(|unit| unit.made_progress())).await;
}

/// Runs `future` without a budget: its leaf futures never yield on their own.
pub fn unconstrained<F: Future>(future: F) -> Unconstrained<F> {
    Unconstrained { future }
}

pin_project_lite::pin_project! {
    /// A future exempt from cooperative budgets; made by [`unconstrained`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Unconstrained<F> {
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Unconstrained<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let _restore = Swapped::new(Budget::Unlimited);
        self.project().future.poll(cx)
    }
}

/// Runs `poll` with a fresh budget; the previous one is put back afterwards, also when it panics.
#[inline]
pub(crate) fn with_budget<R>(poll: impl FnOnce() -> R) -> R {
    let _restore = Swapped::new(Budget::Left(COOP_BUDGET));
    poll()
}

/// Runs `f` without a budget.
pub(crate) fn without_budget<R>(f: impl FnOnce() -> R) -> R {
    let _restore = Swapped::new(Budget::Unlimited);
    f()
}

struct Swapped(Budget);

impl Swapped {
    #[inline]
    fn new(budget: Budget) -> Self {
        Self(BUDGET.try_with(|current| current.replace(budget)).unwrap_or(Budget::Unlimited))
    }
}

impl Drop for Swapped {
    #[inline]
    fn drop(&mut self) {
        let _ = BUDGET.try_with(|current| current.set(self.0));
    }
}
