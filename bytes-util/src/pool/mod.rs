//! A bounded store of large buffers.
//!
//! `store.rs` keeps the idle memory by size class; `buf.rs` is a buffer on loan and the owner behind its frozen form.
//!
//! Invariants
//! 1. The idle bytes never exceed the pool's bound: memory that would is given to the allocator.
//! 2. Nothing waits: a size class that another thread is using at this moment is passed by.

mod buf;
mod store;

pub use buf::PooledBuf;
pub use store::{Pool, PoolStats};
