//! Configuration that makes no sense is refused where it is given, with a message that names the field.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use futures_util::stream;
use minato_service::balance::{ConsistentHash, Ejection, Endpoints, Load, ServiceList};
use minato_service::breaker::{BreakerLayer, WindowKind};
use minato_service::buffer::{Buffer, BufferLayer};
use minato_service::deadline::DeadlineLayer;
use minato_service::fail_fast::FailFastLayer;
use minato_service::fault::FaultLayer;
use minato_service::hedge::HedgeLayer;
use minato_service::limit::adaptive::{AdaptiveLimitLayer, Aimd, Gradient2};
use minato_service::limit::{
    BulkheadLayer, ConcurrencyLimit, ConcurrencyLimitLayer, KeyedRateLimitLayer, Priority, QueueDelay,
    RateLimitLayer, Wait,
};
use minato_service::load::{CompleteOnResponse, PeakEwma, PeakEwmaDiscover};
use minato_service::mirror::MirrorLayer;
use minato_service::reconnect::Reconnect;
use minato_service::retry::StandardPolicy;
use minato_service::retry::replay::ReplayLayer;
use minato_service::throttle::ThrottleLayer;
use minato_service::timeout::{Timeout, TimeoutLayer, TotalTimeout, TotalTimeoutLayer};
use minato_service::{Backoff, RetryBudget, ServiceBuilder, ServiceExt};

use crate::support::{Failed, Probe};

const ZERO: Duration = Duration::ZERO;
const SECOND: Duration = Duration::from_secs(1);
const MANY: usize = 1 << 63;

/// The message that `make` is refused with.
fn refusal<T>(field: &str, make: impl FnOnce() -> T) -> String {
    let payload = match catch_unwind(AssertUnwindSafe(|| drop(make()))) {
        Ok(()) => panic!("nonsense for `{field}` was taken"),
        Err(payload) => payload,
    };
    let text = payload.downcast_ref::<String>().cloned();
    text.or_else(|| payload.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
}

/// Each is refused, and the message names the field.
macro_rules! refused {
    ($($field:literal: $make:expr;)+) => {$(
        let message = refusal($field, || $make);
        assert!(message.contains(concat!("`", $field, "`")), "{}: {message}", stringify!($make));
    )+};
}

type Copy = fn(&u32) -> Option<u32>;
const COPY: Copy = |n| Some(*n);
type Key = fn(&u32) -> u32;
const KEY: Key = |n| *n;

#[test]
fn bounds_of_time() {
    refused! {
        "duration": TimeoutLayer::new(ZERO);
        "duration": Timeout::new((), ZERO);
        "duration": TotalTimeoutLayer::new(ZERO);
        "duration": TotalTimeout::new((), ZERO);
        "duration": ServiceBuilder::new().timeout(ZERO);
        "or_after": DeadlineLayer::new().or_after(ZERO);
        "at_most": DeadlineLayer::new().at_most(ZERO);
        "patience": FailFastLayer::new(ZERO);
        "patience": FailFastLayer::new(SECOND).handle().set_patience(ZERO);
    }
}

#[test]
fn further_attempts() {
    let result_is_err = |result: &Result<u32, Failed>| result.is_err();
    refused! {
        "first": Backoff::new(2 * SECOND, SECOND);
        "first": Backoff::new(ZERO, SECOND);
        "first": Backoff::linear(2 * SECOND, SECOND);
        "first": Backoff::linear(ZERO, SECOND);
        "percent": RetryBudget::new(0, 0);
        "attempts_max": StandardPolicy::new(Backoff::constant(SECOND), result_is_err).attempts_max(0);
        "bytes_max": ReplayLayer::new(0);
        "delay": HedgeLayer::after(ZERO, COPY);
        "percent": HedgeLayer::percentile(0, SECOND..=SECOND, COPY);
        "percent": HedgeLayer::percentile(100, SECOND..=SECOND, COPY);
        "within": HedgeLayer::percentile(50, 2 * SECOND..=SECOND, COPY);
        "age_max": Reconnect::new(crate::matrix::maker(Probe::well()), ()).shared().age_max(ZERO);
    }
}

#[test]
fn limits_of_calls_at_once() {
    let nobody = || Wait::new().waiters(0);
    refused! {
        "max": ConcurrencyLimitLayer::new(0);
        "max": ConcurrencyLimitLayer::new(MANY);
        "max": ConcurrencyLimitLayer::rejecting(0);
        "max": ConcurrencyLimitLayer::rejecting(MANY);
        "max": ConcurrencyLimitLayer::waiting(0, Wait::new());
        "max": ConcurrencyLimit::new((), 0);
        "max": ServiceBuilder::new().concurrency_limit(0);
        "max": ConcurrencyLimitLayer::new(1).handle().set_max(0);
        "max": ConcurrencyLimitLayer::new(1).handle().set_max(MANY);
        "waiters_max": ConcurrencyLimitLayer::waiting(1, nobody());
        "duration_max": ConcurrencyLimitLayer::waiting(1, Wait::at_most(ZERO));
        "waiters_max": ConcurrencyLimitLayer::with_mode(1, nobody().by_priority(|_: &u32| Priority::NORMAL));
        "target": QueueDelay::new(ZERO, SECOND);
        "interval": QueueDelay::new(2 * SECOND, SECOND);
        "max": BulkheadLayer::rejecting(0, KEY);
        "max": BulkheadLayer::rejecting(MANY, KEY);
        "max": BulkheadLayer::waiting(0, Wait::new(), KEY);
        "waiters_max": BulkheadLayer::waiting(1, nobody(), KEY);
        "keys_max": BulkheadLayer::rejecting(1, KEY).keys_max(0);
        "max": BulkheadLayer::rejecting(1, KEY).handle().set_max(0);
        "max": MirrorLayer::new((), 0, COPY);
        "bound": BufferLayer::new(0);
        "bound": Buffer::new((), 0);
        "bound": ServiceBuilder::new().buffer(0);
        "max": Buffer::new((), MANY);
        "in_flight_max": Probe::well().call_all(stream::iter([1_u32])).in_flight_max(0);
    }
}

#[test]
fn adaptive_limits() {
    let adaptive = || AdaptiveLimitLayer::new(Aimd::new());
    refused! {
        "min": adaptive().between(0, 5);
        "min": adaptive().between(6, 5);
        "max": adaptive().between(1, MANY);
        "initial": adaptive().starting_at(0);
        "initial": adaptive().between(2, 5).starting_at(6);
        "waiters_max": adaptive().mode(Wait::new().waiters(0));
        "latency_max": Aimd::new().latency_max(ZERO);
        "decrease": Aimd::new().decrease(f64::NAN);
        "decrease": Aimd::new().decrease(0.0);
        "decrease": Aimd::new().decrease(1.0);
        "tolerance": Gradient2::new().tolerance(f64::NAN);
        "tolerance": Gradient2::new().tolerance(0.5);
        "tolerance": Gradient2::new().tolerance(f64::INFINITY);
        "queue": Gradient2::new().queue(0);
    }
}

#[test]
fn limits_of_rate() {
    refused! {
        "num": RateLimitLayer::new(0, SECOND);
        "num": RateLimitLayer::new(u64::MAX, SECOND);
        "per": RateLimitLayer::new(1, ZERO);
        "num": RateLimitLayer::rejecting(0, SECOND);
        "per": RateLimitLayer::rejecting(1, ZERO);
        "num": RateLimitLayer::waiting(0, SECOND, Wait::new());
        "waiters_max": RateLimitLayer::waiting(1, SECOND, Wait::new().waiters(0));
        "queue_delay": RateLimitLayer::waiting(1, SECOND, Wait::new().queue_delay(QueueDelay::default()));
        "num": ServiceBuilder::new().rate_limit(0, SECOND);
        "num": RateLimitLayer::new(1, SECOND).handle().set_rate(0, SECOND);
        "per": RateLimitLayer::new(1, SECOND).handle().set_rate(1, ZERO);
        "num": KeyedRateLimitLayer::new(0, SECOND, KEY);
        "per": KeyedRateLimitLayer::new(1, ZERO, KEY);
        "keys_max": KeyedRateLimitLayer::new(1, SECOND, KEY).keys_max(0);
        "num": KeyedRateLimitLayer::waiting(0, SECOND, Wait::new(), KEY);
        "waiters_max": KeyedRateLimitLayer::waiting(1, SECOND, Wait::new().waiters(0), KEY);
        "queue_delay":
            KeyedRateLimitLayer::waiting(1, SECOND, Wait::new().queue_delay(QueueDelay::default()), KEY);
        "all_waiters_max": KeyedRateLimitLayer::waiting(1, SECOND, Wait::new(), KEY).all_waiters_max(0);
        "num": KeyedRateLimitLayer::new(1, SECOND, KEY).handle().set_rate(0, SECOND);
    }
}

#[test]
fn failures() {
    let breaker = || BreakerLayer::new(0.5);
    let fault = || FaultLayer::seeded(1, || Failed("injected"));
    refused! {
        "failure_rate": BreakerLayer::new(0.0);
        "failure_rate": BreakerLayer::new(1.1);
        "failure_rate": BreakerLayer::new(f64::NAN);
        "calls_min": breaker().calls_min(0);
        "calls_min": breaker().calls_min(101);
        "window": breaker().window(WindowKind::Calls(1));
        "window": breaker().window(WindowKind::Calls(u32::MAX));
        "window": breaker().window(WindowKind::Time(ZERO));
        "calls_min": breaker().calls_min(50).window(WindowKind::Calls(49));
        "open_for": breaker().open_for(2 * SECOND..=SECOND);
        "open_for": breaker().open_for(ZERO..=SECOND);
        "probes": breaker().probes(0);
        "probes": breaker().probes(10_001);
        "slow_call": breaker().slow_call(ZERO);
        "factor": ThrottleLayer::new(0.9);
        "factor": ThrottleLayer::new(f64::NAN);
        "factor": ThrottleLayer::new(f64::INFINITY);
        "window": ThrottleLayer::new(2.0).window(ZERO);
        "factor": ThrottleLayer::new(2.0).handle().set_factor(f64::NAN);
        "errors": fault().errors(1.1);
        "errors": fault().errors(f64::NAN);
        "errors": fault().errors(-0.1);
        "delays": fault().delays(f64::NAN, SECOND..=SECOND);
        "delay": fault().delays(0.5, 2 * SECOND..=SECOND);
        "errors": fault().handle().set_errors(2.0);
        "delays": fault().handle().set_delays(2.0);
        "failure_rate": BreakerLayer::new(0.5).handle().set_failure_rate(0.0);
        "failure_rate": BreakerLayer::new(0.5).handle().set_failure_rate(f64::NAN);
        "calls_min": BreakerLayer::new(0.5).handle().set_calls_min(0);
        "calls_min": BreakerLayer::new(0.5).handle().set_calls_min(101);
        "open_for": BreakerLayer::new(0.5).handle().set_open_for(ZERO..=SECOND);
        "probes": BreakerLayer::new(0.5).handle().set_probes(0);
        "slow_call": BreakerLayer::new(0.5).handle().set_slow_call(SECOND);
        "slow_call": BreakerLayer::new(0.5).slow_call(SECOND).handle().set_slow_call(ZERO);
    }
}

#[test]
fn endpoints() {
    let load = |half_life, unknown, penalty| Load::PeakEwma { half_life, unknown, penalty };
    let of = |load| Endpoints::<u32, ()>::new(load);
    let ejection = Ejection::new;
    let done = CompleteOnResponse::default;
    refused! {
        "half_life": of(load(ZERO, SECOND, SECOND));
        "unknown": of(load(SECOND, ZERO, SECOND));
        "penalty": of(load(SECOND, 2 * SECOND, SECOND));
        "slow_start": of(Load::Pending).slow_start(ZERO);
        "weight": of(Load::Pending).insert_weighted(1, (), 0.0);
        "weight": of(Load::Pending).insert_weighted(1, (), f32::NAN);
        "weight": of(Load::Pending).insert_weighted(1, (), f32::INFINITY);
        "in_a_row": ejection().in_a_row(0);
        "rate": ejection().rate(Some(0.0), 20);
        "rate": ejection().rate(Some(f64::NAN), 20);
        "calls_min": ejection().rate(Some(0.5), 0);
        "calls_min": ejection().rate(Some(0.5), 101);
        "duration": ejection().duration(2 * SECOND..=SECOND);
        "duration": ejection().duration(ZERO..=SECOND);
        "max_percent": ejection().max_percent(0);
        "max_percent": ejection().max_percent(101);
        "panic_percent": ejection().panic_percent(100);
        "bound": ConsistentHash::new(|_: &u32| 0).bound(1.0);
        "bound": ConsistentHash::new(|_: &u32| 0).bound(f64::NAN);
        "default_rtt": PeakEwma::new((), ZERO, 1.0, done());
        "decay_ns": PeakEwma::new((), SECOND, 0.0, done());
        "decay_ns": PeakEwma::new((), SECOND, f64::NAN, done());
        "default_rtt": PeakEwmaDiscover::new::<u32>(ServiceList::new([Probe::well()]), ZERO, SECOND, done());
        "decay": PeakEwmaDiscover::new::<u32>(ServiceList::new([Probe::well()]), SECOND, ZERO, done());
    }
}

#[test]
fn what_is_set_too_late() {
    macro_rules! too_late {
        ($($field:literal: $layer:expr, $set:expr;)+) => {$(
            let layer = $layer;
            let used = layer.clone();
            let message = refusal($field, || $set(layer));
            assert!(message.contains(concat!("`", $field, "`")), "{message}");
            drop(used);
        )+};
    }
    fn nothing() {}
    let observer = |_: minato_service::observe::Event| ();
    too_late! {
        "observer": ConcurrencyLimitLayer::new(1), |layer: ConcurrencyLimitLayer| layer.observer(observer);
        "observer": BreakerLayer::new(0.5), |layer: BreakerLayer| layer.observer(observer);
        "probes": BreakerLayer::new(0.5), |layer: BreakerLayer| layer.probes(3);
        "window": ThrottleLayer::new(2.0), |layer: ThrottleLayer| layer.window(SECOND);
        "budget": HedgeLayer::after(SECOND, COPY), |layer: HedgeLayer<Copy>| layer.budget(RetryBudget::default());
        "observer": FailFastLayer::new(SECOND), |layer: FailFastLayer| layer.observer(observer);
        "observer": Buffer::new((), 1), |buffer: Buffer<()>| buffer.observer(observer);
        "observer": FaultLayer::seeded(1, nothing as fn()), |layer: FaultLayer<fn()>| layer.observer(observer);
        "observer": MirrorLayer::new((), 1, COPY), |layer: MirrorLayer<(), Copy>| layer.observer(observer);
        "all_waiters_max": KeyedRateLimitLayer::waiting(1, SECOND, Wait::new(), KEY),
            |layer: KeyedRateLimitLayer<u32, Key, Wait>| layer.all_waiters_max(1);
        "keys_max": BulkheadLayer::rejecting(1, KEY), |layer: BulkheadLayer<u32, Key>| layer.keys_max(1);
        "keys_max": KeyedRateLimitLayer::new(1, SECOND, KEY),
            |layer: KeyedRateLimitLayer<u32, Key>| layer.keys_max(1);
        "between": AdaptiveLimitLayer::new(Aimd::new()), |layer: AdaptiveLimitLayer| layer.between(1, 2);
        "ejection": Endpoints::<u32, ()>::new(Load::Pending),
            |set: Endpoints<u32, ()>| set.ejection(Ejection::new());
    }
}
