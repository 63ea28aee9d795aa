//! Blocking in the middle of a task.

use crate::scheduler::{self, Lender};
use crate::task::coop;

/// Runs a call that blocks on this thread, after giving the other tasks of its worker to another thread.
///
/// The task itself stands still meanwhile, and so does all that is polled with it: other branches of its `join!` or
/// `select!`, other tasks of its [`LocalSet`](super::LocalSet). Inside, [`Handle::block_on`](crate::runtime::Handle::block_on)
/// may be called. Prefer [`spawn_blocking`](super::spawn_blocking), which moves the call to another thread instead and
/// costs no handing over; this is for calls that borrow from the task.
///
/// Where nothing has to be handed over it just runs `job`: on a thread of `spawn_blocking`, inside another
/// `block_in_place`, and outside of runtimes.
///
/// # Panics
///
/// In a current-thread runtime, whose tasks would all stand still; and if `job` panics.
///
/// ```
/// use minato_runtime::{runtime::Handle, task};
///
/// # minato_runtime::runtime::Runtime::new().unwrap().block_on(async {
/// let name = String::from("minato");
/// let length = task::block_in_place(|| Handle::current().block_on(async { name.len() }));
/// assert_eq!(length, 6);
/// # });
/// ```
#[track_caller]
pub fn block_in_place<F, R>(job: F) -> R
where
    F: FnOnce() -> R,
{
    let Ok(_lent) = scheduler::lend(Lender::MultiThread) else {
        panic!(
            "block_in_place called in a current-thread runtime, which has no other thread to run its tasks meanwhile: \
             use `spawn_blocking`, or a multi-thread runtime"
        )
    };
    coop::without_budget(job)
}
