//! A service that failed to become ready.

use std::fmt;

use crate::BoxError;

/// The service with this key failed to become ready, and was dropped.
pub struct Failed<K>(pub K, pub BoxError);

impl<K: fmt::Debug> fmt::Debug for Failed<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Failed").field(&self.0).field(&self.1).finish()
    }
}

impl<K> fmt::Display for Failed<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a service failed to become ready")
    }
}

impl<K: fmt::Debug> std::error::Error for Failed<K> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.1)
    }
}
