//! A rate for each key whose calls wait, on a clock that stands still.

use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use minato_runtime::time::{Instant, sleep};
use minato_service::deadline::Deadline;
use minato_service::error::OverloadReason;
use minato_service::limit::{KeyedRateLimitLayer, Wait};
use minato_service::observe::Event;
use minato_service::{Layer, OverloadError, ServiceExt, service_fn};

use crate::support::{Failed, Probe, Task, now, paused};

const SECOND: Duration = Duration::from_secs(1);

type Key = fn(&u32) -> u32;
/// Requests of the same ten are of the same key.
const TENS: Key = |n| *n / 10;
const ITSELF: Key = |n| *n;

fn reason<E>(result: Result<u32, OverloadError<E>>) -> Option<OverloadReason> {
    match result {
        Err(OverloadError::Overloaded(refusal)) => Some(refusal.reason),
        _ => None,
    }
}

#[test]
fn calls_wait_for_the_turn_of_their_key_in_the_order_they_came() {
    paused(async {
        let done = Arc::new(Mutex::new(Vec::new()));
        let (log, start) = (done.clone(), Instant::now());
        let inner = service_fn(move |n: u32| {
            log.lock().unwrap().push((n, start.elapsed().as_secs()));
            std::future::ready(Ok::<_, Failed>(n))
        });
        let layer = KeyedRateLimitLayer::waiting(1, SECOND, Wait::new(), TENS);
        let (service, handle) = (layer.layer(inner), layer.handle());
        let calls: Vec<_> =
            [10, 11, 12, 20, 21, 13].map(|n| minato_runtime::spawn(service.clone().oneshot(n))).into();
        minato_runtime::task::yield_now().await;
        assert_eq!((handle.waiting(&1), handle.waiting(&2), handle.waiting_in_all()), (3, 1, 4));
        for call in calls {
            assert!(call.await.unwrap().is_ok());
        }
        let done = done.lock().unwrap().clone();
        let of_key = |key| done.iter().copied().filter(|(n, _)| n / 10 == key).collect::<Vec<_>>();
        assert_eq!(of_key(1), [(10, 0), (11, 1), (12, 2), (13, 3)]);
        assert_eq!(of_key(2), [(20, 0), (21, 1)], "as if the other key were not there");
        assert_eq!((handle.waiting(&1), handle.waiting_in_all()), (0, 0));
    });
}

#[test]
fn a_newcomer_does_not_pass_those_of_its_key_who_wait() {
    paused(async {
        let service = KeyedRateLimitLayer::waiting(1, SECOND, Wait::new(), TENS).layer(Probe::well());
        assert_eq!(service.clone().oneshot(0).await, Ok(1));
        let mut waiting = Task::new(service.clone().oneshot(1));
        assert!(waiting.poll().is_pending());
        sleep(SECOND).await;
        // There is a place, and it is not the newcomer's.
        let mut newcomer = Task::new(service.oneshot(2));
        assert!(newcomer.poll().is_pending());
        assert_eq!(waiting.poll(), Poll::Ready(Ok(2)));
        sleep(SECOND).await;
        assert_eq!(newcomer.poll(), Poll::Ready(Ok(3)));
    });
}

#[test]
fn no_more_calls_of_a_key_pass_than_its_rate_whoever_goes_away() {
    paused(async {
        let done = Arc::new(Mutex::new(Vec::new()));
        let (log, start) = (done.clone(), Instant::now());
        let inner = service_fn(move |n: u32| {
            log.lock().unwrap().push(start.elapsed());
            std::future::ready(Ok::<_, Failed>(n))
        });
        let service = KeyedRateLimitLayer::waiting(3, SECOND, Wait::new(), |_: &u32| ()).layer(inner);
        let mut calls = Vec::new();
        for step in 0..200_u32 {
            calls.push(minato_runtime::spawn(service.clone().oneshot(step)));
            sleep(SECOND / 8).await;
            if step % 3 == 1 {
                // One from the middle of the queue goes away.
                calls.swap_remove(calls.len() / 2).abort();
            }
        }
        sleep(100 * SECOND).await;
        let done = done.lock().unwrap().clone();
        assert!(done.len() > 60, "{}", done.len());
        for (index, &at) in done.iter().enumerate() {
            // A burst of three, and one for each third of a second.
            let within = done[index..].iter().take_while(|&&other| other < at + SECOND).count();
            assert!(within <= 6, "{within} from {at:?}");
        }
    });
}

#[test]
fn what_has_expired_when_its_turn_comes_takes_no_place() {
    paused(async {
        let events = Arc::new(Mutex::new(Vec::new()));
        let heard = events.clone();
        let layer = KeyedRateLimitLayer::waiting(1, 10 * SECOND, Wait::new(), TENS)
            .observer(move |event| heard.lock().unwrap().push(event));
        let handle = layer.handle();
        let probe = Probe::well();
        let observer = probe.observer();
        let service = layer.layer(probe);
        assert_eq!(service.clone().oneshot(0).await, Ok(1));
        let late = Deadline::after(11 * SECOND).scope(service.clone().oneshot(1));
        let mut late = Task::new(late);
        assert!(late.poll().is_pending());
        // Its turn has come, but whoever polls it was held up beyond the deadline.
        sleep(12 * SECOND).await;
        assert!(late.is_woken());
        let Poll::Ready(result) = late.poll() else { panic!("its turn has come") };
        assert_eq!(reason(result), Some(OverloadReason::QueueDelay));
        assert_eq!((observer.calls(), handle.waiting(&0)), (1, 0), "not called, and no longer counted");
        assert_eq!(*events.lock().unwrap(), [Event::Refused { reason: OverloadReason::QueueDelay }]);
        assert_eq!(now(service.oneshot(2)), Ok(3), "the place is still there");
    });
}

#[test]
fn a_turn_that_would_come_too_late_is_refused_at_once() {
    paused(async {
        let start = Instant::now();
        let service =
            KeyedRateLimitLayer::waiting(1, SECOND, Wait::at_most(2 * SECOND), TENS).layer(Probe::well());
        let outcomes: Vec<_> = (0..4).map(|n| Task::new(service.clone().oneshot(n))).collect();
        let refused: Vec<_> = outcomes
            .into_iter()
            .map(|mut task| match task.poll() {
                Poll::Ready(result) => (reason(result), None),
                Poll::Pending => (None, Some(task)),
            })
            .collect();
        // The one before the last waits for one place, the last would wait for two that others have come for.
        let reasons: Vec<_> = refused.iter().map(|(reason, _)| *reason).collect();
        assert_eq!(reasons, [None, None, None, Some(OverloadReason::Rate)]);
        let hurried = Deadline::after(SECOND / 2).scope(service.clone().oneshot(10));
        assert_eq!(hurried.await, Ok(11), "the first of its key");
        let hurried = Deadline::after(SECOND / 2).scope(service.clone().oneshot(11));
        assert_eq!(reason(hurried.await), Some(OverloadReason::Rate));
        assert_eq!(start.elapsed(), Duration::ZERO);
    });
}

#[test]
fn no_more_wait_than_may_of_each_key_and_of_all() {
    paused(async {
        let wait = Wait::new().waiters(2);
        let layer = KeyedRateLimitLayer::waiting(1, 3600 * SECOND, wait, TENS).all_waiters_max(3);
        let (service, handle) = (layer.layer(Probe::well()), layer.handle());
        let mut tasks: Vec<_> =
            [0, 1, 2, 3, 10, 11, 12].map(|n| Task::new(service.clone().oneshot(n))).into();
        let refused = |task: &mut Task<_>| match task.poll() {
            Poll::Ready(result) => reason(result),
            Poll::Pending => None,
        };
        let full = Some(OverloadReason::QueueFull);
        let reasons: Vec<_> = tasks.iter_mut().map(refused).collect();
        assert_eq!(reasons, [None, None, None, full, None, None, full], "two of the key, three of all");
        assert_eq!((handle.waiting(&0), handle.waiting(&1), handle.waiting_in_all()), (2, 1, 3));
        tasks.truncate(2);
        let mut next = Task::new(service.oneshot(12));
        assert_eq!(refused(&mut next), None, "two have gone away");
        assert_eq!((handle.waiting(&0), handle.waiting(&1)), (1, 1));
    });
}

#[test]
fn the_calls_that_wait_of_all_keys_are_bounded_by_default() {
    paused(async {
        let layer = KeyedRateLimitLayer::waiting(1, 3600 * SECOND, Wait::new(), |n: &u32| *n / 2);
        let (service, handle) = (layer.layer(Probe::well()), layer.handle());
        // Of each key one is let through, and the other waits.
        let mut tasks: Vec<_> = (0..40_000).map(|n| Task::new(service.clone().oneshot(n))).collect();
        let pending = tasks.iter_mut().filter_map(|task| task.poll().is_pending().then_some(())).count();
        assert_eq!((pending, handle.waiting_in_all(), handle.keys()), (16_384, 16_384, 20_000));
        drop(tasks);
        assert_eq!(handle.waiting_in_all(), 0);
    });
}

#[test]
fn a_key_whose_calls_wait_is_not_forgotten() {
    paused(async {
        let layer = KeyedRateLimitLayer::waiting(1, SECOND, Wait::new(), ITSELF).keys_max(16);
        let (service, handle) = (layer.layer(Probe::well()), layer.handle());
        assert_eq!(service.clone().oneshot(7).await, Ok(8));
        let mut waiting = Task::new(service.clone().oneshot(7));
        assert!(waiting.poll().is_pending());
        sleep(5 * SECOND).await;
        // Its bucket is full by now, and others look for room.
        let admitted = (1000..2000).filter(|n| now(service.clone().oneshot(*n)).is_ok()).count();
        assert_eq!((admitted, handle.waiting(&7)), (15, 1));
        assert_eq!(waiting.poll(), Poll::Ready(Ok(8)));
        assert_eq!(handle.waiting(&7), 0);
    });
}

#[test]
fn a_handle_tells_the_rate_and_changes_it() {
    let layer = KeyedRateLimitLayer::new(7, SECOND, TENS);
    let handle = layer.handle();
    let (num, per) = handle.rate();
    assert_eq!(num, 7);
    assert!(SECOND - per < Duration::from_nanos(7), "{per:?}");
    handle.set_rate(5, 2 * SECOND);
    assert_eq!(handle.rate(), (5, 2 * SECOND));
}
