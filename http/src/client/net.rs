//! Connections over TCP and Unix sockets; nothing else of the client knows `minato-net`.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use minato_net::tcp::Keepalive;
use minato_net::{Dialer, TcpSocket, UnixStream};

use super::connect::{Connector, Dialed};
use super::key::host;
use super::{Client, ClientBuilder};
use crate::clock::Instant;
use crate::conn_info::ConnInfo;

/// How TCP connections are made.
#[derive(Debug, Clone)]
pub(super) struct Dialing {
    dialer: Dialer,
    /// Names that are not looked up.
    known: HashMap<String, Vec<IpAddr>>,
}

impl Client {
    /// A client that makes TCP connections, with every setting at its default.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A client to be set up; it makes TCP connections unless told otherwise.
    pub fn builder() -> ClientBuilder {
        // A request leaves in one write, and the next must not wait for the server to acknowledge it.
        ClientBuilder::new(Dialing { dialer: Dialer::new().nodelay(true), known: HashMap::new() })
    }
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

impl ClientBuilder {
    /// Makes TCP connections with this dialer: with another way of looking names up, or of trying their addresses.
    ///
    /// ```
    /// use std::time::Duration;
    /// use minato_http::Client;
    /// use minato_net::Dialer;
    ///
    /// let dialer = Dialer::new().attempt_delay(Duration::from_millis(100)).nodelay(true);
    /// let client = Client::builder().dialer(dialer).build();
    /// ```
    pub fn dialer(mut self, dialer: Dialer) -> Self {
        self.dialing.dialer = dialer;
        self
    }

    /// Connects from this address. One of each family can be set; where only one is, servers are not tried at addresses of
    /// the other family.
    ///
    /// As the other settings of sockets it changes the dialer, so it comes behind [`dialer`](Self::dialer).
    pub fn local_address(self, address: IpAddr) -> Self {
        self.dial(|dialer| dialer.local_address(address))
    }

    /// Whether small segments are sent at once. They are unless this says otherwise.
    pub fn tcp_nodelay(self, nodelay: bool) -> Self {
        self.dial(|dialer| dialer.nodelay(nodelay))
    }

    /// Has the kernel ask a server that is silent for so long whether it is there. It does not unless told.
    pub fn tcp_keepalive(self, idle: Duration) -> Self {
        self.socket(move |socket| socket.set_keepalive_probes(Keepalive::after(idle)))
    }

    /// Has `set_up` called with each socket before it connects, for what else the kernel is to do: bind it to an interface,
    /// mark what it sends, bound how long that may stay without an answer. An error is one of
    /// [connecting](crate::Error::is_connect).
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use std::time::Duration;
    /// use minato_http::Client;
    ///
    /// let client = Client::builder()
    ///     .socket(|socket| {
    ///         socket.bind_device(Some(b"eth0"))?;
    ///         socket.set_mark(7)?;
    ///         socket.set_user_timeout(Some(Duration::from_secs(20)))
    ///     })
    ///     .build();
    /// # drop(client);
    /// # }
    /// ```
    pub fn socket(self, set_up: impl Fn(&TcpSocket) -> io::Result<()> + Send + Sync + 'static) -> Self {
        self.dial(|dialer| dialer.socket(set_up))
    }

    /// Binds connections to this network interface.
    ///
    /// Linux only.
    #[cfg(target_os = "linux")]
    pub fn interface(self, name: &str) -> Self {
        let name = name.as_bytes().to_vec();
        self.socket(move |socket| socket.bind_device(Some(&name)))
    }

    fn dial(mut self, change: impl FnOnce(Dialer) -> Dialer) -> Self {
        self.dialing.dialer = change(self.dialing.dialer);
        self
    }

    /// Connects to these addresses for a host, whatever its name leads to otherwise: the host is pinned to them. Request
    /// and TLS still name the host.
    ///
    /// ```
    /// use minato_http::Client;
    ///
    /// let client = Client::builder().resolve("api.example.com", [[127, 0, 0, 1].into()]).build();
    /// # drop(client);
    /// ```
    pub fn resolve(mut self, host: &str, addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        self.dialing.known.insert(host.to_ascii_lowercase(), addresses.into_iter().collect());
        self
    }

    /// Makes all connections to the Unix socket at this path. Requests still name a host.
    pub fn unix_socket(self, path: impl Into<PathBuf>) -> Self {
        let path: PathBuf = path.into();
        self.connector(move |_| UnixStream::connect(path.clone()))
    }
}

impl Dialing {
    pub(super) fn connector(&self) -> Connector {
        let this = Arc::new(self.clone());
        Connector::dialing(move |uri| {
            let this = Arc::clone(&this);
            async move { this.connect(&uri).await }
        })
    }

    /// The addresses of a host, and how long it took to find them, if that was needed.
    pub(super) async fn look_up(&self, host: &str) -> io::Result<(Vec<IpAddr>, Option<Duration>)> {
        if let Some(addresses) = self.known.get(&host.to_ascii_lowercase()) {
            return Ok((addresses.clone(), None));
        }
        let started = Instant::now();
        let addresses = self.dialer.resolve(host).await?;
        Ok((addresses, Some(started.elapsed())))
    }

    async fn connect(&self, uri: &Uri) -> io::Result<Dialed> {
        let (addresses, lookup) = self.look_up(host(uri.host().unwrap_or_default())).await?;
        let stream = self.dialer.connect_to(&addresses, port(uri)).await?;
        let info = ConnInfo::new(stream.peer_addr().ok(), stream.local_addr().ok());
        Ok(Dialed { io: Box::new(stream), info, lookup })
    }
}

/// RFC 9110 §4.2: the port where the URI names none.
fn port(uri: &Uri) -> u16 {
    let usual = if uri.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 };
    uri.port_u16().unwrap_or(usual)
}
