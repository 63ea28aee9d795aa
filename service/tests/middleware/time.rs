//! What middleware does with time, on a clock that stands still.

use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use crate::support::{Act, Failed, Probe, Task, now, paused};
use minato_runtime::time::{Instant, sleep};
use minato_service::deadline::{Deadline, DeadlineLayer};
use minato_service::error::OverloadReason;
use minato_service::limit::{ConcurrencyLimitLayer, KeyedRateLimitLayer, QueueDelay, RateLimitLayer, Wait};
use minato_service::observe::Event;
use minato_service::retry::{Jitter, StandardPolicy, Verdict};
use minato_service::timeout::{RequestTimeoutLayer, Timeout, TotalTimeoutLayer};
use minato_service::{
    Backoff, Layer, OverloadError, RetryBudget, ServiceBuilder, ServiceExt, TimeoutError, service_fn,
};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_call_that_takes_too_long_is_dropped() {
    paused(async {
        let slow = service_fn(|n: u32| async move {
            sleep(10 * SECOND).await;
            Ok::<_, Failed>(n)
        });
        let start = Instant::now();
        let result = ServiceBuilder::new().timeout(2 * SECOND).service(slow).oneshot(1).await;
        assert!(result.is_err_and(|error| error.is_elapsed()));
        assert_eq!(start.elapsed().as_secs(), 2);
    });
}

#[test]
fn a_call_within_its_time_ends_as_it_ends() {
    paused(async {
        let service = service_fn(|n: u32| async move {
            sleep(SECOND).await;
            if n == 0 { Err(Failed("zero")) } else { Ok(n) }
        });
        let service = ServiceBuilder::new().timeout(2 * SECOND).service(service);
        assert_eq!(service.oneshot(1).await, Ok(1));
        assert_eq!(service.oneshot(0).await, Err(TimeoutError::Inner(Failed("zero"))));
    });
}

#[test]
fn a_call_that_is_answered_at_once_needs_no_clock() {
    // Outside a runtime there is no timer: to make one would panic.
    let service = ServiceBuilder::new().timeout(SECOND).service(Probe::well());
    assert_eq!(now(service.oneshot(1)), Ok(2));
}

#[test]
fn waiting_for_a_place_is_bounded_in_time() {
    paused(async {
        let layer = ConcurrencyLimitLayer::waiting(1, Wait::at_most(3 * SECOND));
        let service = layer.layer(service_fn(|hold: Duration| async move {
            sleep(hold).await;
            Ok::<_, Failed>(())
        }));
        let running = minato_runtime::spawn(service.clone().oneshot(10 * SECOND));
        minato_runtime::task::yield_now().await;
        let start = Instant::now();
        let result = service.clone().oneshot(SECOND).await;
        assert!(matches!(result, Err(OverloadError::Overloaded(_))));
        assert_eq!(start.elapsed().as_secs(), 3);
        assert_eq!(running.await.unwrap(), Ok(()));
        assert_eq!(service.oneshot(SECOND).await, Ok(()));
    });
}

#[test]
fn a_rate_limit_holds_the_pace_over_all_clones() {
    paused(async {
        let service = RateLimitLayer::new(5, SECOND).layer(Probe::well());
        let start = Instant::now();
        for n in 0..15 {
            assert_eq!(service.clone().oneshot(n).await, Ok(n + 1));
        }
        let elapsed = start.elapsed();
        assert!((2 * SECOND..2 * SECOND + SECOND / 10).contains(&elapsed), "{elapsed:?}");
    });
}

#[test]
fn the_standard_policy_backs_off_and_gives_up() {
    paused(async {
        let backoff = Backoff::new(SECOND, 60 * SECOND).jitter(Jitter::None);
        let policy = StandardPolicy::new(backoff, Result::is_err).attempts_max(4);
        let probe = Probe::new(&[], &[Act::Fail; 10]);
        let observer = probe.observer();
        let start = Instant::now();
        let result = ServiceBuilder::new().retry(policy).service(probe).oneshot(1).await;
        assert_eq!(result, Err(Failed("call failed")));
        assert_eq!(observer.calls(), 4);
        assert_eq!(start.elapsed().as_secs(), 1 + 2 + 4);
    });
}

#[test]
fn the_standard_policy_makes_three_attempts_by_default() {
    paused(async {
        let policy = StandardPolicy::new(Backoff::new(SECOND, SECOND), Result::is_err);
        let probe = Probe::new(&[], &[Act::Fail; 10]);
        let observer = probe.observer();
        assert!(ServiceBuilder::new().retry(policy).service(probe).oneshot(1).await.is_err());
        assert_eq!(observer.calls(), 3);
    });
}

#[test]
fn retries_stay_within_their_budget() {
    paused(async {
        let policy = StandardPolicy::new(Backoff::new(SECOND, SECOND), Result::is_err)
            .attempts_max(10)
            .budget(RetryBudget::new(50, 0));
        let probe = Probe::new(&[], &[Act::Fail; 100]);
        let observer = probe.observer();
        let service = ServiceBuilder::new().retry(policy).service(probe);
        for n in 0..10 {
            assert!(service.clone().oneshot(n).await.is_err());
        }
        assert_eq!(observer.calls(), 15);
    });
}

/// Answers after as long as the request says.
fn sleeper()
-> impl minato_service::Service<Duration, Response = (), Error = Failed, Future: Send> + Clone + Send {
    service_fn(|duration: Duration| async move {
        sleep(duration).await;
        Ok::<_, Failed>(())
    })
}

#[test]
fn a_deadline_ends_the_call_and_is_known_inside() {
    paused(async {
        let layer = DeadlineLayer::from_fn(|_: &u32| Some(Deadline::after(2 * SECOND)));
        let service = layer.layer(service_fn(|n: u32| async move {
            assert!(Deadline::current().unwrap().remaining() <= 2 * SECOND);
            sleep(SECOND * n).await;
            Ok::<_, Failed>(Deadline::current().unwrap().remaining())
        }));
        let left = service.oneshot(1).await.unwrap();
        assert!((SECOND * 9 / 10..=SECOND).contains(&left), "{left:?}");
        let start = Instant::now();
        assert!(service.oneshot(5).await.is_err_and(|error| error.is_elapsed()));
        assert_eq!(start.elapsed().as_secs(), 2);
        assert_eq!(Deadline::current(), None);
    });
}

#[test]
fn a_deadline_only_comes_nearer() {
    paused(async {
        let near = Deadline::after(SECOND);
        let far = Deadline::after(9 * SECOND);
        near.scope(async {
            assert_eq!(far.scope(async { Deadline::current() }).await, Some(near));
            assert_eq!(Deadline::current(), Some(near));
        })
        .await;
        let layer = DeadlineLayer::from_fn(|_: &()| None).or_after(5 * SECOND).at_most(2 * SECOND);
        let inner = service_fn(|()| async { Ok::<_, Failed>(Deadline::current().unwrap().remaining()) });
        assert_eq!(layer.layer(inner).oneshot(()).await, Ok(2 * SECOND));
        assert_eq!(near.scope(layer.layer(inner).oneshot(())).await, Ok(SECOND));
    });
}

#[test]
fn a_call_after_its_deadline_is_not_begun() {
    paused(async {
        let probe = Probe::well();
        let observer = probe.observer();
        let layer = DeadlineLayer::from_fn(|_: &u32| Some(Deadline::after(Duration::ZERO)));
        assert!(layer.layer(probe).oneshot(1).await.is_err_and(|error| error.is_elapsed()));
        assert_eq!(observer.calls(), 0);
    });
}

#[test]
fn who_waits_beyond_its_deadline_loses_its_turn() {
    paused(async {
        let layer = ConcurrencyLimitLayer::waiting(1, Wait::new());
        let service = layer.layer(sleeper());
        let running = minato_runtime::spawn(service.clone().oneshot(5 * SECOND));
        minato_runtime::task::yield_now().await;
        let late = Deadline::after(SECOND).scope(service.clone().oneshot(SECOND));
        let late = minato_runtime::spawn(late);
        assert_eq!(running.await.unwrap(), Ok(()));
        assert!(late.await.unwrap().is_err_and(|error| error.is_overloaded()));
        let expired = Deadline::at(Instant::now()).scope(async { service.clone().oneshot(SECOND).await });
        assert_eq!(expired.await, Ok(()), "there is room, and nothing to wait for");
    });
}

#[test]
fn a_standing_queue_sheds_the_old_and_serves_the_new() {
    paused(async {
        let delay = QueueDelay::new(SECOND / 10, SECOND);
        let layer = ConcurrencyLimitLayer::waiting(1, Wait::new().queue_delay(delay));
        let service = layer.layer(sleeper());
        // A burst that is gone within the interval: all are served.
        let burst: Vec<_> =
            (0..4).map(|_| minato_runtime::spawn(service.clone().oneshot(SECOND / 10))).collect();
        for call in burst {
            assert_eq!(call.await.unwrap(), Ok(()));
        }
        // One long call makes the queue stand.
        let long = minato_runtime::spawn(service.clone().oneshot(2 * SECOND));
        minato_runtime::task::yield_now().await;
        let old = minato_runtime::spawn(service.clone().oneshot(SECOND / 10));
        sleep(2 * SECOND - SECOND / 20).await;
        let new: Vec<_> =
            (0..2).map(|_| minato_runtime::spawn(service.clone().oneshot(SECOND / 10))).collect();
        assert_eq!(long.await.unwrap(), Ok(()));
        assert!(old.await.unwrap().is_err_and(|error| error.is_overloaded()));
        let served: Vec<bool> = [new[0].is_finished(), new[1].is_finished()].into();
        assert_eq!(served, [false, false]);
        let mut outcomes = Vec::new();
        for call in new {
            outcomes.push(call.await.unwrap().is_ok());
        }
        assert_eq!(outcomes, [false, true], "the newest first; the other then waited longer than the target");
    });
}

#[test]
fn a_rate_that_waits_lets_calls_through_in_their_time() {
    paused(async {
        let service =
            RateLimitLayer::waiting(1, SECOND, Wait::at_most(5 * SECOND).waiters(3)).layer(Probe::well());
        let start = Instant::now();
        let calls: Vec<_> = (0..5).map(|n| minato_runtime::spawn(service.clone().oneshot(n))).collect();
        let mut outcomes = Vec::new();
        for call in calls {
            outcomes.push(call.await.unwrap().is_ok());
        }
        assert_eq!(outcomes, [true, true, true, true, false], "one runs, three wait, one is too many");
        assert_eq!(start.elapsed().as_secs(), 3);
    });
}

#[test]
fn the_number_of_calls_that_wait_is_shared_by_the_services_of_one_layer() {
    paused(async {
        let layer = RateLimitLayer::waiting(1, SECOND, Wait::new().waiters(1));
        let (first, second) = (layer.layer(Probe::well()), layer.layer(Probe::well()));
        assert_eq!(first.clone().oneshot(1).await, Ok(2));
        let waiting = minato_runtime::spawn(first.oneshot(1));
        minato_runtime::task::yield_now().await;
        assert!(second.clone().oneshot(1).await.is_err_and(|error| error.is_overloaded()));
        assert_eq!(waiting.await.unwrap(), Ok(2));
        assert_eq!(second.oneshot(1).await, Ok(2));
    });
}

#[test]
fn a_rate_refuses_at_once_what_would_come_too_late() {
    paused(async {
        let service = RateLimitLayer::waiting(1, 10 * SECOND, Wait::at_most(SECOND)).layer(Probe::well());
        assert_eq!(service.clone().oneshot(1).await, Ok(2));
        let start = Instant::now();
        assert!(service.clone().oneshot(1).await.is_err());
        let patient = RateLimitLayer::waiting(1, 10 * SECOND, Wait::new()).layer(Probe::well());
        assert_eq!(patient.clone().oneshot(1).await, Ok(2));
        let bound = Deadline::after(SECOND).scope(async { patient.clone().oneshot(1).await });
        assert!(bound.await.is_err());
        assert_eq!(start.elapsed(), Duration::ZERO);
    });
}

#[test]
fn what_has_expired_when_its_turn_comes_takes_no_place_of_a_rate() {
    paused(async {
        let events = Arc::new(Mutex::new(Vec::new()));
        let heard = events.clone();
        let layer = RateLimitLayer::waiting(1, 10 * SECOND, Wait::new())
            .observer(move |event| heard.lock().unwrap().push(event));
        let handle = layer.handle();
        let probe = Probe::well();
        let observer = probe.observer();
        let service = layer.layer(probe);
        assert_eq!(service.clone().oneshot(0).await, Ok(1));
        let mut late = Task::new(Deadline::after(11 * SECOND).scope(service.clone().oneshot(1)));
        assert!(late.poll().is_pending());
        // Its turn comes after ten seconds, but whoever polls it is held up beyond the deadline.
        sleep(12 * SECOND).await;
        assert!(late.is_woken());
        let Poll::Ready(Err(OverloadError::Overloaded(refusal))) = late.poll() else { panic!("not refused") };
        assert_eq!(refusal.reason, OverloadReason::QueueDelay);
        assert_eq!((observer.calls(), handle.waiting()), (1, 0), "not called, and no longer counted");
        assert_eq!(*events.lock().unwrap(), [Event::Refused { reason: OverloadReason::QueueDelay }]);
        assert_eq!(now(service.oneshot(2)), Ok(3), "the place is still there");
        assert_eq!(handle.rate(), (1, 10 * SECOND));
    });
}

#[test]
fn a_rate_can_be_changed_while_calls_run() {
    paused(async {
        let layer = RateLimitLayer::rejecting(1, 1000 * SECOND);
        let service = layer.layer(Probe::well());
        assert_eq!(service.clone().oneshot(1).await, Ok(2));
        assert!(service.clone().oneshot(1).await.is_err());
        layer.handle().set_rate(1000, 1000 * SECOND);
        // What was owed at the old rate stays owed, but for the burst of the new one.
        sleep(SECOND).await;
        assert_eq!(service.oneshot(1).await, Ok(2));
    });
}

#[test]
fn a_keyed_rate_forgets_full_buckets_when_it_needs_room() {
    paused(async {
        let service = KeyedRateLimitLayer::new(1, SECOND, |n: &u32| *n).keys_max(16).layer(Probe::well());
        let mut admitted = 0;
        for n in 0..1000 {
            admitted += u32::from(service.clone().oneshot(n).await.is_ok());
        }
        assert_eq!(admitted, 16);
        sleep(2 * SECOND).await;
        for n in 1000..2000 {
            admitted += u32::from(service.clone().oneshot(n).await.is_ok());
        }
        assert_eq!(admitted, 32);
    });
}

#[test]
fn a_total_timeout_covers_readiness() {
    paused(async {
        let busy = ConcurrencyLimitLayer::new(1).layer(sleeper());
        let running = minato_runtime::spawn(busy.clone().oneshot(9 * SECOND));
        minato_runtime::task::yield_now().await;
        let start = Instant::now();
        let result = TotalTimeoutLayer::new(2 * SECOND).layer(busy).oneshot(SECOND).await;
        assert!(result.is_err_and(|error| error.is_elapsed()));
        assert_eq!(start.elapsed().as_secs(), 2);
        assert_eq!(running.await.unwrap(), Ok(()));
    });
}

#[test]
fn a_request_says_how_long_it_may_take() {
    paused(async {
        let layer = RequestTimeoutLayer::new(|n: &u32| (*n > 0).then(|| SECOND * *n));
        let service = layer.layer(service_fn(|_: u32| async {
            sleep(3 * SECOND).await;
            Ok::<_, Failed>(())
        }));
        assert!(service.oneshot(2).await.is_err());
        assert_eq!(service.oneshot(4).await, Ok(()));
        assert_eq!(service.oneshot(0).await, Ok(()), "no bound");
    });
}

#[test]
fn nested_timeouts_grow_the_future_by_little() {
    let inner = service_fn(|n: u32| std::future::ready(Ok::<_, Failed>(n)));
    let once = size_of_val(&minato_service::Service::call(&mut Timeout::new(inner, SECOND), 1));
    let mut nested = Timeout::new(Timeout::new(inner, SECOND), SECOND);
    let twice = size_of_val(&minato_service::Service::call(&mut nested, 1));
    assert!(twice - once <= 32, "{once} {twice}");
}

#[test]
fn the_callee_says_when_to_come_back() {
    paused(async {
        let backoff = Backoff::new(SECOND, SECOND).jitter(Jitter::None);
        let policy = StandardPolicy::new(backoff, |result: &Result<u32, Failed>| match result {
            Err(_) => Verdict::RetryAfter(7 * SECOND),
            Ok(_) => Verdict::Accept,
        });
        let start = Instant::now();
        let probe = Probe::new(&[], &[Act::Fail]);
        assert_eq!(ServiceBuilder::new().retry(policy).service(probe).oneshot(1).await, Ok(2));
        assert_eq!(start.elapsed().as_secs(), 7);
    });
}

#[test]
fn a_further_attempt_sees_the_error_of_the_one_before() {
    #[derive(Debug, Clone, PartialEq)]
    struct Before(String);
    paused(async {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = seen.clone();
        let inner = service_fn(move |request: http::Request<()>| {
            let mut log = log.lock().unwrap();
            log.push(request.extensions().get::<Before>().cloned());
            let attempt = log.len();
            std::future::ready(if attempt < 3 { Err(format!("attempt {attempt}")) } else { Ok(attempt) })
        });
        let policy = StandardPolicy::new(Backoff::new(SECOND, SECOND), Result::is_err).prepare_with(
            |request: &mut http::Request<()>, result: &Result<usize, String>| {
                let error = result.as_ref().unwrap_err().clone();
                request.extensions_mut().insert(Before(error));
            },
        );
        let service = ServiceBuilder::new().retry(policy).service(inner);
        assert_eq!(service.oneshot(http::Request::new(())).await, Ok(3));
        let before = |text: &str| Some(Before(text.to_owned()));
        assert_eq!(*seen.lock().unwrap(), [None, before("attempt 1"), before("attempt 2")]);
    });
}

#[test]
fn no_attempt_is_made_that_would_begin_after_the_deadline() {
    paused(async {
        let backoff = Backoff::constant(2 * SECOND).jitter(Jitter::None);
        let policy = StandardPolicy::new(backoff, Result::is_err).attempts_max(10);
        let probe = Probe::new(&[], &[Act::Fail; 10]);
        let observer = probe.observer();
        let start = Instant::now();
        let call = ServiceBuilder::new().retry(policy).service(probe).oneshot(1);
        assert!(Deadline::after(5 * SECOND).scope(call).await.is_err());
        assert_eq!((observer.calls(), start.elapsed().as_secs()), (3, 4));
    });
}

#[test]
fn an_observer_hears_of_retries_and_of_those_the_budget_denied() {
    use minato_service::observe::Event;
    paused(async {
        let (tell, told) = std::sync::mpsc::channel();
        let backoff = Backoff::constant(SECOND).jitter(Jitter::None);
        let policy = StandardPolicy::new(backoff, Result::is_err)
            .budget(RetryBudget::new(0, 1))
            .observer(move |event: Event| tell.send(event).unwrap());
        let probe = Probe::new(&[], &[Act::Fail; 10]);
        assert!(ServiceBuilder::new().retry(policy).service(probe).oneshot(1).await.is_err());
        let events: Vec<_> = told.try_iter().collect();
        assert_eq!(events, [Event::Retried { attempts: 1, delay: SECOND }, Event::RetryDenied]);
    });
}
