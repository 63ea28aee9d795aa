//! The crate, seen from outside: one file per chapter.

mod bodies;
mod body;
mod client;
mod conformance;
mod early;
mod exchanges;
mod failures;
mod frame_kit;
mod frames;
mod http2;
mod keep_alive;
mod kit;
mod lean;
mod limits;
mod pace;
mod pool;
mod proxies;
mod redirects;
mod requests;
mod server;
mod shutdown;
mod spelling;
mod streams;
mod tls;
mod upgrades;
mod windows;
