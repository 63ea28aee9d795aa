//! The calls under way times the latency of late.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{CompleteOnResponse, Load, TrackCompletion, TrackCompletionFuture};
use crate::balance::{self, Change, Discover, Look, Meter};
use crate::clock::Epoch;
use crate::stripe::Stripe;

/// A service whose load is the number of its calls under way times their latency of late.
///
/// A latency that rises counts at once, and one that falls by and by. Clones share what is known.
#[derive(Debug, Clone)]
pub struct PeakEwma<S, C = CompleteOnResponse> {
    service: S,
    measured: Arc<Measured>,
    completion: C,
}

#[derive(Debug)]
struct Measured {
    kind: balance::Load,
    meter: Meter,
    epoch: Epoch,
}

/// Calls under way times microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd)]
pub struct Cost(f32);

/// Stands for a call under way. Its latency is noted when it is dropped.
#[derive(Debug)]
pub struct Handle {
    measured: Arc<Measured>,
    stripe: Stripe,
    start: u64,
}

impl Drop for Handle {
    fn drop(&mut self) {
        let Measured { kind, meter, epoch } = &*self.measured;
        let now = epoch.now();
        meter.note(*kind, Duration::from_nanos(now.saturating_sub(self.start)), false, now);
        meter.end(self.stripe);
    }
}

impl<S, C> PeakEwma<S, C> {
    /// Measures the calls of `service`, until `completion` says that they are over.
    ///
    /// `default_rtt` is taken for the latency until one is known; in `decay_ns` nanoseconds a latency loses all but
    /// 1/e of its weight.
    ///
    /// # Panics
    ///
    /// If `default_rtt` is zero, or `decay_ns` is not a number above zero.
    pub fn new(service: S, default_rtt: Duration, decay_ns: f64, completion: C) -> Self {
        assert!(!default_rtt.is_zero(), "`default_rtt` is zero: an unknown service would get everything");
        assert!(decay_ns > 0.0 && decay_ns.is_finite(), "`decay_ns` is {decay_ns}, not a number above zero");
        let half_life = Duration::from_nanos((decay_ns * std::f64::consts::LN_2) as u64);
        let half_life = half_life.max(Duration::from_nanos(1));
        let kind = balance::Load::PeakEwma { half_life, unknown: default_rtt, penalty: default_rtt };
        let measured = Measured { kind, meter: Meter::new(), epoch: Epoch::new() };
        Self { service, measured: Arc::new(measured), completion }
    }
}

impl<S, C> Load for PeakEwma<S, C> {
    type Metric = Cost;

    fn load(&self) -> Cost {
        let Measured { kind, meter, epoch } = &*self.measured;
        Cost(meter.load(*kind, epoch.now(), Look::Close))
    }
}

impl<S, C, Request> Service<Request> for PeakEwma<S, C>
where
    S: Service<Request>,
    C: TrackCompletion<Handle, S::Response>,
{
    type Response = C::Output;
    type Error = S::Error;
    type Future = TrackCompletionFuture<S::Future, C, Handle>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let stripe = Stripe::own();
        self.measured.meter.begin(stripe);
        let handle = Handle { measured: self.measured.clone(), stripe, start: self.measured.epoch.now() };
        TrackCompletionFuture::new(self.completion.clone(), handle, self.service.call(request))
    }
}

pin_project! {
    /// A [`Discover`] whose services are wrapped in [`PeakEwma`].
    #[derive(Debug)]
    pub struct PeakEwmaDiscover<D, C = CompleteOnResponse> {
        #[pin]
        discover: D,
        default_rtt: Duration,
        decay_ns: f64,
        completion: C,
    }
}

impl<D, C> PeakEwmaDiscover<D, C> {
    /// Wraps the services of `discover`; as [`PeakEwma::new`].
    ///
    /// # Panics
    ///
    /// If `default_rtt` or `decay` is zero.
    pub fn new<Request>(discover: D, default_rtt: Duration, decay: Duration, completion: C) -> Self
    where
        D: Discover,
        D::Service: Service<Request>,
        C: TrackCompletion<Handle, <D::Service as Service<Request>>::Response>,
    {
        assert!(!default_rtt.is_zero(), "`default_rtt` is zero: an unknown service would get everything");
        assert!(!decay.is_zero(), "`decay` is zero: nothing would be remembered");
        Self { discover, default_rtt, decay_ns: decay.as_nanos() as f64, completion }
    }
}

impl<D: Discover, C: Clone> Stream for PeakEwmaDiscover<D, C> {
    type Item = Result<Change<D::Key, PeakEwma<D::Service, C>>, D::Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        let wrap =
            |service| PeakEwma::new(service, *this.default_rtt, *this.decay_ns, this.completion.clone());
        this.discover
            .poll_discover(cx)
            .map(|change| change.map(|change| change.map(|change| change.map(wrap))))
    }
}
