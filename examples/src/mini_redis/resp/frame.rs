//! Any value of the protocol.

use bytes::Bytes;

/// A value of the protocol, version 2 or 3.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Frame {
    /// A status.
    Simple(String),
    /// An error.
    Error(String),
    /// A number.
    Integer(i64),
    /// A string of bytes.
    Bulk(Bytes),
    /// Nothing, in any of its forms.
    Null,
    /// Values in order.
    Array(Vec<Frame>),
    /// Version 3: pairs.
    Map(Vec<(Frame, Frame)>),
    /// Version 3: values without order.
    Set(Vec<Frame>),
    /// Version 3: a message that answers no request.
    Push(Vec<Frame>),
    /// Version 3: a floating-point number.
    Double(f64),
    /// Version 3: true or false.
    Boolean(bool),
}

impl Frame {
    /// A request.
    pub fn request<P: AsRef<[u8]>>(parts: impl IntoIterator<Item = P>) -> Self {
        Self::Array(parts.into_iter().map(|part| Self::bulk(part.as_ref())).collect())
    }

    /// A string of bytes, copied.
    #[must_use]
    pub fn bulk(bytes: &[u8]) -> Self {
        Self::Bulk(Bytes::copy_from_slice(bytes))
    }
}
