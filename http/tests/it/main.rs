//! The crate, seen from outside: one file per chapter.

mod client;
mod http2;
mod keep_alive;
mod kit;
