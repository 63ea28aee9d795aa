//! macOS and its kin.

use std::io;
use std::os::fd::OwnedFd;

use rustix::io::{FdFlags, fcntl_setfd, ioctl_fionbio};
use rustix::net::{RecvFlags, SendFlags};
use socket2::{Domain, Protocol, Socket, Type};

/// There is no such flag; why none is needed, the runtime's `sys::apple` says.
pub(crate) const NO_SIGNAL: SendFlags = SendFlags::empty();
pub(crate) const DESCRIPTORS: RecvFlags = RecvFlags::empty();

pub(crate) fn socket(domain: Domain, kind: Type, protocol: Option<Protocol>) -> io::Result<Socket> {
    let socket = Socket::new(domain, kind, protocol)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// A child that another thread starts between the calls inherits the pipe: there is no call that does it all at once.
pub(crate) fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (reader, writer) = rustix::pipe::pipe()?;
    for end in [&reader, &writer] {
        close_on_exec(end)?;
        ioctl_fionbio(end, true)?;
    }
    Ok((reader, writer))
}

pub(crate) fn close_on_exec(fd: &OwnedFd) -> io::Result<()> {
    Ok(fcntl_setfd(fd, FdFlags::CLOEXEC)?)
}
