//! One part of a form.

use bytes::{Bytes, BytesMut};
use http::HeaderValue;
use http_body::Body as _;

use super::joined::Announced;
use super::malformed;
use crate::body::Body;
use crate::error::Error;

/// One part of a [`Form`](super::Form).
#[derive(Debug)]
#[must_use = "a part belongs to a form"]
pub struct Part {
    body: Body,
    file_name: Option<String>,
    content_type: Option<String>,
}

impl Part {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::body(text.into())
    }

    /// Bytes.
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self::body(bytes.into())
    }

    /// A body, of known length or not.
    pub fn body(body: impl Into<Body>) -> Self {
        Self { body: body.into(), file_name: None, content_type: None }
    }

    /// A body that comes as it is made and is so many bytes long: a file that is read while it is sent. If it is not, the
    /// request fails.
    pub fn body_with_length(body: impl Into<Body>, length: u64) -> Self {
        Self::body(Body::from_boxed(Box::pin(Announced::new(body.into(), length))))
    }

    /// Says that it is a file, of this name.
    pub fn file_name(mut self, name: impl Into<String>) -> Self {
        self.file_name = Some(name.into());
        self
    }

    /// Says what it is, such as `image/png`.
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// How many bytes it has, where that is known.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.body.size_hint().exact()
    }

    /// Writes its fields, and gives what stands behind them.
    pub(super) fn open(self, name: &str, out: &mut BytesMut) -> Result<Body, Error> {
        out.extend_from_slice(b"content-disposition: form-data; name=\"");
        quote(name, out);
        out.extend_from_slice(b"\"");
        if let Some(file_name) = &self.file_name {
            out.extend_from_slice(b"; filename=\"");
            quote(file_name, out);
            out.extend_from_slice(b"\"");
        }
        out.extend_from_slice(b"\r\n");
        if let Some(content_type) = &self.content_type {
            // What no field can hold would let a part forge others.
            let value = HeaderValue::try_from(content_type).map_err(|_| malformed())?;
            out.extend_from_slice(b"content-type: ");
            out.extend_from_slice(value.as_bytes());
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b"\r\n");
        Ok(self.body)
    }
}

/// Names as browsers write them: what would end the name is percent-encoded, the rest is UTF-8.
fn quote(name: &str, out: &mut BytesMut) {
    for byte in name.bytes() {
        match byte {
            b'"' => out.extend_from_slice(b"%22"),
            b'\r' => out.extend_from_slice(b"%0D"),
            b'\n' => out.extend_from_slice(b"%0A"),
            byte => out.extend_from_slice(&[byte]),
        }
    }
}
