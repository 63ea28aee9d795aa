//! Calls from end to end: through the generated client in this process and over TCP, and frame by frame with the h2
//! crate as the client.

mod clients;
mod echo;
mod generated;
mod grpcio;
mod kit;
mod names;
mod reflection;
mod scripted;
mod server;
mod wire;
