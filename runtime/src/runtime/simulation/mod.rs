//! Runs that repeat themselves.
//!
//! - this file: random numbers for user code
//! - `trace`: what is noted of a run
//! - `seeds`: running a test with many seeds, and each of them twice
//!
//! How a simulated runtime takes its choices stands in `scheduler/simulation.rs`.

mod seeds;
mod trace;

pub use seeds::{SeededTest, check_determinism};
pub(crate) use trace::TraceEvent;
pub use trace::{OutsideInput, Trace};

use crate::scheduler;

/// A random number; inside a [simulated](crate::runtime::Builder::new_simulated) runtime it follows from the seed.
///
/// Not for secrets.
///
/// ```
/// use minato_runtime::runtime::{Builder, random};
///
/// let drawn = |seed| Builder::new_simulated(seed).build().unwrap().block_on(async { (random(), random()) });
/// assert_eq!(drawn(7), drawn(7));
/// assert_ne!(drawn(7), drawn(8));
/// ```
#[must_use]
pub fn random() -> u64 {
    scheduler::random()
}

/// A random number below `bound`; see [`random`].
///
/// # Panics
///
/// If `bound` is zero.
#[must_use]
#[track_caller]
pub fn random_below(bound: u32) -> u32 {
    assert!(bound != 0, "random_below: no number is below zero");
    scheduler::random_below(bound)
}
