//! Unix signals.
//!
//! A handler may do next to nothing, so ours counts the arrival and writes one byte into a pipe; tasks wait at the other
//! end as at any other pipe, and believe the count, not the bytes. What the handler had to do before, it still does.
//!
//! - `slot`: each signal's count, pipe and handler
//! - `kind`, `listener`, `set`: what users see

mod kind;
mod listener;
mod set;
mod slot;

pub use kind::SignalKind;
pub use listener::{Signal, signal};
pub use set::{SignalSet, signals};
pub(super) use slot::keep_interrupts;
