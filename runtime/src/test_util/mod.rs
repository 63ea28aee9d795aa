//! What tests need: futures polled by hand, scripted readers and writers, and a clock that is held.
//!
//! Names and meanings are those of `tokio-test`, so that tests port by changing a path.
//!
//! - [`task`]: polls a future or stream by hand, and says whether it was woken
//! - [`io`]: a reader and writer that follows a script
//! - `stream_mock`: a stream that follows a script (feature `stream`)
//! - `macros`: [`assert_pending!`](crate::assert_pending), [`assert_ready!`](crate::assert_ready) and their kin
//! - [`block_on`], [`block_on_paused`]: a runtime for one test
//!
//! The clock is held by [`time::pause`](crate::time::pause) and [`time::advance`](crate::time::advance), which need no
//! feature; [`time::inhibit_auto_advance`](crate::time::inhibit_auto_advance) keeps it from running ahead.
//!
//! ```
//! use minato_runtime::sync::mpsc;
//! use minato_runtime::test_util::task;
//! use minato_runtime::{assert_pending, assert_ready_eq};
//!
//! let (tx, mut rx) = mpsc::unbounded_channel();
//! let mut recv = task::spawn(rx.recv());
//! assert_pending!(recv.poll());
//! tx.send(1).unwrap();
//! assert!(recv.is_woken());
//! assert_ready_eq!(recv.poll(), Some(1));
//! ```

pub mod io;
mod macros;
#[cfg(feature = "stream")]
mod stream_mock;
pub mod task;

#[cfg(all(test, not(loom)))]
mod tests;

use std::future::Future;

#[cfg(feature = "stream")]
pub use stream_mock::{StreamMock, StreamMockBuilder};

use crate::runtime::Builder;

/// Runs `future` in a current-thread runtime of its own.
///
/// # Panics
///
/// If the kernel gives no descriptors for the driver.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = Builder::new_current_thread().build().expect("no descriptors for a runtime");
    runtime.block_on(future)
}

/// As [`block_on`], with the clock [paused](crate::time::pause) from the start: time that is only waited for takes
/// none.
///
/// # Panics
///
/// If the kernel gives no descriptors for the driver.
///
/// ```
/// use std::time::Duration;
/// use minato_runtime::test_util::block_on_paused;
/// use minato_runtime::time::sleep;
///
/// block_on_paused(sleep(Duration::from_secs(86_400)));
/// ```
pub fn block_on_paused<F: Future>(future: F) -> F::Output {
    let runtime = Builder::new_current_thread().start_paused(true).build();
    runtime.expect("no descriptors for a runtime").block_on(future)
}
