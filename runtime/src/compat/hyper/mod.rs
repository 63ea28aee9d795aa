//! What hyper 1 asks of a runtime.
//!
//! - [`HyperExecutor`]: spawns hyper's tasks as ours
//! - [`HyperTimer`]: hyper's timeouts on our clock, moved without an allocation
//! - [`poll_read`]: hyper's reads into memory that was never initialised
//!
//! ```
//! use hyper::rt::Timer;
//! use minato_runtime::compat::hyper::HyperTimer;
//! use std::time::{Duration, Instant};
//!
//! # let rt = minato_runtime::runtime::Builder::new_current_thread().start_paused(true).build().unwrap();
//! # rt.block_on(async {
//! let mut sleep = HyperTimer::new().sleep(Duration::from_secs(3600));
//! let now = HyperTimer::new().now();
//! HyperTimer::new().reset(&mut sleep, now + Duration::from_secs(1));
//! sleep.await;
//! assert!(HyperTimer::new().now() - now < Duration::from_secs(2));
//! # });
//! ```

mod executor;
mod read;
mod timer;

pub use executor::HyperExecutor;
pub use read::poll_read;
pub use timer::{HyperSleep, HyperTimer};
