//! Whom to trust.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::ConfigError;

/// The certificates of authorities that are trusted.
#[derive(Clone, Debug)]
pub struct Roots(RootCertStore);

impl Roots {
    /// Nobody yet.
    #[must_use]
    pub fn empty() -> Self {
        Self(RootCertStore::empty())
    }

    /// The authorities of the machine. Certificates among them that cannot be read are left out, as browsers do.
    ///
    /// # Errors
    ///
    /// If there is none at all.
    #[cfg(feature = "tls-system-roots")]
    pub fn system() -> Result<Self, ConfigError> {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if store.is_empty() { Err(ConfigError::no_roots()) } else { Ok(Self(store)) }
    }

    /// The authorities of Mozilla, as they were when `webpki-roots` was published.
    #[cfg(feature = "tls-bundled-roots")]
    #[must_use]
    pub fn bundled() -> Self {
        Self(webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect())
    }

    /// Adds the certificates of a PEM text, at least one.
    ///
    /// # Errors
    ///
    /// If there is none, or one cannot be read.
    pub fn with_pem(self, pem: &[u8]) -> Result<Self, ConfigError> {
        let certificates = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>()?;
        if certificates.is_empty() {
            return Err(ConfigError::no_certificate());
        }
        certificates.into_iter().try_fold(self, Self::with_der)
    }

    /// Adds a certificate.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn with_der(mut self, certificate: CertificateDer<'_>) -> Result<Self, ConfigError> {
        self.0.add(certificate.into_owned())?;
        Ok(self)
    }

    /// Those that this crate's features bring.
    #[cfg(feature = "tls-system-roots")]
    pub(super) fn of_features() -> Result<Self, ConfigError> {
        Self::system()
    }

    /// Those that this crate's features bring.
    #[cfg(all(feature = "tls-bundled-roots", not(feature = "tls-system-roots")))]
    pub(super) fn of_features() -> Result<Self, ConfigError> {
        Ok(Self::bundled())
    }

    /// Those that this crate's features bring.
    #[cfg(not(any(feature = "tls-system-roots", feature = "tls-bundled-roots")))]
    pub(super) fn of_features() -> Result<Self, ConfigError> {
        Err(ConfigError::no_roots())
    }

    pub(super) fn into_store(self) -> RootCertStore {
        self.0
    }
}

impl From<RootCertStore> for Roots {
    fn from(store: RootCertStore) -> Self {
        Self(store)
    }
}
