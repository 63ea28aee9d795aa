//! The Minato async runtime: scheduler, reactor, time, synchronisation and I/O traits.
//!
//! ```
//! use std::time::Duration;
//! use minato_runtime::sync::mpsc;
//! use minato_runtime::time::timeout;
//!
//! #[minato_runtime::main]
//! async fn main() {
//!     let (tx, mut rx) = mpsc::channel(8);
//!     let counter = minato_runtime::spawn(async move {
//!         for n in 1..=3 {
//!             tx.send(n).await.unwrap();
//!         }
//!     });
//!     let mut sum = 0;
//!     while let Ok(Some(n)) = timeout(Duration::from_secs(1), rx.recv()).await {
//!         sum += n;
//!     }
//!     counter.await.unwrap();
//!     assert_eq!(sum, 6);
//! }
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | [`runtime`] | building, entering and ending runtimes: current-thread and multi-thread |
//! | [`task`] | tasks, blocking jobs, budgets |
//! | [`sync`] | channels, locks, wake-up calls |
//! | [`time`] | sleeping, limits, steady paces, a clock that tests can hold |
//! | [`future`] | limits on any future |
//! | [`io`] | traits for reading and writing, and [`io::PollEvented`] to build sockets on |
//! | `codec` | frames over the I/O traits (feature `codec`) |
//! | `fs` | files and folders (feature `fs`) |
//! | `process` | child processes (feature `process`) |
//! | `stream` | values that come one after the other (feature `stream`) |
//! | `test_util` | futures polled by hand, scripted peers (feature `test-util`) |
//! | `signal` | Unix signals and ctrl-c (feature `signal`) |
//!
//! Names are tokio's where the meaning is, so that code ports by changing a path. What is different:
//!
//! - I/O and timers are always there, and cost nothing until something waits.
//! - The thread in `block_on` is one of the workers. Other threads start when there is work for them.
//! - [`time::Sleep`] may be moved (`Unpin`), and [`time::timeout`] counts from its first poll.
//! - `yield_now` goes to the tail of the queue, and does not call the kernel each time.
//! - [Metrics](runtime::RuntimeMetrics), [dumps](runtime::Dump) of all tasks, their names, hooks and a watchdog are always
//!   there, without a flag.
//!
//! # Features
//!
//! `rt-multi-thread`, `macros` and `signal` are on by default. `fs`, `process` and `io-std` add files, child processes and
//! the standard streams, `codec` frames over streams of bytes, `futures-io` and `tokio-io` bridges to other I/O traits,
//! `hyper` what hyper 1 asks of a runtime. No tokio runtime is ever started, but by `tokio-context`, for libraries that
//! need one.

#[cfg(feature = "codec")]
pub mod codec;
#[cfg(any(feature = "hyper", feature = "tokio-context"))]
pub mod compat;
#[cfg(feature = "fs")]
pub mod fs;
pub mod future;
pub mod io;
#[cfg(feature = "macros")]
#[doc(hidden)]
pub mod macros;
#[cfg(feature = "process")]
pub mod process;
pub mod runtime;
#[cfg(feature = "signal")]
pub mod signal;
#[cfg(feature = "stream")]
pub mod stream;
pub mod sync;
pub mod task;
#[cfg(feature = "test-util")]
pub mod test_util;
pub mod time;

mod blocking;
mod driver;
mod dump;
mod isolated;
mod limits;
mod metrics;
mod scheduler;
mod shim;
mod sys;

#[cfg(all(test, not(loom)))]
mod test_support;

#[cfg(feature = "macros")]
pub use macros::{main, test};
pub use task::spawn;
