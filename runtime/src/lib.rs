//! The Minato async runtime: scheduler, reactor, time, synchronisation and I/O traits.

pub mod io;
#[cfg(feature = "macros")]
#[doc(hidden)]
pub mod macros;
pub mod runtime;
#[cfg(feature = "signal")]
pub mod signal;
pub mod sync;
pub mod task;
pub mod time;

mod blocking;
mod driver;
mod limits;
mod scheduler;
mod shim;

#[cfg(all(test, not(loom)))]
mod test_support;

#[cfg(feature = "macros")]
pub use macros::{main, test};
pub use task::spawn;
