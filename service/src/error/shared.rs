//! An error for many.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use super::BoxError;

/// An error that can be cloned, whatever it is: for outcomes that more than one caller hears of.
///
/// Its source is the error itself, so [`Rejection::of`](super::Rejection::of) finds what it says.
///
/// ```
/// use minato_service::error::SharedError;
///
/// let error = SharedError::new(std::io::Error::other("unplugged"));
/// assert_eq!(error.clone().to_string(), "unplugged");
/// assert!(error.get_ref().is::<std::io::Error>());
/// ```
#[derive(Clone)]
pub struct SharedError {
    inner: Arc<dyn Error + Send + Sync>,
}

impl SharedError {
    /// Shares `error`.
    pub fn new(error: impl Into<BoxError>) -> Self {
        Self { inner: Arc::from(error.into()) }
    }

    /// The error itself, to look at and to downcast.
    #[must_use]
    pub fn get_ref(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.inner
    }
}

impl fmt::Debug for SharedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl fmt::Display for SharedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl Error for SharedError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.inner)
    }
}
