//! The Minato async runtime: scheduler, reactor, time, synchronisation and I/O traits.

pub mod io;
pub mod runtime;
#[cfg(feature = "signal")]
pub mod signal;
pub mod sync;
pub mod task;
pub mod time;

mod blocking;
mod driver;
mod limits;
mod macros;
mod scheduler;
mod shim;

#[cfg(all(test, not(loom)))]
mod test_support;

pub use task::spawn;
