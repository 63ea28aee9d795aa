//! One future that many wait for.
//!
//! Whoever of them is polled drives the future for all. Nobody owns it: who drove it goes away, and the next goes on
//! where it stopped. The outcome is kept, for each of them to take a copy.
//!
//! | file | what |
//! |---|---|
//! | `bell` | those who wait, and which of them is woken |
//! | `shared` | the future, and whose turn it is to drive it |
//!
//! Invariants
//! 1. The future is in its place, or one poll has it and puts it back; no lock is held while it is polled.
//! 2. Whoever waits has left a waker in the bell before it looks for the future.
//! 3. A wake by the future wakes one who waits. If that one finds the future taken, the one who has it wakes another
//!    when it puts it back.
//! 4. An entry of the bell without a waker was woken: it is polled soon, or goes away, and then the next is woken.

mod bell;
#[cfg(all(test, loom))]
mod loom_models;
mod shared;

pub(crate) use bell::Place;
pub(crate) use shared::{Broken, Flight};
