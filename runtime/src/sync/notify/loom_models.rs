//! The races between calls, those who wait and those who give up.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Waker};

use loom::future::block_on;

use super::*;
use crate::shim::thread;

/// Polls a place on another thread while `call` calls it; then nothing may be left of it.
fn poll_while(prepare: impl Fn(&Notify), call: impl Fn(&Notify)) {
    let notify = Arc::new(Notify::new());
    prepare(&notify);
    let mut waits = Arc::clone(&notify).notified_owned();
    assert!(!Pin::new(&mut waits).enable());
    let poll =
        |waits: &mut OwnedNotified| Pin::new(waits).poll(&mut Context::from_waker(Waker::noop())).is_ready();
    let thread = thread::spawn(move || (poll(&mut waits), waits));
    call(&notify);
    let (is_called, mut waits) = thread.join().unwrap();
    assert!(is_called || poll(&mut waits));
    drop(waits);
    let kept = notify.queue.lock().as_ref().map_or(0, |queue| queue.kept);
    assert_eq!((kept, notify.word.load(Acquire) & !(word::CALLS | word::TURNS) & !NOTIFIED), (0, 0));
}

#[test]
fn loom_a_place_is_collected_though_it_is_polled_while_everybody_is_called() {
    loom::model(|| {
        poll_while(
            |notify| {
                // From now on those whom everybody's call reaches keep their entries.
                let mut before = notify.notified();
                assert!(!Pin::new(&mut before).enable());
                notify.notify_one();
                assert!(Pin::new(&mut before).enable());
            },
            Notify::notify_waiters,
        );
    });
}

#[test]
fn loom_a_place_is_collected_though_it_is_polled_while_a_later_one_is_called() {
    loom::model(|| {
        poll_while(
            |_| (),
            |notify| {
                notify.notify_last();
                let mut later = notify.notified();
                assert!(!Pin::new(&mut later).enable());
                notify.notify_one();
                assert!(Pin::new(&mut later).enable());
            },
        );
    });
}

#[test]
fn loom_one_call_reaches_one_waiter() {
    loom::model(|| {
        let notify = Arc::new(Notify::new());
        let calling = Arc::clone(&notify);
        let thread = thread::spawn(move || calling.notify_one());
        block_on(notify.notified());
        thread.join().unwrap();
    });
}

#[test]
fn loom_two_calls_reach_two_waiters() {
    loom::model(|| {
        let notify = Arc::new(Notify::new());
        let waiting = Arc::clone(&notify);
        let thread = thread::spawn(move || block_on(waiting.notified()));
        // Stored at most once: the second call waits until the first was taken.
        notify.notify_one();
        block_on(async {
            let mut own = notify.notified();
            if !Pin::new(&mut own).enable() {
                notify.notify_one();
                own.await;
            } else {
                notify.notify_one();
            }
        });
        thread.join().unwrap();
    });
}

#[test]
fn loom_a_call_to_everybody_reaches_those_made_before() {
    loom::model(|| {
        let notify = Arc::new(Notify::new());
        let calling = Arc::clone(&notify);
        let notified = notify.notified();
        let thread = thread::spawn(move || calling.notify_waiters());
        block_on(notified);
        thread.join().unwrap();
    });
}

#[test]
fn loom_calls_from_both_ends_reach_both_who_wait() {
    loom::model(|| {
        let notify = Arc::new(Notify::new());
        let mut first = notify.notified();
        let mut second = notify.notified();
        assert!(!Pin::new(&mut first).enable() && !Pin::new(&mut second).enable());
        let calling = Arc::clone(&notify);
        let thread = thread::spawn(move || calling.notify_last());
        notify.notify_one();
        block_on(async {
            first.await;
            second.await;
        });
        thread.join().unwrap();
    });
}

#[test]
fn loom_a_waiter_that_everybody_and_one_call_meet_passes_the_one_on() {
    loom::model(|| {
        let notify = Arc::new(Notify::new());
        let mut gives_up = notify.notified();
        assert!(!Pin::new(&mut gives_up).enable());
        let calling = Arc::clone(&notify);
        let thread = thread::spawn(move || calling.notify_waiters());
        notify.notify_one();
        drop(gives_up);
        // Whichever came first, the call to one is not lost.
        block_on(notify.notified());
        thread.join().unwrap();
    });
}

#[test]
fn loom_a_dropped_waiter_passes_the_call_on() {
    loom::model(|| {
        let notify = Arc::new(Notify::new());
        let calling = Arc::clone(&notify);
        let thread = thread::spawn(move || calling.notify_one());
        let mut gives_up = notify.notified();
        let called = Pin::new(&mut gives_up).poll(&mut Context::from_waker(Waker::noop()));
        drop(gives_up);
        if called.is_pending() {
            block_on(notify.notified());
        }
        thread.join().unwrap();
    });
}

/// A waker that is not another's, and does nothing.
fn other_waker() -> Waker {
    struct Nothing;
    impl std::task::Wake for Nothing {
        fn wake(self: std::sync::Arc<Self>) {}
    }
    std::sync::Arc::new(Nothing).into()
}

#[test]
fn loom_a_call_meets_one_alone_that_changes_its_waker() {
    loom::model(|| {
        let notify = Arc::new(Notify::new());
        let mut alone = notify.notified();
        assert!(!Pin::new(&mut alone).enable());
        let calling = Arc::clone(&notify);
        let thread = thread::spawn(move || calling.notify_one());
        let _ = Pin::new(&mut alone).poll(&mut Context::from_waker(&other_waker()));
        block_on(alone);
        thread.join().unwrap();
    });
}

#[test]
fn loom_a_call_to_everybody_meets_one_alone_that_changes_its_waker() {
    loom::model(|| {
        let notify = Arc::new(Notify::new());
        let mut alone = notify.notified();
        assert!(!Pin::new(&mut alone).enable());
        let calling = Arc::clone(&notify);
        let thread = thread::spawn(move || calling.notify_waiters());
        let _ = Pin::new(&mut alone).poll(&mut Context::from_waker(&other_waker()));
        block_on(alone);
        thread.join().unwrap();
        assert_eq!(notify.word.load(Acquire) & !(word::CALLS | word::TURNS), 0);
    });
}

#[test]
fn loom_two_come_while_one_call_does() {
    loom::model(|| {
        let notify = Arc::new(Notify::new());
        let waiting = Arc::clone(&notify);
        let thread = thread::spawn(move || {
            let mut other = waiting.notified();
            let is_called = Pin::new(&mut other).enable();
            drop(other);
            is_called
        });
        let mut own = notify.notified();
        let is_called = Pin::new(&mut own).enable();
        notify.notify_one();
        let other_is_called = thread.join().unwrap();
        // What the other had received and given up has come here.
        assert!(other_is_called || is_called || Pin::new(&mut own).enable());
        drop(own);
    });
}

#[test]
fn loom_the_last_of_two_is_called_while_the_first_goes_away() {
    loom::model(|| {
        let notify = Arc::new(Notify::new());
        let mut first = notify.notified();
        assert!(!Pin::new(&mut first).enable());
        let calling = Arc::clone(&notify);
        let thread = thread::spawn(move || calling.notify_last());
        drop(first);
        // Stored, or passed on.
        block_on(notify.notified());
        thread.join().unwrap();
    });
}

/// One who waits alone, and has come.
fn alone(notify: &Arc<Notify>) -> OwnedNotified {
    let mut alone = Arc::clone(notify).notified_owned();
    assert!(!Pin::new(&mut alone).enable());
    alone
}

#[test]
fn loom_one_alone_that_goes_away_when_called_takes_nothing_from_the_next() {
    loom::model(|| {
        let notify = Arc::new(Notify::new());
        let goes = alone(&notify);
        let thread = thread::spawn(move || drop(goes));
        notify.notify_one();
        // Stored, or passed on.
        block_on(notify.notified());
        thread.join().unwrap();
    });
}

#[test]
fn loom_one_alone_that_changes_its_waker_when_called_takes_nothing_from_the_next() {
    loom::model(|| {
        let notify = Arc::new(Notify::new());
        let mut changes = alone(&notify);
        let thread = thread::spawn(move || {
            let _ = Pin::new(&mut changes).poll(&mut Context::from_waker(&other_waker()));
            block_on(changes);
        });
        notify.notify_one();
        let next = alone(&notify);
        thread.join().unwrap();
        notify.notify_one();
        block_on(next);
    });
}
