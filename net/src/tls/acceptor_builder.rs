//! How an acceptor is made.

use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;

use super::{ConfigError, IdentityStore, Roots, TlsAcceptor, provider};
use crate::limits::{HANDSHAKE_TIMEOUT, HANDSHAKES_MAX};

/// Whether clients must show certificates.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum ClientCertificates {
    /// They are not asked for any.
    #[default]
    NotAsked,
    /// They may show one, and it must come from these authorities if they do.
    Optional(Roots),
    /// They must show one that comes from these authorities.
    Required(Roots),
}

/// Makes a [`TlsAcceptor`].
#[derive(Debug)]
#[must_use = "call `build`"]
pub struct TlsAcceptorBuilder {
    identities: IdentityStore,
    provider: Option<Arc<CryptoProvider>>,
    alpn: Vec<Vec<u8>>,
    clients: ClientCertificates,
    timeout: Duration,
    handshakes_max: usize,
}

impl TlsAcceptorBuilder {
    pub(super) fn new(identities: IdentityStore) -> Self {
        Self {
            identities,
            provider: None,
            alpn: Vec::new(),
            clients: ClientCertificates::NotAsked,
            timeout: HANDSHAKE_TIMEOUT,
            handshakes_max: HANDSHAKES_MAX,
        }
    }

    /// The protocols spoken over the connection, best first; none if not set.
    pub fn alpn<P: AsRef<[u8]>>(mut self, protocols: impl IntoIterator<Item = P>) -> Self {
        self.alpn = protocols.into_iter().map(|protocol| protocol.as_ref().to_vec()).collect();
        self
    }

    /// Whether clients must show certificates; they are not asked if not set.
    pub fn client_certificates(mut self, clients: ClientCertificates) -> Self {
        self.clients = clients;
        self
    }

    /// The cryptography; the process's default, or that of this crate's features, if not set.
    pub fn provider(mut self, provider: Arc<CryptoProvider>) -> Self {
        self.provider = Some(provider);
        self
    }

    /// How long a handshake may take, from the first look at the connection; 10 s if not set.
    pub fn handshake_timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// How many handshakes go on at a time, beyond the client's first message; 512 if not set. Others wait, within
    /// their own limit of time.
    pub fn max_handshakes(mut self, count: usize) -> Self {
        self.handshakes_max = count;
        self
    }

    /// The acceptor.
    ///
    /// # Errors
    ///
    /// If there is no cryptography, or nobody to trust where clients must show certificates.
    pub fn build(self) -> Result<TlsAcceptor, ConfigError> {
        let provider = provider::find(self.provider)?;
        let builder =
            ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
        let builder = match client_verifier(self.clients, &provider)? {
            Some(verifier) => builder.with_client_cert_verifier(verifier),
            None => builder.with_no_client_auth(),
        };
        let mut config = builder.with_cert_resolver(Arc::new(self.identities));
        config.alpn_protocols = self.alpn;
        if let Some(ticketer) = provider::ticketer()? {
            config.ticketer = ticketer;
        }
        Ok(TlsAcceptor::with_limits(Arc::new(config), self.timeout, self.handshakes_max))
    }
}

fn client_verifier(
    clients: ClientCertificates,
    provider: &Arc<CryptoProvider>,
) -> Result<Option<Arc<dyn ClientCertVerifier>>, ConfigError> {
    let builder = |roots: Roots| {
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots.into_store()), provider.clone())
    };
    Ok(match clients {
        ClientCertificates::NotAsked => None,
        ClientCertificates::Optional(roots) => Some(builder(roots).allow_unauthenticated().build()?),
        ClientCertificates::Required(roots) => Some(builder(roots).build()?),
    })
}
