//! What middleware does with time, on a clock that stands still.

use std::future::Future;
use std::time::Duration;

use crate::support::{Act, Failed, Probe, now};
use minato_runtime::runtime::Builder;
use minato_runtime::time::{Instant, sleep};
use minato_service::limit::{ConcurrencyLimitLayer, RateLimitLayer, Wait};
use minato_service::retry::{Jitter, StandardPolicy};
use minato_service::{
    Backoff, Layer, OverloadError, RetryBudget, ServiceBuilder, ServiceExt, TimeoutError, service_fn,
};

const SECOND: Duration = Duration::from_secs(1);

/// Runs a test on a runtime whose clock moves only when everybody waits.
fn paused<F: Future>(test: F) -> F::Output {
    Builder::new_current_thread().start_paused(true).build().unwrap().block_on(test)
}

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
