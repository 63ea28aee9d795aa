//! Who is at the other end of a Unix socket.
//!
//! # Safety
//!
//! 1. `SO_PEERCRED` writes one `ucred`, all of whose fields are numbers for which every value is valid: the kernel
//!    tells process 0 where there is none, or none that this process can see.
//! 2. The kernel copies the value out during the call, and keeps no pointer to it.

use std::io;
use std::os::fd::{AsFd, AsRawFd};

/// Who is at the other end of a Unix socket, as the kernel tells it.
///
/// Here for `minato_net`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PeerCredentials {
    /// The process; 0 if it is in no namespace that this process sees, or there is none.
    pub pid: i32,
    /// The user; `u32::MAX` if there is none.
    pub uid: u32,
    /// The group; `u32::MAX` if there is none.
    pub gid: u32,
}

impl PeerCredentials {
    /// Asks the kernel about the peer of `socket`.
    ///
    /// # Errors
    ///
    /// Those of `getsockopt`.
    pub fn of(socket: impl AsFd) -> io::Result<Self> {
        let mut cred = libc::ucred { pid: 0, uid: 0, gid: 0 };
        let mut len = libc::socklen_t::try_from(size_of_val(&cred)).map_err(io::Error::other)?;
        let fd = socket.as_fd().as_raw_fd();
        // SAFETY: invariants 1 and 2; `len` is the size of `cred`, so that no more is written.
        let result = unsafe {
            libc::getsockopt(fd, libc::SOL_SOCKET, libc::SO_PEERCRED, (&raw mut cred).cast(), &raw mut len)
        };
        match result {
            0 => Ok(Self { pid: cred.pid, uid: cred.uid, gid: cred.gid }),
            _ => Err(io::Error::last_os_error()),
        }
    }
}
