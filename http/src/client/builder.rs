//! Setting up a client.

use std::future::Future;
use std::io;
use std::sync::Arc;

use http::header::USER_AGENT;
use http::{HeaderMap, HeaderValue, Request, Response, Uri};
use minato_runtime::io::{AsyncRead, AsyncWrite};
use minato_service::{BoxError, Layer, Service};

use super::config::{ClientConfig, ClientHttp1Config, ClientHttp2Config, ClientTimeouts, PoolConfig, Speak};
use super::connect::Connector;
use super::cookies::CookieJar;
use super::layered::{ClientService, Layers};
use super::net::Dialing;
use super::pool::Pool;
use super::proxy::Proxies;
use super::redirect::Redirects;
use super::secure::Tls;
use super::{Client, Shared};
use crate::body::Body;

/// Sets a [`Client`] up.
#[derive(Debug)]
#[must_use = "a builder does nothing until it builds"]
pub struct ClientBuilder {
    config: ClientConfig,
    /// How connections are made, unless by TCP.
    connector: Option<Connector>,
    pub(super) dialing: Dialing,
    pub(super) tls: Tls,
    proxies: Proxies,
    layers: Layers,
    default_headers: HeaderMap,
}

impl ClientBuilder {
    pub(super) fn new(dialing: Dialing) -> Self {
        Self {
            config: ClientConfig::default(),
            connector: None,
            dialing,
            tls: Tls::default(),
            proxies: Proxies::new(),
            layers: Layers::default(),
            default_headers: HeaderMap::new(),
        }
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

    /// Changes what concerns HTTP/1 alone: how requests are spelled, and what is taken from servers that break the rules.
    ///
    /// ```
    /// use minato_http::{Client, NameCase};
    ///
    /// let client = Client::builder().http1(|http1| http1.name_case = NameCase::Title).build();
    /// # drop(client);
    /// ```
    pub fn http1(mut self, change: impl FnOnce(&mut ClientHttp1Config)) -> Self {
        change(&mut self.config.http1);
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
        self.connector = Some(Connector::new(connect));
        self
    }

    /// Gives every request these fields, unless it has fields of the same name itself.
    ///
    /// What is meant for one origin only should be marked [sensitive](http::HeaderValue::set_sensitive), so that no
    /// redirect takes it elsewhere.
    ///
    /// ```
    /// use http::{HeaderMap, HeaderValue, header};
    /// use minato_http::Client;
    ///
    /// let mut headers = HeaderMap::new();
    /// headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    /// let client = Client::builder()
    ///     .default_headers(headers)
    ///     .user_agent(HeaderValue::from_static("harbour/1.0"))
    ///     .build();
    /// # drop(client);
    /// ```
    pub fn default_headers(mut self, headers: HeaderMap) -> Self {
        self.default_headers.extend(headers);
        self
    }

    /// Gives every request this `user-agent`, unless it has one itself. Without this there is none.
    pub fn user_agent(mut self, name: HeaderValue) -> Self {
        self.default_headers.insert(USER_AGENT, name);
        self
    }

    /// Follows redirects. Without this, a 3xx is a response like others.
    ///
    /// ```
    /// use minato_http::{Client, Redirects};
    ///
    /// let client = Client::builder().redirects(Redirects::limited(5)).build();
    /// # drop(client);
    /// ```
    pub fn redirects(mut self, redirects: Redirects) -> Self {
        self.layers.redirects = Some(redirects);
        self
    }

    /// Keeps the cookies of servers in this jar, and sends them back. Without this, cookies are fields like others.
    pub fn cookies(mut self, jar: CookieJar) -> Self {
        self.layers.cookies = Some(jar);
        self
    }

    /// Measures each exchange: its response has [`Metrics`](crate::Metrics) among its extensions.
    pub fn metrics(mut self) -> Self {
        self.config.metrics = true;
        self
    }

    /// Puts a Tower layer around the client, and around the layers before it. Redirects and cookies are inside all of
    /// them.
    ///
    /// ```
    /// use minato_http::Client;
    /// use tower_http::decompression::DecompressionLayer;
    ///
    /// let client = Client::builder().layer(DecompressionLayer::new().gzip(true)).build();
    /// # drop(client);
    /// ```
    pub fn layer<L, B>(mut self, layer: L) -> Self
    where
        L: Layer<ClientService> + Send + Sync + 'static,
        L::Service: Service<Request<Body>, Response = Response<B>> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request<Body>>>::Future: Send + 'static,
        <L::Service as Service<Request<Body>>>::Error: Into<BoxError>,
        B: http_body::Body + Send + 'static,
        B::Error: Into<BoxError>,
    {
        self.layers.push(layer);
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
        let Self { config, connector, dialing, tls, proxies, layers, default_headers } = self;
        let connector = connector.unwrap_or_else(|| dialing.connector());
        let shared = Arc::new(Shared { config, connector, dialing, tls, proxies, default_headers, pool });
        let layered = layers.build(&shared);
        Client { shared, layered }
    }
}
