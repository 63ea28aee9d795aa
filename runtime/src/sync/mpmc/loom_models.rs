//! The races between senders, receivers, those who give up, and the close.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use loom::future::block_on;

use super::*;
use crate::shim::thread;

/// Runs a model with at most two preemptions, which is where such races show.
fn check(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(model);
}

#[test]
fn loom_two_receivers_share_what_one_place_lets_through_and_the_end() {
    check(|| {
        let (tx, rx) = bounded(1);
        let other = rx.clone();
        let receiving = thread::spawn(move || block_on(other.recv()).unwrap_or(0));
        let sending = thread::spawn(move || {
            block_on(tx.send(1)).unwrap();
            block_on(tx.send(2)).unwrap();
        });
        let mut sum = 0;
        while let Ok(number) = block_on(rx.recv()) {
            sum += number;
        }
        sending.join().unwrap();
        assert_eq!(sum + receiving.join().unwrap(), 3);
    });
}

#[test]
fn loom_a_message_for_one_that_gives_up_reaches_the_other() {
    check(|| {
        let (tx, rx) = unbounded();
        let other = rx.clone();
        let giving_up = thread::spawn(move || {
            let mut recv = pin!(other.recv());
            recv.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
        });
        let sending = thread::spawn(move || {
            tx.try_send(1).unwrap();
            tx
        });
        if giving_up.join().unwrap() {
            let _tx = sending.join().unwrap();
            assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
        } else {
            assert_eq!(block_on(rx.recv()), Ok(1));
            sending.join().unwrap();
        }
    });
}

#[test]
fn loom_close_meets_a_waiting_sender_and_no_message_is_lost_or_kept() {
    check(|| {
        let value = Arc::new(());
        let (tx, rx) = bounded(1);
        tx.try_send(Arc::clone(&value)).unwrap();
        let sent = Arc::clone(&value);
        let thread = thread::spawn(move || block_on(tx.send(sent)).is_ok());
        let mut received = usize::from(block_on(rx.recv()).is_ok());
        rx.close();
        while block_on(rx.recv()).is_ok() {
            received += 1;
        }
        assert_eq!(received, 1 + usize::from(thread.join().unwrap()));
        assert_eq!(Arc::strong_count(&value), 1);
    });
}
