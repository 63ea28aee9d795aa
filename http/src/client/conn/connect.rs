//! A handshake on every connection that another service makes.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;
use std::task::{Context, Poll};

use minato_runtime::io::{AsyncRead, AsyncWrite};
use minato_service::boxed::BoxFuture;
use minato_service::{BoxError, Service};

use crate::client::config::ClientConfig;
use crate::client::connect::Connected;
use crate::error::{Error, Kind};

/// What is spoken on a connection: [`Http1`](super::http1::Http1) or [`Http2`](super::http2::Http2).
pub trait Protocol: sealed::Sealed + 'static {
    /// What requests are sent with.
    type SendRequest: Send + 'static;

    #[doc(hidden)]
    #[allow(private_interfaces, reason = "the trait is sealed; nobody else calls it")]
    fn begin(
        connected: Connected,
        config: Arc<ClientConfig>,
    ) -> impl Future<Output = Result<Self::SendRequest, Error>> + Send;
}

pub(super) mod sealed {
    pub trait Sealed {}
}

/// A service that speaks a protocol on the connections that another service makes: given a target, its response is a
/// `SendRequest`.
pub struct Connect<M, P> {
    make: M,
    config: Arc<ClientConfig>,
    protocol: PhantomData<fn() -> P>,
}

impl<M, P: Protocol> Connect<M, P> {
    /// Begins on what `make` makes, with every setting at its default.
    #[must_use]
    pub fn new(make: M) -> Self {
        Self::with_config(make, ClientConfig::default())
    }

    /// As [`new`](Self::new), with other settings; those about pools, and about agreeing on a protocol, mean nothing here.
    #[must_use]
    pub fn with_config(make: M, config: ClientConfig) -> Self {
        Self { make, config: Arc::new(config), protocol: PhantomData }
    }
}

impl<M, P, Target> Service<Target> for Connect<M, P>
where
    M: Service<Target>,
    M::Response: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    M::Error: Into<BoxError>,
    M::Future: Send + 'static,
    P: Protocol,
{
    type Response = P::SendRequest;
    type Error = Error;
    type Future = BoxFuture<Result<P::SendRequest, Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.make.poll_ready(cx).map_err(|error| Error::with_source(Kind::Connect, error))
    }

    fn call(&mut self, target: Target) -> Self::Future {
        let (connecting, config) = (self.make.call(target), Arc::clone(&self.config));
        Box::pin(async move {
            let io = connecting.await.map_err(|error| Error::with_source(Kind::Connect, error))?;
            P::begin(super::connected(io), config).await
        })
    }
}

impl<M: Clone, P> Clone for Connect<M, P> {
    fn clone(&self) -> Self {
        Self { make: self.make.clone(), config: Arc::clone(&self.config), protocol: PhantomData }
    }
}

impl<M: fmt::Debug, P> fmt::Debug for Connect<M, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connect").field("make", &self.make).finish_non_exhaustive()
    }
}
