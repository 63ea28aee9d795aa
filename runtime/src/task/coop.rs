//! Cooperative budgets.
//!
//! A task that never meets a resource that is not ready never gives way. So every leaf future of this crate spends
//! one unit of a per-poll budget before it makes progress, and answers `Pending` (having woken the task) when the
//! budget is gone. Outside a task the budget is unlimited.
//!
//! The budget is a number of operations, [set by the builder](crate::runtime::Builder::task_budget) of the runtime, and
//! may be renewed [for some time](crate::runtime::Builder::task_time_slice). [`budgeted`] and [`unconstrained`] change it
//! for one future.

use std::cell::Cell;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::WaitSite;
use crate::limits::COOP_BUDGET;
use crate::scheduler;

/// What is left to spend in this poll; nothing at zero and below.
///
/// Without a limit it is a number that nobody lives to see spent. So spending a unit is one subtraction, whatever there
/// is: no operation has to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Budget(i64);

impl Budget {
    const UNLIMITED: Self = Self(i64::MAX);

    fn of(operations: u8) -> Self {
        Self(i64::from(operations))
    }

    #[inline]
    fn is_spent(self) -> bool {
        self.0 <= 0
    }
}

thread_local! {
    static BUDGET: Cell<Budget> = const { Cell::new(Budget::UNLIMITED) };
    /// What a poll on this thread begins with.
    static FULL: Cell<Budget> = const { Cell::new(Budget(COOP_BUDGET as i64)) };
}

/// Sets what polls on this thread begin with, until it is dropped.
#[derive(Debug)]
pub(crate) struct FullBudget {
    before: Budget,
    confined: PhantomData<*const ()>,
}

impl FullBudget {
    pub(crate) fn set(operations: u8) -> Self {
        Self { before: FULL.replace(Budget::of(operations)), confined: PhantomData }
    }
}

impl Drop for FullBudget {
    fn drop(&mut self) {
        FULL.set(self.before);
    }
}

/// One unit of the budget, spent only if the operation makes progress.
///
/// Returned by [`poll_proceed`]; call [`made_progress`](Self::made_progress) when the operation is ready.
#[must_use = "call `made_progress` when the operation is ready"]
#[derive(Debug)]
pub struct RestoreOnPending {
    /// Good for the poll on this thread that it was taken in.
    confined: PhantomData<*const ()>,
}

impl RestoreOnPending {
    /// The operation is ready: the unit is spent.
    #[inline]
    pub fn made_progress(&self) {
        // Leaf futures polled inside the operation may have spent what there was: it goes below zero by a few.
        BUDGET.set(Budget(BUDGET.get().0.wrapping_sub(1)));
    }
}

/// Answers `Pending`, having woken the task, if the budget is spent; else lends one unit of it.
///
/// Call it first in the `poll` of a leaf future, then call [`RestoreOnPending::made_progress`] on the paths that
/// return `Ready`.
#[inline]
pub fn poll_proceed(cx: &mut Context<'_>) -> Poll<RestoreOnPending> {
    if BUDGET.get().is_spent() && !renew() {
        give_way(cx);
        return Poll::Pending;
    }
    Poll::Ready(RestoreOnPending { confined: PhantomData })
}

/// Begins another budget, if the time of the poll is not spent yet.
#[cold]
fn renew() -> bool {
    let is_renewed = scheduler::renews_budget();
    if is_renewed {
        BUDGET.set(FULL.get());
    }
    is_renewed
}

#[cold]
fn give_way(cx: &Context<'_>) {
    WaitSite::Budget.mark();
    scheduler::count_budget_yield();
    cx.waker().wake_by_ref();
}

/// Whether the running task may still make progress in this poll; always true outside a task.
#[inline]
#[must_use]
pub fn has_budget_remaining() -> bool {
    !BUDGET.get().is_spent() || renew()
}

/// Whether there is something left to spend, without a look at whether more may be had.
#[inline]
pub(crate) fn has_units() -> bool {
    !BUDGET.get().is_spent()
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

/// Has `future` take part in budgets: a poll in which it is ready spends one unit.
///
/// For futures that may be ready many times over and spend nothing themselves, as those of other libraries.
///
/// ```
/// # let rt = minato_runtime::runtime::Builder::new_current_thread().build().unwrap();
/// # rt.block_on(async {
/// use minato_runtime::task::coop::{cooperative, has_budget_remaining};
/// let task = minato_runtime::spawn(async {
///     let mut rounds = 0;
///     while has_budget_remaining() {
///         cooperative(std::future::ready(())).await;
///         rounds += 1;
///     }
///     rounds
/// });
/// assert_eq!(task.await.unwrap(), 128);
/// # });
/// ```
pub fn cooperative<F: Future>(future: F) -> Coop<F> {
    Coop { future }
}

pin_project_lite::pin_project! {
    /// A future that takes part in cooperative budgets; made by [`cooperative`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Coop<F> {
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Coop<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let unit = ready!(poll_proceed(cx));
        let output = ready!(self.project().future.poll(cx));
        unit.made_progress();
        Poll::Ready(output)
    }
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
        let _restore = Swapped::new(Budget::UNLIMITED);
        self.project().future.poll(cx)
    }
}

/// Gives `future` a budget of its own in each poll, instead of what the task has left: that many operations before it gives way.
///
/// For a future that is to give way more often than others, or less often. When it has given way the poll of the task goes on
/// with what else is in it.
///
/// # Panics
///
/// If there are no operations, or more than 254.
///
/// ```
/// # let rt = minato_runtime::runtime::Builder::new_current_thread().build().unwrap();
/// # rt.block_on(async {
/// use minato_runtime::task::coop::{budgeted, cooperative, has_budget_remaining};
/// let rounds = budgeted(10, async {
///     let mut rounds = 0;
///     while has_budget_remaining() {
///         cooperative(std::future::ready(())).await;
///         rounds += 1;
///     }
///     rounds
/// });
/// assert_eq!(rounds.await, 10);
/// # });
/// ```
#[track_caller]
pub fn budgeted<F: Future>(operations: u8, future: F) -> Budgeted<F> {
    assert!(operations > 0, "a future without a budget never gets anywhere");
    assert!(
        operations < u8::MAX,
        "a budget is at most 254 operations; for none at all there is `unconstrained`"
    );
    Budgeted { operations, future }
}

pin_project_lite::pin_project! {
    /// A future with a budget of its own; made by [`budgeted`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Budgeted<F> {
        operations: u8,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Budgeted<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _full = FullBudget::set(*this.operations);
        let _restore = Swapped::new(Budget::of(*this.operations));
        this.future.poll(cx)
    }
}

/// Runs `poll` with a fresh budget; the previous one is put back afterwards, also when it panics.
#[inline]
pub(crate) fn with_budget<R>(poll: impl FnOnce() -> R) -> R {
    let _restore = Swapped::new(FULL.get());
    poll()
}

/// Runs `f` without a budget.
pub(crate) fn without_budget<R>(f: impl FnOnce() -> R) -> R {
    let _restore = Swapped::new(Budget::UNLIMITED);
    f()
}

struct Swapped(Budget);

impl Swapped {
    #[inline]
    fn new(budget: Budget) -> Self {
        Self(BUDGET.replace(budget))
    }
}

impl Drop for Swapped {
    #[inline]
    fn drop(&mut self) {
        BUDGET.set(self.0);
    }
}
