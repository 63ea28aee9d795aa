use std::pin::pin;
use std::task::Context;

use super::*;
use crate::test_support::{CountingWaker, poll_once, ready};

#[test]
fn a_receiver_learns_that_the_value_has_changed_and_not_how_often() {
    let (tx, mut rx) = channel(1);
    assert!(poll_once(pin!(rx.changed())).is_pending());
    tx.send(2).unwrap();
    tx.send(3).unwrap();
    assert_eq!(rx.has_changed(), Ok(true));
    assert!(rx.borrow().has_changed());
    assert_eq!(ready(rx.changed()), Ok(()));
    assert_eq!(*rx.borrow(), 3);
    assert!(poll_once(pin!(rx.changed())).is_pending());
    assert_eq!(rx.has_changed(), Ok(false));
}

#[test]
fn a_change_wakes_every_receiver_once() {
    let (tx, mut rx) = channel(1);
    let mut other = rx.clone();
    let (count, waker) = CountingWaker::new();
    let mut cx = Context::from_waker(&waker);
    let mut one = pin!(rx.changed());
    let mut two = pin!(other.changed());
    assert!(one.as_mut().poll(&mut cx).is_pending());
    assert!(two.as_mut().poll(&mut cx).is_pending());
    tx.send_modify(|value| *value += 1);
    assert_eq!(count.count(), 2);
    assert_eq!(ready(one), Ok(()));
    assert_eq!(ready(two), Ok(()));
}

#[test]
fn a_borrow_that_updates_counts_as_seen_and_one_that_does_not_does_not() {
    let (tx, mut rx) = channel(1);
    tx.send(2).unwrap();
    drop(rx.borrow());
    assert_eq!(rx.has_changed(), Ok(true));
    assert!(rx.borrow_and_update().has_changed());
    assert!(!rx.borrow_and_update().has_changed());
    rx.mark_changed();
    assert_eq!(ready(rx.changed()), Ok(()));
    tx.send(3).unwrap();
    rx.mark_unchanged();
    assert_eq!(rx.has_changed(), Ok(false));
}

#[test]
fn a_change_that_is_not_told_wakes_nobody() {
    let (tx, mut rx) = channel(1);
    let mut changed = pin!(rx.changed());
    assert!(poll_once(changed.as_mut()).is_pending());
    let told = tx.send_if_modified(|value| {
        *value = 2;
        false
    });
    assert!(!told);
    assert!(poll_once(changed).is_pending());
    assert_eq!(*tx.borrow(), 2);
}

#[test]
fn without_a_receiver_sending_fails_and_replacing_does_not() {
    let (tx, rx) = channel(1);
    assert!(!tx.is_closed());
    drop(rx);
    ready(tx.closed());
    assert_eq!(tx.send(2), Err(SendError(2)));
    assert_eq!(*tx.borrow(), 1);
    assert_eq!(tx.send_replace(3), 1);
    let mut rx = tx.subscribe();
    assert_eq!(*rx.borrow_and_update(), 3);
    assert!(poll_once(pin!(tx.closed())).is_pending());
}

#[test]
fn the_last_value_is_seen_before_the_end() {
    let (tx, mut rx) = channel(1);
    let other = tx.clone();
    assert!(other.same_channel(&tx));
    drop(tx);
    assert!(!rx.is_closed());
    other.send(2).unwrap();
    drop(other);
    assert!(rx.has_changed().is_err());
    assert_eq!(ready(rx.changed()), Ok(()));
    assert!(ready(rx.changed()).is_err());
    assert_eq!(*rx.borrow(), 2);
}

#[test]
fn the_end_wakes_a_waiting_receiver() {
    let (tx, mut rx) = channel(1);
    let (count, waker) = CountingWaker::new();
    let mut changed = pin!(rx.changed());
    assert!(changed.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    drop(tx);
    assert_eq!(count.count(), 1);
    assert!(ready(changed).is_err());
}

#[test]
fn waiting_for_a_value_looks_at_the_present_one_first() {
    let (tx, mut rx) = channel(1);
    let mut late = rx.clone();
    assert_eq!(*ready(rx.wait_for(|value| *value == 1)).unwrap(), 1);
    let mut wanted = pin!(rx.wait_for(|value| *value == 3));
    assert!(poll_once(wanted.as_mut()).is_pending());
    tx.send(2).unwrap();
    assert!(poll_once(wanted.as_mut()).is_pending());
    tx.send(3).unwrap();
    assert!(ready(wanted).unwrap().has_changed());
    drop(tx);
    assert!(ready(late.wait_for(|value| *value == 3)).is_ok());
    assert!(ready(late.wait_for(|value| *value == 4)).is_err());
}

#[test]
fn a_change_that_panics_leaves_the_channel_usable() {
    let (tx, mut rx) = channel(1);
    let changing = std::panic::AssertUnwindSafe(|| tx.send_modify(|_| panic!("on purpose")));
    assert!(std::panic::catch_unwind(changing).is_err());
    assert_eq!(rx.has_changed(), Ok(false));
    tx.send(2).unwrap();
    assert_eq!(*rx.borrow_and_update(), 2);
}
