//! Channels against naive models of them, in random orders of operations, wakes included.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use minato_runtime::stream::wrappers::errors::BroadcastStreamRecvError;
use minato_runtime::stream::wrappers::{BroadcastStream, WatchStream};
use minato_runtime::sync::mpsc::error::{TryRecvError, TrySendError};
use minato_runtime::sync::{broadcast, mpmc, mpsc, watch};
use minato_runtime::test_util::block_on_paused;
use minato_runtime::test_util::task::{self, Spawn};
use minato_runtime::time::{self, Instant, MissedTickBehavior, interval_at};

const SEEDS: u64 = 60;
const STEPS: usize = 1_500;

/// Random numbers from a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

type Sending = Pin<Box<dyn Future<Output = Result<(), mpsc::error::SendError<u64>>>>>;

/// A `send` that waits.
struct Waiting {
    number: u64,
    is_granted: bool,
    future: Spawn<Sending>,
}

/// A bounded channel as a queue and a count of free places, which go to those who wait in their order.
struct Bounded {
    queue: VecDeque<u64>,
    free: usize,
    waiting: Vec<Waiting>,
}

impl Bounded {
    /// A place has become free.
    fn free_one(&mut self) {
        match self.waiting.iter_mut().find(|waiting| !waiting.is_granted) {
            Some(next) => {
                next.is_granted = true;
                assert!(next.future.is_woken(), "the next sender was not told");
            }
            None => self.free += 1,
        }
    }
}

#[test]
fn a_bounded_channel_is_a_queue_whose_places_go_to_those_who_wait_in_order() {
    for seed in 0..SEEDS {
        let mut dice = Dice(seed);
        let capacity = 1 + dice.below(4);
        let (tx, mut rx) = mpsc::channel(capacity);
        let mut model = Bounded { queue: VecDeque::new(), free: capacity, waiting: Vec::new() };
        let mut receiver = task::spawn(());
        let mut is_receiving = false;
        let mut permits = Vec::new();
        for number in 0..STEPS as u64 {
            match dice.below(9) {
                0 => match tx.try_send(number) {
                    Ok(()) => {
                        model.queue.push_back(number);
                        model.free -= 1;
                    }
                    Err(error) => {
                        assert_eq!((error, model.free), (TrySendError::Full(number), 0), "seed {seed}")
                    }
                },
                1 | 2 => {
                    let sender = tx.clone();
                    let mut future: Spawn<Sending> =
                        task::spawn(Box::pin(async move { sender.send(number).await }));
                    if model.free > 0 {
                        assert_eq!(future.poll(), Poll::Ready(Ok(())), "seed {seed}");
                        model.queue.push_back(number);
                        model.free -= 1;
                    } else {
                        assert!(future.poll().is_pending(), "seed {seed}");
                        model.waiting.push(Waiting { number, is_granted: false, future });
                    }
                }
                3 if !model.waiting.is_empty() => {
                    let index = dice.below(model.waiting.len());
                    let waiting = &mut model.waiting[index];
                    let polled = waiting.future.poll();
                    assert_eq!(polled.is_ready(), waiting.is_granted, "seed {seed}");
                    if polled.is_ready() {
                        model.queue.push_back(waiting.number);
                        model.waiting.remove(index);
                    }
                }
                4 if !model.waiting.is_empty() => {
                    let dropped = model.waiting.remove(dice.below(model.waiting.len()));
                    let was_granted = dropped.is_granted;
                    drop(dropped);
                    if was_granted {
                        model.free_one();
                    }
                }
                5 if permits.len() < 3 => match tx.clone().try_reserve_owned() {
                    Ok(permit) => {
                        permits.push(permit);
                        model.free -= 1;
                    }
                    Err(_) => assert_eq!(model.free, 0, "seed {seed}"),
                },
                6 if !permits.is_empty() => {
                    let permit = permits.swap_remove(dice.below(permits.len()));
                    if dice.below(2) == 0 {
                        permit.send(number);
                        model.queue.push_back(number);
                    } else {
                        drop(permit);
                        model.free_one();
                    }
                }
                7 => {
                    let received = rx.try_recv();
                    assert_eq!(
                        received,
                        model.queue.front().copied().ok_or(TryRecvError::Empty),
                        "seed {seed}"
                    );
                    if received.is_ok() {
                        model.queue.pop_front();
                        model.free_one();
                    }
                }
                _ => match receiver.enter(|cx, _| rx.poll_recv(cx)) {
                    Poll::Ready(received) => {
                        is_receiving = false;
                        assert_eq!(received, model.queue.pop_front(), "seed {seed}");
                        model.free_one();
                    }
                    Poll::Pending => {
                        is_receiving = true;
                        assert!(model.queue.is_empty(), "seed {seed}");
                    }
                },
            }
            if is_receiving && !model.queue.is_empty() {
                assert!(receiver.is_woken(), "seed {seed}: the receiver was not told");
            }
            assert_eq!((tx.capacity(), rx.len()), (model.free, model.queue.len()), "seed {seed}");
        }
        rx.close();
        drop((permits, tx));
        for waiting in &mut model.waiting {
            // Those that have a place already may use it.
            if waiting.is_granted {
                assert_eq!(waiting.future.poll(), Poll::Ready(Ok(())), "seed {seed}");
                model.queue.push_back(waiting.number);
            } else {
                assert!(waiting.future.is_woken(), "seed {seed}");
                assert!(
                    matches!(waiting.future.poll(), Poll::Ready(Err(error)) if error.0 == waiting.number)
                );
            }
        }
        let rest: Vec<u64> = std::iter::from_fn(|| rx.try_recv().ok()).collect();
        assert_eq!(model.queue, rest, "seed {seed}");
        assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
    }
}

type Handing = Pin<Box<dyn Future<Output = Result<(), mpmc::SendError<u64>>>>>;
type Taking = Pin<Box<dyn Future<Output = Result<u64, mpmc::RecvError>>>>;

#[test]
fn a_queue_for_many_receivers_is_a_queue_that_tells_as_many_as_there_is_something_for() {
    for seed in 0..SEEDS {
        let mut dice = Dice(seed);
        let capacity = 1 + dice.below(4);
        let (tx, rx) = if seed % 4 == 0 { mpmc::unbounded() } else { mpmc::bounded(capacity) };
        let capacity = tx.capacity().unwrap_or(usize::MAX);
        let mut model = VecDeque::new();
        let mut handing: Vec<(u64, Spawn<Handing>)> = Vec::new();
        let mut taking: Vec<Spawn<Taking>> = Vec::new();
        for number in 0..STEPS as u64 {
            match dice.below(8) {
                0 => {
                    let sent = tx.try_send(number);
                    if model.len() < capacity {
                        assert_eq!(sent, Ok(()), "seed {seed}");
                        model.push_back(number);
                    } else {
                        assert_eq!(sent, Err(mpmc::TrySendError::Full(number)), "seed {seed}");
                    }
                }
                1 => {
                    let received = rx.try_recv();
                    assert_eq!(received, model.pop_front().ok_or(mpmc::TryRecvError::Empty), "seed {seed}");
                }
                2 if handing.len() < 6 => {
                    let tx = tx.clone();
                    let mut future: Spawn<Handing> =
                        task::spawn(Box::pin(async move { tx.send(number).await }));
                    let polled = future.poll();
                    assert_eq!(polled.is_ready(), model.len() < capacity, "seed {seed}");
                    match polled {
                        Poll::Ready(_) => model.push_back(number),
                        Poll::Pending => handing.push((number, future)),
                    }
                }
                3 if taking.len() < 6 => {
                    let rx = rx.clone();
                    let mut future: Spawn<Taking> = task::spawn(Box::pin(async move { rx.recv().await }));
                    let polled = future.poll();
                    assert_eq!(polled.is_ready(), !model.is_empty(), "seed {seed}");
                    match polled {
                        Poll::Ready(received) => assert_eq!(received.ok(), model.pop_front(), "seed {seed}"),
                        Poll::Pending => taking.push(future),
                    }
                }
                4 if !handing.is_empty() => {
                    let index = dice.below(handing.len());
                    let polled = handing[index].1.poll();
                    assert_eq!(polled.is_ready(), model.len() < capacity, "seed {seed}");
                    if polled.is_ready() {
                        assert_eq!(polled, Poll::Ready(Ok(())), "seed {seed}");
                        model.push_back(handing.swap_remove(index).0);
                    }
                }
                5 if !taking.is_empty() => {
                    let index = dice.below(taking.len());
                    match taking[index].poll() {
                        Poll::Ready(received) => {
                            assert_eq!(received.ok(), model.pop_front(), "seed {seed}");
                            drop(taking.swap_remove(index));
                        }
                        Poll::Pending => assert!(model.is_empty(), "seed {seed}"),
                    }
                }
                6 if !handing.is_empty() => drop(handing.swap_remove(dice.below(handing.len()))),
                7 if !taking.is_empty() => drop(taking.swap_remove(dice.below(taking.len()))),
                _ => {}
            }
            assert_eq!((tx.len(), rx.is_full()), (model.len(), model.len() == capacity), "seed {seed}");
            let told = taking.iter().filter(|future| future.is_woken()).count();
            assert!(told >= taking.len().min(model.len()), "seed {seed}: a message and nobody told");
            let told = handing.iter().filter(|(_, future)| future.is_woken()).count();
            assert!(told >= handing.len().min(capacity - model.len()), "seed {seed}: room and nobody told");
        }
        tx.close();
        for (number, mut future) in handing {
            assert!(future.is_woken(), "seed {seed}");
            assert_eq!(future.poll(), Poll::Ready(Err(mpmc::SendError(number))), "seed {seed}");
        }
        for mut future in taking {
            assert!(future.is_woken(), "seed {seed}");
            assert_eq!(future.poll().map(Result::ok), Poll::Ready(model.pop_front()), "seed {seed}");
        }
        let rest: Vec<u64> = std::iter::from_fn(|| rx.try_recv().ok()).collect();
        assert_eq!(model, rest, "seed {seed}");
    }
}

#[test]
fn an_unbounded_channel_is_a_queue() {
    for seed in 0..SEEDS {
        let mut dice = Dice(seed);
        let (tx, mut rx) = mpsc::unbounded_channel();
        let mut senders = vec![tx];
        let mut queue = VecDeque::new();
        let mut receiver = task::spawn(());
        let mut is_receiving = false;
        for number in 0..STEPS {
            match dice.below(8) {
                0..3 if !senders.is_empty() => {
                    senders[dice.below(senders.len())].send(number).unwrap();
                    queue.push_back(number);
                }
                3 if !senders.is_empty() && senders.len() < 5 => senders.push(senders[0].clone()),
                4 if senders.len() > 1 || number + 50 > STEPS && !senders.is_empty() => {
                    drop(senders.swap_remove(dice.below(senders.len())));
                }
                5 => {
                    let (mut buffer, limit) = (Vec::new(), 1 + dice.below(5));
                    let polled = receiver.enter(|cx, _| rx.poll_recv_many(cx, &mut buffer, limit));
                    is_receiving = polled.is_pending();
                    let expected: Vec<usize> = queue.drain(..queue.len().min(limit)).collect();
                    assert_eq!(buffer, expected, "seed {seed}");
                    assert_eq!(
                        polled.is_pending(),
                        expected.is_empty() && !senders.is_empty(),
                        "seed {seed}"
                    );
                }
                _ => {
                    let expected = match queue.pop_front() {
                        Some(number) => Ok(number),
                        None if senders.is_empty() => Err(TryRecvError::Disconnected),
                        None => Err(TryRecvError::Empty),
                    };
                    assert_eq!(rx.try_recv(), expected, "seed {seed}");
                }
            }
            if is_receiving && (!queue.is_empty() || senders.is_empty()) {
                assert!(receiver.is_woken(), "seed {seed}: the receiver was not told");
            }
            assert_eq!((rx.len(), rx.is_empty()), (queue.len(), queue.is_empty()), "seed {seed}");
            assert_eq!(rx.sender_strong_count(), senders.len());
        }
    }
}

#[test]
fn a_broadcast_reaches_every_receiver_or_says_how_much_it_lost() {
    for seed in 0..SEEDS {
        let mut dice = Dice(seed);
        let capacity = 1 + dice.below(5);
        let tx = broadcast::Sender::new(capacity);
        // Each with the position of the next message it is to receive, and whether it waits.
        let mut receivers: Vec<(Spawn<BroadcastStream<u64>>, u64, bool)> = Vec::new();
        let mut sent = 0;
        for _ in 0..STEPS {
            match dice.below(8) {
                0 if receivers.len() < 4 => {
                    receivers.push((task::spawn(BroadcastStream::new(tx.subscribe())), sent, false));
                }
                1 if dice.below(4) == 0 && !receivers.is_empty() => {
                    drop(receivers.swap_remove(dice.below(receivers.len())));
                }
                2..4 => match tx.send(sent) {
                    Ok(count) => {
                        assert_eq!(count, receivers.len(), "seed {seed}");
                        sent += 1;
                        for (receiver, _, is_waiting) in &receivers {
                            assert!(
                                !is_waiting || receiver.is_woken(),
                                "seed {seed}: a receiver was not told"
                            );
                        }
                    }
                    Err(error) => assert!(error.0 == sent && receivers.is_empty(), "seed {seed}"),
                },
                _ if !receivers.is_empty() => {
                    let index = dice.below(receivers.len());
                    let (receiver, position, is_waiting) = &mut receivers[index];
                    let polled = receiver.poll_next();
                    *is_waiting = polled.is_pending();
                    let oldest = sent.saturating_sub(capacity as u64);
                    if *position == sent {
                        assert!(polled.is_pending(), "seed {seed}");
                    } else if *position < oldest {
                        let lost = BroadcastStreamRecvError::Lagged(oldest - *position);
                        assert_eq!(polled, Poll::Ready(Some(Err(lost))), "seed {seed}");
                        *position = oldest;
                    } else {
                        assert_eq!(polled, Poll::Ready(Some(Ok(*position))), "seed {seed}");
                        *position += 1;
                    }
                }
                _ => {}
            }
            assert_eq!(tx.receiver_count(), receivers.len());
        }
        drop(tx);
        for (receiver, position, is_waiting) in &mut receivers {
            assert!(!*is_waiting || receiver.is_woken(), "seed {seed}");
            if *position < sent.saturating_sub(capacity as u64) {
                assert!(matches!(receiver.poll_next(), Poll::Ready(Some(Err(_)))), "seed {seed}");
                *position = sent - capacity as u64;
            }
            for position in *position..sent {
                assert_eq!(receiver.poll_next(), Poll::Ready(Some(Ok(position))), "seed {seed}");
            }
            assert_eq!(receiver.poll_next(), Poll::Ready(None), "seed {seed}");
        }
    }
}

#[test]
fn a_watch_shows_the_newest_value_once_to_each_receiver() {
    for seed in 0..SEEDS {
        let mut dice = Dice(seed);
        let (tx, rx) = watch::channel(0_u64);
        drop(rx);
        let mut receivers: Vec<(Spawn<WatchStream<u64>>, u64, bool)> = Vec::new();
        let mut newest = 0;
        for number in 1..STEPS as u64 {
            let is_changed = match dice.below(8) {
                0 if receivers.len() < 4 => {
                    receivers.push((task::spawn(WatchStream::from_changes(tx.subscribe())), newest, false));
                    false
                }
                1 if dice.below(4) == 0 && !receivers.is_empty() => {
                    drop(receivers.swap_remove(dice.below(receivers.len())));
                    false
                }
                2 => {
                    assert_eq!(tx.send(number).is_ok(), !receivers.is_empty(), "seed {seed}");
                    !receivers.is_empty()
                }
                3 => {
                    assert_eq!(tx.send_replace(number), newest, "seed {seed}");
                    true
                }
                4 => tx.send_if_modified(|value| {
                    let is_even = number % 2 == 0;
                    if is_even {
                        *value = number;
                    }
                    is_even
                }),
                _ if !receivers.is_empty() => {
                    let index = dice.below(receivers.len());
                    let (receiver, seen, is_waiting) = &mut receivers[index];
                    let polled = receiver.poll_next();
                    *is_waiting = polled.is_pending();
                    let expected = if *seen == newest { Poll::Pending } else { Poll::Ready(Some(newest)) };
                    assert_eq!(polled, expected, "seed {seed}");
                    *seen = newest;
                    false
                }
                _ => false,
            };
            if is_changed {
                newest = number;
                for (receiver, _, is_waiting) in &receivers {
                    assert!(!is_waiting || receiver.is_woken(), "seed {seed}: a receiver was not told");
                }
            }
            assert_eq!((*tx.borrow(), tx.receiver_count()), (newest, receivers.len()), "seed {seed}");
        }
        drop(tx);
        for (receiver, seen, _) in &mut receivers {
            if *seen != newest {
                assert_eq!(receiver.poll_next(), Poll::Ready(Some(newest)), "seed {seed}");
            }
            assert_eq!(receiver.poll_next(), Poll::Ready(None), "seed {seed}");
        }
    }
}

/// When the ticks of an interval are due, given when it was asked for them, all in milliseconds after its start.
fn due_ticks(behavior: MissedTickBehavior, period: u64, asked: &[u64]) -> Vec<(u64, u64)> {
    let (mut due, mut now) = (0, 0);
    asked
        .iter()
        .map(|&pause| {
            now = (now + pause).max(due);
            let tick = (due, now);
            let is_missed = now > due + 5;
            due = match behavior {
                MissedTickBehavior::Delay if is_missed => now + period,
                // The first multiple of the period that lies ahead.
                MissedTickBehavior::Skip if is_missed => due + period * ((now - due) / period + 1),
                _ => due + period,
            };
            tick
        })
        .collect()
}

#[test]
fn missed_ticks_come_as_each_behaviour_says() {
    for behavior in [MissedTickBehavior::Burst, MissedTickBehavior::Delay, MissedTickBehavior::Skip] {
        for seed in 0..30 {
            let mut dice = Dice(seed);
            let period = 10 + dice.below(40) as u64;
            // What is done between two ticks: mostly little, sometimes more than the period.
            let pauses: Vec<u64> = (0..100)
                .map(|_| match dice.below(4) {
                    0 => dice.below(6 * period as usize) as u64,
                    _ => dice.below(5) as u64,
                })
                .collect();
            block_on_paused(async {
                let start = Instant::now();
                let mut ticks = interval_at(start, Duration::from_millis(period));
                ticks.set_missed_tick_behavior(behavior);
                let mut seen = Vec::new();
                for &pause in &pauses {
                    time::sleep(Duration::from_millis(pause)).await;
                    let due = ticks.tick().await - start;
                    seen.push((due.as_millis() as u64, start.elapsed().as_millis() as u64));
                }
                assert_eq!(seen, due_ticks(behavior, period, &pauses), "{behavior:?}, seed {seed}");
            });
        }
    }
}
