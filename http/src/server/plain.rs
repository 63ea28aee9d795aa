//! Serving without TLS, where the feature `tls` is off.

pub(super) use super::connection::serve_opened as serve_secured;

/// What is known of a TLS handshake that cannot be.
#[derive(Debug, Clone)]
pub(crate) enum TlsInfo {}
