//! Identities that are replaced while they are used.

use std::sync::{Arc, PoisonError, RwLock};

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::{Identities, Identity};

/// Holds identities for handshakes, and takes new ones at any time.
///
/// Keep a clone beside the acceptor or connector it was given to, and call [`replace`](Self::replace) when the files
/// have changed: handshakes that begin afterwards show the new certificate, connections stay as they are, and sessions
/// can still be resumed.
#[derive(Clone, Debug)]
pub struct IdentityStore {
    /// Held for the copy of one pointer.
    current: Arc<RwLock<Arc<Identities>>>,
}

impl IdentityStore {
    /// A store that begins with `identities`.
    pub fn new(identities: impl Into<Identities>) -> Self {
        Self { current: Arc::new(RwLock::new(Arc::new(identities.into()))) }
    }

    /// Shows `identities` from the next handshake on.
    pub fn replace(&self, identities: impl Into<Identities>) {
        let identities = Arc::new(identities.into());
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let last = std::mem::replace(&mut *current, identities);
        drop(current);
        drop(last);
    }

    /// What is shown now.
    #[must_use]
    pub fn current(&self) -> Arc<Identities> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn find(&self, name: Option<&str>) -> Option<Arc<CertifiedKey>> {
        self.current().find(name).map(|identity| identity.certified_key().clone())
    }
}

impl From<Identities> for IdentityStore {
    fn from(identities: Identities) -> Self {
        Self::new(identities)
    }
}

impl From<Identity> for IdentityStore {
    fn from(identity: Identity) -> Self {
        Self::new(identity)
    }
}

impl ResolvesServerCert for IdentityStore {
    fn resolve(&self, client_hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.find(client_hello.server_name())
    }
}

impl ResolvesClientCert for IdentityStore {
    fn resolve(&self, _: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.find(None).filter(|identity| identity.key.choose_scheme(schemes).is_some())
    }

    fn has_certs(&self) -> bool {
        self.find(None).is_some()
    }
}
