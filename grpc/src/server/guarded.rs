//! A handler with its deadline, whose panics are caught.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use crate::clock::{Deadline, Instant};
use crate::{Result, Status};

/// Runs `work` until it ends or the deadline passes. A panic is a status.
///
/// The handler is not polled again after a panic, so nobody sees what it left half done but what it shares with
/// others, and there the standard library's locks are poisoned.
pub(super) async fn guarded<T>(
    work: impl Future<Output = Result<T>>,
    deadline: Option<Instant>,
) -> Result<T> {
    let mut deadline = deadline.map(Deadline::new);
    let mut work = pin!(work);
    poll_fn(|cx| {
        match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
            Ok(Poll::Ready(result)) => return Poll::Ready(result),
            Ok(Poll::Pending) => {}
            // statuscodes.md: an error raised by the handler without a status is UNKNOWN.
            Err(_) => return Poll::Ready(Err(Status::unknown("the handler panicked"))),
        }
        match &mut deadline {
            Some(deadline) => deadline.poll_passed(cx).map(|()| Err(passed())),
            None => Poll::Pending,
        }
    })
    .await
}

fn passed() -> Status {
    Status::deadline_exceeded("the deadline passed")
}
