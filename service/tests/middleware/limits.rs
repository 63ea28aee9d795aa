//! Limits: what they admit, what they hold, what they give back.

use std::task::{Context, Poll};
use std::time::Duration;

use crate::support::{Act, CountingWaker, Probe, Task, now, poll_ready};
use minato_service::limit::{ConcurrencyLimitLayer, KeyedRateLimitLayer, Priority, RateLimitLayer, Wait};
use minato_service::{Layer, OverloadError, Service, ServiceExt};

fn hanging() -> Probe {
    Probe::new(&[], &[Act::Hang; 64])
}

#[test]
fn the_limit_is_shared_by_clones_and_by_services_of_one_layer() {
    let layer = ConcurrencyLimitLayer::new(2);
    let mut first = layer.layer(hanging());
    let mut clone = first.clone();
    let mut second = layer.layer(hanging());
    assert!(poll_ready(&mut first).is_ready());
    assert!(poll_ready(&mut clone).is_ready());
    assert!(poll_ready(&mut second).is_pending());
}

#[test]
fn repeated_poll_ready_reserves_once() {
    let mut service = ConcurrencyLimitLayer::new(2).layer(hanging());
    for _ in 0..5 {
        assert!(poll_ready(&mut service).is_ready());
    }
    assert!(poll_ready(&mut service.clone()).is_ready());
}

#[test]
fn dropping_a_readied_service_gives_its_place_back() {
    let layer = ConcurrencyLimitLayer::new(1);
    let mut first = layer.layer(hanging());
    let mut second = first.clone();
    assert!(poll_ready(&mut first).is_ready());
    assert!(poll_ready(&mut second).is_pending());
    drop(first);
    assert!(poll_ready(&mut second).is_ready());
}

#[test]
fn dropping_a_call_gives_its_place_back_and_wakes_the_oldest_waiter() {
    let mut service = ConcurrencyLimitLayer::new(1).layer(hanging());
    assert!(poll_ready(&mut service).is_ready());
    let call = service.call(1);
    let (mut oldest, mut other) = (service.clone(), service.clone());
    let (oldest_wakes, oldest_waker) = CountingWaker::pair();
    let (other_wakes, other_waker) = CountingWaker::pair();
    assert!(oldest.poll_ready(&mut Context::from_waker(&oldest_waker)).is_pending());
    assert!(other.poll_ready(&mut Context::from_waker(&other_waker)).is_pending());
    assert_eq!(oldest_wakes.wakes(), 0, "nobody wakes a waiter for nothing");
    drop(call);
    assert_eq!((oldest_wakes.wakes(), other_wakes.wakes()), (1, 0));
    assert!(poll_ready(&mut oldest).is_ready());
    assert!(poll_ready(&mut other).is_pending());
}

#[test]
fn a_waiter_that_goes_away_passes_its_wake_on() {
    let mut service = ConcurrencyLimitLayer::new(1).layer(hanging());
    assert!(poll_ready(&mut service).is_ready());
    let call = service.call(1);
    let (mut oldest, mut other) = (service.clone(), service.clone());
    assert!(poll_ready(&mut oldest).is_pending());
    let (wakes, waker) = CountingWaker::pair();
    assert!(other.poll_ready(&mut Context::from_waker(&waker)).is_pending());
    drop(call);
    drop(oldest);
    assert_eq!(wakes.wakes(), 1);
    assert!(poll_ready(&mut other).is_ready());
}

#[test]
fn completion_gives_the_place_back_before_the_future_is_dropped() {
    let mut service = ConcurrencyLimitLayer::new(1).layer(Probe::well());
    assert!(poll_ready(&mut service).is_ready());
    let mut call = Task::new(service.call(1));
    assert_eq!(call.poll(), Poll::Ready(Ok(2)));
    assert!(poll_ready(&mut service).is_ready());
    drop(call);
}

#[test]
fn an_error_gives_the_place_back() {
    let mut service = ConcurrencyLimitLayer::new(1).layer(Probe::new(&[], &[Act::Fail]));
    assert!(poll_ready(&mut service).is_ready());
    let call = service.call(1);
    assert!(now(call).is_err());
    assert!(poll_ready(&mut service).is_ready());
}

#[test]
fn the_rejecting_limit_is_always_ready_and_refuses_at_the_limit() {
    let mut service = ConcurrencyLimitLayer::rejecting(1).layer(hanging());
    assert!(poll_ready(&mut service).is_ready());
    let running = service.call(1);
    assert!(poll_ready(&mut service).is_ready());
    assert!(now(service.call(2)).is_err_and(|error| error.is_overloaded()));
    drop(running);
    assert!(Task::new(service.oneshot(3)).poll().is_pending(), "admitted, and hanging in the probe");
}

#[test]
fn waiting_calls_are_admitted_in_order_and_bounded_in_number() {
    let layer = ConcurrencyLimitLayer::waiting(1, Wait::new().waiters(2));
    let probe = Probe::new(&[], &[Act::Hang]);
    let observer = probe.observer();
    let service = layer.layer(probe);
    let mut running = Task::new(service.clone().oneshot(0));
    assert!(running.poll().is_pending());
    let mut waiting: Vec<_> = (1..=3).map(|n| Task::new(service.clone().oneshot(n))).collect();
    assert!(waiting[0].poll().is_pending());
    assert!(waiting[1].poll().is_pending());
    assert!(matches!(waiting[2].poll(), Poll::Ready(Err(OverloadError::Overloaded(_)))));
    assert_eq!(observer.calls(), 1);
    drop(running);
    assert!(waiting[0].is_woken() && !waiting[1].is_woken());
    assert_eq!(waiting[0].poll(), Poll::Ready(Ok(2)));
    assert!(waiting[1].is_woken());
    assert_eq!(waiting[1].poll(), Poll::Ready(Ok(3)));
}

#[test]
fn the_default_number_of_waiters_is_bounded() {
    let service = ConcurrencyLimitLayer::waiting(1, Wait::new()).layer(hanging());
    let mut running = Task::new(service.clone().oneshot(0));
    assert!(running.poll().is_pending());
    let mut waiting: Vec<_> = (0..1024).map(|n| Task::new(service.clone().oneshot(n))).collect();
    assert!(waiting.iter_mut().all(|task| task.poll().is_pending()));
    assert!(now(service.oneshot(1)).is_err_and(|error| error.is_overloaded()));
}

#[test]
fn permits_are_neither_lost_nor_invented_under_contention() {
    let service = ConcurrencyLimitLayer::new(3).layer(Probe::well());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let mut service = service.clone();
            scope.spawn(move || {
                for n in 0..2000 {
                    while poll_ready(&mut service).is_pending() {
                        std::thread::yield_now();
                    }
                    let call = service.call(n);
                    if n % 3 != 0 {
                        assert_eq!(now(call), Ok(n + 1));
                    }
                }
            });
        }
    });
    let mut services: Vec<_> = (0..4).map(|_| service.clone()).collect();
    let ready =
        services.iter_mut().filter_map(|service| poll_ready(service).is_ready().then_some(())).count();
    assert_eq!(ready, 3);
}

#[test]
#[should_panic(expected = "`max` is zero")]
fn a_limit_of_zero_is_refused() {
    let _ = ConcurrencyLimitLayer::new(0);
}

#[test]
fn the_rejecting_rate_is_shared_and_says_when_to_come_back() {
    let layer = RateLimitLayer::rejecting(2, Duration::from_secs(3600));
    let (first, second) = (layer.layer(Probe::well()), layer.layer(Probe::well()));
    assert_eq!(now(first.clone().oneshot(1)), Ok(2));
    assert_eq!(now(second.oneshot(1)), Ok(2));
    match now(first.oneshot(1)) {
        Err(OverloadError::Overloaded(overloaded)) => {
            let wait = overloaded.retry_after.unwrap();
            assert!(wait > Duration::from_secs(1700) && wait <= Duration::from_secs(1800), "{wait:?}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_rate_reservation_is_made_once_and_given_back_when_unused() {
    let mut first = RateLimitLayer::new(1, Duration::from_secs(3600)).layer(Probe::well());
    let mut second = first.clone();
    assert!(poll_ready(&mut first).is_ready());
    assert!(poll_ready(&mut first).is_ready());
    drop(first);
    assert!(poll_ready(&mut second).is_ready());
    assert_eq!(now(second.call(1)), Ok(2));
}

#[test]
fn places_go_to_the_most_important_first() {
    let mode = Wait::new().by_priority(|n: &u32| Priority(*n as u8));
    let service = ConcurrencyLimitLayer::with_mode(1, mode).layer(Probe::new(&[], &[Act::Hang]));
    let mut running = Task::new(service.clone().oneshot(0));
    assert!(running.poll().is_pending());
    let mut low = Task::new(service.clone().oneshot(9));
    let mut high = Task::new(service.clone().oneshot(1));
    assert!(low.poll().is_pending() && high.poll().is_pending());
    drop(running);
    assert!(high.is_woken() && !low.is_woken());
    assert_eq!(high.poll(), Poll::Ready(Ok(2)));
    assert_eq!(low.poll(), Poll::Ready(Ok(10)));
}

#[test]
fn a_full_queue_sheds_the_least_important() {
    let mode = Wait::new().waiters(2).by_priority(|n: &u32| Priority(*n as u8));
    let service = ConcurrencyLimitLayer::with_mode(1, mode).layer(hanging());
    let mut tasks: Vec<_> = [0, 5, 6, 7, 1].map(|n| Task::new(service.clone().oneshot(n))).into();
    assert!(tasks[..3].iter_mut().all(|task| task.poll().is_pending()));
    assert!(tasks[3].poll().is_ready(), "less important than all that wait");
    assert!(tasks[4].poll().is_pending(), "more important than the last");
    assert!(tasks[2].is_woken() && !tasks[1].is_woken());
    assert!(matches!(tasks[2].poll(), Poll::Ready(Err(OverloadError::Overloaded(_)))));
}

#[test]
fn a_handle_changes_the_limit_while_calls_run() {
    let layer = ConcurrencyLimitLayer::waiting(1, Wait::new());
    let handle = layer.handle();
    let service = layer.layer(hanging());
    let mut tasks: Vec<_> = (0..3).map(|n| Task::new(service.clone().oneshot(n))).collect();
    assert!(tasks.iter_mut().all(|task| task.poll().is_pending()));
    assert_eq!((handle.max(), handle.in_flight(), handle.waiting()), (1, 1, 2));
    handle.set_max(2);
    assert!(tasks[1].is_woken() && !tasks[2].is_woken());
    assert_eq!((handle.in_flight(), handle.waiting()), (2, 1));
    handle.set_max(1);
    drop(tasks.remove(0));
    assert!(!tasks[1].is_woken(), "one runs, as many as may");
    drop(tasks.remove(0));
    assert!(tasks[0].is_woken());
    drop(tasks);
    assert_eq!((handle.in_flight(), handle.waiting()), (0, 0));
}

#[test]
fn an_observer_hears_of_refusals_and_of_changed_limits() {
    use minato_service::observe::Event;
    let (tell, told) = std::sync::mpsc::channel();
    let layer = ConcurrencyLimitLayer::rejecting(1).observer(move |event: Event| tell.send(event).unwrap());
    let mut service = layer.layer(hanging());
    assert!(poll_ready(&mut service).is_ready());
    let running = service.call(0);
    assert!(told.try_recv().is_err(), "what passes is not told");
    assert!(now(service.call(1)).is_err());
    assert!(matches!(told.try_recv(), Ok(Event::Refused { .. })));
    layer.handle().set_max(5);
    assert_eq!(told.try_recv(), Ok(Event::LimitChanged { from: 1, to: 5 }));
    drop(running);
}

#[test]
fn semaphores_serve_one_limit_after_another() {
    for round in 0..100 {
        let layer = ConcurrencyLimitLayer::rejecting(1 + round % 3);
        let handle = layer.handle();
        let mut service = layer.layer(hanging());
        assert!(poll_ready(&mut service).is_ready());
        let call = service.call(0);
        assert_eq!((handle.max(), handle.in_flight()), (1 + round % 3, 1));
        drop((layer, handle, service));
        // The last permit goes after the last handle.
        drop(call);
    }
}

#[test]
fn a_keyed_rate_has_a_bucket_for_each_key() {
    let hour = Duration::from_secs(3600);
    let service = KeyedRateLimitLayer::new(1, hour, |n: &u32| *n % 10).layer(Probe::well());
    assert_eq!(now(service.clone().oneshot(1)), Ok(2));
    assert_eq!(now(service.clone().oneshot(2)), Ok(3));
    assert!(now(service.oneshot(11)).is_err_and(|error| error.rejection().unwrap().is_rate_limited()));
}

#[test]
fn a_keyed_rate_keeps_track_of_no_more_keys_than_it_may() {
    let hour = Duration::from_secs(3600);
    let layer = KeyedRateLimitLayer::new(1, hour, |n: &u32| *n).keys_max(160);
    let service = layer.layer(Probe::well());
    let admitted = (0..100_000).filter(|n| now(service.clone().oneshot(*n)).is_ok()).count();
    assert_eq!(admitted, 160);
    let layer = KeyedRateLimitLayer::new(1, hour, |n: &u32| *n);
    let service = layer.layer(Probe::well());
    let admitted = (0..200_000).filter(|n| now(service.clone().oneshot(*n)).is_ok()).count();
    assert_eq!(admitted, 65_536, "the default bound");
}
