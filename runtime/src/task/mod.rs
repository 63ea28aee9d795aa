//! Tasks: what the scheduler runs.

pub mod coop;
