//! Systems that take flags with the call.

use std::io;
use std::os::fd::OwnedFd;

use rustix::net::{RecvFlags, SendFlags};
use rustix::pipe::{PipeFlags, pipe_with};
use socket2::{Domain, Protocol, Socket, Type};

pub(crate) const NO_SIGNAL: SendFlags = SendFlags::NOSIGNAL;
pub(crate) const DESCRIPTORS: RecvFlags = RecvFlags::CMSG_CLOEXEC;

pub(crate) fn socket(domain: Domain, kind: Type, protocol: Option<Protocol>) -> io::Result<Socket> {
    Socket::new(domain, kind.nonblocking(), protocol)
}

pub(crate) fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(pipe_with(PipeFlags::NONBLOCK | PipeFlags::CLOEXEC)?)
}

/// They were received so.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it is a system call")]
pub(crate) fn close_on_exec(_: &OwnedFd) -> io::Result<()> {
    Ok(())
}
