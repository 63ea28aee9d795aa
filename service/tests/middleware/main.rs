//! Middleware, driven by hand and on a clock that stands still.

mod contract;
mod core;
#[cfg(feature = "http")]
mod http;
mod limits;
mod retry;
mod support;
mod time;
