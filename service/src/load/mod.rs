//! How loaded a service is, told by the service.
//!
//! # Why and when
//!
//! For [`p2c::Balance`](crate::balance::p2c::Balance), which compares services by their [`Load`]: wrap what it is
//! to choose from in [`PendingRequests`], which counts the calls under way, or in [`PeakEwma`], which multiplies them
//! with the latency of late, or give each a [`Constant`]. [`balance::Balance`](crate::balance::Balance) measures by
//! itself and needs none of this.
//!
//! When a call is over is told by a [`TrackCompletion`]: with the response, as [`CompleteOnResponse`] says, or later,
//! with whatever drops the handle that it was given.
//!
//! ```
//! use minato_service::load::{CompleteOnResponse, Load, PendingRequests};
//! use minato_service::{Service, service_fn};
//!
//! let inner = service_fn(|n: u32| async move { Ok::<_, std::io::Error>(n) });
//! let mut service = PendingRequests::new(inner, CompleteOnResponse::default());
//! let idle = service.load();
//! let running = service.call(1);
//! assert!(service.load() > idle);
//! drop(running);
//! assert!(service.load() == idle);
//! ```

mod completion;
mod constant;
mod peak_ewma;
mod pending_requests;

pub use completion::{CompleteOnResponse, TrackCompletion, TrackCompletionFuture};
pub use constant::Constant;
pub use peak_ewma::{Cost, PeakEwma, PeakEwmaDiscover};
pub use pending_requests::{Count, PendingRequests, PendingRequestsDiscover};

/// Tells how loaded something is: the smaller, the sooner it is likely to answer.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not tell how loaded it is",
    note = "wrap it in `load::PendingRequests`, `load::PeakEwma` or `load::Constant`; `balance::Balance` measures by itself"
)]
pub trait Load {
    /// What loads are compared by.
    type Metric: PartialOrd;

    /// The load now.
    fn load(&self) -> Self::Metric;
}
