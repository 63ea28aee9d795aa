//! A place taken by `poll_ready` for the next call.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::limit::permits::{Limit, Permit, Ticket};
use crate::limit::queue::Entry;
use crate::limit::{Priority, Wait};

/// What backpressure keeps in an instance of a service. A clone has nothing reserved.
#[derive(Debug)]
pub(crate) struct Reservation {
    limit: Arc<Limit>,
    permit: Option<Permit>,
    ticket: Option<Ticket>,
}

impl Reservation {
    pub(crate) fn new(limit: Arc<Limit>) -> Self {
        Self { limit, permit: None, ticket: None }
    }

    pub(crate) fn limit(&self) -> &Arc<Limit> {
        &self.limit
    }

    pub(crate) const fn limit_mut(&mut self) -> &mut Arc<Limit> {
        &mut self.limit
    }

    #[inline]
    pub(crate) fn poll_reserve(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.permit.is_some() {
            return Poll::Ready(());
        }
        if self.ticket.is_none() {
            self.permit = self.limit.try_acquire();
        }
        if self.permit.is_some() { Poll::Ready(()) } else { self.poll_queue(cx) }
    }

    #[cold]
    fn poll_queue(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        /// The number of waiters is the number of service instances, which the caller owns.
        const ENTRY: Entry = Wait::new().waiters(usize::MAX).entry(Priority::NORMAL);
        // Without a bound, a delay or a deadline nobody is refused.
        self.permit = ready!(self.limit.poll_acquire(&mut self.ticket, &ENTRY, cx)).ok();
        Poll::Ready(())
    }

    /// # Panics
    ///
    /// If nothing is reserved.
    #[inline]
    pub(crate) fn take(&mut self) -> Permit {
        self.permit.take().expect("`poll_ready` answers before `call`")
    }
}

impl Clone for Reservation {
    fn clone(&self) -> Self {
        Self::new(self.limit.clone())
    }
}
