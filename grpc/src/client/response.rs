//! A message with the metadata around it.

use crate::Metadata;

/// The one message of an answer, and its metadata.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Response<T> {
    /// The message.
    pub message: T,
    /// The metadata the server sent before it.
    pub headers: Metadata,
    /// The metadata the server sent behind it.
    pub trailers: Metadata,
}
