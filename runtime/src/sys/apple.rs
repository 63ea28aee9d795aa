//! macOS and its kin.

use rustix::net::SendFlags;

/// There is no such flag. The standard library, mio and socket2 set `SO_NOSIGPIPE` on the sockets they make, and accepted
/// ones inherit it. For the rest, pairs and sockets from elsewhere, Rust's start-up code has the process ignore `SIGPIPE`;
/// only in a program whose `main` is in another language, or that undid this, is it for that program to do so.
pub(crate) const NO_SIGNAL: SendFlags = SendFlags::empty();

/// A child that another thread starts between the calls inherits the pipe: there is no call that does it all at once.
#[cfg(feature = "signal")]
pub(crate) fn pipe() -> rustix::io::Result<(rustix::fd::OwnedFd, rustix::fd::OwnedFd)> {
    let (reader, writer) = rustix::pipe::pipe()?;
    for end in [&reader, &writer] {
        rustix::io::fcntl_setfd(end, rustix::io::FdFlags::CLOEXEC)?;
        rustix::io::ioctl_fionbio(end, true)?;
    }
    Ok((reader, writer))
}
