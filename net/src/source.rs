//! What sockets are built on; the one file that knows the reactor.

pub(crate) use minato_runtime::io::PollEvented;
pub use minato_runtime::io::{Interest, Ready};
pub(crate) use minato_runtime::task::spawn_blocking;
