//! Middleware, driven by hand and on a clock that stands still.

mod adaptive;
mod balance;
mod contract;
mod core;
mod failure;
mod hedge;
#[cfg(feature = "http")]
mod http;
mod limits;
mod matrix;
mod retry;
mod shared;
mod support;
mod time;
