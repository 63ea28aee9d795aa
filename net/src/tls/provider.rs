//! Where the cryptography comes from.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::server::ProducesTickets;

use super::ConfigError;

/// The one that was set, or the process's, or that of this crate's features.
pub(super) fn find(set: Option<Arc<CryptoProvider>>) -> Result<Arc<CryptoProvider>, ConfigError> {
    set.or_else(|| CryptoProvider::get_default().cloned())
        .or_else(of_features)
        .ok_or_else(ConfigError::no_provider)
}

#[cfg(feature = "tls-aws-lc-rs")]
fn of_features() -> Option<Arc<CryptoProvider>> {
    Some(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
}

#[cfg(all(feature = "tls-ring", not(feature = "tls-aws-lc-rs")))]
fn of_features() -> Option<Arc<CryptoProvider>> {
    Some(Arc::new(rustls::crypto::ring::default_provider()))
}

#[cfg(not(any(feature = "tls-ring", feature = "tls-aws-lc-rs")))]
fn of_features() -> Option<Arc<CryptoProvider>> {
    None
}

/// What makes tickets, with keys that change every six hours; without one, rustls keeps 256 sessions itself.
#[cfg(feature = "tls-aws-lc-rs")]
pub(super) fn ticketer() -> Result<Option<Arc<dyn ProducesTickets>>, ConfigError> {
    Ok(Some(rustls::crypto::aws_lc_rs::Ticketer::new()?))
}

/// What makes tickets, with keys that change every six hours; without one, rustls keeps 256 sessions itself.
#[cfg(all(feature = "tls-ring", not(feature = "tls-aws-lc-rs")))]
pub(super) fn ticketer() -> Result<Option<Arc<dyn ProducesTickets>>, ConfigError> {
    Ok(Some(rustls::crypto::ring::Ticketer::new()?))
}

/// What makes tickets: nothing here knows how, so rustls keeps 256 sessions itself.
#[cfg(not(any(feature = "tls-ring", feature = "tls-aws-lc-rs")))]
pub(super) fn ticketer() -> Result<Option<Arc<dyn ProducesTickets>>, ConfigError> {
    Ok(None)
}
