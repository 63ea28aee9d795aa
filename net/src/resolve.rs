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

#[cfg(test)]
mod tests {
    use super::*;
    use minato_runtime::runtime::Builder;
    use std::future::poll_fn;
    use std::pin::pin;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Condvar, Mutex};
    use std::task::Poll;

    /// A name server that is silent until it is told to answer.
    #[derive(Default)]
    struct Silence {
        asked: AtomicUsize,
        answers: Mutex<bool>,
        changed: Condvar,
    }

    struct Name(Arc<Silence>);

    impl ToSocketAddrs for Name {
        type Iter = std::option::IntoIter<SocketAddr>;

        fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
            self.0.asked.fetch_add(1, Ordering::Relaxed);
            let answers = self.0.answers.lock().unwrap();
            drop(self.0.changed.wait_while(answers, |answers| !*answers).unwrap());
            Ok(None.into_iter())
        }
    }

    #[test]
    fn silent_name_servers_hold_a_bounded_number_of_threads_and_other_jobs_run() {
        Builder::new_current_thread().build().unwrap().block_on(async {
            let server = Arc::new(Silence::default());
            let asking = |_| minato_runtime::spawn(lookup(Name(server.clone())));
            let asking: Vec<_> = (0..LOOKUPS_MAX + 40).map(asking).collect();
            // All have begun or wait for their turn, once one more has to wait.
            {
                let mut late = pin!(lookup(Name(server.clone())));
                while LOOKUPS.available_permits() > 0 {
                    minato_runtime::task::yield_now().await;
                }
                assert!(poll_fn(|cx| Poll::Ready(late.as_mut().poll(cx).is_pending())).await);
            }
            spawn_blocking(|| ()).await.unwrap();
            assert!(server.asked.load(Ordering::Relaxed) <= LOOKUPS_MAX);
            *server.answers.lock().unwrap() = true;
            server.changed.notify_all();
            for asked in asking {
                assert!(asked.await.unwrap().unwrap().is_empty());
            }
            // The one whose future was dropped while it waited has asked nobody.
            assert_eq!(server.asked.load(Ordering::Relaxed), LOOKUPS_MAX + 40);
        });
    }
}
