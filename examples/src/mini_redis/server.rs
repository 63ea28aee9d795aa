//! Accepting connections, and ending.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use minato_net::accept::AcceptLoop;
use minato_net::{TcpListener, TcpStream};
use minato_runtime::io::AsyncWriteExt;
use minato_runtime::sync::CancellationToken;
use minato_runtime::task::TaskTracker;
use minato_runtime::time::timeout;
use minato_runtime::{select, spawn};

use super::connection::Connection;
use super::limits::{CLIENTS_MAX, DRAIN_TIME};
use super::shared::Shared;

/// What can be chosen.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Clients at a time; one more is told so and sent away. 10,000 otherwise.
    pub clients_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { clients_max: CLIENTS_MAX }
    }
}

/// How the server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Connections it ever had.
    pub connections: u64,
    /// Connections whose answers could not be handed over in time.
    pub cut: usize,
}

/// Serves clients of `listener` until `ended` is ready.
///
/// Then nothing is accepted or read any more, and every connection gets up to five seconds to take the answers to
/// requests that were executed.
pub async fn serve(listener: TcpListener, config: Config, ended: impl Future<Output = ()>) -> Report {
    let shared = Arc::new(Shared::new());
    let (connections, ending) = (TaskTracker::new(), CancellationToken::new());
    let purge = spawn({
        let shared = Arc::clone(&shared);
        async move { shared.purge().await }
    });
    let mut listener = AcceptLoop::new(listener);
    let accept = async {
        loop {
            let (stream, peer) = listener.accept().await;
            if connections.len() >= config.clients_max {
                shared.statistics.refused.fetch_add(1, Ordering::Relaxed);
                drop(spawn(refuse(stream)));
                continue;
            }
            let connection = serve_client(stream, peer, Arc::clone(&shared), ending.clone());
            drop(connections.spawn(connection));
        }
    };
    select! {
        () = ended => {}
        () = accept => {}
    }
    drop(listener);
    ending.cancel();
    connections.close();
    let drained = timeout(DRAIN_TIME, connections.wait()).await;
    let cut = drained.map_or_else(|_| connections.len(), |()| 0);
    purge.abort();
    Report { connections: shared.statistics.connections.load(Ordering::Relaxed), cut }
}

async fn serve_client(stream: TcpStream, peer: SocketAddr, shared: Arc<Shared>, ending: CancellationToken) {
    shared.statistics.connections.fetch_add(1, Ordering::Relaxed);
    shared.statistics.clients_now.fetch_add(1, Ordering::Relaxed);
    // What breaks a connection concerns nobody else.
    let _ = converse(stream, peer, &shared, &ending).await;
    shared.statistics.clients_now.fetch_sub(1, Ordering::Relaxed);
}

async fn converse(
    mut stream: TcpStream,
    peer: SocketAddr,
    shared: &Shared,
    ending: &CancellationToken,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (read, write) = stream.split();
    let mut connection = Connection::new(read, write, peer, shared);
    match ending.run_until_cancelled(connection.run()).await {
        Some(ran) => ran,
        // What was executed is answered.
        None => connection.finish().await,
    }
}

async fn refuse(mut stream: TcpStream) -> io::Result<()> {
    stream.write_all(b"-ERR max number of clients reached\r\n").await?;
    stream.shutdown().await
}
