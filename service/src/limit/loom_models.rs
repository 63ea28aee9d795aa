//! Every interleaving of the semaphore's few steps.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use loom::future::block_on;
use loom::thread;

use super::permits::{Limit, Permit};
use super::{Priority, Wait};
use crate::stripe::Stripe;

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

/// A limit whose calls have met before, and so keep permits in pockets.
fn with_pockets(max: usize) -> Arc<Limit> {
    let limit = Arc::new(Limit::new(max));
    limit.open_pockets();
    limit
}

#[test]
fn loom_pockets_hold_no_more_permits_than_may_exist() {
    loom::model(|| {
        let limit = with_pockets(2);
        let other = limit.clone();
        let thread = thread::spawn(move || {
            Stripe::new(1).make_own();
            drop(other.try_acquire());
            [other.try_acquire(), other.try_acquire()]
        });
        let own = limit.try_acquire();
        let theirs = thread.join().unwrap();
        let held = own.iter().chain(theirs.iter().flatten()).count();
        assert_eq!(held, 2, "three want one of two places each");
        assert_eq!(limit.in_flight(), 2);
        drop((own, theirs));
        assert_eq!(limit.in_flight(), 0);
    });
}

#[test]
fn loom_nobody_is_refused_while_a_permit_lies_in_a_pocket() {
    loom::model(|| {
        let limit = with_pockets(2);
        let other = limit.clone();
        let thread = thread::spawn(move || {
            Stripe::new(1).make_own();
            // Two calls at once are no more than may be, whatever pockets the permits are in.
            (0..2).all(|_| other.try_acquire().is_some())
        });
        assert!((0..2).all(|_| limit.try_acquire().is_some()));
        assert!(thread.join().unwrap());
    });
}

#[test]
fn loom_a_permit_on_its_way_into_a_pocket_reaches_who_waits() {
    loom::model(|| {
        let limit = with_pockets(2);
        let held = [limit.try_acquire(), limit.try_acquire()];
        let other = limit.clone();
        let thread = thread::spawn(move || {
            Stripe::new(1).make_own();
            drop(block_on(acquire(&other)));
        });
        drop(held);
        thread.join().unwrap();
        assert_eq!((limit.in_flight(), limit.waiting()), (0, 0));
    });
}

#[test]
fn loom_pockets_that_open_keep_nothing_from_who_waits() {
    loom::model(|| {
        let limit = Arc::new(Limit::new(2));
        let held = limit.try_acquire();
        let [other, opener] = [limit.clone(), limit.clone()];
        let thread = thread::spawn(move || {
            Stripe::new(1).make_own();
            let first = block_on(acquire(&other));
            drop(block_on(acquire(&other)));
            drop(first);
        });
        opener.open_pockets();
        drop(held);
        thread.join().unwrap();
        assert_eq!((limit.in_flight(), limit.waiting()), (0, 0));
    });
}
