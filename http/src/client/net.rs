//! Connections over TCP; nothing else of the client knows `minato-net`.

use std::io;

use http::Uri;
use minato_net::TcpStream;

use super::connect::Connector;
use super::{Client, ClientBuilder};

impl Client {
    /// A client that makes TCP connections, with every setting at its default.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A client to be set up; it makes TCP connections unless told otherwise.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new(Connector::new(connect))
    }
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

async fn connect(uri: Uri) -> io::Result<TcpStream> {
    let host = uri.host().unwrap_or_default();
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let stream = TcpStream::connect((host, uri.port_u16().unwrap_or(80))).await?;
    // A request leaves in one write, and the next must not wait for the server to acknowledge it.
    stream.set_nodelay(true)?;
    Ok(stream)
}
