//! What can be wrong with a configuration.

use std::fmt;
use std::io;

/// A TLS configuration cannot be made.
#[derive(Debug)]
pub struct ConfigError(Fault);

#[derive(Debug)]
enum Fault {
    NoProvider,
    NoRoots,
    NoCertificate,
    Pem(rustls::pki_types::pem::Error),
    Io(io::Error),
    Verifier(rustls::server::VerifierBuilderError),
    Rustls(rustls::Error),
}

impl ConfigError {
    pub(super) fn no_provider() -> Self {
        Self(Fault::NoProvider)
    }

    pub(super) fn no_roots() -> Self {
        Self(Fault::NoRoots)
    }

    pub(super) fn no_certificate() -> Self {
        Self(Fault::NoCertificate)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Fault::NoProvider => "no cryptography: enable `tls-ring` or `tls-aws-lc-rs`, or set a provider",
            Fault::NoRoots => {
                "no authority to trust: enable `tls-system-roots` or `tls-bundled-roots`, or set roots"
            }
            Fault::NoCertificate => "there is no certificate in it",
            Fault::Pem(_) => "not valid PEM",
            Fault::Io(_) => "could not be read",
            Fault::Verifier(_) => "clients cannot be verified",
            Fault::Rustls(_) => "rustls does not accept it",
        })
    }
}

impl std::error::Error for ConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Fault::NoProvider | Fault::NoRoots | Fault::NoCertificate => None,
            Fault::Pem(error) => Some(error),
            Fault::Io(error) => Some(error),
            Fault::Verifier(error) => Some(error),
            Fault::Rustls(error) => Some(error),
        }
    }
}

impl From<rustls::Error> for ConfigError {
    fn from(error: rustls::Error) -> Self {
        Self(Fault::Rustls(error))
    }
}

impl From<rustls::server::VerifierBuilderError> for ConfigError {
    fn from(error: rustls::server::VerifierBuilderError) -> Self {
        Self(Fault::Verifier(error))
    }
}

impl From<rustls::pki_types::pem::Error> for ConfigError {
    fn from(error: rustls::pki_types::pem::Error) -> Self {
        Self(Fault::Pem(error))
    }
}

impl From<io::Error> for ConfigError {
    fn from(error: io::Error) -> Self {
        Self(Fault::Io(error))
    }
}
