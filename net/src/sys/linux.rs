//! What only Linux has: `splice`, `sendmmsg` and names outside the file system.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::SocketAddr;

use rustix::net::SocketAddrUnix;
use rustix::pipe::{SpliceFlags, splice};
use socket2::SockAddr;

pub(crate) use super::flagged::pipe as splice_pipe;

const SPLICE: SpliceFlags = SpliceFlags::NONBLOCK.union(SpliceFlags::MOVE);

pub(crate) fn splice_in(socket: impl AsFd, pipe: BorrowedFd<'_>, len: usize) -> io::Result<usize> {
    Ok(splice(socket, None, pipe, None, len, SPLICE)?)
}

pub(crate) fn splice_out(pipe: BorrowedFd<'_>, socket: impl AsFd, len: usize) -> io::Result<usize> {
    Ok(splice(pipe, None, socket, None, len, SPLICE)?)
}

pub(crate) fn named(address: &SocketAddr) -> io::Result<Option<SockAddr>> {
    match (address.as_pathname(), address.as_abstract_name()) {
        (Some(path), _) => SockAddr::unix(path).map(Some),
        (None, Some(name)) => abstract_address(name).map(Some),
        (None, None) => Ok(None),
    }
}

/// The address of a name in the abstract namespace.
pub(crate) fn abstract_address(name: &[u8]) -> io::Result<SockAddr> {
    // The same rules as std's, which has no way into socket2's type: a zero byte, then the name.
    SocketAddr::from_abstract_name(name)?;
    let mut path = vec![0];
    path.extend_from_slice(name);
    SockAddr::unix(OsStr::from_bytes(&path))
}

pub(crate) fn without_path(address: &SocketAddrUnix) -> io::Result<SocketAddr> {
    match address.abstract_name() {
        Some(name) => SocketAddr::from_abstract_name(name),
        // The address without a name is the empty path.
        None => SocketAddr::from_pathname(""),
    }
}

#[cfg(feature = "udp-batch")]
pub(crate) fn send_datagrams(
    socket: impl AsFd,
    datagrams: &[(&[u8], std::net::SocketAddr)],
) -> io::Result<usize> {
    use rustix::net::addr::SocketAddrArg;
    use rustix::net::{MMsgHdr, SendAncillaryBuffer, SocketAddrAny, sendmmsg};

    let targets: Vec<SocketAddrAny> = datagrams.iter().map(|(_, target)| target.as_any()).collect();
    let contents: Vec<_> = datagrams.iter().map(|(contents, _)| [io::IoSlice::new(contents)]).collect();
    let mut controls: Vec<_> = datagrams.iter().map(|_| SendAncillaryBuffer::default()).collect();
    let parts = targets.iter().zip(&contents).zip(&mut controls);
    let mut messages: Vec<_> = parts
        .map(|((target, contents), control)| MMsgHdr::new_with_addr(target, contents, control))
        .collect();
    Ok(sendmmsg(socket, &mut messages, super::NO_SIGNAL)?)
}
