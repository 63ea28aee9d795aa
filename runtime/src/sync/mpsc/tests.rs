//! What both channels do, one sender and many.

use std::pin::pin;
use std::sync::Arc;
use std::task::Context;
use std::thread;

use super::*;
use crate::task::coop;
use crate::test_support::{CountingWaker, block_on, poll_once, ready};

#[test]
fn messages_arrive_in_order_and_the_end_after_the_last() {
    let (tx, mut rx) = channel(3);
    for round in 0..10 {
        tx.try_send(round).unwrap();
        assert_eq!(ready(rx.recv()), Some(round));
    }
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    tx.try_send(10).unwrap();
    drop(tx);
    assert_eq!(ready(rx.recv()), Some(10));
    assert_eq!(ready(rx.recv()), None);
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn a_full_channel_makes_the_sender_wait_until_one_is_received() {
    let (tx, mut rx) = channel(1);
    tx.try_send(1).unwrap();
    assert_eq!(tx.try_send(2), Err(TrySendError::Full(2)));
    let (count, waker) = CountingWaker::new();
    let mut send = pin!(tx.send(3));
    assert!(send.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    assert_eq!(ready(rx.recv()), Some(1));
    assert_eq!(count.count(), 1);
    // The room belongs to the one who waited.
    assert_eq!(tx.try_send(4), Err(TrySendError::Full(4)));
    ready(send).unwrap();
    assert_eq!(ready(rx.recv()), Some(3));
}

#[test]
fn the_receiver_is_woken_by_the_message_it_waits_for_and_by_no_other() {
    let (tx, mut rx) = channel(4);
    let (count, waker) = CountingWaker::new();
    {
        let mut recv = pin!(rx.recv());
        assert!(recv.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        tx.try_send(1).unwrap();
        tx.try_send(2).unwrap();
        assert_eq!(count.count(), 1);
    }
    let mut received = Vec::new();
    assert_eq!(ready(rx.recv_many(&mut received, 10)), 2);
    assert_eq!(received, [1, 2]);
    assert_eq!(ready(rx.recv_many(&mut received, 0)), 0);
}

#[test]
fn a_dropped_send_leaves_its_room_to_the_next() {
    let (tx, mut rx) = channel(1);
    tx.try_send(1).unwrap();
    let mut next = pin!(tx.send(3));
    {
        let mut dropped = pin!(tx.send(2));
        assert!(poll_once(dropped.as_mut()).is_pending());
        assert!(poll_once(next.as_mut()).is_pending());
        assert_eq!(ready(rx.recv()), Some(1));
    }
    ready(next).unwrap();
    assert_eq!(ready(rx.recv()), Some(3));
    assert_eq!(tx.capacity(), 1);
}

#[test]
fn a_permit_keeps_room_and_gives_it_back() {
    let (tx, mut rx) = channel(2);
    let permit = ready(tx.reserve()).unwrap();
    let owned = ready(tx.clone().reserve_owned()).unwrap();
    assert_eq!(tx.capacity(), 0);
    assert!(matches!(tx.try_reserve(), Err(TrySendError::Full(()))));
    let (returned, was_full) = match tx.clone().try_reserve_owned() {
        Err(TrySendError::Full(sender)) => (sender, true),
        _ => panic!("there is no room"),
    };
    assert!(was_full && returned.same_channel(&tx));
    drop(permit);
    assert_eq!(tx.capacity(), 1);
    drop(owned.send(7));
    assert_eq!(ready(rx.recv()), Some(7));
    drop(ready(tx.clone().reserve_owned()).unwrap().release());
    assert_eq!((tx.capacity(), rx.max_capacity()), (2, 2));
}

#[test]
fn close_refuses_new_messages_and_waits_for_those_with_a_permit() {
    let (tx, mut rx) = channel(2);
    tx.try_send(1).unwrap();
    let permit = tx.try_reserve().unwrap();
    rx.close();
    assert_eq!(tx.try_send(2), Err(TrySendError::Closed(2)));
    assert_eq!(ready(tx.send(2)), Err(SendError(2)));
    assert_eq!(ready(rx.recv()), Some(1));
    let (count, waker) = CountingWaker::new();
    {
        let mut recv = pin!(rx.recv());
        assert!(recv.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        permit.send(3);
        assert_eq!(count.count(), 1);
        assert_eq!(ready(recv), Some(3));
    }
    assert_eq!(ready(rx.recv()), None);
}

#[test]
fn a_permit_dropped_after_the_close_ends_the_channel() {
    let (tx, mut rx) = channel::<u8>(1);
    let permit = tx.try_reserve().unwrap();
    rx.close();
    let (count, waker) = CountingWaker::new();
    let mut recv = pin!(rx.recv());
    assert!(recv.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    drop(permit);
    assert_eq!(count.count(), 1);
    assert_eq!(ready(recv), None);
}

#[test]
fn a_dropped_receiver_drops_the_messages_and_fails_the_senders() {
    let value = Arc::new(());
    let (tx, rx) = channel(2);
    tx.try_send(Arc::clone(&value)).unwrap();
    let permit = tx.try_reserve().unwrap();
    let (count, waker) = CountingWaker::new();
    let mut waiting = Box::pin(tx.send(Arc::clone(&value)));
    assert!(waiting.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    let mut closed = Box::pin(tx.closed());
    assert!(closed.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    drop(rx);
    assert_eq!(count.count(), 2);
    assert!(ready(waiting).is_err());
    ready(closed);
    assert!(tx.is_closed());
    assert_eq!(Arc::strong_count(&value), 1);
    // Nobody will receive it; it goes with the channel.
    permit.send(Arc::clone(&value));
    assert_eq!(Arc::strong_count(&value), 2);
    drop(tx);
    assert_eq!(Arc::strong_count(&value), 1);
}

#[test]
fn a_weak_sender_works_while_a_strong_one_is_left() {
    let (tx, mut rx) = channel(1);
    let weak = tx.downgrade();
    weak.upgrade().unwrap().try_send(1).unwrap();
    assert_eq!((rx.sender_strong_count(), rx.is_closed()), (1, false));
    drop(tx);
    assert!(weak.clone().upgrade().is_none());
    assert_eq!(ready(rx.recv()), Some(1));
    assert_eq!(ready(rx.recv()), None);
    drop(rx);

    let (tx, mut rx) = unbounded_channel();
    let weak = tx.downgrade();
    weak.upgrade().unwrap().send(1).unwrap();
    drop(tx);
    assert!(weak.clone().upgrade().is_none());
    assert_eq!(ready(rx.recv()), Some(1));
    assert_eq!(ready(rx.recv()), None);
}

#[test]
fn the_last_sender_to_go_wakes_the_receiver() {
    let (tx, mut rx) = channel::<u8>(1);
    let other = tx.clone();
    let (count, waker) = CountingWaker::new();
    let mut recv = pin!(rx.recv());
    assert!(recv.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    drop(tx);
    assert_eq!(count.count(), 0);
    drop(other);
    assert_eq!(count.count(), 1);
    assert_eq!(ready(recv), None);
}

#[test]
fn an_unbounded_channel_keeps_the_order_across_blocks() {
    let (tx, mut rx) = unbounded_channel();
    let (mut sent, mut received) = (0, 0);
    for burst in [1, 2, 5, 100, 0, 63, 64, 300] {
        for _ in 0..burst {
            tx.send(sent).unwrap();
            sent += 1;
        }
        for _ in 0..burst / 2 {
            assert_eq!(rx.try_recv(), Ok(received));
            received += 1;
        }
    }
    drop(tx);
    let mut rest = Vec::new();
    while ready(rx.recv_many(&mut rest, 50)) > 0 {}
    assert_eq!(rest, (received..sent).collect::<Vec<i32>>());
}

#[test]
fn an_unbounded_channel_closes_both_ways() {
    let value = Arc::new(());
    let (tx, mut rx) = unbounded_channel();
    for _ in 0..10 {
        tx.send(Arc::clone(&value)).unwrap();
    }
    assert!(!rx.is_empty());
    rx.close();
    ready(tx.closed());
    assert!(tx.is_closed() && rx.is_closed());
    assert!(tx.send(Arc::clone(&value)).is_err());
    assert!(ready(rx.recv()).is_some());
    drop(rx);
    assert_eq!(Arc::strong_count(&value), 1);

    let (tx, mut rx) = unbounded_channel::<u8>();
    rx.close();
    assert_eq!(ready(rx.recv()), None);
    assert!(tx.same_channel(&tx.clone()));
}

#[test]
fn a_full_inbox_does_not_hold_the_worker() {
    let (tx, mut rx) = unbounded_channel();
    for _ in 0..1_000 {
        tx.send(()).unwrap();
    }
    let mut drain = pin!(async {
        let mut count = 0;
        while rx.recv().await.is_some() {
            count += 1;
        }
        count
    });
    let mut cx = Context::from_waker(std::task::Waker::noop());
    assert!(coop::with_budget(|| drain.as_mut().poll(&mut cx)).is_pending());
    drop(tx);
    assert_eq!(ready(drain), 1_000);
}

#[test]
fn many_senders_lose_nothing_in_a_narrow_channel() {
    let (tx, mut rx) = channel(2);
    let senders: Vec<_> = (0..4_u64)
        .map(|sender| {
            let tx = tx.clone();
            thread::spawn(move || {
                for number in 0..2_000 {
                    block_on(tx.send((sender, number))).unwrap();
                }
            })
        })
        .collect();
    drop(tx);
    expect_each_in_order(|| block_on(rx.recv()));
    for sender in senders {
        sender.join().unwrap();
    }
}

#[test]
fn many_senders_lose_nothing_in_an_unbounded_channel() {
    let (tx, mut rx) = unbounded_channel();
    let senders: Vec<_> = (0..4_u64)
        .map(|sender| {
            let tx = tx.clone();
            thread::spawn(move || {
                for number in 0..2_000 {
                    tx.send((sender, number)).unwrap();
                }
            })
        })
        .collect();
    drop(tx);
    expect_each_in_order(|| block_on(rx.recv()));
    for sender in senders {
        sender.join().unwrap();
    }
}

fn expect_each_in_order(mut receive: impl FnMut() -> Option<(u64, u64)>) {
    let mut next = [0; 4];
    while let Some((sender, number)) = receive() {
        assert_eq!(number, next[sender as usize]);
        next[sender as usize] += 1;
    }
    assert_eq!(next, [2_000; 4]);
}

#[test]
#[should_panic(expected = "room for at least one")]
fn a_channel_without_room_is_refused() {
    drop(channel::<u8>(0));
}

#[test]
fn the_memory_of_a_small_channel_stays_small() {
    use super::ring::Ring;
    assert!(size_of::<Ring<u64>>() + 8 * 16 <= 272, "{}", size_of::<Ring<u64>>());
}

#[test]
fn room_for_many_is_taken_together_and_given_back() {
    let (tx, mut rx) = channel(4);
    tx.try_send(0).unwrap();
    assert_eq!(tx.try_reserve_many(4).err(), Some(TrySendError::Full(())));
    assert_eq!(tx.try_reserve_many(5).err(), Some(TrySendError::Full(())));
    assert!(ready(tx.reserve_many(5)).is_err());
    assert_eq!(ready(tx.reserve_many(0)).unwrap().len(), 0);
    {
        let mut all = pin!(tx.reserve_many(4));
        assert!(poll_once(all.as_mut()).is_pending());
        assert_eq!(rx.try_recv(), Ok(0));
        let mut permits = ready(all).unwrap();
        assert_eq!(permits.len(), 4);
        permits.next().unwrap().send(1);
        drop(permits.next());
        assert_eq!(tx.capacity(), 1);
    }
    assert_eq!(tx.capacity(), 3);
    assert_eq!(rx.len(), 1);
    let permits = tx.try_reserve_many(2).unwrap();
    rx.close();
    assert!(tx.try_reserve_many(1).is_err());
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    drop(permits);
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn a_bounded_channel_counts_what_it_holds() {
    let (tx, mut rx) = channel(3);
    assert!(rx.is_empty());
    for number in 0..20 {
        tx.try_send(number).unwrap();
        assert_eq!(rx.len(), 1);
        tx.try_send(number).unwrap();
        assert_eq!(rx.len(), 2);
        rx.try_recv().unwrap();
        rx.try_recv().unwrap();
        assert!(rx.is_empty());
    }
}

#[test]
fn an_unbounded_channel_counts_what_it_holds() {
    let (tx, mut rx) = unbounded_channel();
    let mut held = 0;
    for number in 0..1000 {
        tx.send(number).unwrap();
        held += 1;
        assert_eq!(rx.len(), held);
        if number % 3 == 0 {
            rx.try_recv().unwrap();
            held -= 1;
            assert_eq!(rx.len(), held);
        }
    }
    while rx.try_recv().is_ok() {
        held -= 1;
        assert_eq!(rx.len(), held);
    }
    assert_eq!(held, 0);
}

#[test]
fn senders_strong_and_weak_are_counted() {
    let (tx, rx) = channel::<u8>(1);
    let weak = tx.downgrade();
    let other = weak.clone();
    assert_eq!((tx.strong_count(), tx.weak_count()), (1, 2));
    let again = other.upgrade().unwrap();
    drop(other);
    assert_eq!((weak.strong_count(), weak.weak_count()), (2, 1));
    drop((tx, again));
    assert_eq!((rx.sender_strong_count(), rx.sender_weak_count()), (0, 1));
    drop(weak);
    assert_eq!(rx.sender_weak_count(), 0);

    let (tx, rx) = unbounded_channel::<u8>();
    let weak = tx.downgrade();
    assert_eq!((rx.sender_strong_count(), weak.weak_count(), tx.weak_count()), (1, 1, 1));
    drop(weak);
    assert_eq!((tx.strong_count(), rx.sender_weak_count()), (1, 0));
}

#[test]
fn owned_permits_know_their_channel() {
    let (tx, _rx) = channel::<u8>(2);
    let (other, _other_rx) = channel::<u8>(1);
    let one = tx.clone().try_reserve_owned().unwrap();
    let two = tx.clone().try_reserve_owned().unwrap();
    let foreign = other.clone().try_reserve_owned().unwrap();
    assert!(one.same_channel(&two) && !one.same_channel(&foreign));
    assert!(foreign.same_channel_as_sender(&other) && !foreign.same_channel_as_sender(&tx));
}

#[test]
fn a_thread_may_receive_many_at_once() {
    let (tx, mut rx) = channel(4);
    let (utx, mut urx) = unbounded_channel();
    for number in 0..3 {
        tx.try_send(number).unwrap();
        utx.send(number).unwrap();
    }
    drop((tx, utx));
    let mut buffer = Vec::new();
    assert_eq!(rx.blocking_recv_many(&mut buffer, 2), 2);
    assert_eq!(urx.blocking_recv_many(&mut buffer, 8), 3);
    assert_eq!(buffer, [0, 1, 0, 1, 2]);
    assert_eq!(rx.blocking_recv_many(&mut buffer, 8) + rx.blocking_recv_many(&mut buffer, 8), 1);
}

#[test]
fn a_polled_sender_waits_for_room_keeps_it_and_gives_it_back() {
    let (tx, mut rx) = channel(1);
    let mut sender = PollSender::new(tx);
    let (count, waker) = CountingWaker::new();
    let mut cx = Context::from_waker(&waker);
    assert!(sender.poll_reserve(&mut cx).is_ready());
    assert!(sender.poll_reserve(&mut cx).is_ready());
    assert_eq!(rx.capacity(), 0);
    assert!(sender.abort_send() && !sender.abort_send());
    assert_eq!(rx.capacity(), 1);
    assert!(sender.poll_reserve(&mut cx).is_ready());
    sender.send_item(1).unwrap();
    assert!(sender.poll_reserve(&mut cx).is_pending());
    let mut other = sender.clone();
    assert!(other.poll_reserve(&mut cx).is_pending());
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(count.count(), 1);
    // The first has the room; it gives up, and the second is called.
    assert!(sender.abort_send());
    assert_eq!(count.count(), 2);
    assert!(other.poll_reserve(&mut cx).is_ready());
    other.close();
    other.send_item(2).unwrap();
    assert_eq!(rx.try_recv(), Ok(2));
    other.close();
    assert!(other.is_closed() && other.get_ref().is_none());
    assert_eq!(other.send_item(3).unwrap_err().into_inner(), Some(3));
    rx.close();
    assert!(matches!(sender.poll_reserve(&mut cx), std::task::Poll::Ready(Err(_))));
    assert!(sender.is_closed());
}

#[test]
fn a_polled_sender_that_goes_while_it_waits_leaves_the_room_to_others() {
    let (tx, mut rx) = channel(1);
    tx.try_send(0).unwrap();
    let mut sender = PollSender::new(tx.clone());
    assert!(sender.poll_reserve(&mut Context::from_waker(std::task::Waker::noop())).is_pending());
    assert_eq!(rx.try_recv(), Ok(0));
    drop(sender);
    tx.try_send(1).unwrap();
    drop(tx);
    assert_eq!(ready(rx.recv()), Some(1));
    assert_eq!(ready(rx.recv()), None);
}

#[test]
#[should_panic(expected = "without room")]
fn a_polled_sender_does_not_send_without_room() {
    let _ = PollSender::new(channel(1).0).send_item(());
}

/// Panics when it is dropped, if it says so, and is counted by what it holds.
struct Message {
    is_bomb: bool,
    _counted: Arc<()>,
}

impl Drop for Message {
    fn drop(&mut self) {
        if self.is_bomb {
            std::panic::resume_unwind(Box::new(()));
        }
    }
}

/// What is left of five messages, the second of which panics when it is dropped, once `give_up` has dropped a channel.
fn left_of(give_up: impl FnOnce(&dyn Fn(bool) -> Message)) -> usize {
    let count = Arc::new(());
    let caught = std::panic::AssertUnwindSafe(|| {
        give_up(&|is_bomb| Message { is_bomb, _counted: Arc::clone(&count) })
    });
    let _ = std::panic::catch_unwind(caught);
    Arc::strong_count(&count) - 1
}

#[test]
fn a_message_that_panics_when_it_is_dropped_takes_no_other_with_it() {
    let bombs = [false, true, false, false, false];
    // A sender stays, as it would elsewhere: what is left is not what the end of the channel would drop.
    let (mut stays, mut stays_bounded) = (None, None);
    let unbounded = left_of(|message| {
        let (tx, rx) = unbounded_channel();
        bombs.iter().for_each(|&is_bomb| drop(tx.send(message(is_bomb))));
        stays = Some(tx);
        drop(rx);
    });
    let bounded = left_of(|message| {
        let (tx, rx) = channel(5);
        bombs.iter().for_each(|&is_bomb| drop(tx.try_send(message(is_bomb))));
        stays_bounded = Some(tx);
        drop(rx);
    });
    let reserved = left_of(|message| {
        let (tx, rx) = channel(5);
        let permits: Vec<_> = (0..5).map(|_| tx.clone().try_reserve_owned().unwrap()).collect();
        drop((tx, rx));
        let messages: Vec<_> = bombs.iter().map(|&is_bomb| message(is_bomb)).collect();
        permits.into_iter().zip(messages).for_each(|(permit, message)| drop(permit.send(message)));
    });
    assert_eq!((unbounded, bounded, reserved), (0, 0, 0));
    drop((stays, stays_bounded));
}
