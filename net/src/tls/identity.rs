//! Certificates with their keys.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::{ConfigError, provider};

/// A certificate, those that vouch for it, and its key: who one side of a connection is.
#[derive(Clone, Debug)]
pub struct Identity(Arc<CertifiedKey>);

impl Identity {
    /// The certificates of one PEM text, the identity's own first, with the key of another.
    ///
    /// # Errors
    ///
    /// If either cannot be read, or they do not belong together.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, ConfigError> {
        let certificates = CertificateDer::pem_slice_iter(certificates).collect::<Result<Vec<_>, _>>()?;
        Self::from_der(certificates, PrivateKeyDer::from_pem_slice(key)?)
    }

    /// The same from two files, read at once; call it on a thread that may block.
    ///
    /// # Errors
    ///
    /// As [`from_pem`](Self::from_pem), and if the files cannot be read.
    pub fn from_pem_files(
        certificates: impl AsRef<Path>,
        key: impl AsRef<Path>,
    ) -> Result<Self, ConfigError> {
        Self::from_pem(&std::fs::read(certificates)?, &std::fs::read(key)?)
    }

    /// The certificates, the identity's own first, with its key.
    ///
    /// # Errors
    ///
    /// If the key cannot be used, there is no certificate, or they do not belong together.
    pub fn from_der(
        certificates: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Self, ConfigError> {
        Self::with_provider(certificates, key, &*provider::find(None)?)
    }

    /// The same, with a key that another cryptography than the default loads.
    ///
    /// # Errors
    ///
    /// As [`from_der`](Self::from_der).
    pub fn with_provider(
        certificates: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        provider: &CryptoProvider,
    ) -> Result<Self, ConfigError> {
        if certificates.is_empty() {
            return Err(ConfigError::no_certificate());
        }
        Ok(Self(Arc::new(CertifiedKey::from_der(certificates, key, provider)?)))
    }

    pub(super) fn certified_key(&self) -> &Arc<CertifiedKey> {
        &self.0
    }
}

impl From<CertifiedKey> for Identity {
    fn from(key: CertifiedKey) -> Self {
        Self(Arc::new(key))
    }
}

/// Which identity a server shows to whom: by the name that is asked for (SNI), or always the same.
#[derive(Clone, Debug, Default)]
pub struct Identities {
    default: Option<Identity>,
    /// Keys are lower case, and may begin with `*.`.
    by_name: HashMap<String, Identity>,
}

impl Identities {
    /// None yet: clients that ask for a name that is not here are refused.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Shows `identity` to clients that ask for no name, or one that is not here.
    #[must_use]
    pub fn with_default(mut self, identity: Identity) -> Self {
        self.default = Some(identity);
        self
    }

    /// Shows `identity` to clients that ask for `name`; `*.example.com` stands for all names one level below.
    #[must_use]
    pub fn with_name(mut self, name: &str, identity: Identity) -> Self {
        self.by_name.insert(name.to_ascii_lowercase(), identity);
        self
    }

    pub(super) fn find(&self, name: Option<&str>) -> Option<&Identity> {
        name.and_then(|name| self.named(&name.to_ascii_lowercase())).or(self.default.as_ref())
    }

    fn named(&self, name: &str) -> Option<&Identity> {
        self.by_name.get(name).or_else(|| {
            let (_, parent) = name.split_once('.')?;
            self.by_name.get(&format!("*.{parent}"))
        })
    }
}

impl From<Identity> for Identities {
    fn from(identity: Identity) -> Self {
        Self::new().with_default(identity)
    }
}
