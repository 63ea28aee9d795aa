//! Addresses, and names that become addresses.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::pin::Pin;

use crate::resolve::lookup;

/// The addresses of a lookup, in the order in which they should be tried.
type Addresses = io::Result<Vec<SocketAddr>>;

/// What becomes one or more socket addresses.
///
/// Addresses and texts that spell one are taken as they are. Names are looked up by the system's resolver, on a
/// thread where that may block.
///
/// This trait is sealed: it is implemented for the types of the standard library that
/// [`std::net::ToSocketAddrs`] is implemented for, and may grow.
pub trait ToSocketAddrs: sealed::Sealed {}

mod sealed {
    /// The hidden half of [`ToSocketAddrs`](super::ToSocketAddrs).
    pub trait Sealed {
        /// The addresses, now or later.
        fn resolve(&self) -> Resolve;
    }

    /// Addresses now or later.
    #[expect(missing_debug_implementations, reason = "holds a future, and is never seen outside")]
    pub enum Resolve {
        /// There was nothing to look up.
        Now(super::Addresses),
        /// The resolver was asked.
        Later(super::Lookup),
    }
}

use sealed::{Resolve, Sealed};

type Lookup = Pin<Box<dyn Future<Output = Addresses> + Send>>;

fn now(address: SocketAddr) -> Resolve {
    Resolve::Now(Ok(vec![address]))
}

/// Resolves whatever can be.
pub(crate) async fn resolve(host: impl ToSocketAddrs) -> Addresses {
    let later = match host.resolve() {
        Resolve::Now(addresses) => return addresses,
        Resolve::Later(later) => later,
    };
    drop(host);
    later.await
}

/// Looks up a host, as `"name:port"` or `("name", port)`.
///
/// # Errors
///
/// Those of the system's resolver.
///
/// # Cancel safety
///
/// Dropping the future leaves the lookup to end on its own.
///
/// ```
/// # let rt = minato_runtime::runtime::Runtime::new().unwrap();
/// # rt.block_on(async {
/// let addresses: Vec<_> = minato_net::lookup_host("127.0.0.1:80").await.unwrap().collect();
/// assert_eq!(addresses, ["127.0.0.1:80".parse().unwrap()]);
/// # });
/// ```
pub async fn lookup_host(host: impl ToSocketAddrs) -> io::Result<impl Iterator<Item = SocketAddr>> {
    Ok(resolve(host).await?.into_iter())
}

macro_rules! immediate {
    ($($type:ty),*) => {$(
        impl Sealed for $type {
            fn resolve(&self) -> Resolve {
                now(SocketAddr::from(*self))
            }
        }
        impl ToSocketAddrs for $type {}
    )*};
}

immediate!(SocketAddr, SocketAddrV4, SocketAddrV6, (IpAddr, u16), (Ipv4Addr, u16), (Ipv6Addr, u16));

impl Sealed for str {
    fn resolve(&self) -> Resolve {
        match self.parse() {
            Ok(address) => Resolve::Now(Ok(vec![address])),
            Err(_) => Resolve::Later(Box::pin(lookup(self.to_owned()))),
        }
    }
}

impl ToSocketAddrs for str {}

impl Sealed for String {
    fn resolve(&self) -> Resolve {
        self.as_str().resolve()
    }
}

impl ToSocketAddrs for String {}

impl Sealed for (&str, u16) {
    fn resolve(&self) -> Resolve {
        let (host, port) = *self;
        match host.parse::<IpAddr>() {
            Ok(address) => Resolve::Now(Ok(vec![(address, port).into()])),
            Err(_) => Resolve::Later(Box::pin(lookup((host.to_owned(), port)))),
        }
    }
}

impl ToSocketAddrs for (&str, u16) {}

impl Sealed for (String, u16) {
    fn resolve(&self) -> Resolve {
        (self.0.as_str(), self.1).resolve()
    }
}

impl ToSocketAddrs for (String, u16) {}

impl Sealed for &[SocketAddr] {
    fn resolve(&self) -> Resolve {
        Resolve::Now(Ok(self.to_vec()))
    }
}

impl ToSocketAddrs for &[SocketAddr] {}

impl<T: Sealed + ?Sized> Sealed for &T {
    fn resolve(&self) -> Resolve {
        T::resolve(self)
    }
}

impl<T: ToSocketAddrs + ?Sized> ToSocketAddrs for &T {}

/// Tries `operation` on one address after the other, and gives the last error if none does.
pub(crate) async fn try_each<T, F>(
    host: impl ToSocketAddrs,
    mut operation: impl FnMut(SocketAddr) -> F,
) -> io::Result<T>
where
    F: Future<Output = io::Result<T>>,
{
    let mut last = io::Error::new(io::ErrorKind::InvalidInput, "the name has no address");
    for address in resolve(host).await? {
        match operation(address).await {
            Ok(value) => return Ok(value),
            Err(error) => last = error,
        }
    }
    Err(last)
}
