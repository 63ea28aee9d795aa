//! Socket options, written once for all types that have them.
//!
//! Each macro gives its type getters and setters as methods of its own. All of them are one system call and work at any
//! time in the life of a socket, unless they say otherwise. What only one system has is in `sys`.

/// Pairs of a getter and a setter, by the names they have here and in `socket2`.
macro_rules! option_methods {
    ($(
        $(#[doc = $get_doc:literal])*
        get $getter:ident = $get:ident;
        $(#[doc = $set_doc:literal])*
        set $setter:ident($argument:ident: $type:ty) = $set:ident;
    )*) => {$(
        $(#[doc = $get_doc])*
        ///
        /// # Errors
        ///
        /// Those of `getsockopt`.
        pub fn $getter(&self) -> std::io::Result<$type> {
            socket2::SockRef::from(self).$get()
        }

        $(#[doc = $set_doc])*
        ///
        /// # Errors
        ///
        /// Those of `setsockopt`.
        pub fn $setter(&self, $argument: $type) -> std::io::Result<()> {
            socket2::SockRef::from(self).$set($argument)
        }
    )*};
}

/// What every socket of the Internet has.
macro_rules! internet_options {
    () => {
        $crate::options::option_methods! {
            /// The type-of-service byte of IPv4 packets sent.
            get tos_v4 = tos_v4;
            /// Sets the type-of-service byte of IPv4 packets sent; the upper six bits are the DSCP.
            set set_tos_v4(tos: u32) = set_tos_v4;

            /// The traffic class of IPv6 packets sent.
            get tclass_v6 = tclass_v6;
            /// Sets the traffic class of IPv6 packets sent; the upper six bits are the DSCP.
            set set_tclass_v6(class: u32) = set_tclass_v6;
        }

        /// The size of the kernel's send buffer, in bytes.
        ///
        /// # Errors
        ///
        /// Those of `getsockopt`.
        pub fn send_buffer_size(&self) -> std::io::Result<u32> {
            let bytes = socket2::SockRef::from(self).send_buffer_size()?;
            Ok(bytes.try_into().unwrap_or(u32::MAX))
        }

        /// Sets the size of the kernel's send buffer, in bytes; a hint, which Linux doubles.
        ///
        /// # Errors
        ///
        /// Those of `setsockopt`.
        pub fn set_send_buffer_size(&self, bytes: u32) -> std::io::Result<()> {
            socket2::SockRef::from(self).set_send_buffer_size(bytes as usize)
        }

        /// The size of the kernel's receive buffer, in bytes.
        ///
        /// # Errors
        ///
        /// Those of `getsockopt`.
        pub fn recv_buffer_size(&self) -> std::io::Result<u32> {
            let bytes = socket2::SockRef::from(self).recv_buffer_size()?;
            Ok(bytes.try_into().unwrap_or(u32::MAX))
        }

        /// Sets the size of the kernel's receive buffer, in bytes; a hint, which Linux doubles.
        ///
        /// # Errors
        ///
        /// Those of `setsockopt`.
        pub fn set_recv_buffer_size(&self, bytes: u32) -> std::io::Result<()> {
            socket2::SockRef::from(self).set_recv_buffer_size(bytes as usize)
        }

        $crate::sys::system_internet_options!();
    };
}

/// What TCP sockets have, before and after they are connected.
macro_rules! tcp_options {
    () => {
        $crate::options::option_methods! {
            /// Whether small segments are sent at once, without waiting for acknowledgements.
            get nodelay = tcp_nodelay;
            /// Sends small segments at once, without waiting for acknowledgements.
            set set_nodelay(nodelay: bool) = set_tcp_nodelay;

            /// The most bytes of one segment.
            get mss = tcp_mss;
            /// Sets the most bytes of one segment; the kernel takes less if the path or the peer do.
            set set_mss(bytes: u32) = set_tcp_mss;

            /// How long closing waits for unsent bytes.
            get linger = linger;
            /// Sets how long closing waits for unsent bytes; zero resets the connection.
            set set_linger(linger: Option<std::time::Duration>) = set_linger;

            /// Whether the kernel asks a silent peer whether it is there.
            get keepalive = keepalive;
            /// Has the kernel ask a silent peer whether it is there, as often as the system's defaults say.
            set set_keepalive(keepalive: bool) = set_keepalive;
        }

        /// Has the kernel ask a silent peer whether it is there, as often as `keepalive` says.
        ///
        /// # Errors
        ///
        /// Those of `setsockopt`.
        pub fn set_keepalive_probes(&self, keepalive: $crate::tcp::Keepalive) -> std::io::Result<()> {
            keepalive.apply(self)
        }

        /// Has closing reset the connection and forget unsent bytes.
        ///
        /// # Errors
        ///
        /// Those of `setsockopt`.
        pub fn set_zero_linger(&self) -> std::io::Result<()> {
            self.set_linger(Some(std::time::Duration::ZERO))
        }

        $crate::sys::system_tcp_options!();
    };
}

pub(crate) use {internet_options, option_methods, tcp_options};
