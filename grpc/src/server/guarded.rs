//! A handler with its deadline, whose panics are caught.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::clock::{Deadline, Instant};
use crate::{Result, Status};

pin_project! {
    /// Runs `work` until it ends or the deadline passes. A panic is a status.
    ///
    /// The deadline is the current one of middleware, too, so that whatever `work` calls inherits it.
    pub(super) struct Guarded<F> {
        #[pin]
        work: F,
        deadline: Option<Deadline>,
    }
}

impl<F> Guarded<F> {
    pub(super) fn new(work: F, deadline: Option<Instant>) -> Self {
        Self { work, deadline: deadline.map(Deadline::new) }
    }
}

impl<F: Future<Output = Result<T>>, T> Future for Guarded<F> {
    type Output = Result<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T>> {
        let this = self.project();
        // After a panic the handler is not polled again, so nobody sees what it left half done but what it shares
        // with others, and there the standard library's locks are poisoned.
        let scope = this.deadline.as_ref().map(|deadline| minato_service::Deadline::at(deadline.at()));
        let poll = || match scope {
            Some(deadline) => deadline.sync_scope(|| this.work.poll(cx)),
            None => this.work.poll(cx),
        };
        match catch_unwind(AssertUnwindSafe(poll)) {
            Ok(Poll::Ready(result)) => return Poll::Ready(result),
            Ok(Poll::Pending) => {}
            // statuscodes.md: an error raised by the handler without a status is UNKNOWN.
            Err(_) => return Poll::Ready(Err(Status::unknown("the handler panicked"))),
        }
        match this.deadline {
            Some(deadline) => {
                ready!(deadline.poll_passed(cx));
                Poll::Ready(Err(Status::deadline_exceeded("the deadline passed")))
            }
            None => Poll::Pending,
        }
    }
}
