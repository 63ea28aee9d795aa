//! Child processes.
//!
//! A child's end is something to wait for: on Linux its pidfd becomes readable, elsewhere (and where `pidfd_open` is
//! forbidden) `SIGCHLD` tells that some child has changed, and each asks for its own. No thread waits. A child whose
//! handle is dropped before its end goes to the orphans, who are reaped by a thread that lives as long as there are
//! any; no zombie stays, whatever becomes of the runtime.
//!
//! - `command`: what to start, and how
//! - `child`: a started process
//! - `exit`: waiting for its end
//! - `orphans`: the end of those that nobody waits for
//! - `stdio`: the pipes to and from it
//!
//! ```
//! # let rt = minato_runtime::runtime::Builder::new_current_thread().build()?;
//! # rt.block_on(async {
//! use minato_runtime::process::Command;
//!
//! let output = Command::new("echo").arg("hello").output().await?;
//! assert!(output.status.success());
//! assert_eq!(output.stdout, b"hello\n");
//! # std::io::Result::Ok(())
//! # })?;
//! # std::io::Result::Ok(())
//! ```

mod child;
mod command;
mod exit;
mod orphans;
mod stdio;

#[cfg(all(test, not(loom)))]
mod tests;

pub use child::Child;
pub use command::Command;
pub use stdio::{ChildStderr, ChildStdin, ChildStdout};

pub use std::process::{ExitStatus, Output, Stdio};
