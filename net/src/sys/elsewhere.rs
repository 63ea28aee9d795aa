//! How the rest of the crate does without what only Linux has.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::SocketAddr;

use rustix::net::SocketAddrUnix;
use socket2::SockAddr;

pub(crate) fn splice_pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(crate) fn splice_in(_: impl AsFd, _: BorrowedFd<'_>, _: usize) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(crate) fn splice_out(_: BorrowedFd<'_>, _: impl AsFd, _: usize) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(crate) fn named(address: &SocketAddr) -> io::Result<Option<SockAddr>> {
    address.as_pathname().map(SockAddr::unix).transpose()
}

/// Nobody: the address without a name is the empty path.
pub(crate) fn without_path(_: &SocketAddrUnix) -> io::Result<SocketAddr> {
    SocketAddr::from_pathname("")
}

#[cfg(feature = "udp-batch")]
pub(crate) fn send_datagrams(
    socket: impl AsFd,
    datagrams: &[(&[u8], std::net::SocketAddr)],
) -> io::Result<usize> {
    for (sent, (contents, target)) in datagrams.iter().enumerate() {
        match rustix::net::sendto(&socket, contents, super::NO_SIGNAL, target) {
            Ok(_) => {}
            Err(error) if sent == 0 => return Err(error.into()),
            // Told when it is the first.
            Err(_) => return Ok(sent),
        }
    }
    Ok(datagrams.len())
}

macro_rules! system_internet_options {
    () => {};
}

macro_rules! system_tcp_options {
    () => {};
}

pub(crate) use {system_internet_options, system_tcp_options};
