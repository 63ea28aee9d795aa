//! A counting semaphore for limits.
//!
//! Taking and returning a permit is one atomic operation while nobody waits. Waiters stand in a queue by ticket, and
//! a newcomer does not pass them.
//!
//! Invariants
//! 1. `available` plus the permits in existence is the limit.
//! 2. `waiting` is the number of wakers in the queue. It is changed with the lock held.
//! 3. A permit in `available` while somebody waits has a wake under way: whoever returns a permit wakes the oldest
//!    waiter, and a waiter that goes away passes the wake on.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

#[derive(Debug)]
pub(super) struct Permits {
    available: AtomicUsize,
    waiting: AtomicUsize,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    next_ticket: u64,
    wakers: BTreeMap<u64, Waker>,
}

/// The right to run one call; returned on drop.
#[derive(Debug)]
pub(super) struct Permit {
    permits: Arc<Permits>,
}

/// A place in the queue; given up on drop.
#[derive(Debug)]
pub(super) struct Ticket {
    permits: Arc<Permits>,
    id: u64,
}

/// The queue holds as many as it may.
#[derive(Debug)]
pub(super) struct QueueFull;

impl Permits {
    pub(super) fn new(count: usize) -> Arc<Self> {
        assert!(count > 0, "a limit of zero would let nothing through");
        Arc::new(Self {
            available: AtomicUsize::new(count),
            waiting: AtomicUsize::new(0),
            queue: Mutex::default(),
        })
    }

    pub(super) fn try_acquire(self: &Arc<Self>) -> Option<Permit> {
        // ORDERING: SeqCst here and on `waiting`, because a waiter enters the queue and then looks for a permit while
        // a returner adds a permit and then looks for a waiter: one of the two must see the other (invariant 3).
        self.available
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |available| available.checked_sub(1))
            .ok()
            .map(|_| Permit { permits: self.clone() })
    }

    /// Takes a permit, or enters the queue where it holds fewer than `waiters_max`. `ticket` is the caller's place.
    pub(super) fn poll_acquire(
        self: &Arc<Self>,
        ticket: &mut Option<Ticket>,
        waiters_max: usize,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Permit, QueueFull>> {
        let may_try = ticket.is_some() || self.waiting.load(Ordering::SeqCst) == 0;
        if may_try && let Some(permit) = self.try_acquire() {
            *ticket = None;
            return Poll::Ready(Ok(permit));
        }
        let mut queue = self.queue();
        if ticket.is_none() {
            if queue.wakers.len() >= waiters_max {
                return Poll::Ready(Err(QueueFull));
            }
            *ticket = Some(Ticket { permits: self.clone(), id: queue.next_ticket });
            queue.next_ticket += 1;
        }
        if let Some(ticket) = ticket {
            queue.wakers.insert(ticket.id, cx.waker().clone());
        }
        self.waiting.store(queue.wakers.len(), Ordering::SeqCst);
        drop(queue);
        match self.try_acquire() {
            Some(permit) => {
                *ticket = None;
                Poll::Ready(Ok(permit))
            }
            None => Poll::Pending,
        }
    }

    fn wake_oldest(&self) {
        let mut queue = self.queue();
        let oldest = queue.wakers.pop_first();
        self.waiting.store(queue.wakers.len(), Ordering::SeqCst);
        drop(queue);
        if let Some((_, waker)) = oldest {
            waker.wake();
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.permits.available.fetch_add(1, Ordering::SeqCst);
        if self.permits.waiting.load(Ordering::SeqCst) > 0 {
            self.permits.wake_oldest();
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut queue = self.permits.queue();
        queue.wakers.remove(&self.id);
        self.permits.waiting.store(queue.wakers.len(), Ordering::SeqCst);
        drop(queue);
        // The wake meant for this ticket may be the only one for a permit that is free now.
        if self.permits.available.load(Ordering::SeqCst) > 0 {
            self.permits.wake_oldest();
        }
    }
}
