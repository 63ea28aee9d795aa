//! The Minato async runtime: scheduler, reactor, time, synchronisation and I/O traits.

pub mod io;
pub mod sync;
pub mod task;

mod limits;
mod macros;
mod shim;
