//! The races between senders, the receiver and the close.

use std::sync::Arc;

use loom::future::block_on;

use super::*;
use crate::shim::thread;

/// Runs a model with at most two preemptions, which is where such races show; unbounded it would run for hours.
fn check(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(model);
}

#[test]
fn loom_two_senders_share_one_place() {
    check(|| {
        let (tx, mut rx) = channel(1);
        let other = tx.clone();
        let first = thread::spawn(move || block_on(tx.send(1)).unwrap());
        let second = thread::spawn(move || block_on(other.send(2)).unwrap());
        let sum = block_on(async { rx.recv().await.unwrap() + rx.recv().await.unwrap() });
        assert_eq!(sum, 3);
        first.join().unwrap();
        second.join().unwrap();
    });
}

#[test]
fn loom_two_places_and_the_end() {
    check(|| {
        let (tx, mut rx) = channel(2);
        let thread = thread::spawn(move || {
            tx.try_send(1).unwrap();
            tx.try_send(2).unwrap();
        });
        let mut received = Vec::new();
        block_on(async {
            while let Some(value) = rx.recv().await {
                received.push(value);
            }
        });
        assert_eq!(received, [1, 2]);
        thread.join().unwrap();
    });
}

#[test]
fn loom_close_meets_a_waiting_sender() {
    check(|| {
        let value = Arc::new(());
        let (tx, mut rx) = channel(1);
        tx.try_send(Arc::clone(&value)).unwrap();
        let sent = Arc::clone(&value);
        let thread = thread::spawn(move || block_on(tx.send(sent)).is_ok());
        rx.close();
        let mut received = 0;
        while block_on(rx.recv()).is_some() {
            received += 1;
        }
        assert_eq!(thread.join().unwrap(), received == 2);
        drop(rx);
        assert_eq!(Arc::strong_count(&value), 1);
    });
}

#[test]
fn loom_a_dropped_receiver_frees_what_was_sent() {
    check(|| {
        let value = Arc::new(());
        let (tx, rx) = channel(2);
        let sent = Arc::clone(&value);
        let thread = thread::spawn(move || drop(tx.try_send(sent)));
        drop(rx);
        thread.join().unwrap();
        assert_eq!(Arc::strong_count(&value), 1);
    });
}

#[test]
fn loom_unbounded_messages_arrive() {
    check(|| {
        let (tx, mut rx) = unbounded_channel();
        let other = tx.clone();
        let thread = thread::spawn(move || other.send(1).unwrap());
        tx.send(2).unwrap();
        drop(tx);
        let mut sum = 0;
        block_on(async {
            while let Some(value) = rx.recv().await {
                sum += value;
            }
        });
        assert_eq!(sum, 3);
        thread.join().unwrap();
    });
}

#[test]
fn loom_unbounded_senders_meet_at_the_end_of_a_block() {
    check(|| {
        let (tx, mut rx) = unbounded_channel();
        tx.send(0).unwrap();
        tx.send(0).unwrap();
        let other = tx.clone();
        let thread = thread::spawn(move || other.send(1).unwrap());
        tx.send(2).unwrap();
        drop(tx);
        let mut sum = 0;
        block_on(async {
            while let Some(value) = rx.recv().await {
                sum += value;
            }
        });
        assert_eq!(sum, 3);
        thread.join().unwrap();
    });
}

#[test]
fn loom_unbounded_close_meets_send() {
    check(|| {
        let value = Arc::new(());
        let (tx, rx) = unbounded_channel();
        let sent = Arc::clone(&value);
        let thread = thread::spawn(move || drop(tx.send(sent)));
        drop(rx);
        thread.join().unwrap();
        assert_eq!(Arc::strong_count(&value), 1);
    });
}
