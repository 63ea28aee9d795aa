//! Options that only Linux has.

/// What every socket of the Internet has.
macro_rules! system_internet_options {
    () => {
        $crate::options::option_methods! {
            /// The mark that routing and the firewall see on packets sent.
            ///
            /// Linux only.
            get mark = mark;
            /// Marks packets sent, for routing and the firewall; needs `CAP_NET_ADMIN`.
            ///
            /// Linux only.
            set set_mark(mark: u32) = set_mark;

            /// The priority of packets sent, by which the queues of the machine order them.
            ///
            /// Linux only.
            get priority = priority;
            /// Sets the priority of packets sent; above 6 it needs `CAP_NET_ADMIN`.
            ///
            /// Linux only.
            set set_priority(priority: u32) = set_priority;
        }

        /// The network interface the socket is bound to, by name.
        ///
        /// Linux only.
        ///
        /// # Errors
        ///
        /// Those of `getsockopt`.
        pub fn device(&self) -> std::io::Result<Option<Vec<u8>>> {
            socket2::SockRef::from(self).device()
        }

        /// Binds the socket to one network interface, or to none.
        ///
        /// Linux only.
        ///
        /// # Errors
        ///
        /// Those of `setsockopt`.
        pub fn bind_device(&self, interface: Option<&[u8]>) -> std::io::Result<()> {
            socket2::SockRef::from(self).bind_device(interface)
        }

        /// The processor on which the kernel handles packets of this socket.
        ///
        /// Linux only.
        ///
        /// # Errors
        ///
        /// Those of `getsockopt`.
        pub fn incoming_cpu(&self) -> std::io::Result<u32> {
            Ok(rustix::net::sockopt::socket_incoming_cpu(self)?)
        }

        /// Asks that packets of this socket be handled on one processor; among listeners that share an address, that
        /// connections which arrive there come to this one.
        ///
        /// Linux only.
        ///
        /// # Errors
        ///
        /// Those of `setsockopt`.
        pub fn set_incoming_cpu(&self, cpu: u32) -> std::io::Result<()> {
            Ok(rustix::net::sockopt::set_socket_incoming_cpu(self, cpu)?)
        }
    };
}

/// What TCP sockets have, before and after they are connected.
macro_rules! system_tcp_options {
    () => {
        $crate::options::option_methods! {
            /// Whether acknowledgements are sent at once; the kernel may change it at any time.
            ///
            /// Linux only.
            get quickack = tcp_quickack;
            /// Sends acknowledgements at once; not lasting, so it may have to be set again after each read.
            ///
            /// Linux only.
            set set_quickack(quickack: bool) = set_tcp_quickack;

            /// Whether partial segments are held back until the option is cleared, or 200 ms have passed.
            ///
            /// Linux only.
            get cork = tcp_cork;
            /// Holds partial segments back until the option is cleared, or 200 ms have passed.
            ///
            /// Linux only.
            set set_cork(cork: bool) = set_tcp_cork;

            /// How long sent bytes may stay unacknowledged before the connection is given up; the system's default if
            /// none.
            ///
            /// Linux only.
            get user_timeout = tcp_user_timeout;
            /// Sets how long sent bytes may stay unacknowledged before the connection is given up (`TCP_USER_TIMEOUT`).
            ///
            /// Linux only.
            set set_user_timeout(timeout: Option<std::time::Duration>) = set_tcp_user_timeout;

            /// How many unsent bytes may wait in the kernel before the socket counts as not writable.
            ///
            /// Linux only.
            get notsent_lowat = tcp_notsent_lowat;
            /// Sets how many unsent bytes may wait in the kernel before the socket counts as not writable; a small
            /// number keeps what is sent next fresh.
            ///
            /// Linux only.
            set set_notsent_lowat(bytes: u32) = set_tcp_notsent_lowat;
        }

        /// The name of the congestion control in use.
        ///
        /// Linux only.
        ///
        /// # Errors
        ///
        /// Those of `getsockopt`.
        pub fn congestion(&self) -> std::io::Result<String> {
            Ok(rustix::net::sockopt::tcp_congestion(self)?)
        }

        /// Chooses the congestion control by name, such as `cubic` or `bbr`.
        ///
        /// Linux only.
        ///
        /// # Errors
        ///
        /// Those of `setsockopt`; `NotFound` for a name the kernel does not have.
        pub fn set_congestion(&self, name: &str) -> std::io::Result<()> {
            Ok(rustix::net::sockopt::set_tcp_congestion(self, name)?)
        }
    };
}

pub(crate) use {system_internet_options, system_tcp_options};
