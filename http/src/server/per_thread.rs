//! A listener for each thread of a pool, all on one port: `SO_REUSEPORT`.
//!
//! The kernel deals out the connections by their addresses. Each is accepted, served and closed on the thread it was
//! dealt to: it is never handed from one to another, and its service need not be `Send`.

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use bytes::Buf;
use http::{Request, Response};
use minato_net::accept::AcceptLoop;
use minato_net::{TcpListener, TcpSocket, ToSocketAddrs, lookup_host};
use minato_runtime::sync::CancellationToken;
use minato_runtime::task::{AbortOnDropHandle, LocalPoolHandle};
use minato_service::BoxError;
use tower_service::Service;

use super::accept::{Accept, Connections};
use super::callee::Tower;
use super::net::Address;
use super::report::{Drain, Report};
use super::serving::Local;
use super::shutdown::Host;
use super::{Server, config::ServerConfig};
use crate::body::Body;
use crate::error::{Error, Kind};

/// Connections the kernel keeps for each listener until they are accepted.
const BACKLOG: u32 = 1024;

/// A port on which each thread of a pool listens for itself; see [`Server::listen_per_thread`].
#[derive(Debug)]
pub struct PerThread {
    pool: LocalPoolHandle,
    listeners: Vec<TcpListener>,
}

impl<A: ToSocketAddrs + Send> Server<Address<A>> {
    /// Begins to listen, once for each thread of `pool`, on the same port.
    ///
    /// That spreads the work of accepting over the threads, and keeps each connection on one of them. It pays where there
    /// are many short connections, or services that share nothing between threads; connections that are few and unlike
    /// each other are better off on a runtime whose threads help each other.
    ///
    /// ```no_run
    /// use std::cell::Cell;
    /// use std::rc::Rc;
    /// use minato_http::{Server, handler_fn};
    /// use minato_runtime::task::LocalPoolHandle;
    ///
    /// # async fn run() -> Result<minato_http::Report, minato_http::Error> {
    /// let server = Server::bind("0.0.0.0:3000").listen_per_thread(LocalPoolHandle::new(4)).await?;
    /// server
    ///     .serve_pinned(|| {
    ///         let count = Rc::new(Cell::new(0));
    ///         handler_fn(move |_| {
    ///             count.set(count.get() + 1);
    ///             std::future::ready(format!("request {} of this thread", count.get()))
    ///         })
    ///     })
    ///     .await
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When the address cannot be had, or is held by a socket without `SO_REUSEPORT`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes what listens already.
    pub async fn listen_per_thread(self, pool: LocalPoolHandle) -> Result<Server<PerThread>, Error> {
        let Self { listener, config, graceful } = self;
        let failed = |error| Error::with_source(Kind::Listen, error);
        let mut last = io::ErrorKind::AddrNotAvailable.into();
        for address in lookup_host(listener.into_address()).await.map_err(failed)? {
            match listen(address, pool.num_threads()) {
                Ok(listeners) => {
                    let listener = PerThread { pool, listeners };
                    return Ok(Server { listener, config, graceful });
                }
                Err(error) => last = error,
            }
        }
        Err(failed(last))
    }
}

fn listen(mut address: SocketAddr, count: usize) -> io::Result<Vec<TcpListener>> {
    let mut listeners = Vec::with_capacity(count);
    for _ in 0..count {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_reuseaddr(true)?;
        socket.set_reuseport(true)?;
        socket.bind(address)?;
        let listener = socket.listen(BACKLOG)?;
        // The first says which port it is, where any would do.
        address = listener.local_addr()?;
        listeners.push(listener);
    }
    Ok(listeners)
}

impl Server<PerThread> {
    /// The address that all of them listen on.
    ///
    /// # Errors
    ///
    /// Those of the operating system.
    pub fn local_addr(&self) -> Result<SocketAddr, Error> {
        self.listener.listeners[0].local_addr().map_err(|error| Error::with_source(Kind::Listen, error))
    }

    /// Serves on every thread of the pool until the shutdown has ended; for ever, if none was asked for. The service of a
    /// thread is made there, and cloned for each of its connections.
    ///
    /// Limits hold for all threads together, and so does the report.
    ///
    /// # Errors
    ///
    /// When a thread is lost.
    ///
    /// # Panics
    ///
    /// When a thread cannot be started.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops accepting; connections that are open go on by themselves, as long as the pool does.
    pub async fn serve_pinned<M, S, B>(self, make: M) -> Result<Report, Error>
    where
        M: Fn() -> S + Clone + Send + 'static,
        S: Service<Request<Body>, Response = Response<B>> + Clone + 'static,
        S::Error: Into<BoxError>,
        B: http_body::Body + 'static,
        B::Data: Buf,
        B::Error: Into<BoxError>,
    {
        let Self { listener: PerThread { pool, listeners }, config, graceful } = self;
        let (mut signal, drain) = match graceful {
            Some((signal, drain)) => (Some(signal), drain),
            None => (None, Drain::within(std::time::Duration::ZERO)),
        };
        let config = Arc::new(config);
        let (host, stop) = (Host::default(), CancellationToken::new());
        let mut threads = Vec::with_capacity(listeners.len());
        for (idx, listener) in listeners.into_iter().enumerate() {
            let (make, config, host) = (make.clone(), Arc::clone(&config), host.clone());
            let stopped = stop.clone().cancelled_owned();
            let serve = move || accept(listener, make, config, host, (Box::pin(stopped), drain));
            threads.push(AbortOnDropHandle::new(pool.spawn_pinned_by_idx(serve, idx)));
        }
        let mut lost = None;
        poll_fn(|cx| {
            if signal.as_mut().is_some_and(|asked| asked.as_mut().poll(cx).is_ready()) {
                signal = None;
                stop.cancel();
            }
            threads.retain_mut(|thread| match Pin::new(thread).poll(cx) {
                Poll::Pending => true,
                Poll::Ready(Ok(_)) => false,
                Poll::Ready(Err(error)) => {
                    // Without one of its threads the port would be served in part: better not at all.
                    stop.cancel();
                    lost = Some(error);
                    false
                }
            });
            if threads.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        match lost {
            Some(error) => Err(Error::with_source(Kind::Listen, error)),
            // They share one count, which is complete once the last has ended.
            None => Ok(host.report()),
        }
    }
}

async fn accept<M, S, B>(
    listener: TcpListener,
    make: M,
    config: Arc<ServerConfig>,
    host: Host,
    graceful: super::accept::Graceful,
) -> Report
where
    M: Fn() -> S,
    S: Service<Request<Body>, Response = Response<B>> + Clone + 'static,
    S::Error: Into<BoxError>,
    B: http_body::Body + 'static,
    B::Data: Buf,
    B::Error: Into<BoxError>,
{
    let accept = Accept {
        connections: AcceptLoop::new(Connections(listener)),
        serving: Local(Tower(make())),
        config,
        graceful: Some(graceful),
        host,
        is_full: false,
    };
    accept.run().await
}
