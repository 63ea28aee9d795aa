//! JSON, feature `json`.

use bytes::{BufMut, BytesMut};
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Body;
use crate::client::request::RequestBuilder;
use crate::error::Error;
use crate::handler::IntoResponse;
use crate::limits::TEXT_BYTES;

impl Body {
    /// A body that is this value as JSON. The `content-type` of the message is for the caller to set.
    ///
    /// # Errors
    ///
    /// When the value cannot be written as JSON.
    pub fn from_json<T: Serialize + ?Sized>(value: &T) -> Result<Self, Error> {
        let mut written = BytesMut::new().writer();
        serde_json::to_writer(&mut written, value).map_err(Error::foreign)?;
        Ok(written.into_inner().freeze().into())
    }

    /// The value that the whole body is as JSON, if it is not longer than 2 MB.
    ///
    /// ```
    /// # async fn example() -> Result<(), minato_http::Error> {
    /// use minato_http::Body;
    ///
    /// let numbers: Vec<u32> = Body::from_json(&[1, 2, 3])?.json().await?;
    /// assert_eq!(numbers, [1, 2, 3]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`bytes`](Self::bytes), and for a body that is not such a value.
    ///
    /// # Cancel safety
    ///
    /// As [`bytes`](Self::bytes).
    pub async fn json<T: DeserializeOwned>(self) -> Result<T, Error> {
        serde_json::from_slice(&self.bytes(TEXT_BYTES).await?).map_err(Error::foreign)
    }
}

impl RequestBuilder {
    /// Sends this value as JSON.
    ///
    /// ```
    /// # async fn example() -> Result<(), minato_http::Error> {
    /// use minato_http::{Client, ResponseExt};
    ///
    /// let sum: u32 = Client::new().post("http://127.0.0.1:3000/sum").json(&[1, 2, 3]).await?.json().await?;
    /// # let _ = sum;
    /// # Ok(())
    /// # }
    /// ```
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> Self {
        self.change(|request| {
            *request.body_mut() = Body::from_json(value)?;
            let json = HeaderValue::from_static("application/json");
            request.headers_mut().entry(CONTENT_TYPE).or_insert(json);
            Ok(())
        })
    }
}

/// A value that is sent as JSON.
///
/// ```
/// use minato_http::{Json, handler_fn};
///
/// let service = handler_fn(|_| async { Json(["one", "two"]) });
/// # let _ = service;
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

/// A value that cannot be written as JSON is answered 500.
impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response<Body> {
        let Ok(body) = Body::from_json(&self.0) else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let mut response = Response::new(body);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}
