//! The Minato async runtime: scheduler, reactor, time, synchronisation and I/O traits.

pub mod io;
pub mod sync;
pub mod task;

mod limits;
mod macros;
mod shim;

#[cfg(all(test, not(loom)))]
mod test_support;
