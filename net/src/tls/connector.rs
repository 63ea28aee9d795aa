//! The side that connects.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use minato_runtime::io::{AsyncRead, AsyncWrite};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Connection};

use super::handshake::{handshake, within};
use super::transfer::fault;
use super::{ConfigError, IdentityStore, Roots, TlsStream, provider};
use crate::limits::HANDSHAKE_TIMEOUT;

/// Makes TLS connections of those that were begun.
///
/// Clones share their configuration, and with it the sessions that can be resumed.
#[derive(Clone)]
pub struct TlsConnector {
    config: Arc<ClientConfig>,
    timeout: Duration,
}

impl TlsConnector {
    /// A connector for the usual case: authorities to trust, TLS 1.2 and 1.3.
    pub fn builder() -> TlsConnectorBuilder {
        TlsConnectorBuilder {
            roots: None,
            identity: None,
            provider: None,
            alpn: Vec::new(),
            timeout: HANDSHAKE_TIMEOUT,
        }
    }

    /// The configuration.
    pub fn config(&self) -> &Arc<ClientConfig> {
        &self.config
    }

    /// Runs the handshake over `io` with a server that must be able to show a certificate for `name`, a host name or
    /// an IP address.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if `name` cannot be one, `TimedOut` at the limit, `UnexpectedEof` if the peer goes away,
    /// `InvalidData` with a [`rustls::Error`] if it cannot be trusted or agreed with, and those of the stream.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the connection.
    pub async fn connect<Io>(
        &self,
        name: impl TryInto<ServerName<'static>, Error: fmt::Display>,
        io: Io,
    ) -> io::Result<TlsStream<Io>>
    where
        Io: AsyncRead + AsyncWrite + Unpin,
    {
        let name = name
            .try_into()
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error.to_string()))?;
        let session = ClientConnection::new(self.config.clone(), name).map_err(fault)?;
        within(self.timeout, handshake(io, Connection::Client(session))).await
    }
}

impl From<Arc<ClientConfig>> for TlsConnector {
    /// A connector whose handshakes have ten seconds.
    fn from(config: Arc<ClientConfig>) -> Self {
        Self { config, timeout: HANDSHAKE_TIMEOUT }
    }
}

impl fmt::Debug for TlsConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsConnector").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// Makes a [`TlsConnector`].
#[derive(Debug)]
#[must_use = "call `build`"]
pub struct TlsConnectorBuilder {
    roots: Option<Roots>,
    identity: Option<IdentityStore>,
    provider: Option<Arc<CryptoProvider>>,
    alpn: Vec<Vec<u8>>,
    timeout: Duration,
}

impl TlsConnectorBuilder {
    /// Whom to trust; those of this crate's features if not set, the system's before the bundled ones.
    pub fn roots(mut self, roots: Roots) -> Self {
        self.roots = Some(roots);
        self
    }

    /// What to show to servers that ask for a certificate; nothing if not set.
    pub fn identity(mut self, identity: impl Into<IdentityStore>) -> Self {
        self.identity = Some(identity.into());
        self
    }

    /// The protocols spoken over the connection, best first; none if not set.
    pub fn alpn<P: AsRef<[u8]>>(mut self, protocols: impl IntoIterator<Item = P>) -> Self {
        self.alpn = protocols.into_iter().map(|protocol| protocol.as_ref().to_vec()).collect();
        self
    }

    /// The cryptography; the process's default, or that of this crate's features, if not set.
    pub fn provider(mut self, provider: Arc<CryptoProvider>) -> Self {
        self.provider = Some(provider);
        self
    }

    /// How long a handshake may take; 10 s if not set.
    pub fn handshake_timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// The connector.
    ///
    /// # Errors
    ///
    /// If there is no cryptography, or nobody to trust.
    pub fn build(self) -> Result<TlsConnector, ConfigError> {
        let provider = provider::find(self.provider)?;
        let roots = match self.roots {
            Some(roots) => roots,
            None => Roots::of_features()?,
        };
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots.into_store());
        let mut config = match self.identity {
            Some(identity) => builder.with_client_cert_resolver(Arc::new(identity)),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = self.alpn;
        Ok(TlsConnector { config: Arc::new(config), timeout: self.timeout })
    }
}
