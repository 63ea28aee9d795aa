//! Who is at the other end.

use std::io;
use std::os::fd::AsFd;

use super::{UnixDatagram, UnixSeqpacket, UnixStream};
use crate::source::PeerCredentials;

/// Who is at the other end of a Unix connection, as it was when the connection was made. Linux only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UCred {
    uid: u32,
    gid: u32,
    pid: i32,
}

impl UCred {
    fn of_peer(socket: impl AsFd) -> io::Result<Self> {
        let cred = PeerCredentials::of(socket)?;
        Ok(Self { uid: cred.uid, gid: cred.gid, pid: cred.pid })
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

    /// The process; none if it lives in another namespace of processes than this one (a container, say) and is not
    /// seen from here.
    #[must_use]
    pub fn pid(&self) -> Option<i32> {
        (self.pid > 0).then_some(self.pid)
    }
}

/// Gives connected socket types the method that asks who is at the other end.
macro_rules! peer_cred {
    ($($type:ty),*) => {$(
        impl $type {
            /// Who is at the other end.
            ///
            /// Linux only.
            ///
            /// # Errors
            ///
            /// Those of `getsockopt`.
            pub fn peer_cred(&self) -> io::Result<UCred> {
                UCred::of_peer(self)
            }
        }
    )*};
}

peer_cred!(UnixDatagram, UnixSeqpacket, UnixStream);
