//! Giving way to other tasks.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::WaitSite;

/// Lets the other tasks that are ready run, then goes on.
///
/// The task goes to the tail of the queue of its worker. I/O and timers are served as usual, at intervals of time
/// and not once per yield, so a loop that yields costs no system call a round.
///
/// # Cancel safety
///
/// Nothing is lost when the future is dropped.
pub async fn yield_now() {
    YieldNow(false).await;
}

struct YieldNow(bool);

impl Future for YieldNow {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.0 {
            return Poll::Ready(());
        }
        self.0 = true;
        WaitSite::Yield.mark();
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
