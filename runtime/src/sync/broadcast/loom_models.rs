//! The races between a message, the end and a waiting receiver.

use std::sync::Arc;

use loom::future::block_on;

use super::*;
use crate::shim::thread;

#[test]
fn loom_messages_and_the_end_reach_a_waiting_receiver() {
    loom::model(|| {
        let (tx, mut rx) = channel(2);
        let thread = thread::spawn(move || {
            tx.send(1).unwrap();
            tx.send(2).unwrap();
        });
        assert_eq!(block_on(rx.recv()), Ok(1));
        assert_eq!(block_on(rx.recv()), Ok(2));
        assert_eq!(block_on(rx.recv()), Err(RecvError::Closed));
        thread.join().unwrap();
    });
}

#[test]
fn loom_two_receivers_share_a_message_and_none_is_kept() {
    loom::model(|| {
        let value = Arc::new(());
        let (tx, mut rx) = channel(1);
        let mut other = tx.subscribe();
        let thread = thread::spawn(move || drop(block_on(other.recv()).unwrap()));
        tx.send(Arc::clone(&value)).unwrap();
        drop(block_on(rx.recv()).unwrap());
        thread.join().unwrap();
        assert_eq!(Arc::strong_count(&value), 1);
    });
}

#[test]
fn loom_a_sender_learns_that_the_receiver_has_gone() {
    loom::model(|| {
        let (tx, rx) = channel::<u8>(1);
        let thread = thread::spawn(move || drop(rx));
        block_on(tx.closed());
        assert!(tx.send(1).is_err());
        thread.join().unwrap();
    });
}
