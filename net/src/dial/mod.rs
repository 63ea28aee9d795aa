//! Connecting to a name: look it up, try its addresses against each other, take the first that answers.
//!
//! - [`Dialer`]: what is known before the name is
//! - `order`: in which order addresses are tried
//! - `prepare`: what is done with a socket before it connects
//! - `race`: the attempts, staggered
//!
//! This is RFC 8305, "Happy Eyeballs", with one lookup for both families, as `getaddrinfo` gives it.

mod order;
mod prepare;
mod race;

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use minato_runtime::time::timeout;

use self::prepare::Prepare;
use crate::limits::{ATTEMPT_DELAY, ATTEMPT_DELAY_MIN, ATTEMPTS_MAX};
use crate::resolve::{Resolver, SystemResolver};
use crate::{TcpSocket, TcpStream};

/// Connects to names, trying their addresses against each other.
///
/// [`TcpStream::connect`] tries one address after the other, and waits on each as long as the kernel does, which is
/// minutes if the first is not reachable. A `Dialer` begins the next attempt when the one before has not answered
/// within [a quarter of a second](Self::attempt_delay) or has failed, alternates between IPv6 and IPv4, takes the
/// first connection that comes about and drops the others (RFC 8305).
///
/// ```
/// use minato_net::{Dialer, TcpListener};
///
/// # let rt = minato_runtime::runtime::Runtime::new().unwrap();
/// # rt.block_on(async {
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let port = listener.local_addr()?.port();
/// let stream = Dialer::new().connect("localhost", port).await?;
/// assert!(stream.peer_addr()?.ip().is_loopback());
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
#[must_use = "a dialer connects when told to"]
pub struct Dialer {
    resolver: Arc<dyn Resolver>,
    attempt_delay: Duration,
    timeout: Option<Duration>,
    nodelay: bool,
    prepare: Prepare,
}

impl Default for Dialer {
    fn default() -> Self {
        Self::new()
    }
}

impl Dialer {
    /// A dialer that asks the system's resolver and has no limit of time but the kernel's.
    pub fn new() -> Self {
        Self {
            resolver: Arc::new(SystemResolver::new()),
            attempt_delay: ATTEMPT_DELAY,
            timeout: None,
            nodelay: false,
            prepare: Prepare::default(),
        }
    }

    /// Looks names up with `resolver`.
    pub fn resolver(mut self, resolver: impl Resolver + 'static) -> Self {
        self.resolver = Arc::new(resolver);
        self
    }

    /// How long an attempt goes on alone before the next begins beside it; 250 ms if not set, at least 10 ms
    /// (RFC 8305 §5).
    pub fn attempt_delay(mut self, delay: Duration) -> Self {
        self.attempt_delay = delay.max(ATTEMPT_DELAY_MIN);
        self
    }

    /// How long lookup and attempts may take together; without end if not set.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Whether connections send small segments at once; they do not if not set.
    pub fn nodelay(mut self, nodelay: bool) -> Self {
        self.nodelay = nodelay;
        self
    }

    /// Connects from this address. One of each family can be set; where only one is, addresses of the other family are not
    /// tried.
    pub fn local_address(mut self, address: IpAddr) -> Self {
        self.prepare.local_address(address);
        self
    }

    /// Has `set_up` called with each socket before it connects, in the order in which they were given: for what
    /// else the kernel is to do with its connections. An error ends the attempt.
    ///
    /// ```
    /// use std::time::Duration;
    /// use minato_net::{Dialer, tcp::Keepalive};
    ///
    /// let dialer = Dialer::new().socket(|socket| {
    ///     socket.set_keepalive_probes(Keepalive::after(Duration::from_secs(60)))?;
    ///     socket.set_recv_buffer_size(256 * 1024)
    /// });
    /// # #[cfg(target_os = "linux")]
    /// let dialer = dialer.socket(|socket| {
    ///     socket.bind_device(Some(b"lo"))?;
    ///     socket.set_user_timeout(Some(Duration::from_secs(20)))
    /// });
    /// # drop(dialer);
    /// ```
    pub fn socket(mut self, set_up: impl Fn(&TcpSocket) -> io::Result<()> + Send + Sync + 'static) -> Self {
        self.prepare.set_up(set_up);
        self
    }

    /// Connects to `port` of `host`, a name or the text of an address.
    ///
    /// # Errors
    ///
    /// `TimedOut` at the [limit](Self::timeout), those of the resolver, `NotFound` if the name has no address, and the
    /// error of the last attempt if all fail.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes all sockets that are connecting.
    pub async fn connect(&self, host: &str, port: u16) -> io::Result<TcpStream> {
        let connecting = async {
            let addresses = self.addresses(host).await?;
            self.race(&addresses, port).await
        };
        self.limited(connecting).await
    }

    /// The addresses of `host`, a name or the text of an address, as [`connect`](Self::connect) would try them.
    ///
    /// # Errors
    ///
    /// `TimedOut` at the [limit](Self::timeout), and those of the resolver.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives the lookup up.
    pub async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        self.limited(self.addresses(host)).await
    }

    /// Connects to `port` of the first of these addresses that answers.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect), but those of the resolver.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes all sockets that are connecting.
    pub async fn connect_to(&self, addresses: &[IpAddr], port: u16) -> io::Result<TcpStream> {
        self.limited(self.race(addresses, port)).await
    }

    async fn limited<T>(&self, connecting: impl Future<Output = io::Result<T>>) -> io::Result<T> {
        match self.timeout {
            Some(limit) => within(limit, connecting).await,
            None => connecting.await,
        }
    }

    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        match host.parse::<IpAddr>() {
            Ok(address) => Ok(vec![address]),
            Err(_) => self.resolver.resolve(host).await,
        }
    }

    async fn race(&self, addresses: &[IpAddr], port: u16) -> io::Result<TcpStream> {
        let addresses = addresses.iter().map(|&address| SocketAddr::new(address, port));
        let addresses = addresses.filter(|address| self.prepare.reaches(address));
        // Bounded behind the sorting: a family that has many addresses takes no attempt from the other.
        let mut addresses = order::interleaved(addresses);
        addresses.truncate(ATTEMPTS_MAX);
        race::first_of(addresses, self.attempt_delay, async |address| {
            let socket = TcpSocket::for_address(address)?;
            if self.nodelay {
                socket.set_nodelay(true)?;
            }
            self.prepare.apply(&socket, address)?;
            socket.connect(address).await
        })
        .await
    }
}

/// Waits for `connecting` at most `limit`.
pub(crate) async fn within<T>(
    limit: Duration,
    connecting: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    match timeout(limit, connecting).await {
        Ok(result) => result,
        Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the connection was not made in time")),
    }
}
