//! mini-redis over sockets: what clients see, what bad clients can and cannot do, and how it ends.

mod bad_input;
mod commands;
mod ending;
mod kit;
mod protocol;
mod pubsub;
mod transactions;
