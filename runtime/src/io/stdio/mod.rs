//! The standard streams of the process.
//!
//! What can be waited for is waited for, and holds no thread: a pipe and a terminal are opened once more
//! (`/proc/self/fd`), so that they can be non-blocking for us without being so for everybody who shares them; a socket
//! takes a flag with each call. So a runtime ends at once although its standard input is open and silent.
//!
//! What cannot be waited for (a regular file, `/dev/null`, a descriptor that may not be opened again, other systems than
//! Linux) is read by a thread that belongs to the process and to no runtime, and written like a
//! [`File`](crate::fs::File).
//!
//! - `channel`: which of these a stream is
//! - `stdin`, `stdin_thread`: reading
//! - `output`: writing

mod channel;
mod output;
mod stdin;
mod stdin_thread;

pub use output::{Stderr, Stdout, stderr, stdout};
pub use stdin::{Stdin, stdin};
