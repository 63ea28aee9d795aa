//! The races between a change, the end and a waiting receiver.

use loom::future::block_on;

use super::*;
use crate::shim::thread;

#[test]
fn loom_a_change_reaches_a_waiting_receiver() {
    loom::model(|| {
        let (tx, mut rx) = channel(1);
        let thread = thread::spawn(move || tx.send(2).is_ok());
        block_on(rx.changed()).unwrap();
        assert_eq!(*rx.borrow_and_update(), 2);
        assert!(block_on(rx.changed()).is_err());
        assert!(thread.join().unwrap());
    });
}

#[test]
fn loom_a_receiver_sees_the_last_change_before_the_end() {
    loom::model(|| {
        let (tx, mut rx) = channel(1);
        let thread = thread::spawn(move || {
            tx.send_replace(2);
            tx.send_replace(3);
        });
        let mut last = 1;
        while block_on(rx.changed()).is_ok() {
            let value = *rx.borrow_and_update();
            assert!(value >= last);
            last = value;
        }
        assert_eq!(last, 3);
        thread.join().unwrap();
    });
}

#[test]
fn loom_the_wanted_value_is_found() {
    loom::model(|| {
        let (tx, mut rx) = channel(1);
        let thread = thread::spawn(move || tx.send_modify(|value| *value += 1));
        assert_eq!(*block_on(rx.wait_for(|value| *value == 2)).unwrap(), 2);
        thread.join().unwrap();
    });
}

#[test]
fn loom_a_sender_learns_that_the_receiver_has_gone() {
    loom::model(|| {
        let (tx, rx) = channel(1);
        let thread = thread::spawn(move || drop(rx));
        block_on(tx.closed());
        assert!(tx.send(2).is_err());
        thread.join().unwrap();
    });
}
