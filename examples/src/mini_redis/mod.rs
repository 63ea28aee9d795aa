//! A server that Redis clients talk to: strings with expiry, lists, hashes, sets, sorted sets, publish and subscribe,
//! transactions.
//!
//! The way of a request, and the files to read in that order:
//!
//! 1. `server.rs` accepts connections, as many as allowed, and ends them when the server ends;
//! 2. `connection.rs` reads what has come, executes every request in it, and writes all answers at once;
//! 3. [`resp`] finds requests in bytes, without copying them, and writes answers into a rope;
//! 4. `session.rs` is what the server knows of a client, and decides whether a command runs now, later, or not;
//! 5. `commands/` are the commands, in a table; `store/` is what they work on; `pubsub.rs` the channels.
//!
//! Everything a client can grow is bounded in `limits.rs`. Nothing is kept when the server ends.

pub mod resp;

mod commands;
mod connection;
mod fault;
mod limits;
mod pubsub;
mod server;
mod session;
mod shared;
mod store;

pub use server::{Config, Report, serve};
