//! The one door to atomics, cells, locks and threads.
//!
//! Everything concurrent in this crate is written against this module, so that the same source runs on `std` in
//! production and on loom's model checker under `--cfg loom`. Protocols in the style of Dekker use `fence`, not
//! `SeqCst` accesses, because loom treats the latter as acquire-release.

mod asymmetric;
pub(crate) use asymmetric::{heavy_barrier, light_barrier};

#[cfg(not(loom))]
mod standard;
#[cfg(not(loom))]
pub(crate) use standard::*;

#[cfg(loom)]
mod model;
#[cfg(loom)]
pub(crate) use model::*;
