//! Options of sockets that no library sets without `unsafe`.
//!
//! # Safety
//!
//! 1. Every option named here is read and written by the kernel as one C `int`.
//! 2. The kernel copies the value in or out during the call, and keeps no pointer to it.

use std::io;
use std::os::fd::AsFd;

/// An option of a TCP socket whose value is a number.
///
/// Here for `minato_net`, which has a method for each. Elsewhere than on Linux all of them are `Unsupported`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SocketOption {
    /// `TCP_DEFER_ACCEPT`: seconds for which a connection is not handed to `accept` before its first bytes are there.
    DeferAccept,
    /// `TCP_FASTOPEN`: connections of a listener that may wait with bytes in their first segment (RFC 7413).
    FastOpen,
    /// `TCP_FASTOPEN_CONNECT`: whether connecting waits for the first write, whose bytes leave with the first segment.
    FastOpenConnect,
}

#[cfg(any(target_os = "linux", target_os = "android"))]
impl SocketOption {
    fn name(self) -> libc::c_int {
        match self {
            Self::DeferAccept => libc::TCP_DEFER_ACCEPT,
            Self::FastOpen => libc::TCP_FASTOPEN,
            Self::FastOpenConnect => libc::TCP_FASTOPEN_CONNECT,
        }
    }

    /// The value of the option at `socket`.
    ///
    /// # Errors
    ///
    /// Those of `getsockopt`.
    pub fn get(self, socket: impl AsFd) -> io::Result<i32> {
        use std::os::fd::AsRawFd;
        let mut value: libc::c_int = 0;
        let mut len = libc::socklen_t::try_from(size_of_val(&value)).map_err(io::Error::other)?;
        let fd = socket.as_fd().as_raw_fd();
        // SAFETY: invariants 1 and 2; `len` is the size of `value`, so that no more is written.
        let result = unsafe {
            libc::getsockopt(fd, libc::IPPROTO_TCP, self.name(), (&raw mut value).cast(), &raw mut len)
        };
        if result == 0 { Ok(value) } else { Err(io::Error::last_os_error()) }
    }

    /// Gives the option a value at `socket`.
    ///
    /// # Errors
    ///
    /// Those of `setsockopt`.
    pub fn set(self, socket: impl AsFd, value: i32) -> io::Result<()> {
        use std::os::fd::AsRawFd;
        let len = libc::socklen_t::try_from(size_of_val(&value)).map_err(io::Error::other)?;
        let fd = socket.as_fd().as_raw_fd();
        // SAFETY: invariants 1 and 2; `len` is the size of `value`, so that no more is read.
        let result =
            unsafe { libc::setsockopt(fd, libc::IPPROTO_TCP, self.name(), (&raw const value).cast(), len) };
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
impl SocketOption {
    /// Not known here.
    ///
    /// # Errors
    ///
    /// `Unsupported`.
    pub fn get(self, _: impl AsFd) -> io::Result<i32> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Not known here.
    ///
    /// # Errors
    ///
    /// `Unsupported`.
    pub fn set(self, _: impl AsFd, _: i32) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
