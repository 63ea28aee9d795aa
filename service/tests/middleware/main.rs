//! Middleware, driven by hand and on a clock that stands still.

mod contract;
mod core;
mod limits;
mod retry;
mod support;
mod time;
