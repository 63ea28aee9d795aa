use std::future::Future;
use std::pin::pin;
use std::task::Context;

use super::*;
use crate::test_support::{CountingWaker, poll_once, ready};

#[test]
fn a_call_is_stored_once() {
    let notify = Notify::new();
    notify.notify_one();
    notify.notify_one();
    ready(notify.notified());
    assert!(poll_once(pin!(notify.notified())).is_pending());
}

#[test]
fn notify_one_calls_in_the_order_of_waiting() {
    let notify = Notify::new();
    let mut first = pin!(notify.notified());
    let mut second = pin!(notify.notified());
    assert!(poll_once(first.as_mut()).is_pending());
    assert!(poll_once(second.as_mut()).is_pending());
    notify.notify_one();
    assert!(poll_once(second.as_mut()).is_pending());
    ready(first);
    notify.notify_one();
    ready(second);
}

#[test]
fn notify_waiters_reaches_futures_that_were_never_polled_and_stores_nothing() {
    let notify = Notify::new();
    let unpolled = notify.notified();
    let (count, waker) = CountingWaker::new();
    let mut polled = pin!(notify.notified());
    let mut also = pin!(notify.notified());
    assert!(polled.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    assert!(also.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    notify.notify_waiters();
    assert_eq!(count.count(), 2);
    ready(unpolled);
    ready(polled);
    ready(also);
    assert!(poll_once(pin!(notify.notified())).is_pending());
}

#[test]
fn a_call_to_a_dropped_future_goes_to_the_next() {
    let notify = Notify::new();
    let (count, waker) = CountingWaker::new();
    let mut next = pin!(notify.notified());
    {
        let mut first = pin!(notify.notified());
        assert!(poll_once(first.as_mut()).is_pending());
        assert!(next.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        notify.notify_one();
        assert_eq!(count.count(), 0);
    }
    assert_eq!(count.count(), 1);
    ready(next);
    {
        let mut only = pin!(notify.notified());
        assert!(poll_once(only.as_mut()).is_pending());
        notify.notify_one();
    }
    ready(notify.notified());
}

#[test]
fn an_enabled_future_is_reached_without_a_poll() {
    let notify = Notify::new();
    let mut enabled = pin!(notify.notified());
    assert!(!enabled.as_mut().enable());
    notify.notify_one();
    assert!(enabled.as_mut().enable());
    ready(enabled);
    assert!(poll_once(pin!(notify.notified())).is_pending());
}

#[test]
fn notify_last_calls_in_the_opposite_order_and_passes_on_the_same_way() {
    let notify = Notify::new();
    let (count, waker) = CountingWaker::new();
    let mut first = pin!(notify.notified());
    let mut second = pin!(notify.notified());
    assert!(poll_once(first.as_mut()).is_pending());
    assert!(second.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    {
        let mut third = pin!(notify.notified());
        assert!(poll_once(third.as_mut()).is_pending());
        notify.notify_last();
        assert_eq!(count.count(), 0);
    }
    assert_eq!(count.count(), 1);
    ready(second);
    assert!(poll_once(first.as_mut()).is_pending());
    notify.notify_last();
    ready(first);
    notify.notify_last();
    ready(notify.notified());
}

#[test]
fn an_owned_future_is_called_like_any_other() {
    let notify = Arc::new(Notify::new());
    let mut early = pin!(Arc::clone(&notify).notified_owned());
    let late = Arc::clone(&notify).notified_owned();
    assert!(!early.as_mut().enable());
    notify.notify_one();
    ready(early);
    notify.notify_waiters();
    ready(late);
    assert!(poll_once(pin!(Arc::clone(&notify).notified_owned())).is_pending());
}

#[test]
fn a_cancelled_wait_leaves_nothing_behind() {
    let notify = Notify::new();
    assert!(poll_once(pin!(notify.notified())).is_pending());
    notify.notify_one();
    ready(notify.notified());
}

/// Waiting futures in the order they came, and what calls make of them.
#[derive(Default)]
struct Oracle {
    queue: std::collections::VecDeque<usize>,
    called: Vec<(usize, Option<End>)>,
    is_stored: bool,
}

impl Oracle {
    fn notify(&mut self, end: End) {
        let next = if end == End::First { self.queue.pop_front() } else { self.queue.pop_back() };
        match next {
            Some(next) => self.called.push((next, Some(end))),
            None => self.is_stored = true,
        }
    }
}

#[test]
fn behaves_like_a_list_of_those_who_wait() {
    for seed in 1..=60_u64 {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut below = |bound: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % bound as u64) as usize
        };
        let notify = Arc::new(Notify::new());
        let mut oracle = Oracle::default();
        let mut futures = std::collections::BTreeMap::new();
        let mut made = 0;
        for _ in 0..600 {
            match below(9) {
                0..=3 => {
                    let mut future = Box::pin(Arc::clone(&notify).notified_owned());
                    let is_ready = poll_once(future.as_mut()).is_ready();
                    assert_eq!(is_ready, std::mem::take(&mut oracle.is_stored), "seed {seed}");
                    if !is_ready {
                        oracle.queue.push_back(made);
                        futures.insert(made, future);
                    }
                    made += 1;
                }
                4 => {
                    notify.notify_one();
                    oracle.notify(End::First);
                }
                5 => {
                    notify.notify_last();
                    oracle.notify(End::Last);
                }
                6 if below(3) == 0 => {
                    notify.notify_waiters();
                    let all = std::mem::take(&mut oracle.queue);
                    oracle.called.extend(all.into_iter().map(|number| (number, None)));
                }
                7 if !futures.is_empty() => {
                    let number = *futures.keys().nth(below(futures.len())).unwrap();
                    let is_called = oracle.called.iter().position(|(called, _)| *called == number);
                    let is_ready = poll_once(futures.get_mut(&number).unwrap().as_mut()).is_ready();
                    assert_eq!(is_ready, is_called.is_some(), "seed {seed}");
                    if let Some(place) = is_called {
                        oracle.called.swap_remove(place);
                        futures.remove(&number);
                    }
                }
                8 if !futures.is_empty() => {
                    let number = *futures.keys().nth(below(futures.len())).unwrap();
                    futures.remove(&number);
                    oracle.queue.retain(|queued| *queued != number);
                    if let Some(place) = oracle.called.iter().position(|(called, _)| *called == number)
                        && let (_, Some(end)) = oracle.called.swap_remove(place)
                    {
                        oracle.notify(end);
                    }
                }
                _ => {}
            }
        }
        futures.clear();
        assert_eq!(notify.word.load(Relaxed) & !(word::CALLS | word::TURNS) & !NOTIFIED, 0, "seed {seed}");
        let queue = notify.queue.lock().take().unwrap_or_default();
        assert!(queue.places.is_empty() && queue.places.entries() == 0 && queue.kept == 0, "seed {seed}");
    }
}

#[test]
fn one_alone_is_called_by_the_waker_it_was_polled_with_last() {
    let notify = Notify::new();
    let mut alone = pin!(notify.notified());
    let (first, waker) = CountingWaker::new();
    assert!(alone.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    assert!(alone.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    let (last, waker) = CountingWaker::new();
    assert!(alone.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    notify.notify_one();
    assert_eq!((first.count(), last.count()), (0, 1));
    ready(alone);
}

#[test]
fn one_alone_that_was_called_before_everybody_passes_its_call_on() {
    let notify = Notify::new();
    for call in [Notify::notify_one, Notify::notify_last] {
        {
            let mut alone = pin!(notify.notified());
            assert!(poll_once(alone.as_mut()).is_pending());
            call(&notify);
            notify.notify_waiters();
        }
        ready(notify.notified());
        {
            let mut alone = pin!(notify.notified());
            assert!(poll_once(alone.as_mut()).is_pending());
            notify.notify_waiters();
        }
        assert!(poll_once(pin!(notify.notified())).is_pending());
    }
}
