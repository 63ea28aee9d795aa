//! Systems that take flags with the call.

use rustix::net::SendFlags;

pub(crate) const NO_SIGNAL: SendFlags = SendFlags::NOSIGNAL;

#[cfg(feature = "signal")]
pub(crate) fn pipe() -> rustix::io::Result<(rustix::fd::OwnedFd, rustix::fd::OwnedFd)> {
    use rustix::pipe::{PipeFlags, pipe_with};
    pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)
}
