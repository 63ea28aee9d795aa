//! The contract, run on every middleware.
//!
//! A middleware is given as a function from the service inside, a [`Probe`], which insists on its side of the contract:
//! calling an instance that was not polled ready panics.

use std::time::Duration;

use minato_service::balance::{Balance, Ejection, Endpoints, Load, P2c};
use minato_service::boxed::{ArcService, BoxCloneService};
use minato_service::breaker::BreakerLayer;
use minato_service::buffer::Buffer;
use minato_service::catch_panic::CatchPanicLayer;
use minato_service::deadline::{Deadline, DeadlineLayer};
use minato_service::fallback::FallbackLayer;
use minato_service::fault::FaultLayer;
use minato_service::hedge::HedgeLayer;
use minato_service::limit::adaptive::{AdaptiveLimitLayer, Gradient2};
use minato_service::limit::{ConcurrencyLimitLayer, KeyedRateLimitLayer, Priority, RateLimitLayer, Wait};
use minato_service::mirror::MirrorLayer;
use minato_service::retry::{Jitter, StandardPolicy};
use minato_service::throttle::ThrottleLayer;
use minato_service::timeout::{RequestTimeoutLayer, TimeoutLayer, TotalTimeoutLayer};
use minato_service::{
    Backoff, BoxError, Layer, Next, Service, ServiceBuilder, ServiceExt, Steer, from_fn, option_layer,
};

use crate::support::{Act, Failed, Probe, Task, now, paused, poll_ready};

/// What the middleware does with an error of the service inside.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Errors {
    /// It comes out.
    Pass,
    /// The middleware is there to do something about it.
    Handled,
}

fn holds<S>(name: &str, errors: Errors, make: impl Fn(Probe) -> S)
where
    S: Service<u32, Response = u32> + Clone,
    S::Error: Into<BoxError>,
{
    the_readied_instance_is_called(name, &make);
    pending_is_followed_by_one_wake(name, &make);
    a_dropped_call_leaves_nothing(name, &make);
    a_dropped_readiness_leaves_nothing(name, &make);
    if errors == Errors::Pass {
        errors_come_out_as_they_went_in(name, &make);
    }
}

/// Also after clones were made, on every further call, and however often readiness was asked for.
fn the_readied_instance_is_called<S>(name: &str, make: &impl Fn(Probe) -> S)
where
    S: Service<u32, Response = u32> + Clone,
    S::Error: Into<BoxError>,
{
    let mut service = make(Probe::well());
    for round in 0..3 {
        assert!(poll_ready(&mut service).is_ready(), "{name}");
        assert!(poll_ready(&mut service).is_ready(), "{name}: asking twice changes nothing");
        let other = service.clone();
        assert_eq!(now(service.call(round)).map_err(Into::into).ok(), Some(round + 1), "{name}");
        assert_eq!(now(other.oneshot(round)).map_err(Into::into).ok(), Some(round + 1), "{name}");
    }
}

/// Whoever says pending wakes later, and not before there is something to be done.
fn pending_is_followed_by_one_wake<S>(name: &str, make: &impl Fn(Probe) -> S)
where
    S: Service<u32, Response = u32> + Clone,
    S::Error: Into<BoxError>,
{
    for (readiness, calls) in [(vec![Act::Wait], vec![]), (vec![], vec![Act::Wait])] {
        let probe = Probe::new(&readiness, &calls);
        let observer = probe.observer();
        let mut task = Task::new(make(probe).oneshot(1));
        assert!(task.poll().is_pending(), "{name}");
        assert!(!task.is_woken(), "{name}: wakes itself");
        observer.release();
        assert!(task.is_woken(), "{name}: is not woken");
        match task.poll() {
            std::task::Poll::Ready(Ok(response)) => assert_eq!(response, 2, "{name}"),
            _ => panic!("{name}: does not end"),
        }
        assert_eq!(observer.live(), 0, "{name}: a call outlives its answer");
    }
}

/// A call that is dropped in the middle leaves room for the next.
fn a_dropped_call_leaves_nothing<S>(name: &str, make: &impl Fn(Probe) -> S)
where
    S: Service<u32, Response = u32> + Clone,
    S::Error: Into<BoxError>,
{
    let probe = Probe::new(&[], &[Act::Hang, Act::Hang, Act::Hang]);
    let observer = probe.observer();
    let service = make(probe);
    for _ in 0..3 {
        let mut task = Task::new(service.clone().oneshot(1));
        assert!(task.poll().is_pending(), "{name}");
        assert_eq!(observer.live(), 1, "{name}");
        drop(task);
        assert_eq!(observer.live(), 0, "{name}: a call outlives its future");
    }
    assert_eq!(now(service.oneshot(1)).map_err(Into::into).ok(), Some(2), "{name}");
}

/// A service that was ready and is dropped gives back what it reserved.
fn a_dropped_readiness_leaves_nothing<S>(name: &str, make: &impl Fn(Probe) -> S)
where
    S: Service<u32, Response = u32> + Clone,
    S::Error: Into<BoxError>,
{
    let service = make(Probe::well());
    for _ in 0..5 {
        let mut clone = service.clone();
        assert!(poll_ready(&mut clone).is_ready(), "{name}: a reservation was lost");
    }
    assert_eq!(now(service.oneshot(1)).map_err(Into::into).ok(), Some(2), "{name}");
}

/// Of readiness and of calls, unwrapped when erased.
fn errors_come_out_as_they_went_in<S>(name: &str, make: &impl Fn(Probe) -> S)
where
    S: Service<u32, Response = u32> + Clone,
    S::Error: Into<BoxError>,
{
    for (probe, expected) in
        [(Probe::new(&[Act::Fail], &[]), "not ready"), (Probe::new(&[], &[Act::Fail]), "call failed")]
    {
        match now(make(probe).oneshot(1)) {
            Ok(_) => panic!("{name}: the error is gone"),
            Err(error) => {
                let error: BoxError = error.into();
                assert_eq!(error.downcast_ref(), Some(&Failed(expected)), "{name}");
            }
        }
    }
}

const HOUR: Duration = Duration::from_secs(3600);

type Classifier = fn(&Result<u32, Failed>) -> bool;

fn policy() -> StandardPolicy<Classifier> {
    let backoff = Backoff::new(Duration::ZERO, Duration::ZERO).jitter(Jitter::None);
    StandardPolicy::new(backoff, Result::is_err)
}

#[test]
fn small_adapters() {
    paused(async {
        holds("map_request", Errors::Pass, |probe| probe.map_request(|n: u32| n));
        holds("map_response", Errors::Pass, |probe| probe.map_response(|n| n));
        holds("map_err", Errors::Pass, |probe| probe.map_err(|error| error));
        holds("map_result", Errors::Pass, |probe| probe.map_result(|result: Result<u32, Failed>| result));
        holds("map_future", Errors::Pass, |probe| probe.map_future(|future| future));
        holds("and_then", Errors::Pass, |probe| probe.and_then(|n| async move { Ok::<_, Failed>(n) }));
        holds("then", Errors::Pass, |probe| probe.then(|result: Result<u32, Failed>| async move { result }));
        holds("inspect_request", Errors::Pass, |probe| probe.inspect_request(|_: &u32| ()));
        holds("inspect_response", Errors::Pass, |probe| probe.inspect_response(|_: &u32| ()));
        holds("inspect_err", Errors::Pass, |probe| probe.inspect_err(|_: &Failed| ()));
        holds("filter", Errors::Pass, |probe| probe.filter(|n: u32| Ok::<_, Failed>(n)));
        holds("filter_async", Errors::Pass, |probe| {
            probe.filter_async(|n: u32| async move { Ok::<_, Failed>(n) })
        });
        holds("box_errors", Errors::Pass, |probe| probe.box_errors());
        holds("from_fn", Errors::Pass, |probe| {
            from_fn(|n: u32, next: Next<_>| async move { next.call(n).await }).layer(probe)
        });
        holds("boxed_clone", Errors::Pass, BoxCloneService::new);
        holds("arc", Errors::Pass, ArcService::new);
        holds("steer", Errors::Pass, |probe| Steer::new([probe], |_: &u32, _: &[Probe]| 0));
        holds("option_layer", Errors::Pass, |probe| option_layer(Some(TimeoutLayer::new(HOUR))).layer(probe));
        holds("no option_layer", Errors::Pass, |probe| option_layer(None::<TimeoutLayer>).layer(probe));
    });
}

#[test]
fn time() {
    paused(async {
        holds("timeout", Errors::Pass, |probe| TimeoutLayer::new(HOUR).layer(probe));
        holds("total timeout", Errors::Pass, |probe| TotalTimeoutLayer::new(HOUR).layer(probe));
        holds("request timeout", Errors::Pass, |probe| {
            RequestTimeoutLayer::new(|_: &u32| Some(HOUR)).layer(probe)
        });
        holds("deadline", Errors::Pass, |probe| {
            DeadlineLayer::from_fn(|_: &u32| Some(Deadline::after(HOUR))).layer(probe)
        });
        holds("retry", Errors::Handled, |probe| ServiceBuilder::new().retry(policy()).service(probe));
        holds("retry once", Errors::Pass, |probe| {
            ServiceBuilder::new().retry(policy().attempts_max(1)).service(probe)
        });
        holds("hedge", Errors::Pass, |probe| HedgeLayer::after(HOUR, |n: &u32| Some(*n)).layer(probe));
    });
}

#[test]
fn admission() {
    paused(async {
        // A place for the instance that was readied, and one for its clone.
        holds("concurrency limit", Errors::Pass, |probe| ConcurrencyLimitLayer::new(2).layer(probe));
        holds("rejecting limit", Errors::Pass, |probe| ConcurrencyLimitLayer::rejecting(1).layer(probe));
        holds("waiting limit", Errors::Pass, |probe| {
            ConcurrencyLimitLayer::waiting(1, Wait::at_most(HOUR)).layer(probe)
        });
        holds("limit with priorities", Errors::Pass, |probe| {
            ConcurrencyLimitLayer::with_mode(1, Wait::new().by_priority(|_: &u32| Priority::NORMAL))
                .layer(probe)
        });
        holds("rate limit", Errors::Pass, |probe| RateLimitLayer::new(20, HOUR).layer(probe));
        holds("rejecting rate", Errors::Pass, |probe| RateLimitLayer::rejecting(20, HOUR).layer(probe));
        holds("waiting rate", Errors::Pass, |probe| {
            RateLimitLayer::waiting(20, HOUR, Wait::new()).layer(probe)
        });
        holds("keyed rate", Errors::Pass, |probe| {
            KeyedRateLimitLayer::new(20, HOUR, |n: &u32| *n).layer(probe)
        });
        holds("adaptive limit", Errors::Pass, |probe| AdaptiveLimitLayer::new(Gradient2::new()).layer(probe));
        holds("buffer", Errors::Pass, |probe| Buffer::new(probe, 2));
        holds("throttle", Errors::Pass, |probe| ThrottleLayer::new(2.0).layer(probe));
    });
}

#[test]
fn endpoints() {
    paused(async {
        let balanced = |load: Load| {
            move |probe: Probe| {
                let endpoints = Endpoints::new(load).ejection(Ejection::new());
                endpoints.insert(0, probe);
                Balance::new(endpoints, P2c::new())
            }
        };
        holds("balance by calls", Errors::Pass, balanced(Load::Pending));
        holds("balance by latency", Errors::Pass, balanced(Load::peak_ewma()));
    });
}

#[test]
fn failure() {
    paused(async {
        holds("breaker", Errors::Pass, |probe| BreakerLayer::new(0.5).layer(probe));
        holds("fallback", Errors::Handled, |probe| FallbackLayer::new(Probe::well()).layer(probe));
        holds("catch_panic", Errors::Pass, |probe| CatchPanicLayer::new().layer(probe));
        holds("fault", Errors::Pass, |probe| FaultLayer::seeded(1, || Failed("injected")).layer(probe));
        holds("mirror", Errors::Pass, |probe| {
            MirrorLayer::new(Probe::well(), 1, |n: &u32| Some(*n)).layer(probe)
        });
    });
}
