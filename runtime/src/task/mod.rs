//! Tasks: what the scheduler runs.
//!
//! - `spawn`, `block_in_place`, `join`, `yield_now`, [`coop`]: what users call
//! - `join_set`, `join_map`, `join_queue`, `abort_on_drop`: who owns several tasks, or one, and stops them when it goes
//! - `join_limit`: no more than so many of them at once
//! - [`scope`](fn@scope): tasks that cannot outlive the call that started them
//! - `tracker`: who waits for tasks that nobody joins
//! - `local_set`, `local_pool`: tasks that stay on one thread, this one or one of several
//! - `local`: values that belong to a task
//! - `builder`, `origin`: a task with a name, and where it was spawned
//! - `record`, `wait_site`: what is counted of it, and what it waits for
//! - `current`: which task this thread polls
//! - `state`: the word that says who may do what with a task
//! - `header`, `cell`, `join_waker`: its memory
//! - `run`: one turn of it
//! - `waker`: how it comes back to a queue
//! - `error`, `id`: what is said of it

pub mod coop;

mod abort_on_drop;
#[cfg(feature = "rt-multi-thread")]
mod block_in_place;
mod builder;
mod cell;
pub(crate) mod current;
mod error;
mod header;
mod id;
mod join;
mod join_limit;
mod join_map;
mod join_queue;
mod join_set;
mod join_waker;
mod local;
mod local_pool;
mod local_set;
mod origin;
mod record;
mod run;
mod scope;
mod spawn;
mod state;
mod tracker;
mod wait_site;
mod waker;
mod yield_now;

#[cfg(all(test, loom))]
mod loom_models;

pub use abort_on_drop::AbortOnDropHandle;
#[cfg(feature = "rt-multi-thread")]
pub use block_in_place::block_in_place;
pub use builder::Builder;
pub(crate) use cell::allocate;
pub use coop::{consume_budget, unconstrained};
pub use error::JoinError;
pub(crate) use header::{Header, TaskRef};
pub use id::{Id, id, try_id};
pub use join::{AbortHandle, JoinHandle};
pub use join_map::JoinMap;
pub use join_queue::JoinQueue;
pub use join_set::JoinSet;
pub use local::{AccessError, LocalKey, TaskLocalFuture};
pub use local_pool::LocalPoolHandle;
pub(crate) use local_pool::Pinned;
pub(crate) use local_set::LocalSets;
pub use local_set::{LocalEnterGuard, LocalSet, spawn_local};
pub(crate) use origin::Origin;
pub(crate) use record::{Home, Record, Stamp};
pub(crate) use run::Turn;
pub use scope::{Scope, ScopedJoinHandle, scope};
pub use spawn::{spawn, spawn_blocking};
use state::State;
pub use tracker::{TaskTracker, TaskTrackerToken, TrackedFuture};
pub use wait_site::WaitSite;
pub use yield_now::yield_now;
