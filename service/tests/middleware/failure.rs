//! What is done about failures: breakers, backups, panics, throttles, faults and mirrors.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::time::Duration;

use minato_runtime::time::{Instant, sleep};
use minato_service::breaker::{BreakerError, BreakerHandle, BreakerLayer, Status, WindowKind};
use minato_service::catch_panic::{CatchPanicLayer, PanicError};
use minato_service::fallback::FallbackLayer;
use minato_service::fault::FaultLayer;
use minato_service::mirror::MirrorLayer;
use minato_service::observe::Event;
use minato_service::throttle::ThrottleLayer;
use minato_service::{BoxError, Layer, Rejection, Service, ServiceExt, service_fn};

use crate::support::{Act, Failed, Probe, Task, now, paused, poll_ready};

const SECOND: Duration = Duration::from_secs(1);
const OPEN_FOR: RangeInclusive<Duration> = SECOND..=Duration::from_secs(8);

/// Ends as the request says.
fn obedient() -> impl Service<bool, Response = (), Error = Failed, Future: Send> + Clone + Send {
    service_fn(|is_good: bool| async move { if is_good { Ok(()) } else { Err(Failed("told to fail")) } })
}

fn breaker() -> BreakerLayer {
    BreakerLayer::new(0.5).calls_min(4).open_for(OPEN_FOR).probes(2)
}

async fn opened() -> (impl Service<bool, Response = (), Error = BreakerError<Failed>> + Clone, BreakerHandle)
{
    let layer = breaker();
    let service = layer.layer(obedient());
    for _ in 0..4 {
        assert!(service.clone().oneshot(false).await.is_err());
    }
    assert_eq!(layer.handle().status(), Status::Open);
    (service, layer.handle())
}

#[test]
fn a_breaker_opens_at_its_rate_and_not_before_it_has_seen_enough() {
    let layer = BreakerLayer::new(0.5).calls_min(6);
    let handle = layer.handle();
    let service = layer.layer(obedient());
    for is_good in [false, false, true, true, true] {
        drop(now(service.clone().oneshot(is_good)));
        assert_eq!(handle.status(), Status::Closed);
    }
    drop(now(service.oneshot(false)));
    assert_eq!(handle.status(), Status::Open, "three of six");
}

#[test]
fn an_open_breaker_refuses_and_says_for_how_long() {
    paused(async {
        let (service, _) = opened().await;
        let error = service.oneshot(true).await.unwrap_err();
        let rejection = error.rejection().unwrap();
        assert!(rejection.is_unavailable() && rejection.is_retry_safe());
        assert!(rejection.retry_after().unwrap() <= SECOND);
        assert!(Rejection::of(&*BoxError::from(error)).unwrap().is_unavailable());
    });
}

#[test]
fn an_open_breaker_does_not_ask_the_service_inside_for_readiness() {
    let layer = breaker();
    layer.handle().force_open();
    let mut service = layer.layer(Probe::new(&[Act::Hang; 9], &[]));
    assert!(poll_ready(&mut service).is_ready());
    assert!(now(service.call(1)).is_err_and(|error| error.is_open()));
}

#[test]
fn a_breaker_closes_when_its_probes_go_well() {
    paused(async {
        let (service, handle) = opened().await;
        sleep(SECOND).await;
        assert_eq!(service.clone().oneshot(true).await, Ok(()));
        assert_eq!(handle.status(), Status::HalfOpen);
        assert_eq!(service.clone().oneshot(true).await, Ok(()));
        assert_eq!(handle.status(), Status::Closed);
        assert!(service.clone().oneshot(false).await.is_err_and(|error| !error.is_open()));
        assert_eq!(handle.status(), Status::Closed, "what was counted before is forgotten");
    });
}

#[test]
fn a_breaker_stays_open_for_twice_as_long_after_a_bad_probe() {
    paused(async {
        let (service, handle) = opened().await;
        for seconds in [1, 2, 4, 8, 8] {
            sleep(SECOND * seconds - SECOND / 10).await;
            assert!(service.clone().oneshot(true).await.is_err_and(|error| error.is_open()), "{seconds}");
            sleep(SECOND / 10 + SECOND / 100).await;
            assert!(service.clone().oneshot(false).await.is_err_and(|error| !error.is_open()), "{seconds}");
            assert_eq!(handle.status(), Status::Open);
        }
    });
}

#[test]
fn no_more_probes_run_at_once_than_may_and_a_dropped_one_makes_room() {
    paused(async {
        let layer = breaker();
        let probe = Probe::new(&[], &[Act::Fail, Act::Fail, Act::Fail, Act::Fail, Act::Hang, Act::Hang]);
        let service = layer.layer(probe);
        for n in 0..4 {
            assert!(service.clone().oneshot(n).await.is_err());
        }
        sleep(SECOND).await;
        let mut first = Task::new(service.clone().oneshot(1));
        let mut second = Task::new(service.clone().oneshot(1));
        assert!(first.poll().is_pending() && second.poll().is_pending());
        assert!(service.clone().oneshot(1).await.is_err_and(|error| error.is_open()));
        drop(first);
        assert_eq!(service.oneshot(1).await, Ok(2));
    });
}

#[test]
fn outcomes_of_calls_from_before_the_opening_move_nothing() {
    paused(async {
        let layer = breaker();
        let probe = Probe::new(&[], &[Act::Wait, Act::Fail, Act::Fail, Act::Fail, Act::Fail]);
        let observer = probe.observer();
        let service = layer.layer(probe);
        let mut early = Task::new(service.clone().oneshot(1));
        assert!(early.poll().is_pending());
        for n in 0..4 {
            assert!(service.clone().oneshot(n).await.is_err());
        }
        sleep(SECOND).await;
        assert_eq!(service.clone().oneshot(1).await, Ok(2));
        observer.release();
        assert!(matches!(early.poll(), Poll::Ready(Ok(2))));
        assert_eq!(layer.handle().status(), Status::HalfOpen, "one of two probes has gone well");
    });
}

#[test]
fn slow_calls_count_as_failures_where_a_bound_is_set() {
    paused(async {
        let slow = service_fn(|()| async {
            sleep(2 * SECOND).await;
            Ok::<_, Failed>(())
        });
        let layer = breaker().slow_call(SECOND);
        let service = layer.layer(slow);
        for _ in 0..4 {
            assert_eq!(service.clone().oneshot(()).await, Ok(()));
        }
        assert_eq!(layer.handle().status(), Status::Open);
    });
}

#[test]
fn a_window_of_time_forgets() {
    paused(async {
        let layer = breaker().window(WindowKind::Time(10 * SECOND));
        let service = layer.layer(obedient());
        for _ in 0..3 {
            assert!(service.clone().oneshot(false).await.is_err());
        }
        sleep(20 * SECOND).await;
        assert!(service.clone().oneshot(false).await.is_err());
        assert_eq!(layer.handle().status(), Status::Closed);
        for _ in 0..3 {
            assert!(service.clone().oneshot(false).await.is_err());
        }
        assert_eq!(layer.handle().status(), Status::Open);
    });
}

#[test]
fn a_handle_opens_and_closes_and_an_observer_hears_of_it() {
    let (tell, told) = std::sync::mpsc::channel();
    let layer = breaker().observer(move |event: Event| tell.send(event).unwrap());
    let handle = layer.handle();
    let service = layer.layer(obedient());
    handle.force_open();
    assert!(now(service.clone().oneshot(true)).is_err_and(|error| error.is_open()));
    handle.disable();
    for _ in 0..100 {
        assert!(now(service.clone().oneshot(false)).is_err_and(|error| !error.is_open()));
    }
    assert_eq!(handle.status(), Status::Disabled);
    handle.reset();
    assert_eq!(now(service.oneshot(true)), Ok(()));
    let moved = |from, to| Event::BreakerMoved { from, to };
    let expected = [
        moved(Status::Closed, Status::ForcedOpen),
        moved(Status::ForcedOpen, Status::Disabled),
        moved(Status::Disabled, Status::Closed),
    ];
    assert_eq!(told.try_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn a_handle_changes_when_a_breaker_opens() {
    let layer = BreakerLayer::new(0.9).calls_min(50);
    let (service, handle) = (layer.layer(obedient()), layer.handle());
    for n in 0..20 {
        drop(now(service.clone().oneshot(n % 2 == 0)));
    }
    assert_eq!((handle.status(), handle.failure_rate(), handle.calls_min()), (Status::Closed, 0.9, 50));
    handle.set_calls_min(10);
    drop(now(service.clone().oneshot(false)));
    assert_eq!(handle.status(), Status::Closed, "eleven of twenty-one are not nine of ten");
    handle.set_failure_rate(0.5);
    assert_eq!(handle.status(), Status::Closed, "judged when the next call fails");
    drop(now(service.oneshot(false)));
    assert_eq!(handle.status(), Status::Open);
    assert_eq!((handle.failure_rate(), handle.calls_min()), (0.5, 10));
}

#[test]
fn a_handle_changes_for_how_long_a_breaker_opens_and_how_many_probes_close_it() {
    paused(async {
        let (service, handle) = opened().await;
        assert_eq!((handle.open_for(), handle.probes()), (OPEN_FOR, 2));
        handle.set_open_for(3 * SECOND..=4 * SECOND);
        handle.set_probes(1);
        sleep(SECOND).await;
        // This opening ends when it was to; the one after it, twice as long, is bounded by the new longest.
        assert_eq!(service.clone().oneshot(false).await, Err(BreakerError::Inner(Failed("told to fail"))));
        sleep(4 * SECOND - Duration::from_millis(1)).await;
        assert!(service.clone().oneshot(true).await.is_err_and(|error| error.is_open()));
        sleep(Duration::from_millis(1)).await;
        assert_eq!(service.clone().oneshot(true).await, Ok(()));
        assert_eq!((handle.status(), handle.probes()), (Status::Closed, 1), "one is enough");
        for _ in 0..4 {
            assert!(service.clone().oneshot(false).await.is_err());
        }
        sleep(2 * SECOND).await;
        assert!(service.clone().oneshot(true).await.is_err_and(|error| error.is_open()));
        sleep(SECOND).await;
        assert_eq!(service.oneshot(true).await, Ok(()));
    });
}

#[test]
fn a_breaker_whose_probes_are_made_fewer_while_it_is_half_open_closes() {
    paused(async {
        let layer = breaker().probes(5);
        let (service, handle) = (layer.layer(obedient()), layer.handle());
        for _ in 0..4 {
            assert!(service.clone().oneshot(false).await.is_err());
        }
        sleep(SECOND).await;
        for _ in 0..3 {
            assert_eq!(service.clone().oneshot(true).await, Ok(()));
        }
        handle.set_probes(2);
        assert_eq!(handle.status(), Status::HalfOpen);
        assert_eq!(service.oneshot(true).await, Ok(()));
        assert_eq!(handle.status(), Status::Closed);
    });
}

#[test]
fn a_handle_changes_what_a_breaker_takes_for_slow() {
    paused(async {
        let slow = service_fn(|seconds: u32| async move {
            sleep(SECOND * seconds).await;
            Ok::<_, Failed>(())
        });
        let layer = breaker().slow_call(10 * SECOND);
        let (service, handle) = (layer.layer(slow), layer.handle());
        for _ in 0..8 {
            assert_eq!(service.clone().oneshot(3).await, Ok(()));
        }
        assert_eq!((handle.status(), handle.slow_call()), (Status::Closed, Some(10 * SECOND)));
        handle.set_slow_call(2 * SECOND);
        for _ in 0..8 {
            assert_eq!(handle.status(), Status::Closed);
            assert_eq!(service.clone().oneshot(3).await, Ok(()));
        }
        assert_eq!(handle.status(), Status::Open, "eight of sixteen");
        assert_eq!(breaker().handle().slow_call(), None);
    });
}

#[test]
fn what_is_a_failure_is_told_by_the_classifier() {
    let layer = breaker().failure_if(|result: &Result<u32, Failed>| matches!(result, Ok(n) if *n > 100));
    let service = layer.layer(Probe::new(&[], &[Act::Fail; 10]));
    for n in 0..10 {
        assert!(now(service.clone().oneshot(n)).is_err());
    }
    assert_eq!(layer.handle().status(), Status::Closed);
    for _ in 0..10 {
        drop(now(service.clone().oneshot(100)));
    }
    assert_eq!(layer.handle().status(), Status::Open);
}

#[test]
fn threads_open_a_breaker_once() {
    let count = Arc::new(AtomicU32::new(0));
    let counted = count.clone();
    let layer =
        breaker().open_for(Duration::from_secs(600)..=Duration::from_secs(600)).observer(move |_: Event| {
            counted.fetch_add(1, Ordering::Relaxed);
        });
    let service = layer.layer(obedient());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let service = service.clone();
            scope.spawn(move || (0..500).for_each(|_| drop(now(service.clone().oneshot(false)))));
        }
    });
    assert_eq!((layer.handle().status(), count.load(Ordering::Relaxed)), (Status::Open, 1));
}

#[test]
fn contradictory_breakers_are_refused_with_the_name_of_the_field() {
    let message = |make: fn() -> BreakerLayer| {
        let payload = std::panic::catch_unwind(make).expect_err("refused");
        let text = payload.downcast_ref::<String>().cloned();
        text.or_else(|| payload.downcast_ref::<&str>().map(ToString::to_string)).unwrap()
    };
    assert!(message(|| BreakerLayer::new(f64::NAN)).contains("`failure_rate`"));
    assert!(message(|| BreakerLayer::new(0.0)).contains("`failure_rate`"));
    assert!(message(|| BreakerLayer::new(0.5).calls_min(0)).contains("`calls_min`"));
    assert!(message(|| BreakerLayer::new(0.5).calls_min(101)).contains("`calls_min`"));
    assert!(message(|| BreakerLayer::new(0.5).window(WindowKind::Calls(1))).contains("`window`"));
    assert!(message(|| BreakerLayer::new(0.5).window(WindowKind::Time(Duration::ZERO))).contains("`window`"));
    assert!(message(|| BreakerLayer::new(0.5).open_for(SECOND..=Duration::ZERO)).contains("`open_for`"));
    assert!(message(|| BreakerLayer::new(0.5).probes(0)).contains("`probes`"));
    assert!(message(|| BreakerLayer::new(0.5).slow_call(Duration::ZERO)).contains("`slow_call`"));
}

#[test]
fn the_backup_answers_when_the_first_service_fails_and_in_its_own_time() {
    let backup = Probe::new(&[Act::Wait], &[]);
    let observer = backup.observer();
    let service = FallbackLayer::new(backup).layer(Probe::new(&[], &[Act::Succeed, Act::Fail]));
    assert_eq!(now(service.clone().oneshot(1)), Ok(2));
    let mut task = Task::new(service.oneshot(5));
    assert!(task.poll().is_pending(), "the backup is not ready");
    observer.release();
    assert_eq!(task.poll(), Poll::Ready(Ok(6)));
    assert_eq!(observer.calls(), 1);
}

#[test]
fn a_fallback_leaves_answers_alone_that_are_no_failures() {
    let layer = FallbackLayer::new(Probe::well()).failure_if(|result: &Result<u32, Failed>| result == &Ok(2));
    assert_eq!(now(layer.layer(Probe::new(&[], &[Act::Fail])).oneshot(1)), Err(Failed("call failed")));
    assert_eq!(now(layer.layer(Probe::new(&[], &[Act::Fail])).oneshot(1)), Err(Failed("call failed")));
}

/// Panics when dropped, and when polled.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

impl std::future::Future for Bomb {
    type Output = Result<u32, Failed>;

    fn poll(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> Poll<Self::Output> {
        panic!("{} in a future", "panicked")
    }
}

#[test]
fn panics_in_calls_and_futures_and_their_destructors_are_one_error() {
    let service = CatchPanicLayer::new().layer(service_fn(|n: u32| {
        assert!(n > 0, "zero");
        Bomb
    }));
    let message = |result: Result<u32, PanicError<Failed>>| match result {
        Err(PanicError::Panicked(panicked)) => panicked.message().to_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!(message(now(service.oneshot(0))), "zero");
    assert_eq!(message(now(service.oneshot(1))), "panicked in a future");
}

#[test]
fn a_throttle_sends_a_little_more_than_is_accepted_and_recovers() {
    paused(async {
        let layer = ThrottleLayer::new(2.0).window(10 * SECOND).seed(7);
        let handle = layer.handle();
        let service = layer.layer(obedient());
        for _ in 0..100 {
            assert_eq!(service.clone().oneshot(true).await, Ok(()));
        }
        assert_eq!(handle.probability(), 0.0);
        let mut sent = 0;
        for _ in 0..2000 {
            let error = service.clone().oneshot(false).await.unwrap_err();
            sent += u32::from(!error.is_overloaded());
        }
        // 200 are paid for by the accepts; after that ever fewer are sent.
        assert!((100..700).contains(&sent), "{sent}");
        assert!(handle.probability() > 0.8);
        sleep(20 * SECOND).await;
        assert_eq!(handle.probability(), 0.0);
        assert_eq!(service.oneshot(true).await, Ok(()));
    });
}

#[test]
#[should_panic(expected = "`factor` is NaN")]
fn a_throttle_without_a_number_is_refused() {
    let _ = ThrottleLayer::new(f64::NAN);
}

#[test]
fn faults_are_as_many_as_told_and_the_same_for_the_same_seed() {
    paused(async {
        let run = async |seed: u64| {
            let layer =
                FaultLayer::seeded(seed, || Failed("injected")).errors(0.3).delays(0.2, SECOND..=3 * SECOND);
            let service = layer.layer(Probe::well());
            let mut fates = Vec::new();
            for n in 0..500 {
                let start = Instant::now();
                let is_failed = service.clone().oneshot(n).await.is_err();
                fates.push((is_failed, start.elapsed().as_millis() / 10));
            }
            fates
        };
        let (first, again, other) = (run(1).await, run(1).await, run(2).await);
        let failed =
            |fates: &[(bool, u128)]| fates.iter().map(|(is_failed, _)| *is_failed).collect::<Vec<_>>();
        assert_eq!(failed(&first), failed(&again));
        assert_ne!(failed(&first), failed(&other));
        let failures = first.iter().filter(|(is_failed, _)| *is_failed).count();
        let delays: Vec<_> = first.iter().map(|(_, delay)| *delay).filter(|delay| *delay > 0).collect();
        assert!((110..190).contains(&failures), "{failures}");
        assert!((65..140).contains(&delays.len()), "{}", delays.len());
        assert!(delays.iter().all(|delay| (100..=301).contains(delay)), "{delays:?}");
    });
}

#[test]
fn faults_can_be_switched_while_calls_run() {
    let layer = FaultLayer::seeded(1, || Failed("injected")).errors(1.0);
    let service = layer.layer(Probe::well());
    paused(async {
        assert_eq!(service.clone().oneshot(1).await, Err(Failed("injected")));
        layer.handle().switch_off();
        assert_eq!(service.clone().oneshot(1).await, Ok(2));
        layer.handle().switch_on();
        layer.handle().set_errors(0.0);
        assert_eq!(service.oneshot(1).await, Ok(2));
    });
}

#[test]
fn faults_meet_the_requests_they_are_meant_for() {
    let layer = FaultLayer::seeded(1, || Failed("injected")).errors(1.0).when(|n: &u32| *n > 5);
    let service = layer.layer(Probe::well());
    paused(async {
        assert_eq!(service.clone().oneshot(5).await, Ok(6));
        assert_eq!(service.oneshot(6).await, Err(Failed("injected")));
    });
}

#[test]
fn an_observer_hears_of_each_fault_and_of_nothing_else() {
    let (tell, told) = std::sync::mpsc::channel();
    let layer = FaultLayer::seeded(1, || Failed("injected"))
        .errors(0.5)
        .delays(0.5, SECOND..=SECOND)
        .observer(move |event: Event| tell.send(event).unwrap());
    let (service, handle) = (layer.layer(Probe::well()), layer.handle());
    paused(async {
        let mut met = Vec::new();
        for n in 0..100 {
            let start = Instant::now();
            let is_failure = service.clone().oneshot(n).await.is_err();
            let delay = if start.elapsed() >= SECOND { SECOND } else { Duration::ZERO };
            if is_failure || !delay.is_zero() {
                met.push(Event::Injected { delay, is_failure });
            }
        }
        assert_eq!(told.try_iter().collect::<Vec<_>>(), met);
        assert!((50..95).contains(&met.len()), "{}", met.len());
        assert_eq!((handle.is_on(), handle.errors(), handle.delays()), (true, 0.5, 0.5));
        handle.switch_off();
        assert_eq!(service.oneshot(1).await, Ok(2));
        assert_eq!((handle.is_on(), told.try_iter().count()), (false, 0));
    });
}

#[test]
#[should_panic(expected = "`errors` is 1.5")]
fn more_faults_than_calls_are_refused() {
    let _ = FaultLayer::seeded(1, || ()).errors(1.5);
}

#[test]
fn a_mirror_delays_nobody_and_has_a_bound() {
    paused(async {
        let shadow = Probe::new(&[], &[Act::Hang; 100]);
        let observer = shadow.observer();
        let layer = MirrorLayer::new(shadow, 3, |n: &u32| (*n != 2).then_some(*n));
        let service = layer.layer(Probe::well());
        for n in 0..10 {
            assert_eq!(service.clone().oneshot(n).await, Ok(n + 1));
            minato_runtime::task::yield_now().await;
        }
        assert_eq!((observer.calls(), layer.handle().in_flight()), (3, 3));
    });
}

#[test]
fn an_observer_hears_of_copies_that_failed_or_were_not_made() {
    paused(async {
        let (tell, told) = std::sync::mpsc::channel();
        let shadow = Probe::new(&[], &[Act::Succeed, Act::Fail, Act::Hang]);
        let layer = MirrorLayer::new(shadow, 1, |n: &u32| Some(*n))
            .observer(move |event: Event| tell.send(event).unwrap());
        let service = layer.layer(Probe::well());
        let mut heard = Vec::new();
        for n in 0..4 {
            assert_eq!(service.clone().oneshot(n).await, Ok(n + 1));
            minato_runtime::task::yield_now().await;
            heard.push(told.try_iter().collect::<Vec<_>>());
        }
        assert_eq!(heard, [vec![], vec![Event::MirrorFailed], vec![], vec![Event::MirrorSkipped]]);
        layer.handle().set_max(2);
        assert_eq!(told.try_recv(), Ok(Event::LimitChanged { from: 1, to: 2 }));
    });
}
