//! A bounded store of large buffers.
//!
//! `store.rs` is the pool and its shared level, `local.rs` the level of each thread, `class.rs` the size classes;
//! `buf.rs` is a buffer on loan and the owner behind its frozen form.
//!
//! A thread takes from its own level and gives back to it, which touches no memory of another thread. What does not fit
//! there, or is not found there, is the shared level's affair.
//!
//! Invariants
//! 1. The idle bytes of all levels never exceed the pool's bound: memory that would is given to the allocator. For that,
//!    a thread keeps a buffer under an allowance that it has taken from the bound before.
//! 2. Nothing waits: a size class that another thread is using at this moment is passed by.

mod buf;
mod class;
mod local;
mod store;

pub use buf::PooledBuf;
pub use store::{Pool, PoolStats};
