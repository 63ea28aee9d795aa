//! What systems do differently.
//!
//! - `linux`, `linux_options`: what only Linux has
//! - `elsewhere`: how the rest of the crate does without
//! - `flagged`: systems that take flags with the call: Linux, the BSDs
//! - `apple`: macOS and its kin, which have no such flags
//!
//! The contract, kept by `linux` and by `elsewhere`:
//! - `splice_pipe`: the reading and the writing end of a pipe to splice through; an error has the bytes copied instead.
//! - `splice_in`, `splice_out`: move bytes from a socket into such a pipe, and from it into a socket, without waiting.
//! - `named`: where to connect to for an address, if it has a name; `without_path`: who sent, if not from a path.
//! - `send_datagrams`: sends datagrams, each to its own target, and answers how many, at least one, were sent.
//! - `system_internet_options`, `system_tcp_options`: macros of methods for options that no other system has.
//!
//! And by `flagged` and by `apple`:
//! - `NO_SIGNAL`: flags with which a send to a broken pipe is an error.
//! - `socket`: a socket in non-blocking mode, closed on `exec`; `pipe`: the ends of a pipe, likewise.
//! - `DESCRIPTORS`: flags to receive descriptors with; `close_on_exec`: what is left to do for each of them.
//!
//! Types and methods of the public interface that a system has no means for are not there, rather than failing.

#[cfg(target_vendor = "apple")]
mod apple;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(not(target_vendor = "apple"))]
mod flagged;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
mod linux_options;

#[cfg(target_vendor = "apple")]
pub(crate) use apple::*;
#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::*;
#[cfg(not(target_vendor = "apple"))]
pub(crate) use flagged::*;
#[cfg(target_os = "linux")]
pub(crate) use linux::*;
#[cfg(target_os = "linux")]
pub(crate) use linux_options::*;
