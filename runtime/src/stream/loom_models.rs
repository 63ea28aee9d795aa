use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use loom::future::block_on;

use super::{FuturesUnordered, Stream};
use crate::shim::{Arc, thread};
use crate::sync::Notify;

#[test]
fn loom_a_future_woken_during_a_poll_is_polled_again() {
    loom::model(|| {
        let notify = Arc::new(Notify::new());
        let other = Arc::clone(&notify);
        let thread = thread::spawn(move || other.notify_one());
        let mut set = FuturesUnordered::new();
        set.push(notify.notified());
        block_on(poll_fn(|cx| Pin::new(&mut set).poll_next(cx))).unwrap();
        thread.join().unwrap();
    });
}

#[test]
fn loom_two_futures_woken_at_once_are_both_polled() {
    loom::model(|| {
        let notify = Arc::new(Notify::new());
        let other = Arc::clone(&notify);
        let mut set: FuturesUnordered<_> = [notify.notified(), notify.notified()].into_iter().collect();
        let thread = thread::spawn(move || other.notify_waiters());
        let mut left = 2;
        block_on(poll_fn(|cx| {
            while let Poll::Ready(Some(())) = Pin::new(&mut set).poll_next(cx) {
                left -= 1;
            }
            if left == 0 { Poll::Ready(()) } else { Poll::Pending }
        }));
        thread.join().unwrap();
    });
}
