//! Every interleaving of the semaphore's few steps.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use loom::future::block_on;
use loom::thread;

use super::permits::{Limit, Permit};
use super::{Priority, Wait};

async fn acquire(limit: &Arc<Limit>) -> Permit {
    let entry = Wait::new().entry(Priority::NORMAL);
    let mut ticket = None;
    let permit = poll_fn(|cx| limit.poll_acquire(&mut ticket, &entry, cx)).await;
    permit.expect("nobody is refused")
}

#[test]
fn loom_a_permit_that_is_returned_reaches_who_waits() {
    loom::model(|| {
        let limit = Arc::new(Limit::new(1));
        let other = limit.clone();
        let thread = thread::spawn(move || drop(block_on(acquire(&other))));
        drop(block_on(acquire(&limit)));
        thread.join().unwrap();
        assert_eq!((limit.in_flight(), limit.waiting()), (0, 0));
    });
}

#[test]
fn loom_no_more_permits_exist_than_may() {
    loom::model(|| {
        let limit = Arc::new(Limit::new(1));
        let other = limit.clone();
        let thread = thread::spawn(move || other.try_acquire());
        let own = limit.try_acquire();
        let theirs = thread.join().unwrap();
        assert!(own.is_some() != theirs.is_some());
        assert_eq!(limit.in_flight(), 1);
    });
}

#[test]
fn loom_a_waiter_that_goes_away_takes_no_permit_with_it() {
    loom::model(|| {
        let limit = Arc::new(Limit::new(1));
        let held = limit.try_acquire().unwrap();
        let entry = Wait::new().entry(Priority::NORMAL);
        let mut ticket = None;
        let polled = limit.poll_acquire(&mut ticket, &entry, &mut Context::from_waker(Waker::noop()));
        assert!(matches!(polled, Poll::Pending));
        let thread = thread::spawn(move || drop(held));
        drop(ticket);
        thread.join().unwrap();
        assert_eq!((limit.in_flight(), limit.waiting()), (0, 0));
        assert!(limit.try_acquire().is_some());
    });
}

#[test]
fn loom_a_raised_limit_reaches_who_waits() {
    loom::model(|| {
        let limit = Arc::new(Limit::new(1));
        let held = limit.try_acquire().unwrap();
        let other = limit.clone();
        let thread = thread::spawn(move || drop(block_on(acquire(&other))));
        limit.set_max(2);
        thread.join().unwrap();
        drop(held);
        assert_eq!(limit.in_flight(), 0);
    });
}
