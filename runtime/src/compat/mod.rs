//! Bridges to libraries that were written for other runtimes.
//!
//! - `hyper` (feature `hyper`): what hyper 1 asks of a runtime: an executor, a timer, and the reading half of its I/O
//! - `TokioContext` (feature `tokio-context`): lets a library that needs a running tokio have one, inside our tasks
//!
//! The bridges of the I/O traits are where the types are: [`io::tokio_compat`](crate::io) and the sockets of
//! `minato-net`.

#[cfg(feature = "hyper")]
pub mod hyper;
#[cfg(feature = "tokio-context")]
mod tokio_context;

#[cfg(feature = "tokio-context")]
pub use tokio_context::{TokioContext, tokio_handle};
