//! Setting up a client.

use std::future::Future;
use std::io;
use std::sync::Arc;

use http::Uri;
use minato_runtime::io::{AsyncRead, AsyncWrite};

use super::config::{ClientConfig, ClientHttp2Config, ClientTimeouts, PoolConfig, Speak};
use super::connect::Connector;
use super::pool::Pool;
use super::proxy::Proxies;
use super::secure::Tls;
use super::{Client, Shared};

/// Sets a [`Client`] up.
#[derive(Debug)]
#[must_use = "a builder does nothing until it builds"]
pub struct ClientBuilder {
    config: ClientConfig,
    connector: Connector,
    pub(super) tls: Tls,
    proxies: Proxies,
}

impl ClientBuilder {
    pub(super) fn new(connector: Connector) -> Self {
        Self { config: ClientConfig::default(), connector, tls: Tls::default(), proxies: Proxies::new() }
    }

    /// Replaces all settings.
    pub fn config(mut self, config: ClientConfig) -> Self {
        self.config = config;
        self
    }

    /// Speaks HTTP/2 without asking, which the servers must know to expect.
    pub fn http2_prior_knowledge(mut self) -> Self {
        self.config.speak = Speak::Http2PriorKnowledge;
        self
    }

    /// Changes how long things may take.
    pub fn timeouts(mut self, change: impl FnOnce(&mut ClientTimeouts)) -> Self {
        change(&mut self.config.timeouts);
        self
    }

    /// Changes what connections are made and kept.
    pub fn pool(mut self, change: impl FnOnce(&mut PoolConfig)) -> Self {
        change(&mut self.config.pool);
        self
    }

    /// Changes what concerns HTTP/2 alone.
    pub fn http2(mut self, change: impl FnOnce(&mut ClientHttp2Config)) -> Self {
        change(&mut self.config.http2);
        self
    }

    /// Makes connections with `connect`, which gets a URI of scheme and authority: for Unix sockets, pipes in memory,
    /// or anything else. TLS, where the scheme is `https`, comes on top of what it makes.
    pub fn connector<F, Fut, Io>(mut self, connect: F) -> Self
    where
        F: Fn(Uri) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = io::Result<Io>> + Send + 'static,
        Io: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        self.connector = Connector::new(connect);
        self
    }

    /// Sends requests through proxies. Without this, none is used, whatever the environment says.
    pub fn proxies(mut self, proxies: Proxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// The client.
    #[must_use]
    pub fn build(self) -> Client {
        let pool = Pool::new(self.config.pool.clone());
        let Self { config, connector, tls, proxies } = self;
        Client { shared: Arc::new(Shared { config, connector, tls, proxies, pool }) }
    }
}
