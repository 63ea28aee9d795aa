//! No middleware allocates for a call that passes, and no future is larger than it says here.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::convert::Infallible;
use std::future::{Future, Ready, poll_fn, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use minato_service::balance::{Balance, Ejection, Endpoints, Load, P2c};
use minato_service::breaker::BreakerLayer;
use minato_service::buffer::Buffer;
use minato_service::catch_panic::CatchPanicLayer;
use minato_service::deadline::{Deadline, DeadlineLayer};
use minato_service::early_drop::{Dropped, EarlyDropLayer};
use minato_service::fail_fast::FailFastLayer;
use minato_service::fallback::FallbackLayer;
use minato_service::fault::FaultLayer;
use minato_service::hedge::HedgeLayer;
use minato_service::limit::adaptive::{AdaptiveLimitLayer, Gradient2};
use minato_service::limit::{ConcurrencyLimitLayer, RateLimitLayer, Wait};
use minato_service::load::{CompleteOnResponse, PeakEwma, PendingRequests};
use minato_service::retry::StandardPolicy;
use minato_service::throttle::ThrottleLayer;
use minato_service::timeout::{Timeout, TotalTimeoutLayer};
use minato_service::{Backoff, Layer, RetryBudget, Service, ServiceBuilder, ServiceExt};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call is handed to the system's allocator as it came; counting touches no memory of the caller.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps to the contract of this method, which is that of the one called.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Answers at once.
#[derive(Debug, Clone, Copy)]
struct Echo;

impl Service<u32> for Echo {
    type Response = u32;
    type Error = Infallible;
    type Future = Ready<Result<u32, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: u32) -> Self::Future {
        ready(Ok(request))
    }
}

const CALLS: u32 = 100;

/// Allocations of a hundred calls of a clone each, after one that may set things up.
fn allocations<S: Service<u32, Response = u32> + Clone>(service: &S) -> usize {
    let call = |number| {
        let mut service = service.clone();
        let mut answer = pin!(async move {
            let is_ready = poll_fn(|cx| service.poll_ready(cx)).await.is_ok();
            assert!(is_ready);
            service.call(number).await.ok()
        });
        let polled = answer.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(polled, Poll::Ready(Some(number)));
    };
    call(0);
    let before = ALLOCATIONS.get();
    (0..CALLS).for_each(call);
    ALLOCATIONS.get() - before
}

fn balanced(load: Load) -> Balance<u32, Echo, P2c> {
    let endpoints = Endpoints::new(load).ejection(Ejection::new());
    endpoints.reset((0..100).map(|key| (key, Echo)));
    Balance::new(endpoints, P2c::new())
}

#[test]
fn calls_that_pass_allocate_nothing() {
    let second = Duration::from_secs(1);
    let policy =
        StandardPolicy::new(Backoff::new(second, second), |result: &Result<u32, Infallible>| result.is_err());
    assert_eq!(allocations(&ServiceBuilder::new().timeout(second).service(Echo)), 0, "timeout");
    assert_eq!(allocations(&TotalTimeoutLayer::new(second).layer(Echo)), 0, "total timeout");
    let deadline = DeadlineLayer::from_fn(move |_: &u32| Some(Deadline::after(second)));
    assert_eq!(allocations(&deadline.layer(Echo)), 0, "deadline");
    let retry = ServiceBuilder::new().retry(policy.budget(RetryBudget::default())).service(Echo);
    assert_eq!(allocations(&retry), 0, "retry");
    assert_eq!(allocations(&HedgeLayer::after(second, |n: &u32| Some(*n)).layer(Echo)), 0, "hedge");
    assert_eq!(allocations(&ConcurrencyLimitLayer::new(2).layer(Echo)), 0, "limit");
    assert_eq!(allocations(&ConcurrencyLimitLayer::rejecting(2).layer(Echo)), 0, "rejecting limit");
    assert_eq!(allocations(&ConcurrencyLimitLayer::waiting(2, Wait::new()).layer(Echo)), 0, "waiting limit");
    assert_eq!(allocations(&RateLimitLayer::rejecting(1000, second).layer(Echo)), 0, "rate");
    assert_eq!(allocations(&AdaptiveLimitLayer::new(Gradient2::new()).layer(Echo)), 0, "adaptive limit");
    assert_eq!(allocations(&ThrottleLayer::new(2.0).layer(Echo)), 0, "throttle");
    assert_eq!(allocations(&BreakerLayer::new(0.5).layer(Echo)), 0, "breaker");
    assert_eq!(allocations(&FallbackLayer::new(Echo).layer(Echo)), 0, "fallback");
    assert_eq!(allocations(&CatchPanicLayer::new().layer(Echo)), 0, "catch_panic");
    assert_eq!(allocations(&Buffer::new(Echo, 4)), 0, "buffer");
    assert_eq!(allocations(&balanced(Load::Pending)), 0, "balance by calls");
    assert_eq!(allocations(&balanced(Load::peak_ewma())), 0, "balance by latency");
    let unreachable = || -> Infallible { unreachable!("no call is to fail") };
    assert_eq!(allocations(&FaultLayer::seeded(1, unreachable).layer(Echo)), 0, "fault");
    assert_eq!(allocations(&FailFastLayer::new(second).layer(Echo)), 0, "fail fast");
    assert_eq!(allocations(&EarlyDropLayer::new(|_: Dropped| ()).layer(Echo)), 0, "early drop");
    assert_eq!(
        allocations(&PendingRequests::new(Echo, CompleteOnResponse::default())),
        0,
        "pending requests"
    );
    let peak = PeakEwma::new(Echo, second, 1e9, CompleteOnResponse::default());
    assert_eq!(allocations(&peak), 0, "peak ewma");
    let stack = ServiceBuilder::new().load_shed().concurrency_limit(4).timeout(second).map_response(|n| n);
    assert_eq!(allocations(&stack.service(Echo)), 0, "stack");
}

#[test]
fn erasing_costs_one_allocation_a_call_and_a_clone_of_an_arc_service_none() {
    let boxed = minato_service::ArcService::new(Echo);
    assert_eq!(allocations(&boxed), CALLS as usize);
    assert_eq!(
        allocations(&Timeout::new(Echo, Duration::MAX).boxed_clone()),
        2 * CALLS as usize,
        "one for the clone"
    );
}

#[test]
fn futures_are_small() {
    let second = Duration::from_secs(1);
    let mut bare = Echo;
    let mut limited = ConcurrencyLimitLayer::rejecting(1).layer(Echo);
    let mut timed = Timeout::new(Echo, second);
    let bare = size_of_val(&bare.call(1));
    assert!(size_of_val(&limited.call(1)) <= bare + 24);
    assert!(size_of_val(&timed.call(1)) <= bare + 48);
}
