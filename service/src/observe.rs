//! Hearing of what the middleware decides.
//!
//! # Why and when
//!
//! For metrics and logs of what middleware decides, which neither its callers nor the service inside it sees.
//!
//! Each layer with state of its own takes an [`Observer`] and tells it what is out of the ordinary: refusals, changed
//! limits and states, further attempts. Calls that pass are not told, so without an observer nothing is paid for,
//! and with one nothing where nothing happens. What a layer's state is *now* is asked of its handle.
//!
//! ```
//! use std::sync::atomic::{AtomicU64, Ordering};
//! use minato_service::limit::ConcurrencyLimitLayer;
//! use minato_service::observe::{Event, Observer};
//!
//! static REFUSED: AtomicU64 = AtomicU64::new(0);
//! struct Metrics;
//! impl Observer for Metrics {
//!     fn observe(&self, event: Event) {
//!         if let Event::Refused { .. } = event {
//!             REFUSED.fetch_add(1, Ordering::Relaxed);
//!         }
//!     }
//! }
//! let layer = ConcurrencyLimitLayer::rejecting(64).observer(Metrics);
//! # drop(layer);
//! ```

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::breaker::Status;
use crate::error::OverloadReason;

/// Something out of the ordinary that a layer did.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// A call was refused for want of capacity.
    Refused {
        /// What there was too much of.
        reason: OverloadReason,
    },
    /// A limit moved.
    LimitChanged {
        /// What it was.
        from: usize,
        /// What it is.
        to: usize,
    },
    /// A request is tried again.
    Retried {
        /// How many attempts have ended, the first one included.
        attempts: u32,
        /// How long until the next.
        delay: Duration,
    },
    /// A request would have been tried again, and the budget did not pay for it.
    RetryDenied,
    /// A call waits for the outcome of an identical one that is under way.
    Coalesced,
    /// A slow call is asked again.
    Hedged,
    /// An instance is left out for a time.
    Ejected,
    /// An instance that was left out is used again.
    Readmitted,
    /// A request was not copied, because as many copies are under way as may.
    MirrorSkipped,
    /// The copy of a request ended with an error.
    MirrorFailed,
    /// A call meets a fault that was made on purpose.
    Injected {
        /// How long it is held up; zero where it is not.
        delay: Duration,
        /// Whether it fails.
        is_failure: bool,
    },
    /// A connection was made.
    Connected,
    /// A connection could not be made.
    ConnectFailed,
    /// A breaker opened, closed, or lets probes through.
    BreakerMoved {
        /// Where it stood.
        from: Status,
        /// Where it stands.
        to: Status,
    },
}

/// Hears of what a layer decides. It is called with no lock held, on the thread that runs the call.
pub trait Observer: Send + Sync + 'static {
    /// Takes note of an event. To be quick: the call waits for it.
    fn observe(&self, event: Event);
}

impl<F: Fn(Event) + Send + Sync + 'static> Observer for F {
    fn observe(&self, event: Event) {
        self(event);
    }
}

/// No observer: what layers have that are told of none.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Unobserved;

impl Unobserved {
    pub(crate) const fn new() -> Self {
        Self
    }
}

/// A layer's observer, if it has one.
#[derive(Clone, Default)]
pub(crate) struct Watch(Option<Arc<dyn Observer>>);

impl Watch {
    pub(crate) const fn none() -> Self {
        Self(None)
    }

    pub(crate) fn new(observer: impl Observer) -> Self {
        Self(Some(Arc::new(observer)))
    }

    #[inline]
    pub(crate) fn tell(&self, event: impl FnOnce() -> Event) {
        if let Some(observer) = &self.0 {
            observer.observe(event());
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "observed" } else { "unobserved" })
    }
}
