//! What only Linux does with a socket that is not bound yet.

use std::io;

use socket2::{Domain, SockRef};

use super::TcpSocket;

impl TcpSocket {
    /// Lets the socket be bound to an address that no interface has yet.
    ///
    /// Linux only.
    ///
    /// # Errors
    ///
    /// Those of `setsockopt`.
    pub fn set_freebind(&self, freebind: bool) -> io::Result<()> {
        let socket = SockRef::from(self);
        match socket.domain()? {
            Domain::IPV6 => socket.set_freebind_v6(freebind),
            _ => socket.set_freebind_v4(freebind),
        }
    }

    /// Lets the socket be bound to addresses that are not this machine's, as proxies do that show themselves to neither
    /// side; needs `CAP_NET_ADMIN`.
    ///
    /// Linux only.
    ///
    /// # Errors
    ///
    /// Those of `setsockopt`.
    pub fn set_transparent(&self, transparent: bool) -> io::Result<()> {
        let socket = SockRef::from(self);
        match socket.domain()? {
            Domain::IPV6 => socket.set_ip_transparent_v6(transparent),
            _ => socket.set_ip_transparent_v4(transparent),
        }
    }
}
