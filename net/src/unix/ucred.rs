//! Who is at the other end.

use std::io;
use std::os::fd::AsFd;

/// Who is at the other end of a Unix connection, as it was when the connection was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UCred {
    uid: u32,
    gid: u32,
    pid: i32,
}

impl UCred {
    pub(super) fn of_peer(socket: impl AsFd) -> io::Result<Self> {
        let cred = rustix::net::sockopt::socket_peercred(socket)?;
        Ok(Self { uid: cred.uid.as_raw(), gid: cred.gid.as_raw(), pid: cred.pid.as_raw_nonzero().get() })
    }

    /// The user.
    #[must_use]
    pub fn uid(&self) -> u32 {
        self.uid
    }

    /// The group.
    #[must_use]
    pub fn gid(&self) -> u32 {
        self.gid
    }

    /// The process.
    #[must_use]
    pub fn pid(&self) -> Option<i32> {
        (self.pid > 0).then_some(self.pid)
    }
}

/// The method of connected socket types, whose field `io` is a `PollEvented`, that asks who is at the other end.
macro_rules! peer_cred {
    () => {
        /// Who is at the other end.
        ///
        /// # Errors
        ///
        /// Those of `getsockopt`.
        pub fn peer_cred(&self) -> std::io::Result<$crate::unix::UCred> {
            $crate::unix::UCred::of_peer(self)
        }
    };
}

pub(super) use peer_cred;
