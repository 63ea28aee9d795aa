//! Groups that datagrams are sent to.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::UdpSocket;
use crate::options::option_methods;

impl UdpSocket {
    option_methods! {
        /// Whether IPv4 datagrams sent to a group come back to sockets of this machine.
        get multicast_loop_v4 = multicast_loop_v4;
        /// Lets IPv4 datagrams sent to a group come back to sockets of this machine.
        set set_multicast_loop_v4(on: bool) = set_multicast_loop_v4;

        /// How many routers an IPv4 datagram sent to a group may pass.
        get multicast_ttl_v4 = multicast_ttl_v4;
        /// Sets how many routers an IPv4 datagram sent to a group may pass; 1, if never set, stays in the network.
        set set_multicast_ttl_v4(ttl: u32) = set_multicast_ttl_v4;

        /// Whether IPv6 datagrams sent to a group come back to sockets of this machine.
        get multicast_loop_v6 = multicast_loop_v6;
        /// Lets IPv6 datagrams sent to a group come back to sockets of this machine.
        set set_multicast_loop_v6(on: bool) = set_multicast_loop_v6;

        /// How many routers an IPv6 datagram sent to a group may pass.
        get multicast_hops_v6 = multicast_hops_v6;
        /// Sets how many routers an IPv6 datagram sent to a group may pass; 1, if never set, stays in the network.
        set set_multicast_hops_v6(hops: u32) = set_multicast_hops_v6;
    }

    /// Joins an IPv4 group on the interface with the address `interface`; any, if that is `0.0.0.0`.
    ///
    /// # Errors
    ///
    /// Those of `setsockopt`.
    pub fn join_multicast_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        socket2::SockRef::from(self).join_multicast_v4(&group, &interface)
    }

    /// Leaves an IPv4 group.
    ///
    /// # Errors
    ///
    /// Those of `setsockopt`.
    pub fn leave_multicast_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        socket2::SockRef::from(self).leave_multicast_v4(&group, &interface)
    }

    /// Joins an IPv6 group on the interface with the number `interface`; any, if that is 0.
    ///
    /// # Errors
    ///
    /// Those of `setsockopt`.
    pub fn join_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        socket2::SockRef::from(self).join_multicast_v6(group, interface)
    }

    /// Leaves an IPv6 group.
    ///
    /// # Errors
    ///
    /// Those of `setsockopt`.
    pub fn leave_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        socket2::SockRef::from(self).leave_multicast_v6(group, interface)
    }
}
