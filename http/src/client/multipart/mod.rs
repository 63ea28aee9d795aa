//! Forms with files: `multipart/form-data` (RFC 7578).
//!
//! | file | what it holds |
//! |---|---|
//! | `mod.rs` | [`Form`] |
//! | `part.rs` | [`Part`] |
//! | `joined.rs` | the body of a form whose parts come as they are made |

mod joined;
mod part;

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hasher, RandomState};

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, HeaderValue};
use http_body::Body as _;

use self::joined::Joined;
pub use self::part::Part;
use super::request::RequestBuilder;
use crate::body::Body;
use crate::error::{Error, Kind};

/// A form of named parts, texts and files, in order.
///
/// Its length is announced where all parts know theirs; then it can also be sent again, if all are in memory. Else it is
/// sent in chunks.
///
/// ```
/// # async fn example(file: minato_http::Body) -> Result<(), minato_http::Error> {
/// use minato_http::Client;
/// use minato_http::multipart::{Form, Part};
///
/// let form = Form::new()
///     .text("title", "A day at the sea")
///     .part("photo", Part::body(file).file_name("sea.jpg").content_type("image/jpeg"));
/// Client::new().post("http://127.0.0.1:3000/photos").multipart(form).await?.status();
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a form is sent as the body of a request"]
pub struct Form {
    boundary: String,
    parts: Vec<(String, Part)>,
}

impl Default for Form {
    fn default() -> Self {
        Self::new()
    }
}

impl Form {
    /// A form without parts. What stands between them is drawn by lot, so that nobody who writes a part can guess it.
    pub fn new() -> Self {
        let lot = || RandomState::new().build_hasher().finish();
        Self { boundary: format!("{:016x}{:016x}", lot(), lot()), parts: Vec::new() }
    }

    /// Adds a text.
    pub fn text(self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.part(name, Part::text(text))
    }

    /// Adds a part.
    pub fn part(mut self, name: impl Into<String>, part: Part) -> Self {
        self.parts.push((name.into(), part));
        self
    }

    /// What stands between the parts.
    #[must_use]
    pub fn boundary(&self) -> &str {
        &self.boundary
    }

    /// The `content-type` of the message.
    #[must_use]
    pub fn content_type(&self) -> HeaderValue {
        let text = format!("multipart/form-data; boundary={}", self.boundary);
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("multipart/form-data"))
    }

    /// The form as a body.
    ///
    /// # Errors
    ///
    /// For a content type of a part that no field can hold.
    pub fn into_body(self) -> Result<Body, Error> {
        let mut pieces = VecDeque::with_capacity(2 * self.parts.len() + 1);
        let mut between = BytesMut::new();
        for (name, part) in self.parts {
            between.extend_from_slice(b"--");
            between.extend_from_slice(self.boundary.as_bytes());
            between.extend_from_slice(b"\r\n");
            let body = part.open(&name, &mut between)?;
            pieces.push_back(Body::from(between.split().freeze()));
            pieces.push_back(body);
            between.extend_from_slice(b"\r\n");
        }
        between.extend_from_slice(b"--");
        between.extend_from_slice(self.boundary.as_bytes());
        between.extend_from_slice(b"--\r\n");
        pieces.push_back(Body::from(between.freeze()));
        if pieces.iter().all(Body::is_known) {
            return Ok(joined(pieces).into());
        }
        Ok(Body::from_boxed(Box::pin(Joined::new(pieces))))
    }
}

/// Pieces that are all here, as one.
fn joined(pieces: VecDeque<Body>) -> Bytes {
    let len = pieces.iter().map(|piece| piece.size_hint().lower()).sum::<u64>();
    let mut whole = BytesMut::with_capacity(usize::try_from(len).unwrap_or(0));
    for mut piece in pieces {
        whole.extend_from_slice(&piece.take_full().unwrap_or_default());
    }
    whole.freeze()
}

impl RequestBuilder {
    /// Sends this form, with the `content-type` it has.
    pub fn multipart(self, form: Form) -> Self {
        self.change(|request| {
            request.headers_mut().insert(CONTENT_TYPE, form.content_type());
            *request.body_mut() = form.into_body()?;
            Ok(())
        })
    }
}

/// A fault in what the user has put together.
fn malformed() -> Error {
    Error::new(Kind::User("a content type is malformed"))
}
