//! Clients that are processes of their own, and what is left of them in this one: descriptors, tasks, handlers.
//!
//! The tests take turns, since each counts the descriptors of the process.

mod client;
mod closing;
mod crowds;
mod killed;
