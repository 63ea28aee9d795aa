//! The reactor: one `mio::Poll` per worker, and the cells that remember what it said.
//!
//! - `ready`: interests and readiness, as bits
//! - `cell`: the readiness of one descriptor and who waits for it
//! - `cells`: all cells of one worker, at stable addresses
//! - `alarm`: the end of a wait, to the microsecond
//! - `turn`: waiting for the kernel and spreading what it tells
//! - `place`: where a descriptor is in a driver
//! - `registration`: a descriptor's place in a driver, taken lazily
//! - `poll_evented`: a descriptor with its registration, which sockets are built on
//! - `async_fd`: descriptors of other libraries
//! - `transfers`: what it reads beside a stream of bytes: datagrams, and into growing buffers
//!
//! Invariants
//! 1. A descriptor joins epoll when an operation on it first would block, not when it is made. No edge is lost:
//!    adding a descriptor reports what is ready already. It joins for reading, if that is what blocked, and is asked
//!    about writing when a write first blocks: changing what is asked reports what is ready, too.
//! 2. Nothing of ours is removed from epoll before `close`: the kernel does that. (Descriptors that others may hold
//!    too are: they outlive their registration, see `async_fd`.) An event of a cell that has since passed
//!    to another descriptor carries an old generation and is ignored.
//! 3. A readiness bit is cleared only by someone who saw an operation block after the bit was last set (the tick).

mod alarm;
mod async_fd;
mod cell;
mod cells;
mod place;
mod poll_evented;
mod ready;
mod registration;
mod transfers;
mod turn;

#[cfg(all(test, loom))]
mod loom_models;

pub use async_fd::{AsyncFd, AsyncFdReadyGuard, AsyncFdReadyMutGuard, AsyncFdTryNewError, TryIoError};
pub(crate) use cells::Cells;
pub use poll_evented::PollEvented;
pub use ready::{Interest, Ready};
pub use registration::ReadyEvent;
pub(crate) use turn::{Census, Driver, DriverHandle};
