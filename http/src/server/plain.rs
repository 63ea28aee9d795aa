//! Serving without TLS, where the feature `tls` is off.

pub(super) use super::connection::serve_opened as serve_secured;
