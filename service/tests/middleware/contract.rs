//! What every middleware owes the service inside it.

use std::time::Duration;

use crate::support::{Act, Failed, Probe, now, poll_ready};
use minato_service::limit::{ConcurrencyLimitLayer, RateLimitLayer, Wait};
use minato_service::retry::{Jitter, StandardPolicy};
use minato_service::{
    Backoff, BoxError, Layer, Next, OverloadError, Overloaded, Service, ServiceBuilder, ServiceExt,
    TimeoutError, from_fn, option_layer, take_ready, timeout,
};

/// Readies and calls `service` three times; the probe panics where an unready instance is called.
fn drive<S>(mut service: S)
where
    S: Service<u32, Response = u32> + Clone,
    S::Error: std::fmt::Debug,
{
    for round in 0..3 {
        assert!(poll_ready(&mut service).is_ready());
        assert!(poll_ready(&mut service).is_ready(), "asking twice changes nothing");
        let other = service.clone();
        assert_eq!(now(service.call(round)).unwrap(), round + 1);
        assert_eq!(now(other.oneshot(round)).unwrap(), round + 1);
    }
}

type Classifier = fn(&Result<u32, Failed>) -> bool;

fn policy() -> StandardPolicy<Classifier> {
    let backoff = Backoff::new(Duration::ZERO, Duration::ZERO).jitter(Jitter::None);
    StandardPolicy::new(backoff, Result::is_err)
}

#[test]
fn the_readied_instance_is_the_one_called() {
    drive(Probe::well().map_request(|n: u32| n).map_response(|n| n).map_err(|e| e));
    drive(Probe::well().map_result(|r: Result<u32, Failed>| r).map_future(|f| f));
    drive(Probe::well().and_then(|n| async move { Ok::<_, Failed>(n) }));
    drive(Probe::well().then(|r: Result<u32, Failed>| async move { r }));
    drive(from_fn(|n: u32, next: Next<_>| async move { next.call(n).await }).layer(Probe::well()));
    drive(ServiceBuilder::new().timeout(Duration::from_secs(1)).service(Probe::well()));
    drive(ServiceBuilder::new().load_shed().service(Probe::well()));
    drive(ServiceBuilder::new().retry(policy()).service(Probe::well()));
    drive(ConcurrencyLimitLayer::new(2).layer(Probe::well()));
    drive(ConcurrencyLimitLayer::rejecting(1).layer(Probe::well()));
    drive(ConcurrencyLimitLayer::waiting(1, Wait::new()).layer(Probe::well()));
    drive(RateLimitLayer::new(100, Duration::from_secs(1)).layer(Probe::well()));
    drive(RateLimitLayer::rejecting(100, Duration::from_secs(1)).layer(Probe::well()));
    drive(option_layer(Some(timeout::TimeoutLayer::new(Duration::from_secs(1)))).layer(Probe::well()));
    drive(option_layer(None::<timeout::TimeoutLayer>).layer(Probe::well()));
    drive(Probe::well().boxed_clone());
    drive(Probe::well().boxed_clone_sync());
}

#[test]
fn stateful_layers_nest_in_both_orders() {
    let limit = || ConcurrencyLimitLayer::new(2);
    let rate = || RateLimitLayer::new(1000, Duration::from_secs(1));
    drive(ServiceBuilder::new().layer(limit()).retry(policy()).layer(rate()).service(Probe::well()));
    drive(ServiceBuilder::new().layer(rate()).retry(policy()).layer(limit()).service(Probe::well()));
    drive(ServiceBuilder::new().load_shed().layer(limit()).layer(limit()).service(Probe::well()));
}

#[test]
fn tower_and_ours_nest_in_both_orders() {
    let ours_outside = ConcurrencyLimitLayer::new(2).layer(tower::util::BoxCloneService::new(Probe::well()));
    drive(ours_outside);
    let tower_outside =
        tower::ServiceExt::<u32>::map_response(ConcurrencyLimitLayer::new(2).layer(Probe::well()), |n| n);
    drive(tower_outside);
    let called_by_tower = tower::ServiceExt::oneshot(ConcurrencyLimitLayer::new(1).layer(Probe::well()), 1);
    assert_eq!(now(called_by_tower), Ok(2));
    let layered =
        tower_layer::Layer::layer(&timeout::TimeoutLayer::new(Duration::from_secs(1)), Probe::well());
    drive(tower::util::MapRequest::new(layered, |n: u32| n));
}

#[test]
fn a_clone_does_not_inherit_readiness() {
    let mut limited = ConcurrencyLimitLayer::new(2).layer(Probe::well());
    assert!(poll_ready(&mut limited).is_ready());
    let mut clone = limited.clone();
    let called = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(clone.call(1))));
    assert!(called.is_err());
}

#[test]
fn take_ready_leaves_an_unready_clone_behind() {
    let mut service = Probe::well();
    assert!(poll_ready(&mut service).is_ready());
    let readied = take_ready(&mut service);
    let called = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(service.call(1))));
    assert!(called.is_err(), "what stays behind is not ready");
    let (future, mut kept) = readied.call_keeping(1);
    assert_eq!(now(future), Ok(2));
    let called = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(kept.call(1))));
    assert!(called.is_err(), "readiness is used up by the call");
}

#[test]
fn middleware_may_make_a_second_attempt_on_a_readied_service() {
    let twice = from_fn(|n: u32, next: Next<_>| async move {
        let again = next.ready::<u32>().await?;
        match next.call(n).await {
            Err(_) => again.call(n).await,
            reply => reply,
        }
    });
    let probe = Probe::new(&[], &[Act::Fail, Act::Succeed]);
    let observer = probe.observer();
    assert_eq!(now(twice.layer(probe).oneshot(1)), Ok(2));
    assert_eq!(observer.calls(), 2);
}

#[test]
fn readiness_errors_pass_unchanged() {
    let probe = || Probe::new(&[Act::Fail], &[]);
    let expected = Failed("not ready");
    assert_eq!(now(ServiceBuilder::new().concurrency_limit(1).service(probe()).oneshot(1)), Err(expected));
    let timed = ServiceBuilder::new().timeout(Duration::from_secs(1)).service(probe());
    assert_eq!(now(timed.oneshot(1)), Err(TimeoutError::Inner(expected)));
    let shed = ServiceBuilder::new().load_shed().service(probe());
    assert_eq!(now(shed.oneshot(1)), Err(OverloadError::Inner(expected)));
    assert_eq!(now(probe().map_err(|Failed(why)| why.len()).oneshot(1)), Err(9));
}

#[test]
fn wrappers_become_what_they_wrap_when_erased() {
    let erased = BoxError::from(TimeoutError::Inner(Failed("inner")));
    assert_eq!(erased.downcast_ref(), Some(&Failed("inner")));
    let erased_twice = BoxError::from(TimeoutError::Inner(BoxError::from(Failed("inner"))));
    assert_eq!(erased_twice.downcast_ref(), Some(&Failed("inner")));
    let elapsed = BoxError::from(TimeoutError::<BoxError>::Elapsed(timeout::Elapsed::new()));
    assert!(elapsed.is::<timeout::Elapsed>());
    let nested = OverloadError::Inner(TimeoutError::<BoxError>::Elapsed(timeout::Elapsed::new()));
    assert!(BoxError::from(nested).is::<timeout::Elapsed>());
    let refused = BoxError::from(OverloadError::<BoxError>::Overloaded(Overloaded::default()));
    assert!(refused.is::<Overloaded>());
}

#[test]
fn load_shed_refuses_while_the_inner_service_is_not_ready() {
    let probe = Probe::new(&[Act::Hang], &[]);
    let observer = probe.observer();
    let mut shed = ServiceBuilder::new().load_shed().service(probe);
    assert!(poll_ready(&mut shed).is_ready());
    assert!(now(shed.call(1)).is_err_and(|error| error.is_overloaded()));
    assert_eq!(observer.calls(), 0);
    assert!(poll_ready(&mut shed).is_ready());
    assert_eq!(now(shed.call(1)), Ok(2));
}

#[test]
fn layers_apply_from_the_outside_in() {
    let outer = from_fn(|text: String, next: Next<_>| async move {
        let reply: String = next.call(format!("{text}a")).await?;
        Ok::<_, Failed>(format!("{reply}a"))
    });
    let service = ServiceBuilder::new()
        .layer(outer)
        .map_request(|text: String| format!("{text}b"))
        .map_response(|reply: String| format!("{reply}b"))
        .service_fn(|text: String| async move { Ok::<_, Failed>(format!("{text}|")) });
    assert_eq!(now(service.oneshot(String::new())).as_deref(), Ok("ab|ba"));
}

#[test]
fn the_builder_can_erase_what_it_builds() {
    let builder = || ServiceBuilder::new().concurrency_limit(1);
    drive(builder().boxed_clone::<_, u32>().service(Probe::well()));
    drive(builder().boxed_clone_sync::<_, u32>().service(Probe::well()));
    assert_eq!(now(builder().boxed::<_, u32>().service(Probe::well()).oneshot(1)), Ok(2));
}
