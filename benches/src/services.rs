//! Middleware around a service that answers at once: ours beside tower's.
//!
//! Each operation asks for readiness, calls, and awaits the answer, within a current-thread runtime of either side.

use std::convert::Infallible;
use std::future::{Future, Ready, poll_fn, ready};
use std::sync::Barrier;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use minato_service::balance::{Balance, Endpoints, Load, P2c};
use minato_service::breaker::BreakerLayer;
use minato_service::buffer::Buffer;
use minato_service::limit::RateLimitLayer;
use minato_service::retry::StandardPolicy;
use minato_service::{Backoff, BoxError, Layer, RetryBudget, Service, ServiceBuilder};
use tower::balance::p2c;
use tower::discover::ServiceList;
use tower::load::{CompleteOnResponse, PeakEwmaDiscover, PendingRequestsDiscover};

use crate::{Work, Workers};

const FAR: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);
const PER_SECOND: u64 = 1_000_000_000;

/// Answers at once.
#[derive(Clone, Copy)]
pub(crate) struct Echo;

impl Service<u64> for Echo {
    type Response = u64;
    type Error = Infallible;
    type Future = Ready<Result<u64, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: u64) -> Self::Future {
        // Kept from the optimiser, so that the layers have something to wrap.
        ready(Ok(std::hint::black_box(request)))
    }
}

async fn calls<S>(service: &mut S, operations: u64)
where
    S: Service<u64, Response = u64>,
    S::Error: Into<BoxError>,
{
    for number in 0..operations {
        let is_ready = poll_fn(|cx| service.poll_ready(cx)).await.is_ok();
        assert!(is_ready);
        let answer = service.call(number).await.map_err(Into::into);
        assert!(answer.is_ok_and(|answer| answer == number));
    }
}

fn on_minato<S>(make: impl FnOnce() -> S) -> Work
where
    S: Service<u64, Response = u64> + 'static,
    S::Error: Into<BoxError>,
{
    let runtime = minato_runtime::runtime::Builder::new_current_thread().build().expect("a runtime");
    let mut service = runtime.block_on(async { make() });
    Box::new(move |operations| runtime.block_on(calls(&mut service, operations)))
}

fn on_tokio<S>(make: impl FnOnce() -> S) -> Work
where
    S: Service<u64, Response = u64> + 'static,
    S::Error: Into<BoxError>,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut service = runtime.block_on(async { make() });
    Box::new(move |operations| runtime.block_on(calls(&mut service, operations)))
}

/// What the loop costs without any layer, on our runtime.
pub(crate) fn bare_ours(_: Workers) -> Work {
    on_minato(|| Echo)
}

/// What the loop costs without any layer, on tokio.
pub(crate) fn bare_theirs(_: Workers) -> Work {
    on_tokio(|| Echo)
}

pub(crate) fn timeout_ours(_: Workers) -> Work {
    on_minato(|| ServiceBuilder::new().timeout(FAR).service(Echo))
}

pub(crate) fn timeout_theirs(_: Workers) -> Work {
    on_tokio(|| tower::ServiceBuilder::new().timeout(FAR).service(Echo))
}

pub(crate) fn concurrency_ours(_: Workers) -> Work {
    on_minato(|| ServiceBuilder::new().concurrency_limit(10).service(Echo))
}

pub(crate) fn concurrency_theirs(_: Workers) -> Work {
    on_tokio(|| tower::ServiceBuilder::new().concurrency_limit(10).service(Echo))
}

pub(crate) fn rate_ours(_: Workers) -> Work {
    on_minato(|| RateLimitLayer::rejecting(PER_SECOND, SECOND).layer(Echo))
}

pub(crate) fn rate_theirs(_: Workers) -> Work {
    on_tokio(|| tower::ServiceBuilder::new().rate_limit(PER_SECOND, SECOND).service(Echo))
}

pub(crate) fn stack_ours(_: Workers) -> Work {
    on_minato(|| {
        ServiceBuilder::new()
            .load_shed()
            .concurrency_limit(10)
            .timeout(FAR)
            .map_response(|answer| answer)
            .service(Echo)
    })
}

pub(crate) fn stack_theirs(_: Workers) -> Work {
    on_tokio(|| {
        tower::ServiceBuilder::new()
            .load_shed()
            .concurrency_limit(10)
            .timeout(FAR)
            .map_response(|answer| answer)
            .service(Echo)
    })
}

pub(crate) fn breaker_ours(_: Workers) -> Work {
    on_minato(|| BreakerLayer::new(0.5).layer(Echo))
}

pub(crate) fn buffer_ours(_: Workers) -> Work {
    on_minato(|| Buffer::new(Echo, 10))
}

pub(crate) fn buffer_theirs(_: Workers) -> Work {
    on_tokio(|| tower::ServiceBuilder::new().buffer(10).service(Echo))
}

fn endpoints(load: Load, number: u32) -> Balance<u32, Echo, P2c> {
    let endpoints = Endpoints::new(load);
    endpoints.reset((0..number).map(|key| (key, Echo)));
    Balance::new(endpoints, P2c::new())
}

fn pending_theirs(number: u32) -> impl Service<u64, Response = u64, Error: Into<BoxError>, Future: Future> {
    let list = ServiceList::new::<u64>((0..number).map(|_| Echo));
    p2c::Balance::new(PendingRequestsDiscover::new(list, CompleteOnResponse::default()))
}

pub(crate) fn p2c_2_ours(_: Workers) -> Work {
    on_minato(|| endpoints(Load::Pending, 2))
}

pub(crate) fn p2c_2_theirs(_: Workers) -> Work {
    on_tokio(|| pending_theirs(2))
}

pub(crate) fn p2c_100_ours(_: Workers) -> Work {
    on_minato(|| endpoints(Load::Pending, 100))
}

pub(crate) fn p2c_100_theirs(_: Workers) -> Work {
    on_tokio(|| pending_theirs(100))
}

pub(crate) fn p2c_ewma_ours(_: Workers) -> Work {
    on_minato(|| endpoints(Load::peak_ewma(), 10))
}

pub(crate) fn p2c_ewma_theirs(_: Workers) -> Work {
    on_tokio(|| {
        let list = ServiceList::new::<u64>((0..10).map(|_| Echo));
        let half_life = Duration::from_secs(10);
        let rtt = Duration::from_millis(30);
        p2c::Balance::new(PeakEwmaDiscover::new(list, rtt, half_life, CompleteOnResponse::default()))
    })
}

/// A service that threads call at once, each a clone of its own.
pub struct Contended {
    /// What it is called.
    pub name: &'static str,
    /// Nanoseconds of a call where so many threads make so many calls each.
    pub cost: fn(threads: usize, calls: u64) -> f64,
}

impl std::fmt::Debug for Contended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Contended").field("name", &self.name).finish_non_exhaustive()
    }
}

fn at_once<S>(service: &S, threads: usize, operations: u64) -> f64
where
    S: Service<u64, Response = u64> + Clone + Send,
    S::Error: Into<BoxError>,
{
    const WARM_UP: u64 = 1_000;
    let start = Barrier::new(threads);
    let cost = |mut service: S| {
        let runtime = minato_runtime::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(calls(&mut service, WARM_UP));
        start.wait();
        let begin = Instant::now();
        runtime.block_on(calls(&mut service, operations));
        begin.elapsed().as_secs_f64() * 1e9 / operations as f64
    };
    let costs: Vec<f64> = std::thread::scope(|scope| {
        let spawn = |service: S| scope.spawn(|| cost(service));
        let threads: Vec<_> = (0..threads).map(|_| spawn(service.clone())).collect();
        threads.into_iter().map(|thread| thread.join().expect("no call fails")).collect()
    });
    costs.iter().sum::<f64>() / threads as f64
}

/// The layers whose calls share something.
pub const CONTENDED: &[Contended] = &[
    Contended {
        name: "concurrency limit",
        cost: |threads, calls| {
            at_once(&ServiceBuilder::new().concurrency_limit(10).service(Echo), threads, calls)
        },
    },
    Contended {
        name: "concurrency limit, tower",
        cost: |threads, calls| {
            at_once(&tower::ServiceBuilder::new().concurrency_limit(10).service(Echo), threads, calls)
        },
    },
    Contended {
        name: "rate limit",
        cost: |threads, calls| {
            at_once(&RateLimitLayer::rejecting(PER_SECOND, SECOND).layer(Echo), threads, calls)
        },
    },
    Contended {
        name: "breaker",
        cost: |threads, calls| at_once(&BreakerLayer::new(0.5).layer(Echo), threads, calls),
    },
    Contended {
        name: "retry budget",
        cost: |threads, calls| {
            let backoff = Backoff::constant(SECOND);
            let policy = StandardPolicy::new(backoff, |result: &Result<u64, Infallible>| result.is_err())
                .budget(RetryBudget::default());
            at_once(&ServiceBuilder::new().retry(policy).service(Echo), threads, calls)
        },
    },
    Contended { name: "buffer", cost: |threads, calls| at_once(&Buffer::new(Echo, 10), threads, calls) },
    Contended {
        name: "p2c of 2",
        cost: |threads, calls| at_once(&endpoints(Load::Pending, 2), threads, calls),
    },
    Contended {
        name: "p2c of 100",
        cost: |threads, calls| at_once(&endpoints(Load::Pending, 100), threads, calls),
    },
    Contended {
        name: "p2c of 10, peak EWMA",
        cost: |threads, calls| at_once(&endpoints(Load::peak_ewma(), 10), threads, calls),
    },
];
