//! What a runtime counts of itself, all the time.
//!
//! - `counter`: a number that one thread writes and all may read
//! - `counters`: those of one worker
//! - `histogram`: durations by their size
//! - `probe`: the wait of one task in a queue, from its wake to its poll
//! - `sampler`: which polls are measured
//! - `sites`: what tasks have cost, by the call that spawned them
//! - `report`: what users see of it all
//!
//! Counting must cost nothing that could be noticed: about a dozen instructions per poll, none of them a
//! read-modify-write and none a look at the clock. So
//!
//! 1. every counter belongs to one worker and is written by the thread that runs it, with a plain load and store;
//! 2. only one poll in about [`SAMPLE_INTERVAL`](sampler::SAMPLE_INTERVAL) is measured, and one wait in a queue; which
//!    ones follows from a random number. The polls that are too rare and too long for that are caught by the monitor
//!    (`scheduler::monitor`), which counts every poll that outlasts its patience;
//! 3. what can be worked out when somebody asks is not counted.
//!
//! These are `std`'s atomics and not the shim's: nothing is ever decided by a counter, so models need not explore them.

mod counter;
mod counters;
mod histogram;
mod probe;
mod report;
mod sampler;
mod sites;

pub(crate) use counter::Counter;
pub(crate) use counters::Counters;
pub use report::{RuntimeMetrics, SpawnSite};
pub(crate) use sampler::{SAMPLE_INTERVAL, Sampler};
