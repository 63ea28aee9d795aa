//! Connections made before the first call.

use std::io;
use std::sync::Mutex;
use std::time::Duration;

use http::Uri;
use minato_http::{Client, ClientBuilder};
use minato_net::TcpStream;

use crate::{Result, Status};

/// A client whose first connection has been made.
pub(super) async fn connected(uri: &Uri) -> Result<Client> {
    let unavailable = |error| Status::unavailable("no connection could be made").with_source(error);
    let first = Mutex::new(Some(dial(uri).await.map_err(unavailable)?));
    let builder = Client::builder().connector(move |uri| {
        let first = first.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
        async move {
            match first {
                Some(stream) => Ok(stream),
                None => dial(&uri).await,
            }
        }
    });
    Ok(settled(builder).build())
}

/// A client that connects when it has to.
pub(super) fn lazy() -> Client {
    settled(Client::builder()).build()
}

/// gRPC's own default for the time an unused connection is kept.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30 * 60);

fn settled(builder: ClientBuilder) -> ClientBuilder {
    // A call has its own deadline, and a stream may be silent for as long as both sides like.
    let builder = builder.timeouts(|timeouts| {
        timeouts.head = None;
        timeouts.body = None;
        timeouts.write = None;
    });
    builder.http2_prior_knowledge().pool(|pool| pool.idle_timeout = IDLE_TIMEOUT)
}

async fn dial(uri: &Uri) -> io::Result<TcpStream> {
    let host = uri.host().unwrap_or_default();
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let stream = TcpStream::connect((host, uri.port_u16().unwrap_or(80))).await?;
    // A request leaves in one write, and the next must not wait for the server to acknowledge it.
    stream.set_nodelay(true)?;
    Ok(stream)
}
