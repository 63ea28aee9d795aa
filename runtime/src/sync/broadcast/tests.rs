use std::pin::pin;
use std::sync::Arc;
use std::task::Context;

use super::*;
use crate::test_support::{CountingWaker, poll_once, ready};

#[test]
fn every_receiver_gets_every_message_in_order() {
    let (tx, mut rx) = channel(4);
    let mut other = tx.subscribe();
    for number in 0..3 {
        assert_eq!(tx.send(number), Ok(2));
    }
    for number in 0..3 {
        assert_eq!(ready(rx.recv()), Ok(number));
        assert_eq!(other.try_recv(), Ok(number));
    }
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    drop(tx);
    assert_eq!(other.try_recv(), Err(TryRecvError::Closed));
    assert_eq!(ready(rx.recv()), Err(RecvError::Closed));
}

#[test]
fn a_slow_receiver_is_told_how_many_it_has_lost_and_goes_on_with_the_oldest() {
    let (tx, mut rx) = channel(2);
    for number in 0..5 {
        tx.send(number).unwrap();
    }
    assert_eq!(rx.len(), 5);
    assert_eq!(tx.len(), 2);
    assert_eq!(ready(rx.recv()), Err(RecvError::Lagged(3)));
    assert_eq!(ready(rx.recv()), Ok(3));
    tx.send(5).unwrap();
    tx.send(6).unwrap();
    assert_eq!(rx.try_recv(), Err(TryRecvError::Lagged(1)));
    assert_eq!(rx.try_recv(), Ok(5));
    assert_eq!(rx.blocking_recv(), Ok(6));
    assert!(rx.is_empty());
}

#[test]
fn a_message_wakes_all_who_wait() {
    let (tx, mut rx) = channel(1);
    let mut other = tx.subscribe();
    let (count, waker) = CountingWaker::new();
    let mut cx = Context::from_waker(&waker);
    let mut one = pin!(rx.recv());
    let mut two = pin!(other.recv());
    assert!(one.as_mut().poll(&mut cx).is_pending());
    assert!(two.as_mut().poll(&mut cx).is_pending());
    tx.send(1).unwrap();
    assert_eq!(count.count(), 2);
    assert_eq!(ready(one), Ok(1));
    assert_eq!(ready(two), Ok(1));
}

#[test]
fn the_end_wakes_all_who_wait() {
    let (tx, mut rx) = channel::<u8>(1);
    let (count, waker) = CountingWaker::new();
    let mut receiving = pin!(rx.recv());
    assert!(receiving.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    let other = tx.clone();
    assert!(other.same_channel(&tx));
    drop(tx);
    assert_eq!(count.count(), 0);
    drop(other);
    assert_eq!(count.count(), 1);
    assert_eq!(ready(receiving), Err(RecvError::Closed));
}

#[test]
fn a_dropped_receive_takes_no_message() {
    let (tx, mut rx) = channel(1);
    {
        let mut receiving = pin!(rx.recv());
        assert!(poll_once(receiving.as_mut()).is_pending());
        tx.send(1).unwrap();
    }
    assert_eq!(ready(rx.recv()), Ok(1));
}

#[test]
fn a_receiver_gets_what_was_sent_since_it_was_made() {
    let (tx, rx) = channel(4);
    tx.send(1).unwrap();
    let mut late = rx.resubscribe();
    assert!(late.same_channel(&rx));
    assert!(late.is_empty());
    tx.send(2).unwrap();
    assert_eq!(late.try_recv(), Ok(2));
    assert_eq!(rx.len(), 2);
    assert!(!rx.is_closed());
}

#[test]
fn without_a_receiver_sending_fails() {
    let (tx, rx) = channel(1);
    assert!(poll_once(pin!(tx.closed())).is_pending());
    drop(rx);
    ready(tx.closed());
    assert_eq!(tx.send(1), Err(SendError(1)));
    let mut rx = tx.subscribe();
    assert_eq!(tx.send(2), Ok(1));
    assert_eq!(rx.try_recv(), Ok(2));
}

#[test]
fn a_message_is_dropped_once_all_have_seen_it_or_gone() {
    let value = Arc::new(());
    let (tx, mut rx) = channel(4);
    let other = tx.subscribe();
    tx.send(Arc::clone(&value)).unwrap();
    tx.send(Arc::clone(&value)).unwrap();
    drop(ready(rx.recv()).unwrap());
    assert_eq!(Arc::strong_count(&value), 3);
    drop(other);
    assert_eq!(Arc::strong_count(&value), 2);
    assert_eq!(tx.len(), 1);
    drop(rx);
    assert!(tx.is_empty());
    assert_eq!(Arc::strong_count(&value), 1);
}

#[test]
#[should_panic = "room for at least one"]
fn a_channel_without_room_is_refused() {
    drop(channel::<u8>(0));
}

#[test]
fn a_weak_sender_works_while_a_strong_one_is_left_and_all_are_counted() {
    let (tx, mut rx) = channel(2);
    let weak = tx.downgrade();
    let other = weak.clone();
    assert_eq!((tx.strong_count(), tx.weak_count()), (1, 2));
    weak.upgrade().unwrap().send(1).unwrap();
    assert_eq!((rx.sender_strong_count(), rx.sender_weak_count()), (1, 2));
    drop((tx, other));
    assert_eq!((weak.strong_count(), weak.weak_count()), (0, 1));
    assert!(weak.upgrade().is_none());
    assert_eq!(ready(rx.recv()), Ok(1));
    assert_eq!(ready(rx.recv()), Err(RecvError::Closed));
}
