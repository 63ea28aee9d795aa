//! Connections over TCP; nothing else of the client knows `minato-net`.

use std::io;

use http::Uri;
use http::uri::Scheme;
use minato_net::{Dialer, TcpStream};

use super::connect::Connector;
use super::key::host;
use super::{Client, ClientBuilder};

impl Client {
    /// A client that makes TCP connections, with every setting at its default.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A client to be set up; it makes TCP connections unless told otherwise.
    pub fn builder() -> ClientBuilder {
        // A request leaves in one write, and the next must not wait for the server to acknowledge it.
        let dialer = Dialer::new().nodelay(true);
        ClientBuilder::new(Connector::new(move |uri| {
            let dialer = dialer.clone();
            async move { connect(&dialer, &uri).await }
        }))
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
    pub fn dialer(self, dialer: Dialer) -> Self {
        self.connector(move |uri| {
            let dialer = dialer.clone();
            async move { connect(&dialer, &uri).await }
        })
    }
}

/// RFC 9110 §4.2: the port where the URI names none.
fn port(uri: &Uri) -> u16 {
    let usual = if uri.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 };
    uri.port_u16().unwrap_or(usual)
}

async fn connect(dialer: &Dialer, uri: &Uri) -> io::Result<TcpStream> {
    dialer.connect(host(uri.host().unwrap_or_default()), port(uri)).await
}
