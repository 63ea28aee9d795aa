//! What systems do differently when bytes are sent and pipes are made.
//!
//! - `flagged`: systems that take flags with the call: Linux, the BSDs
//! - `apple`: macOS and its kin, which have no such flags
//!
//! Either gives
//! - `NO_SIGNAL`: flags with which a send to a broken pipe is an error;
//! - `pipe`: the reading and the writing end of a pipe, both in non-blocking mode and closed on `exec`.

#[cfg(target_vendor = "apple")]
mod apple;
#[cfg(not(target_vendor = "apple"))]
mod flagged;

#[cfg(target_vendor = "apple")]
pub(crate) use apple::*;
#[cfg(not(target_vendor = "apple"))]
pub(crate) use flagged::*;
