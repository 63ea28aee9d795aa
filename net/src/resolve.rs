//! Names become addresses.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::pin::Pin;

use minato_runtime::sync::Semaphore;

use crate::limits::LOOKUPS_MAX;
use crate::source::spawn_blocking;

/// The addresses of a name, later.
pub type Resolving<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>>;

/// Looks up the addresses of names.
///
/// The trait is object-safe: a [`Dialer`](crate::Dialer) holds one behind an `Arc`. Implement it to ask a DNS server
/// of your own, a service registry, or a table.
///
/// ```
/// use minato_net::{Dialer, Resolver, Resolving, TcpListener};
///
/// #[derive(Debug)]
/// struct Everywhere;
///
/// impl Resolver for Everywhere {
///     fn resolve<'a>(&'a self, _: &'a str) -> Resolving<'a> {
///         Box::pin(async { Ok(vec![[127, 0, 0, 1].into()]) })
///     }
/// }
///
/// # let rt = minato_runtime::runtime::Runtime::new().unwrap();
/// # rt.block_on(async {
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let port = listener.local_addr()?.port();
/// Dialer::new().resolver(Everywhere).connect("no.such.name.invalid", port).await?;
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub trait Resolver: Send + Sync + fmt::Debug {
    /// The addresses of `host`, best first.
    ///
    /// # Errors
    ///
    /// If the name is not known, or nobody could be asked.
    fn resolve<'a>(&'a self, host: &'a str) -> Resolving<'a>;
}

/// Asks the system's resolver (`getaddrinfo`) on a thread where that may block.
///
/// At most 64 lookups of a process run at a time, so that a name server that does not answer takes some threads
/// from the blocking pool and not all; others wait for their turn.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver(());

impl SystemResolver {
    /// The system's resolver.
    #[must_use]
    pub fn new() -> Self {
        Self(())
    }
}

impl Resolver for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str) -> Resolving<'a> {
        let lookup = lookup((host.to_owned(), 0));
        Box::pin(async move { Ok(lookup.await?.into_iter().map(|address| address.ip()).collect()) })
    }
}

/// Lookups under way in this process.
static LOOKUPS: Semaphore = Semaphore::const_new(LOOKUPS_MAX);

/// Asks the system's resolver, when it is this lookup's turn.
pub(crate) async fn lookup<T>(host: T) -> io::Result<Vec<SocketAddr>>
where
    T: ToSocketAddrs + Send + 'static,
{
    let turn = LOOKUPS.acquire().await.map_err(io::Error::other)?;
    // The turn ends with the thread's work, not with this future: a lookup cannot be called off.
    let job = spawn_blocking(move || {
        let _turn = turn;
        host.to_socket_addrs().map(Iterator::collect)
    });
    job.await.unwrap_or_else(|error| Err(error.into()))
}
