//! What is done with a socket before it connects.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use crate::TcpSocket;

type SetUp = dyn Fn(&TcpSocket) -> io::Result<()> + Send + Sync;

/// What each socket of a dialer is given.
#[derive(Clone, Default)]
pub(super) struct Prepare {
    local_v4: Option<Ipv4Addr>,
    local_v6: Option<Ipv6Addr>,
    set_ups: Vec<Arc<SetUp>>,
}

impl Prepare {
    pub(super) fn local_address(&mut self, address: IpAddr) {
        match address {
            IpAddr::V4(address) => self.local_v4 = Some(address),
            IpAddr::V6(address) => self.local_v6 = Some(address),
        }
    }

    pub(super) fn set_up(&mut self, set_up: impl Fn(&TcpSocket) -> io::Result<()> + Send + Sync + 'static) {
        self.set_ups.push(Arc::new(set_up));
    }

    /// Whether this address can be reached from the local ones: a family without one is left out where another has one.
    pub(super) fn reaches(&self, address: &SocketAddr) -> bool {
        match (address, self.local_v4, self.local_v6) {
            (_, None, None) => true,
            (SocketAddr::V4(_), local, _) => local.is_some(),
            (SocketAddr::V6(_), _, local) => local.is_some(),
        }
    }

    /// Readies a socket that is to connect to this address.
    pub(super) fn apply(&self, socket: &TcpSocket, to: SocketAddr) -> io::Result<()> {
        for set_up in &self.set_ups {
            set_up(socket)?;
        }
        let local: Option<IpAddr> = match to {
            SocketAddr::V4(_) => self.local_v4.map(IpAddr::from),
            SocketAddr::V6(_) => self.local_v6.map(IpAddr::from),
        };
        local.map_or(Ok(()), |local| socket.bind(SocketAddr::new(local, 0)))
    }
}

impl fmt::Debug for Prepare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepare")
            .field("local_v4", &self.local_v4)
            .field("local_v6", &self.local_v6)
            .field("set_ups", &self.set_ups.len())
            .finish()
    }
}
