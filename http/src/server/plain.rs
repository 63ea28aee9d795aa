//! Serving without TLS, where the feature `tls` is off.

use super::config::ServerConfig;
pub(super) use super::connection::serve_opened as serve_secured;

/// It does not.
pub(super) fn speaks_tls(_: &ServerConfig) -> bool {
    false
}
