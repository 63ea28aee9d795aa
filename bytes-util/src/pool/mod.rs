//! A bounded store of large buffers.
//!
//! `store.rs` is the pool and its shared level, `local.rs` the level of each thread, `class.rs` the size classes;
//! `buf.rs` is a buffer on loan and the owner behind its frozen form, `aligned.rs` one at an address the kernel asks for.
//!
//! A thread takes from its own level and gives back to it, which touches no memory of another thread. What does not fit
//! there, or is not found there, is the shared level's affair.
//!
//! Invariants
//! 1. The idle bytes of all levels never exceed the pool's bound: memory that would is given to the allocator. For that,
//!    a thread keeps a buffer under an allowance that it has taken from the bound before.
//! 2. Nothing waits: a size class that another thread is using at this moment is passed by.
//! 3. Idle memory keeps its contents, which says how much of it is initialised; `get` hands out empty buffers.

mod aligned;
mod buf;
mod class;
mod local;
mod store;

pub use aligned::AlignedBuf;
pub use buf::PooledBuf;
pub use store::{Pool, PoolStats};
