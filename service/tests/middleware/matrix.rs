//! The contract, run on every middleware.

use std::convert::Infallible;
use std::time::Duration;

use minato_service::balance::p2c;
use minato_service::balance::{Balance, Change, ConsistentHash, Ejection, Endpoints, LeastLoaded, Load, P2c};
use minato_service::balance::{RoundRobin, WeightedRandom};
use minato_service::boxed::{ArcService, BoxCloneService};
use minato_service::breaker::BreakerLayer;
use minato_service::buffer::Buffer;
use minato_service::catch_panic::CatchPanicLayer;
use minato_service::deadline::{CarriesDeadline, Deadline, DeadlineLayer, InheritDeadlineLayer};
use minato_service::early_drop::{Dropped, EarlyDropLayer};
use minato_service::fail_fast::FailFastLayer;
use minato_service::fallback::FallbackLayer;
use minato_service::fault::FaultLayer;
use minato_service::hedge::HedgeLayer;
use minato_service::limit::BulkheadLayer;
use minato_service::limit::adaptive::{AdaptiveLimitLayer, Gradient2};
use minato_service::limit::{ConcurrencyLimitLayer, KeyedRateLimitLayer, Priority, RateLimitLayer, Wait};
use minato_service::load::{CompleteOnResponse, Constant, PeakEwma, PendingRequests};
use minato_service::load_shed::LoadShedLayer;
use minato_service::mirror::MirrorLayer;
use minato_service::offload::OffloadLayer;
use minato_service::reconnect::Reconnect;
use minato_service::retry::{Jitter, StandardPolicy};
use minato_service::single_flight::SingleFlightLayer;
use minato_service::spawn_ready::SpawnReady;
use minato_service::throttle::ThrottleLayer;
use minato_service::timeout::{RequestTimeoutLayer, TimeoutLayer, TotalTimeoutLayer};
use minato_service::{
    Backoff, BoxCloneSyncService, BoxError, Either, FutureService, Layer, Next, Overloaded, ServiceBuilder,
    ServiceExt, Steer, from_fn, option_layer, service_fn,
};

use minato_service::test::contract::{Errors, check as holds, check_spawning};

use crate::support::{Failed, Probe, paused};

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
        holds("boxed_clone_sync", Errors::Pass, BoxCloneSyncService::new);
        holds("future service", Errors::Pass, |probe| {
            FutureService::new(std::future::ready(Ok::<_, Failed>(probe)))
        });
        holds("left", Errors::Pass, Either::<Probe, Probe>::Left);
        holds("right", Errors::Pass, Either::<Probe, Probe>::Right);
        holds("map_request_async", Errors::Pass, |probe| probe.map_request_async(|n: u32| async move { n }));
        holds("steer", Errors::Pass, |probe| Steer::new([probe], |_: &u32, _: &[Probe]| 0));
        holds("option_layer", Errors::Pass, |probe| option_layer(Some(TimeoutLayer::new(HOUR))).layer(probe));
        holds("no option_layer", Errors::Pass, |probe| option_layer(None::<TimeoutLayer>).layer(probe));
    });
}

/// What `lift` makes of a refusal and of an error of the probe.
#[derive(Debug)]
enum Own {
    Busy,
    Inner(Failed),
}

impl From<Overloaded> for Own {
    fn from(_: Overloaded) -> Self {
        Self::Busy
    }
}

impl From<Own> for BoxError {
    fn from(own: Own) -> Self {
        match own {
            Own::Busy => Overloaded::default().into(),
            Own::Inner(failed) => failed.into(),
        }
    }
}

#[test]
fn forms_of_errors() {
    paused(async {
        let limit = || ConcurrencyLimitLayer::waiting(1, Wait::new());
        holds("lift", Errors::Pass, |probe| limit().layer(probe.map_err(Own::Inner)).lift());
        holds("or_response", Errors::Pass, |probe| limit().layer(probe).or_response(|_: Overloaded| 0));
        holds("box_errors", Errors::Pass, |probe| limit().layer(probe).box_errors());
    });
}

/// A number with a place for a deadline.
struct Carrying(u32, Option<Deadline>);

impl CarriesDeadline for Carrying {
    fn deadline(&self) -> Option<Deadline> {
        self.1
    }

    fn set_deadline(&mut self, deadline: Deadline) {
        self.1 = Some(deadline);
    }
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
        holds("inherit deadline", Errors::Pass, |probe| {
            let inherit = InheritDeadlineLayer::new().layer(probe.map_request(|Carrying(n, _)| n));
            inherit.map_request(|n: u32| Carrying(n, None))
        });
        holds("early drop", Errors::Pass, |probe| EarlyDropLayer::new(|_: Dropped| ()).layer(probe));
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
        holds("waiting keyed rate", Errors::Pass, |probe| {
            KeyedRateLimitLayer::waiting(20, HOUR, Wait::new(), |n: &u32| *n).layer(probe)
        });
        holds("adaptive limit", Errors::Pass, |probe| AdaptiveLimitLayer::new(Gradient2::new()).layer(probe));
        holds("bulkhead", Errors::Pass, |probe| BulkheadLayer::rejecting(1, |n: &u32| *n).layer(probe));
        holds("waiting bulkhead", Errors::Pass, |probe| {
            BulkheadLayer::waiting(1, Wait::new(), |_: &u32| ()).layer(probe)
        });
        holds("buffer", Errors::Pass, |probe| Buffer::new(probe, 2));
        holds("fail fast", Errors::Pass, |probe| FailFastLayer::new(HOUR).layer(probe));
        holds("load shed around a buffer", Errors::Pass, |probe| {
            LoadShedLayer::new().layer(Buffer::new(probe, 2))
        });
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
fn every_picker() {
    paused(async {
        fn of(probe: Probe) -> Endpoints<u32, Probe> {
            let endpoints = Endpoints::new(Load::Pending);
            endpoints.insert(0, probe);
            endpoints
        }
        holds("least loaded", Errors::Pass, |probe| Balance::new(of(probe), LeastLoaded::new()));
        holds("round robin", Errors::Pass, |probe| Balance::new(of(probe), RoundRobin::new()));
        holds("weighted", Errors::Pass, |probe| Balance::new(of(probe), WeightedRandom::new()));
        holds("consistent hash", Errors::Pass, |probe| {
            Balance::new(of(probe), ConsistentHash::new(|n: &u32| u64::from(*n)))
        });
        holds("pending requests", Errors::Pass, |probe| {
            PendingRequests::new(probe, CompleteOnResponse::default())
        });
        holds("peak ewma", Errors::Pass, |probe| {
            PeakEwma::new(probe, HOUR, 1e9, CompleteOnResponse::default())
        });
        holds("constant", Errors::Pass, |probe| Constant::new(probe, 1));
    });
}

/// Makes clones of a probe.
pub(crate) fn maker(
    probe: Probe,
) -> impl minato_service::Service<(), Response = Probe, Error = Infallible, Future: Send> + Clone + Send {
    service_fn(move |()| std::future::ready(Ok::<_, Infallible>(probe.clone())))
}

#[test]
fn what_is_made_again() {
    paused(async {
        // An error of readiness is what it is there for, so it does not come out.
        let none = Backoff::constant(Duration::ZERO);
        holds("reconnect", Errors::Handled, |probe| {
            Buffer::new(Reconnect::new(maker(probe), ()).backoff(none), 4)
        });
        holds("shared reconnect", Errors::Handled, |probe| {
            Reconnect::new(maker(probe), ()).backoff(none).shared()
        });
    });
}

#[test]
fn what_spawns() {
    paused(async {
        check_spawning("offload", Errors::Pass, |probe| OffloadLayer::new().layer(probe)).await;
        check_spawning("spawn ready", Errors::Pass, |probe| Buffer::new(SpawnReady::new(probe), 4)).await;
        // A service that fails to become ready is dropped, and the discovery may tell another.
        check_spawning("p2c", Errors::Handled, |probe| {
            let one = std::future::ready(Ok::<_, Infallible>(Change::Insert(0, Constant::new(probe, 1))));
            let told = futures_util::stream::once(one);
            let told = futures_util::StreamExt::chain(told, futures_util::stream::pending());
            Buffer::new(p2c::Balance::new(told), 4)
        })
        .await;
    });
}

#[test]
fn failure() {
    paused(async {
        holds("breaker", Errors::Pass, |probe| BreakerLayer::new(0.5).layer(probe));
        holds("fallback", Errors::Handled, |probe| FallbackLayer::new(Probe::well()).layer(probe));
        holds("catch_panic", Errors::Pass, |probe| CatchPanicLayer::new().layer(probe));
        holds("single flight", Errors::Pass, |probe| SingleFlightLayer::new(|n: &u32| *n).layer(probe));
        holds("fault", Errors::Pass, |probe| FaultLayer::seeded(1, || Failed("injected")).layer(probe));
        holds("mirror", Errors::Pass, |probe| {
            MirrorLayer::new(Probe::well(), 1, |n: &u32| Some(*n)).layer(probe)
        });
    });
}
