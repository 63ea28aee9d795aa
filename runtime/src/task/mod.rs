//! Tasks: what the scheduler runs.
//!
//! - `spawn`, `join`, `yield_now`, [`coop`]: what users call
//! - `state`: the word that says who may do what with a task
//! - `header`, `cell`: its memory
//! - `run`: one turn of it
//! - `waker`: how it comes back to a queue
//! - `error`, `id`: what is said of it

pub mod coop;

mod cell;
mod error;
mod header;
mod id;
mod join;
mod run;
mod spawn;
mod state;
mod waker;
mod yield_now;

pub(crate) use cell::allocate;
pub use coop::{consume_budget, unconstrained};
pub use error::JoinError;
pub(crate) use header::{Header, Home, TaskRef};
pub use id::{Id, id, try_id};
pub use join::{AbortHandle, JoinHandle};
pub(crate) use run::Turn;
pub use spawn::{spawn, spawn_blocking};
use state::State;
pub use yield_now::yield_now;
