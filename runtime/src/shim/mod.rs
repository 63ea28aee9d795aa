//! The one door to atomics, cells, locks and threads.
//!
//! Everything concurrent in this crate is written against this module, so that the same source runs on `std` in
//! production and on loom's model checker under `--cfg loom`. Protocols in the style of Dekker use `fence`, not
//! `SeqCst` accesses, because loom treats the latter as acquire-release.
//!
//! Two more forms are for tests. `--cfg minato_sanitize` is for ThreadSanitizer, which sees neither fences nor what
//! `std`'s locks do when they wait: locks and fences are our own there (`futex_locks`, `visible_fence`). `--cfg
//! minato_stress` gives the processor away at random before atomic operations (`restless`).

mod asymmetric;
pub(crate) use asymmetric::{heavy_barrier, light_barrier};

#[cfg(not(loom))]
mod standard;
#[cfg(not(loom))]
pub(crate) use standard::*;

#[cfg(all(not(loom), not(minato_sanitize)))]
mod locks;
#[cfg(all(not(loom), not(minato_sanitize)))]
pub(crate) use locks::*;
#[cfg(all(not(loom), not(minato_sanitize)))]
pub(crate) use std::sync::atomic::fence;

#[cfg(all(not(loom), minato_sanitize))]
mod futex_locks;
#[cfg(all(not(loom), minato_sanitize))]
mod visible_fence;
#[cfg(all(not(loom), minato_sanitize))]
pub(crate) use {futex_locks::*, visible_fence::fence};

#[cfg(all(not(loom), not(minato_stress)))]
pub(crate) use std::sync::atomic;

#[cfg(all(not(loom), minato_stress))]
pub(crate) mod restless;
#[cfg(all(not(loom), minato_stress))]
pub(crate) use restless as atomic;

#[cfg(loom)]
mod model;
#[cfg(loom)]
pub(crate) use model::*;
