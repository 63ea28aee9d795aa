//! The side that takes connections.

use std::fmt;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use minato_runtime::io::{AsyncRead, AsyncWrite};
use minato_runtime::sync::Semaphore;
use rustls::ServerConfig;
use rustls::server::Acceptor;

use super::handshake::within;
use super::lazy::{LazyConfigAcceptor, StartHandshake};
use super::{IdentityStore, TlsAcceptorBuilder, TlsStream};
use crate::limits::{HANDSHAKE_TIMEOUT, HANDSHAKES_MAX};

/// Makes TLS connections of those that were accepted.
///
/// Clones share their configuration and their limits: a handshake has ten seconds, and 512 run at a time unless
/// [the builder](Self::builder) says otherwise. Only those count that have sent their first message, so that peers
/// which connect and stay silent keep nobody else waiting.
#[derive(Clone)]
pub struct TlsAcceptor {
    shared: Arc<Shared>,
}

struct Shared {
    config: RwLock<Arc<ServerConfig>>,
    slots: Semaphore,
    timeout: Duration,
}

impl TlsAcceptor {
    /// An acceptor for the usual case: these certificates, TLS 1.2 and 1.3.
    pub fn builder(identities: impl Into<IdentityStore>) -> TlsAcceptorBuilder {
        TlsAcceptorBuilder::new(identities.into())
    }

    pub(super) fn with_limits(config: Arc<ServerConfig>, timeout: Duration, handshakes_max: usize) -> Self {
        let slots = Semaphore::new(handshakes_max);
        Self { shared: Arc::new(Shared { config: RwLock::new(config), slots, timeout }) }
    }

    /// The configuration for handshakes that begin now.
    pub fn config(&self) -> Arc<ServerConfig> {
        self.shared.config.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the configuration for all clones of this acceptor. Handshakes under way and connections keep theirs.
    ///
    /// To replace certificates alone, which keeps sessions resumable, use [`IdentityStore::replace`].
    pub fn replace_config(&self, config: Arc<ServerConfig>) {
        let mut current = self.shared.config.write().unwrap_or_else(PoisonError::into_inner);
        let last = std::mem::replace(&mut *current, config);
        drop(current);
        drop(last);
    }

    /// Runs the handshake over a connection that has sent nothing yet.
    ///
    /// # Errors
    ///
    /// `TimedOut` at the limit, `UnexpectedEof` if the peer goes away, `InvalidData` with a [`rustls::Error`] if the two
    /// sides cannot agree, and those of the stream.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the connection.
    pub async fn accept<Io>(&self, io: Io) -> io::Result<TlsStream<Io>>
    where
        Io: AsyncRead + AsyncWrite + Unpin,
    {
        self.accept_with(io, |_| self.config()).await
    }

    /// Runs the handshake with the configuration that `choose` finds for what the client asks for.
    ///
    /// # Errors
    ///
    /// As [`accept`](Self::accept).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the connection.
    pub async fn accept_with<Io>(
        &self,
        io: Io,
        choose: impl FnOnce(&StartHandshake<Io>) -> Arc<ServerConfig>,
    ) -> io::Result<TlsStream<Io>>
    where
        Io: AsyncRead + AsyncWrite + Unpin,
    {
        within(self.shared.timeout, async {
            let start = LazyConfigAcceptor::new(Acceptor::default(), io).await?;
            let _slot = self.shared.slots.acquire().await.map_err(io::Error::other)?;
            let config = choose(&start);
            start.into_stream(config).await
        })
        .await
    }
}

impl From<Arc<ServerConfig>> for TlsAcceptor {
    /// An acceptor with the default limits.
    fn from(config: Arc<ServerConfig>) -> Self {
        Self::with_limits(config, HANDSHAKE_TIMEOUT, HANDSHAKES_MAX)
    }
}

impl fmt::Debug for TlsAcceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsAcceptor")
            .field("timeout", &self.shared.timeout)
            .field("handshake_slots", &self.shared.slots.available_permits())
            .finish_non_exhaustive()
    }
}
