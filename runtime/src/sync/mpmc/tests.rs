use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use super::*;
use crate::test_support::{CountingWaker, poll_once, ready};

#[test]
fn each_message_reaches_one_receiver_in_the_order_sent() {
    let (tx, rx) = bounded(4);
    let (other_tx, other_rx) = (tx.clone(), rx.clone());
    for (number, tx) in [&tx, &other_tx, &tx].into_iter().enumerate() {
        tx.try_send(number).unwrap();
    }
    assert_eq!(ready(rx.recv()), Ok(0));
    assert_eq!(other_rx.try_recv(), Ok(1));
    assert_eq!(ready(rx.recv()), Ok(2));
    assert_eq!(other_rx.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn a_queue_says_what_it_holds_and_who_has_it() {
    let (tx, rx) = bounded(2);
    let weak = (tx.downgrade(), rx.downgrade());
    assert!(tx.is_empty() && !tx.is_full() && !rx.is_closed());
    assert_eq!((tx.capacity(), rx.capacity()), (Some(2), Some(2)));
    tx.try_send(1).unwrap();
    tx.try_send(2).unwrap();
    assert!(rx.is_full());
    assert_eq!((tx.len(), rx.len()), (2, 2));
    assert_eq!(tx.try_send(3), Err(TrySendError::Full(3)));
    let other = weak.1.upgrade().unwrap();
    assert_eq!((tx.sender_count(), rx.receiver_count()), (1, 2));
    assert!(other.same_channel(&rx) && !tx.same_channel(&unbounded().0));
    drop((rx, other));
    assert!(tx.is_closed() && weak.0.upgrade().is_none() && weak.1.upgrade().is_none());
    assert_eq!(unbounded::<u8>().0.capacity(), None);
}

#[test]
fn a_closed_queue_takes_nothing_and_gives_what_it_has() {
    let (tx, rx) = bounded(1);
    tx.try_send(1).unwrap();
    assert!(rx.close());
    assert!(!tx.close());
    assert_eq!(tx.try_send(2), Err(TrySendError::Closed(2)));
    assert_eq!(ready(tx.send(3)), Err(SendError(3)));
    assert_eq!(ready(rx.recv()), Ok(1));
    assert_eq!(ready(rx.recv()), Err(RecvError));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
}

#[test]
fn the_end_wakes_all_who_wait_on_either_side() {
    let (count, waker) = CountingWaker::new();
    let mut cx = Context::from_waker(&waker);
    let (tx, rx) = bounded::<u8>(1);
    let other = rx.clone();
    let mut first = pin!(rx.recv());
    let mut second = pin!(other.recv());
    assert!(first.as_mut().poll(&mut cx).is_pending());
    assert!(second.as_mut().poll(&mut cx).is_pending());
    drop(tx);
    assert_eq!(count.count(), 2);
    assert_eq!((ready(first), ready(second)), (Err(RecvError), Err(RecvError)));

    let (tx, rx) = bounded(1);
    tx.try_send(0).unwrap();
    let mut first = pin!(tx.send(1));
    let mut second = pin!(tx.send(2));
    assert!(first.as_mut().poll(&mut cx).is_pending());
    assert!(second.as_mut().poll(&mut cx).is_pending());
    drop(rx);
    assert_eq!(count.count(), 4);
    assert_eq!((ready(first), ready(second)), (Err(SendError(1)), Err(SendError(2))));
}

#[test]
fn messages_nobody_can_receive_are_dropped_with_the_last_receiver() {
    let value = Arc::new(());
    let (tx, rx) = unbounded();
    tx.try_send(Arc::clone(&value)).unwrap();
    let other = rx.clone();
    drop(rx);
    assert_eq!(Arc::strong_count(&value), 2);
    drop(other);
    assert_eq!(Arc::strong_count(&value), 1);
    assert!(tx.is_closed());
}

#[test]
fn one_message_wakes_one_receiver_and_passes_on_when_that_gives_up() {
    let (tx, rx) = unbounded();
    let (first_count, first_waker) = CountingWaker::new();
    let (second_count, second_waker) = CountingWaker::new();
    let mut second = pin!(rx.recv());
    {
        let mut first = pin!(rx.recv());
        assert!(first.as_mut().poll(&mut Context::from_waker(&first_waker)).is_pending());
        assert!(second.as_mut().poll(&mut Context::from_waker(&second_waker)).is_pending());
        tx.try_send(1).unwrap();
        assert_eq!((first_count.count(), second_count.count()), (1, 0));
    }
    assert_eq!(second_count.count(), 1);
    assert_eq!(ready(second), Ok(1));
}

#[test]
fn one_that_was_told_in_vain_waits_again() {
    let (tx, rx) = unbounded();
    let (count, waker) = CountingWaker::new();
    let mut cx = Context::from_waker(&waker);
    let mut recv = pin!(rx.recv());
    assert!(recv.as_mut().poll(&mut cx).is_pending());
    tx.try_send(1).unwrap();
    assert_eq!(rx.try_recv(), Ok(1));
    assert!(recv.as_mut().poll(&mut cx).is_pending());
    tx.try_send(2).unwrap();
    assert_eq!(count.count(), 2);
    assert_eq!(ready(recv), Ok(2));
}

#[test]
fn a_waker_that_panics_takes_no_message_with_it() {
    struct Panics;
    impl std::task::Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("a waker that panics");
        }
    }
    let (tx, rx) = bounded(1);
    tx.try_send(1).unwrap();
    let waker = Waker::from(Arc::new(Panics));
    let mut send = pin!(tx.send(2));
    assert!(send.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    assert_eq!(rx.try_recv(), Ok(1));
    ready(send).unwrap();
    assert_eq!(rx.try_recv(), Ok(2));
}

#[test]
#[should_panic(expected = "room for at least one message")]
fn a_queue_without_room_is_refused() {
    drop(bounded::<u8>(0));
}

#[test]
fn a_future_that_was_never_polled_leaves_nothing_behind() {
    let (tx, rx) = bounded(1);
    drop(rx.recv());
    drop(tx.send(1));
    assert!(poll_once(pin!(rx.recv())).is_pending());
    assert!(tx.is_empty());
}

#[cfg(feature = "stream")]
mod as_stream {
    use std::pin::Pin;

    use futures_core::Stream;

    use super::*;

    #[test]
    fn a_stream_ends_with_the_queue() {
        let (tx, mut rx) = unbounded();
        tx.try_send(1).unwrap();
        let mut cx = Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut rx).poll_next(&mut cx) == std::task::Poll::Ready(Some(1)));
        assert!(Pin::new(&mut rx).poll_next(&mut cx).is_pending());
        drop(tx);
        assert!(Pin::new(&mut rx).poll_next(&mut cx) == std::task::Poll::Ready(None));
    }

    #[test]
    fn the_place_of_a_stream_that_is_left_is_not_told_in_place_of_its_recv() {
        let (tx, mut rx) = unbounded();
        let (stream_count, stream_waker) = CountingWaker::new();
        let (count, waker) = CountingWaker::new();
        let mut stream_cx = Context::from_waker(&stream_waker);
        assert!(Pin::new(&mut rx).poll_next(&mut stream_cx).is_pending());
        {
            let mut recv = pin!(rx.recv());
            assert!(recv.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            tx.try_send(1).unwrap();
            assert_eq!((stream_count.count(), count.count()), (0, 1));
            assert_eq!(ready(recv), Ok(1));
        }
        assert!(Pin::new(&mut rx).poll_next(&mut stream_cx).is_pending());
        tx.try_send(2).unwrap();
        assert_eq!((stream_count.count(), count.count()), (1, 1));
    }

    #[test]
    fn a_stream_that_was_told_and_is_dropped_passes_the_message_on() {
        let (tx, mut rx) = unbounded();
        let other = rx.clone();
        let (count, waker) = CountingWaker::new();
        assert!(Pin::new(&mut rx).poll_next(&mut Context::from_waker(Waker::noop())).is_pending());
        let mut recv = pin!(other.recv());
        assert!(recv.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        tx.try_send(1).unwrap();
        assert_eq!(count.count(), 0);
        drop(rx);
        assert_eq!(count.count(), 1);
        assert_eq!(ready(recv), Ok(1));
    }
}
