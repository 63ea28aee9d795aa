//! Middleware, driven by hand and on a clock that stands still.

mod adaptive;
mod balance;
mod buffer;
mod bulkhead;
mod contract;
mod core;
mod fail_fast;
mod failure;
mod hedge;
mod http;
mod keyed_rate;
mod limits;
mod matrix;
mod mock;
mod p2c;
mod reconnect;
mod refused;
mod replay;
mod retry;
mod shared;
mod single_flight;
mod spawned;
mod support;
mod time;
